"""Change between waves and difference in differences, with what the waves' shared PSUs take out of the error."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import t_quantile, t_two_sided
from survey_server.estimation.estimate import Estimate, Kind
from survey_server.estimation.suppression import flag_for
from survey_server.estimation.taylor import Linear, linear_means
from survey_server.problems import EmptyDomain

MDE_FACTOR = 2.8  # 80 % power at 5 % two-sided: 1.96 + 0.84
NOTHING_BUT_ROUNDING = 1e-13  # a variance below this share of its parts is 0: the same people said the same


class Sample(NamedTuple):
    """One wave of an item: its values, the design they came by, and the domain (None: everybody)."""

    y: ArrayLike
    design: Design
    domain: ArrayLike | None = None


@dataclass(frozen=True)
class Change:
    """The difference after less before, with both sides and what could have been seen.

    `p_value` is NaN when the standard error is 0: then there is nothing to test. `mde` is the smallest change that
    this design would have shown in four of five surveys. `overlap` is the share of the PSUs of both waves in both.
    """

    estimate: Estimate
    before: Estimate
    after: Estimate
    p_value: float
    mde: float
    overlap: float

    def scaled(self, factor: float) -> Change:
        """The same change in other units (0.06 to 6 pp)."""
        sides = {name: getattr(self, name).scaled(factor) for name in ("estimate", "before", "after")}
        return dataclasses.replace(self, mde=self.mde * abs(factor), **sides)

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, the three estimates as dicts of their own."""
        return {
            "estimate": self.estimate.as_dict(),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "p_value": self.p_value,
            "mde": self.mde,
            "overlap": self.overlap,
        }


@dataclass(frozen=True)
class DifferenceInDifferences:
    """How much more the programme areas changed than the comparison areas, from the four means."""

    estimate: Estimate
    programme_before: Estimate
    programme_after: Estimate
    comparison_before: Estimate
    comparison_after: Estimate
    p_value: float
    mde: float


@dataclass(frozen=True, eq=False)
class Shared:
    """Which PSUs two designs have in common (same stratum and name), as their numbers in each."""

    before: np.ndarray
    after: np.ndarray
    overlap: float
    df: float


def shared_psus(before: Design, after: Design) -> Shared:
    """The PSUs that both designs have, in the order of the first; none where rows are their own PSUs."""
    if not (before.named_psus and after.named_psus):
        return Shared(np.empty(0, np.intp), np.empty(0, np.intp), 0.0, 0.0)
    place = {key: i for i, key in enumerate(_psu_keys(after))}
    pairs = [(i, place[key]) for i, key in enumerate(_psu_keys(before)) if key in place]
    first = np.array([i for i, _ in pairs], dtype=np.intp)
    second = np.array([j for _, j in pairs], dtype=np.intp)
    strata = np.bincount(before.psu_stratum[first], minlength=before.n_strata)
    union = before.n_psu + after.n_psu - len(pairs)
    return Shared(first, second, len(pairs) / union, float(len(pairs) - (strata > 0).sum()))


def cross_covariance(before: Linear, after: Linear, shared: Shared | None = None) -> Floats:
    """The covariance of estimates from two waves, from the PSUs that are in both (k0 x k1).

    It is unbiased under partial overlap, where stacking the waves in one design overstates the variance.
    """
    one, two = before.design, after.design
    shared = shared_psus(one, two) if shared is None else shared
    if not len(shared.before):
        return np.zeros((len(before.values), len(after.values)))
    z0, z1 = before.totals, after.totals
    stratum = one.psu_stratum[shared.before]
    n = np.bincount(stratum, minlength=one.n_strata)
    scale = n / np.maximum(n - 1, 1)
    kept0, kept1 = z0[shared.before], z1[shared.after]
    centre0, centre1 = _stratum_means(kept0, stratum, n), _stratum_means(kept1, stratum, n)
    alone = n == 1
    stratum_after = two.psu_stratum[shared.after]
    lonely = (one.psus_of_stratum[stratum] == 1) & (two.psus_of_stratum[stratum_after] == 1)
    if one.lonely == "adjust":  # a stratum that is one PSU in both waves counts as in each: from the mean of all PSUs
        centre0[np.unique(stratum[lonely])] = z0.mean(axis=0)
        centre1[np.unique(stratum[lonely])] = z1.mean(axis=0)
    scale = np.where(alone & ~np.isin(np.arange(one.n_strata), stratum[lonely]), 0.0, scale)
    finite = np.sqrt((1 - one.fraction[stratum]) * (1 - two.fraction[stratum_after]))
    weight = (scale[stratum] * finite)[:, None]
    covariance: Floats = ((kept0 - centre0[stratum]) * weight).T @ (kept1 - centre1[stratum])
    factor = one.average_factor(one.strata_of(before.anyone)) * two.average_factor(two.strata_of(after.anyone))
    return covariance * math.sqrt(factor)


def joint_covariance(before: Linear, after: Linear, shared: Shared | None = None) -> Floats:
    """The covariance of the estimates of two waves together, the first wave's first."""
    cross = cross_covariance(before, after, shared)
    first, second = before.covariance, after.covariance
    most = np.sqrt(np.outer(np.diag(first), np.diag(second)))
    cross = np.clip(cross, -most, most)
    return np.block([[first, cross], [cross.T, second]])


