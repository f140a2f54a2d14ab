"""Encounters of one wave, or of several together, as columns; and the gap between announced and covert ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from survey_server.estimation.change import Shared, contrast, difference, joint_covariance
from survey_server.estimation.design import Bools, Design, Floats, stack_designs
from survey_server.estimation.estimate import Estimate
from survey_server.estimation.taylor import Linear, linear_means
from survey_server.reports.coded import Codes
from survey_server.reports.observed import Observed
from survey_server.reports.sample import Sample

MEASURED_FROM = 60


@dataclass(frozen=True, eq=False)
class Encounters:
    """The compliance index of every encounter with the circumstances that it may depend on."""

    design: Design
    y: Floats
    modes: Codes
    announced: Bools
    covert: Bools
    visits: Floats
    minutes: Floats

    @classmethod
    def of(cls, observed: Observed, samples: Sequence[Sample]) -> Encounters:
        """The encounters of the waves, one under the other; a post visited in both is one PSU."""
        index = observed.index
        assert index is not None
        designs = [sample.design for sample in samples]
        return cls(
            designs[0] if len(designs) == 1 else stack_designs(designs),
            np.concatenate([sample.values(index, based=False) * index.scale for sample in samples]),
            np.concatenate([observed.modes(sample) for sample in samples]),
            np.concatenate([observed.announced(sample) for sample in samples]),
            np.concatenate([observed.covert(sample) for sample in samples]),
            np.concatenate([observed.number(sample, "visit_ordinal") for sample in samples]),
            np.concatenate([observed.number(sample, "minutes") for sample in samples]),
        )


@dataclass(frozen=True, eq=False)
class Gap:
    """Announced less covert compliance, with the two means for a change between waves."""

    sides: Linear
    estimate: Estimate

    @property
    def measured(self) -> bool:
        """Whether both sides have the encounters that a gap of this kind needs."""
        return bool(self.sides.members.sum(axis=0).min() >= MEASURED_FROM)


def find_gap(view: Encounters) -> Gap | None:
    """The gap; None when a side has no encounter."""
    sides = [view.announced & ~np.isnan(view.y), view.covert & ~np.isnan(view.y)]
    if not all(side.any() for side in sides):
        return None
    linear = linear_means(view.y, view.design, sides)
    value, se = contrast(linear.values, linear.covariance, (1, -1))
    return Gap(linear, difference(value, se, linear.df, [linear.estimate(0), linear.estimate(1)]))


def gap_change(before: Gap, after: Gap, shared: Shared | None) -> Estimate:
    """How the gap itself changed between the waves."""
    values = np.concatenate([before.sides.values, after.sides.values])
    covariance = joint_covariance(before.sides, after.sides, shared)
    value, se = contrast(values, covariance, (-1, 1, 1, -1))
    sides = [gap.sides.estimate(i) for gap in (before, after) for i in (0, 1)]
    return difference(value, se, min(before.sides.df, after.sides.df), sides)


def bands(values: Floats, edges: Sequence[tuple[float, float]]) -> Iterator[Bools]:
    """Rows inside each band, ends included."""
    for low, high in edges:
        yield (values >= low) & (values <= high)
