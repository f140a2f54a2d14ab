"""From sums to Estimates, a whole breakdown at a time: arrays of items x levels with the same rules as one Estimate."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.cells import SharedPsus
from survey_server.estimation.change import MDE_FACTOR, NOTHING_BUT_ROUNDING
from survey_server.estimation.distributions import t_quantile, t_two_sided_many
from survey_server.estimation.domain_sums import DomainSums, Pairs
from survey_server.estimation.intervals import wilson_interval
from survey_server.estimation.suppression import BRACKETED_BELOW, SENSITIVE_BELOW, SUPPRESSED_BELOW

Block: TypeAlias = dict[str, NDArray[Any]]


def variances(sums: DomainSums) -> Floats:
    """The Taylor variance of every mean (items x levels), the lonely rule of the design applied."""
    if sums.variance is None:
        sums.variance = _variances(sums)
    return sums.variance


def _variances(sums: DomainSums) -> Floats:
    pairs, frame, t = sums.pairs, sums.pairs.frame, sums.cells.wave
    design = sums.cells.design
    drawn = frame.drawn[t][pairs.group_stratum]
    finite = 1.0 - frame.fraction[t][pairs.group_stratum]
    alone = (drawn == 1) & (finite > 1e-7)
    scale = finite * drawn / np.maximum(drawn - 1, 1)
    first, second = pairs.sum_groups(sums.z), pairs.sum_groups(sums.z**2)
    spread = second - first**2 / np.maximum(drawn, 1)
    thin = thin_groups(sums)
    if design.lonely == "adjust":
        middle = _grand_mean(sums)
        spread = np.where(alone, second - 2 * middle * first + middle**2, spread)
        spread = np.where(thin, second, spread)
    else:
        scale = np.where(alone, 0.0, scale)
        scale = np.where(thin, 0.0, scale) if design.lonely == "average" else scale
    variance = pairs.sum_levels(scale * np.maximum(spread, 0.0))
    return variance * average_factors(sums) + sums.extra


def thin_groups(sums: DomainSums) -> Bools:
    """Strata of several PSUs of which a level has rows in one alone (items x groups), where the design minds them."""
    design, pairs = sums.cells.design, sums.pairs
    met = pairs.sum_groups(sums.met.astype(float))
    drawn = pairs.frame.drawn[sums.cells.wave][pairs.group_stratum]
    minded = design.lonely_domains and design.calibration is None
    return np.asarray(minded & (met == 1) & (drawn > 1))


def _grand_mean(sums: DomainSums) -> Floats:
    """The mean of all PSUs of the sample (items x groups): 0 but for the rounding, save under calibrated weights."""
    level = np.repeat(sums.pairs.levels, np.diff([*sums.pairs.level_start, len(sums.pairs.group_start)]))
    totals = sums.pairs.sum_levels(sums.pairs.sum_groups(sums.z))
    middle: Floats = totals[:, level] / sums.cells.design.n_psu
    return middle


def average_factors(sums: DomainSums) -> Floats:
    """Under the average rule: the strata where a level has rows, over those with a spread of their own."""
    if sums.cells.design.lonely != "average":
        return np.ones_like(sums.mean)
    pairs = sums.pairs
    drawn = pairs.frame.drawn[sums.cells.wave][pairs.group_stratum]
    every = sums.cells.design.calibration is not None
    here = np.where((pairs.sum_groups(sums.met.astype(float)) > 0) | (every & (drawn > 0)), 1.0, 0.0)
    fraction = pairs.frame.fraction[sums.cells.wave][pairs.group_stratum]
    able = here * ((drawn > 1) | (fraction > 1 - 1e-7)) * ~thin_groups(sums)
    strata, spread = pairs.sum_levels(here), pairs.sum_levels(able)
    factors: Floats = np.divide(strata, spread, out=np.full(strata.shape, np.nan), where=spread > 0)
    return factors


def degrees(pairs: Pairs, here: Bools) -> Floats:
    """PSUs less strata among the pairs that are here (items x levels)."""
    groups = pairs.sum_groups(here.astype(float))
    return pairs.sum_levels(groups - (groups > 0))


def estimate_block(sums: DomainSums, shares: Bools, hidden: Bools) -> Block:
    """The Estimates of one wave and breakdown."""
    variance, df, n = variances(sums), degrees(sums.pairs, sums.met), sums.n_total
    se = np.sqrt(variance)
    deff, n_eff = design_effects(sums), effective_sizes(sums)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # an endless reach ends at 0 and 1
        reach = _t(df) * se
        low, high = sums.mean - reach, sums.mean + reach
        logit = shares[:, None] & (se > 0) & (sums.mean > 0) & (sums.mean < 1)
        odds = np.log(sums.mean / (1 - sums.mean))
        slope = reach / (sums.mean * (1 - sums.mean))
        low = np.where(logit, 1 / (1 + np.exp(slope - odds)), low)
        high = np.where(logit, 1 / (1 + np.exp(-slope - odds)), high)
        cv = np.where(sums.mean != 0, se / np.abs(sums.mean), np.nan)
    for i, j in zip(*np.nonzero(shares[:, None] & ~logit & (n > 0)), strict=True):
        low[i, j], high[i, j] = wilson_interval(sums.mean[i, j] * n_eff[i, j], n_eff[i, j])
    nobody = n == 0
    for values in (se, low, high):
        values[nobody] = np.nan
    block = _block(sums.mean, se, low, high, df, n, sums.w_total, n_eff, deff, cv, hidden)
    return block | dict.fromkeys(("p_value", "mde", "overlap"), np.full(n.size, np.nan))


def design_effects(sums: DomainSums) -> Floats:
    """Variance against that of a simple random sample, NaN where everybody said the same."""
    with np.errstate(invalid="ignore", divide="ignore"):
        deff = variances(sums) * (sums.n_total - 1) / sums.spread
    return np.where((sums.spread > 0) & (sums.n_total > 1), deff, np.nan)


def effective_sizes(sums: DomainSums) -> Floats:
    """The n over the design effect, never more than n; 0 for nobody."""
    deff = design_effects(sums)
    known = deff > 0
    own = np.where(known, deff, 1.0)
    return sums.n_total / np.maximum(np.where(known, own, _kish(sums, ~known & (sums.n_total > 0))), 1.0)


def change_block(before: DomainSums, after: DomainSums, shares: Bools, hidden: Bools, shared: SharedPsus) -> Block:
    """The changes between two waves for one breakdown, with the covariance of the PSUs that are in both."""
    first, second = variances(before), variances(after)
    cross = _cross(before, after, shared)
    most = np.sqrt(first * second)
    value = after.mean - before.mean
    variance = first + second - 2 * np.clip(cross, -most, most)
    se = np.sqrt(np.where(variance > NOTHING_BUT_ROUNDING * (first + second), variance, 0.0))
    pairs, here, later = before.pairs, before.met, after.met
    df = degrees(pairs, here) + degrees(pairs, later) - degrees(pairs, here & later)
    n = np.minimum(before.n_total, after.n_total)
    nobody = n == 0
    se[nobody] = np.nan
    reach = _t(df) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        cv = np.where(value != 0, se / np.abs(value), np.nan)
        p = t_two_sided_many(np.where(se > 0, value / se, np.nan), df)
    n_eff = np.minimum(effective_sizes(before), effective_sizes(after))
    weighted = np.minimum(before.w_total, after.w_total)
    block = _block(
        value, se, value - reach, value + reach, df, n, weighted, n_eff, np.full(n.shape, np.nan), cv, hidden
    )
    return block | {"p_value": p.ravel(), "mde": MDE_FACTOR * se.ravel(), "overlap": np.full(n.size, shared.overlap)}


def _cross(before: DomainSums, after: DomainSums, shared: SharedPsus) -> Floats:
    """The covariance of the means of two waves (items x levels)."""
    pairs, frame = before.pairs, before.pairs.frame
    t0, t1 = before.cells.wave, after.cells.wave
    here = shared.psu[pairs.psu]
    z0, z1 = before.z * here, after.z * here
    stratum = pairs.group_stratum
    n = shared.n[stratum]
    finite = np.sqrt((1 - frame.fraction[t0][stratum]) * (1 - frame.fraction[t1][stratum]))
    scale = np.where(n > 1, n / np.maximum(n - 1, 1), 0.0)
    first, second, both = pairs.sum_groups(z0), pairs.sum_groups(z1), pairs.sum_groups(z0 * z1)
    products = both - first * second / np.maximum(n, 1)
    if before.cells.design.lonely == "adjust":
        alone = (n == 1) & (frame.drawn[t0][stratum] == 1) & (frame.drawn[t1][stratum] == 1)
        m0, m1 = _grand_mean(before), _grand_mean(after)
        products = np.where(alone, both - m1 * first - m0 * second + m0 * m1, products)
        scale = np.where(alone, 1.0, scale)
    return pairs.sum_levels(finite * scale * products) * np.sqrt(average_factors(before) * average_factors(after))


def _kish(sums: DomainSums, wanted: Bools) -> Floats:
    """The design effect of unequal weights alone, for the cells where no other is known."""
    kish = np.ones(sums.mean.shape)
    cells, weight = sums.cells, sums.cells.design.weight
    for i, j in zip(*np.nonzero(wanted), strict=True):
        read = sums.columns[i]
        assert read is not None
        rows = ~np.isnan(read()) & cells.in_level(sums.pairs.domain, j)
        kish[i, j] = rows.sum() * float((weight[rows] ** 2).sum()) / float(weight[rows].sum()) ** 2
    return kish


def _t(df: Floats, level: float = 0.95) -> Floats:
    """The t quantile of every cell's degrees of freedom."""
    known, place = np.unique(df, return_inverse=True)
    return np.array([t_quantile(0.5 + level / 2, float(value)) for value in known])[place].reshape(df.shape)


def _block(
    value: Floats,
    se: Floats,
    low: Floats,
    high: Floats,
    df: Floats,
    n: Floats,
    n_weighted: Floats,
    n_eff: Floats,
    deff: Floats,
    cv: Floats,
    hidden: Bools,
) -> Block:
    """The columns of a block by name, with the small-cell flags."""
    floor = np.where(hidden, SENSITIVE_BELOW, SUPPRESSED_BELOW)[:, None]
    flag = np.where(n < floor, "suppressed", np.where(n < BRACKETED_BELOW, "bracketed", "")).astype(object)
    numbers = {"value": value, "se": se, "low": low, "high": high, "df": df, "n": n.astype(np.int64)}
    numbers |= {"n_weighted": n_weighted, "n_eff": n_eff, "deff": deff, "cv": cv, "flag": flag}
    return {name: values.ravel() for name, values in numbers.items()}