def contrast(values: Floats, covariance: Floats, weights: Sequence[float]) -> tuple[float, float]:
    """The value and standard error of a weighted sum of estimates; what is only rounding is no error."""
    w = np.asarray(weights, dtype=float)
    variance = float(w @ covariance @ w)
    whole = float(w**2 @ np.diag(covariance))
    return float(w @ values), math.sqrt(variance) if variance > NOTHING_BUT_ROUNDING * whole else 0.0


def estimate_change(before: Sample | tuple[Any, ...], after: Sample | tuple[Any, ...], kind: Kind = "mean") -> Change:
    """After less before, for independent, partly overlapping or the same PSUs (or people, as PSUs of a panel)."""
    one, two = Sample(*before), Sample(*after)
    first = linear_means(one.y, one.design, [one.domain])
    second = linear_means(two.y, two.design, [two.domain])
    return change_of(first, second, kind)


def change_of(before: Linear, after: Linear, kind: Kind = "mean", shared: Shared | None = None) -> Change:
    """The same for estimates that are linearised already; each of one column."""
    shared = shared_psus(before.design, after.design) if shared is None else shared
    left, right = before.estimate(0, kind), after.estimate(0, kind)
    values = np.concatenate([before.values, after.values])
    value, se = contrast(values, joint_covariance(before, after, shared), (-1, 1))
    df = change_df(before, after, shared)
    return Change(
        difference(value, se, df, [left, right]), left, right, p_value(value, se, df), mde(se), shared.overlap
    )


def change_df(before: Linear, after: Linear, shared: Shared) -> float:
    """Both waves' degrees of freedom, those of the shared PSUs counted once."""
    here0, here1 = _psus_here(before), _psus_here(after)
    common = here0[shared.before] & here1[shared.after]
    strata = np.unique(before.design.psu_stratum[shared.before][common])
    return before.df + after.df - float(common.sum() - len(strata))


def estimate_gap(
    y: ArrayLike, design: Design, first: ArrayLike, second: ArrayLike, kind: Kind = "mean"
) -> tuple[Estimate, float]:
    """The first domain less the second in one wave (two groups, two split ballots, long and short list), and p."""
    linear = linear_means(y, design, [first, second])
    value, se = contrast(linear.values, linear.covariance, (1, -1))
    sides = [linear.estimate(i, kind) for i in (0, 1)]
    return difference(value, se, linear.df, sides), p_value(value, se, linear.df)


def estimate_did(
    before: Sample | tuple[Any, ...], after: Sample | tuple[Any, ...], arm_before: ArrayLike, arm_after: ArrayLike
) -> DifferenceInDifferences:
    """The change in the programme areas less the change in the comparison areas; `arm` is true in programme areas."""
    one, two = Sample(*before), Sample(*after)
    first = linear_means(one.y, one.design, _arms(one, arm_before))
    second = linear_means(two.y, two.design, _arms(two, arm_after))
    shared = shared_psus(one.design, two.design)
    covariance = joint_covariance(first, second, shared)
    value, se = contrast(np.concatenate([first.values, second.values]), covariance, (-1, 1, 1, -1))
    df = change_df(first, second, shared)
    sides = (first.estimate(0), second.estimate(0), first.estimate(1), second.estimate(1))
    return DifferenceInDifferences(difference(value, se, df, sides), *sides, p_value(value, se, df), mde(se))


def difference(value: float, se: float, df: float, sides: Sequence[Estimate], level: float = 0.95) -> Estimate:
    """A difference as an Estimate; its n, effective n and flag are those of its thinnest side."""
    reach = t_quantile(0.5 + level / 2, df) * se
    n = min(side.n for side in sides)
    n_eff = min(side.n_eff for side in sides)
    weighted = min(side.n_weighted for side in sides)
    cv = se / abs(value) if value else math.nan
    return Estimate(value, se, value - reach, value + reach, df, n, weighted, n_eff, math.nan, cv, flag_for(n))


def p_value(value: float, se: float, df: float) -> float:
    """Two-sided p of a difference; NaN when there is no error to compare it with."""
    return t_two_sided(value / se, df) if se > 0 else math.nan


def mde(se: float) -> float:
    """The smallest difference that a survey with this error detects with 80 % power."""
    return MDE_FACTOR * se


def _arms(sample: Sample, arm: ArrayLike) -> list[Bools]:
    treated = np.asarray(arm, dtype=bool)
    inside = np.ones(len(treated), dtype=bool) if sample.domain is None else np.asarray(sample.domain, dtype=bool)
    if not (treated & inside).any() or not (~treated & inside).any():
        raise EmptyDomain("no comparison group: one of the two arms has no rows")
    return [treated & inside, ~treated & inside]


def _stratum_means(z: Floats, stratum: np.ndarray, n: np.ndarray) -> Floats:
    sums = np.stack([np.bincount(stratum, weights=column, minlength=len(n)) for column in z.T], axis=1)
    means: Floats = sums / np.maximum(n, 1)[:, None]
    return means


def _psus_here(linear: Linear) -> Bools:
    here = np.zeros(linear.design.n_psu, dtype=bool)
    here[linear.design.row_psu[linear.anyone]] = True
    return here


def _psu_keys(design: Design) -> list[tuple[str, str]]:
    strata = [str(label) for label in design.stratum_labels]
    return [(strata[h], str(label)) for h, label in zip(design.psu_stratum, design.psu_labels, strict=True)]
