"""Methods in use where they were taught (O09): points met among those scored, of the modules that each post was taught.

Who took a course is not on the observers' phones: the plan says which post was taught what, and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.estimate import Estimate
from survey_server.estimation.taylor import linear_ratios
from survey_server.reports.measure import Comparison
from survey_server.reports.observed import SCORES, Observed
from survey_server.reports.plan import Plan
from survey_server.reports.results import Result
from survey_server.reports.sample import Sample

USED = "O09"
DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True)
class Used:
    """The unannounced encounters of one wave at posts that were taught something."""

    observed: Observed
    sample: Sample
    courses: Mapping[str, tuple[str, tuple[str, ...]]]

    @cached_property
    def months(self) -> Floats:
        """Months from the post's course to the encounter, negative before it; NaN where no course is known."""
        posts = self.sample.codes(self.sample.role("site") or "").astype(str)
        days = pd.to_datetime(self.sample.frame["_collected_on"], errors="coerce").to_numpy("datetime64[D]")
        months = np.full(self.sample.n, np.nan)
        for post, (day, _) in self.courses.items():
            here = (posts == post) & ~np.isnat(days)
            months[here] = (days[here] - np.datetime64(day)).astype(float) / DAYS_PER_MONTH
        return months

    @cached_property
    def points(self) -> tuple[Floats, Floats]:
        """For each encounter the points met and the points scored among those of the modules taught at its post."""
        posts = self.sample.codes(self.sample.role("site") or "").astype(str)
        met, scored = np.zeros(self.sample.n), np.zeros(self.sample.n)
        for item in self.observed.items:
            taught = [post for post, (_, modules) in self.courses.items() if module_of(item.name) in modules]
            here, codes = np.isin(posts, taught), self.sample.codes(item.name).astype(str)
            met += here & (codes == SCORES[0])
            scored += here & np.isin(codes, SCORES)
        return met, scored

    def estimate(self, rows: Bools | None = None) -> Estimate | None:
        """The share of points met (0 to 1) in the rows after the course; None when nothing was scored there."""
        met, scored = self.points
        inside = ~self.observed.announced(self.sample) & (scored > 0)
        inside &= (self.months >= 0) if rows is None else rows
        if not inside.any():
            return None
        return linear_ratios(met, scored, self.sample.design, [inside]).estimate(0)


def module_of(item: str) -> str:
    """The module of a checklist item, by its name: m4_reason is of module 4."""
    return item.removeprefix("m").partition("_")[0]


def used_in(observed: Observed, plan: Plan) -> list[Used]:
    """The encounters of each wave; empty when no course is known, or no post."""
    if not plan.courses or observed.pair.after.role("site") is None or not observed.items:
        return []
    return [Used(observed, sample, plan.courses) for sample in observed.pair.samples]


def with_plan(result: Result, plan: Plan) -> Result:
    """The result, computed if it is one that the plan is needed for."""
    if result.indicator.code != USED or not result.pair.is_observation:
        return result
    estimates = [used.estimate() for used in used_in(Observed(result.pair), plan)]
    if not any(estimates):
        return result
    scaled = [one.scaled(result.indicator.scale) if one else None for one in estimates]
    before = scaled[0] if result.pair.before else None
    return replace(result, comparison=Comparison(before, scaled[-1]), problem="")
