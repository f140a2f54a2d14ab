"""Counts of events: rates and percent change with Poisson intervals, funnel limits, what a series can show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats
from survey_server.estimation.distributions import beta_cdf, chi2_quantile, normal_quantile
from survey_server.estimation.intervals import clopper_pearson_interval
from survey_server.problems import BadEstimate


@dataclass(frozen=True)
class Rate:
    """Events over exposure, with the exact Poisson interval."""

    value: float
    low: float
    high: float
    events: float


@dataclass(frozen=True)
class PercentChange:
    """The change of a rate in percent, with its interval and p; infinite where there were no events before."""

    value: float
    low: float
    high: float
    p_value: float
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class Funnel:
    """Posts against the mean of all: limits for the size of each, and who lies outside of the wide ones."""

    centre: float
    spread: float
    low: Floats
    high: Floats
    wide_low: Floats
    wide_high: Floats
    outside: np.ndarray


def event_rate(events: float, exposure: float, per: float = 1.0, level: float = 0.95) -> Rate:
    """Events per unit of exposure (people, months), times `per`."""
    if exposure <= 0 or events < 0:
        raise BadEstimate(f"a rate needs exposure above 0 and no negative count; here {events:g} over {exposure:g}")
    tail = (1 - level) / 2
    low = chi2_quantile(tail, 2 * events) / 2 if events else 0.0
    high = chi2_quantile(1 - tail, 2 * (events + 1)) / 2
    scale = per / exposure
    return Rate(events * scale, low * scale, high * scale, events)


def percent_change(
    before: float,
    after: float,
    exposure_before: float = 1.0,
    exposure_after: float = 1.0,
    dispersion: float = 1.0,
    level: float = 0.95,
) -> PercentChange:
    """The change of a rate from two counts: exact given their sum; wider where counts are overdispersed.

    With `dispersion` f above 1 the counts carry the information of 1/f as many.
    """
    if min(before, after) < 0 or min(exposure_before, exposure_after) <= 0 or dispersion < 1:
        raise BadEstimate("a percent change needs counts, exposures above 0 and a dispersion of 1 or more")
    own, x = (before + after) / dispersion, after / dispersion
    if own == 0:
        return PercentChange(math.nan, -100.0, math.inf, math.nan, before, after)
    odds = exposure_before / exposure_after
    low, high = clopper_pearson_interval(x, own, level)
    ends = [100 * (odds * p / (1 - p) - 1) if p < 1 else math.inf for p in (low, high)]
    value = 100 * (odds * after / before - 1) if before else math.inf
    null = exposure_after / (exposure_before + exposure_after)
    above = beta_cdf(null, x, own - x + 1) if x > 0 else 1.0
    below = 1 - beta_cdf(null, x + 1, own - x) if x < own else 1.0
    return PercentChange(value, ends[0], ends[1], min(1.0, 2 * min(above, below)), before, after)


def dispersion_of(counts: ArrayLike) -> float:
    """Variance over mean of a baseline series: 1 for Poisson, never less."""
    values = np.asarray(counts, dtype=float)
    values = values[~np.isnan(values)]
    if len(values) < 2 or values.mean() <= 0:
        return 1.0
    return max(1.0, float(values.var(ddof=1) / values.mean()))


def events_needed(percent: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """The baseline events for a change of so many percent to be seen, with as long a time after as before."""
    ratio = 1 + percent / 100
    if ratio <= 0 or ratio == 1:
        raise BadEstimate("the change must be above -100 % and not 0 %")
    total = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    return total**2 * (1 + 1 / ratio) / math.log(ratio) ** 2


def funnel(successes: ArrayLike, trials: ArrayLike, between: bool = True) -> Funnel:
    """Limits at 95 % and 99.8 % around the mean of all posts, widened by how much posts differ anyway.

    It tells who to look at, and gives no order: no league tables.
    """
    x, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    if (n <= 0).any() or (x < 0).any() or (x > n).any():
        raise BadEstimate("every post needs trials, and no more successes than trials")
    centre = float(x.sum() / n.sum())
    error = np.sqrt(centre * (1 - centre) / n)
    z = np.divide(x / n - centre, error, out=np.zeros(len(n)), where=error > 0)
    edges = np.quantile(z, [0.1, 0.9]) if len(z) > 1 else np.array([-math.inf, math.inf])
    spread = max(1.0, float((np.clip(z, *edges) ** 2).mean())) if between and len(z) > 1 else 1.0
    ends: list[Floats] = []
    for level in (0.95, 0.998):
        reach = normal_quantile(0.5 + level / 2) * math.sqrt(spread) * error
        ends += [np.maximum(centre - reach, 0.0), np.minimum(centre + reach, 1.0)]
    outside = (x / n < ends[2]) | (x / n > ends[3])
    return Funnel(centre, spread, ends[0], ends[1], ends[2], ends[3], outside)
