"""Quantiles of domains with Woodruff's interval: that of the share below, read back through the distribution."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import t_quantile
from survey_server.estimation.estimate import Estimate, make_estimate
from survey_server.estimation.intervals import arcsine_interval, korn_graubard_interval, logit_interval
from survey_server.estimation.taylor import Linear, linear_means

_ROUNDING = 1e-12
"""A share that is reached but for what adding up many weights loses is reached."""
Method: TypeAlias = Literal["mean", "beta", "xlogit", "asin"]


def weighted_quantile(y: ArrayLike, weight: ArrayLike, p: float) -> float:
    """The smallest y at or below which a share p of the weight lies."""
    values, weights = np.asarray(y, dtype=float), np.asarray(weight, dtype=float)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, p * reached[-1] * (1 - _ROUNDING), side="left"))
    return float(values[order][min(place, len(values) - 1)])


def estimate_quantile(
    y: ArrayLike,
    design: Design,
    p: float = 0.5,
    domain: ArrayLike | None = None,
    method: Method = "mean",
    level: float = 0.95,
) -> Estimate:
    """The p quantile (the median unless said) of y in the domain.

    An end of the interval is NaN where the sample can't give one; then there is no standard error either.
    """
    share, value, low, high = _woodruff(y, design, p, domain, method, level)
    base = share.estimate(0)
    se = (high - low) / (2 * t_quantile(0.5 + level / 2, base.df))
    cv = se / abs(value) if value else math.nan
    return Estimate(value, se, low, high, base.df, base.n, base.n_weighted, base.n_eff, base.deff, cv, base.flag)


def linear_quantile(y: ArrayLike, design: Design, p: float = 0.5, domain: ArrayLike | None = None) -> Linear:
    """The quantile linearised, so that changes between waves know their shared PSUs.

    The density that linearisation needs is the one that Woodruff's interval implies.
    """
    share, value, low, high = _woodruff(y, design, p, domain, "mean", 0.95)
    error = math.sqrt(max(float(share.covariance[0, 0]), 0.0))
    own = (high - low) / (2 * t_quantile(0.975, share.df))
    slope = -own / error if error > 0 else math.nan
    return Linear(design, np.array([value]), share.influence * slope, share.members, share.srs_variance * slope**2)


def _woodruff(
    y: ArrayLike, design: Design, p: float, domain: ArrayLike | None, method: Method, level: float
) -> tuple[Linear, float, float, float]:
    """The share at or below the quantile, the quantile, and the ends of its interval."""
    values: Floats = np.asarray(y, dtype=float)
    rows = linear_means(values, design, [domain]).members[:, 0]
    inside, weight = values[rows], design.weight[rows]
    value = weighted_quantile(inside, weight, p)
    share = linear_means(np.where(np.isnan(values), np.nan, values <= value), design, [domain])
    ends = _share_ends(share, method, level)
    low, high = (weighted_quantile(inside, weight, end) if 0 <= end <= 1 else math.nan for end in ends)
    return share, value, low, high


def _share_ends(share: Linear, method: Method, level: float) -> tuple[float, float]:
    m, df = float(share.values[0]), share.df
    variance = float(share.covariance[0, 0])
    se = math.sqrt(max(variance, 0.0))
    if method == "mean":
        base = make_estimate(m, variance, df, 1, 1.0, math.nan, "mean", level=level)
        return base.low, base.high
    if not 0 < m < 1 or se == 0:
        return math.nan, math.nan
    if method == "xlogit":
        return logit_interval(m, se, df, level)
    if method == "asin":
        return arcsine_interval(m, se, df, level)
    low, high, _ = korn_graubard_interval(m, se, int(share.members.sum()), df, level)
    return low, high
