"""Reaction tracker: did violence rise after the programme began in an area, and did it taper?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats
from survey_server.estimation.distributions import normal_quantile
from survey_server.problems import BadEstimate

ReactionClass: TypeAlias = Literal["A", "B", "C", "D", "open", "cannot_classify"]

MIN_BASELINE, MONTH_EFFECTS_FROM, MONTHS, WINDOW, EARLY, MIN_PER_MONTH = 12, 24, 12, 3, 6, 5.0


@dataclass(frozen=True, eq=False)
class Reaction:
    """The class with its arithmetic: 3-month means after the start against the band of the baseline.

    A: no rise. B: a rise that tapered. C: a rise that did not by month 12. D: a rise that first showed after month 6.
    Until twelve months have passed what may yet become A, B or C is open; without a year before the start nothing is
    classified. `step` is 3 where the baseline has fewer than 5 events a month: then quarters are read, not months.
    """

    kind: ReactionClass
    baseline_mean: float
    dispersion: float
    step: int
    means: Floats
    expected: Floats
    high: Floats
    first_rise: int | None
    slope: float
    slope_high: float


def classify_reaction(
    counts: ArrayLike, start: int, exposure: ArrayLike | None = None, calendar_month: int = 1, level: float = 0.95
) -> Reaction:
    """The class of a monthly series (NaN: not received), `start` being the place of the first month of activity.

    The first count is of `calendar_month`; month effects are taken out where there are 24 months before the start.
    """
    series = np.asarray(counts, dtype=float)
    people = np.ones(len(series)) if exposure is None else np.asarray(exposure, dtype=float)
    if len(people) != len(series) or not (people > 0).all():
        raise BadEstimate("exposure must be above 0 for every month of the series")
    before, after = series[:start], series[start : start + MONTHS]
    known = ~np.isnan(before)
    if int(known.sum()) < MIN_BASELINE or not len(after):
        none, nan = np.empty(0), math.nan
        return Reaction("cannot_classify", nan, nan, 1, none, none, none, None, nan, nan)
    expected = _expected(series, people, (calendar_month - 1 + np.arange(len(series))) % 12, start)
    dispersion = _dispersion(before[known], expected[:start][known])
    mean, total = float(before[known].mean()), max(float(before[known].sum()), 1.0)
    step = 1 if mean >= MIN_PER_MONTH else WINDOW
    means, centres, places = _windows(after, expected[start : start + MONTHS], step)
    z = normal_quantile(0.5 + level / 2)
    high = centres + z * np.sqrt(dispersion * (centres / WINDOW + centres**2 / total))
    above = np.flatnonzero(means > high)
    first = int(places[above[0]]) if len(above) else None
    slope, slope_high = _slope_after_peak(means, centres, places, z)
    kind = _class(means, high, first, slope_high, len(after) == MONTHS)
    return Reaction(kind, mean, dispersion, step, means, centres, high, first, slope, slope_high)


def _class(means: Floats, high: Floats, first: int | None, slope_high: float, finished: bool) -> ReactionClass:
    if not len(means):
        return "cannot_classify"
    if first is None:
        return "A" if finished else "open"
    if first > EARLY:
        return "D"
    if slope_high < 0 and means[-1] <= high[-1]:
        return "B"
    return "C" if finished else "open"


def _expected(series: Floats, people: Floats, months: np.ndarray, start: int) -> Floats:
    """What the baseline leads one to expect in every month."""
    known = np.flatnonzero(~np.isnan(series[:start]))
    rate = series[known].sum() / people[known].sum()
    expected: Floats = rate * people
    if len(known) >= MONTH_EFFECTS_FROM:
        seen = np.bincount(months[known], weights=series[known], minlength=12)
        usual = np.bincount(months[known], weights=expected[known], minlength=12)
        effect = (seen + usual.mean()) / (usual + usual.mean())  # drawn half-way to 1: two or three years are few
        expected = expected * effect[months]
        expected *= series[known].sum() / expected[known].sum()
    return expected


def _dispersion(counts: Floats, expected: Floats) -> float:
    """Variance over mean around what was expected (negative binomial by moments), never less than Poisson's."""
    if not (expected > 0).all():
        return 1.0
    return max(1.0, float(((counts - expected) ** 2 / expected).sum()) / (len(counts) - 1))


def _windows(after: Floats, expected: Floats, step: int) -> tuple[Floats, Floats, np.ndarray]:
    """Means of three months, running or by quarter, with what was expected and the month in which each ends.

    A window with a month that was not received is left out: a gap is no 0.
    """
    ends = [end for end in range(WINDOW, len(after) + 1, step) if not np.isnan(after[end - WINDOW : end]).any()]
    means = np.array([after[end - WINDOW : end].mean() for end in ends])
    centres = np.array([expected[end - WINDOW : end].mean() for end in ends])
    return means, centres, np.array(ends, dtype=np.intp)


def _slope_after_peak(means: Floats, centres: Floats, places: np.ndarray, z: float) -> tuple[float, float]:
    """The slope per month from the highest window on, relative to what was expected, and its upper end."""
    if len(means) < 3:
        return math.nan, math.nan
    relative = means / np.where(centres > 0, centres, 1.0)
    peak = int(np.argmax(relative))
    y, x = relative[peak:], places[peak:].astype(float)
    if len(y) < 3:
        return math.nan, math.nan
    centred = x - x.mean()
    slope = float(centred @ (y - y.mean()) / (centred @ centred))
    rest = y - y.mean() - slope * centred
    error = math.sqrt(float(rest @ rest) / max(len(y) - 2, 1) / float(centred @ centred))
    return slope, slope + z * error
