"""Intervals for shares and their differences: logit, Wilson, Korn-Graubard, Newcombe; margins and sample sizes."""

from __future__ import annotations

import math
from typing import TypeAlias

from survey_server.estimation.distributions import (
    beta_quantile,
    chi2_upper,
    normal_quantile,
    t_quantile,
)

Interval: TypeAlias = tuple[float, float]


def share_interval(p: float, se: float, df: float, n_eff: float, level: float = 0.95) -> Interval:
    """The interval that we print for a share: logit, and Wilson on the effective n where logit can't (0, 1, no SE)."""
    if math.isnan(p):
        return math.nan, math.nan
    if se > 0 and 0 < p < 1:
        return logit_interval(p, se, df, level)
    return wilson_interval(p * n_eff, n_eff, level)


def logit_interval(p: float, se: float, df: float, level: float = 0.95) -> Interval:
    """Symmetric in log odds, so that it stays inside 0 and 1."""
    odds = math.log(p / (1 - p))
    reach = t_quantile(0.5 + level / 2, df) * se / (p * (1 - p))
    return _expit(odds - reach), _expit(odds + reach)


def arcsine_interval(p: float, se: float, df: float, level: float = 0.95) -> Interval:
    """Symmetric in the arcsine of the root of the share."""
    angle = math.asin(math.sqrt(p))
    reach = t_quantile(0.5 + level / 2, df) * se / math.sqrt(4 * p * (1 - p))
    return math.sin(max(angle - reach, 0.0)) ** 2, math.sin(min(angle + reach, math.pi / 2)) ** 2


def effective_n(p: float, se: float, n: float, df: float, level: float = 0.95, sample_df: float | None = None) -> float:
    """The effective n of Korn and Graubard: p(1-p)/SE², corrected for the design's few degrees of freedom."""
    if se <= 0:
        return n
    tail = 0.5 + level / 2
    ratio = t_quantile(tail, n - 1 if sample_df is None else sample_df) / t_quantile(tail, df)
    return p * (1 - p) / se**2 * ratio**2


def korn_graubard_interval(
    p: float, se: float, n: float, df: float, level: float = 0.95, cap: bool = False, sample_df: float | None = None
) -> tuple[float, float, float]:
    """The beta interval on the effective n, and that n; `cap` keeps it at n as the NCHS rule does."""
    n_eff = effective_n(p, se, n, df, level, sample_df)
    if cap:
        n_eff = min(n_eff, n)
    return *clopper_pearson_interval(p * n_eff, n_eff, level), n_eff


def survey_wilson_interval(p: float, se: float, df: float, level: float = 0.95) -> Interval:
    """Wilson's interval for a share from a complex sample: effective n from the error, t in place of z."""
    n_eff = p * (1 - p) / se**2
    return _wilson(p, n_eff, t_quantile(0.5 + level / 2, df))


def wilson_interval(x: float, n: float, level: float = 0.95, continuity: bool = False) -> Interval:
    """Wilson's score interval of x in n; with continuity correction if asked."""
    z = normal_quantile(0.5 + level / 2)
    p = x / n
    if not continuity:
        low, high = _wilson(p, n, z)
        return (0.0 if x == 0 else max(low, 0.0)), (1.0 if x == n else min(high, 1.0))
    q = 1 - p
    low = (2 * n * p + z * z - 1 - z * math.sqrt(z * z - 2 - 1 / n + 4 * p * (n * q + 1))) / (2 * (n + z * z))
    high = (2 * n * p + z * z + 1 + z * math.sqrt(z * z + 2 - 1 / n + 4 * p * (n * q - 1))) / (2 * (n + z * z))
    return (0.0 if x == 0 else max(low, 0.0)), (1.0 if x == n else min(high, 1.0))


def _wilson(p: float, n: float, z: float) -> Interval:
    centre, root = 2 * n * p + z * z, z * math.sqrt(z * z + 4 * n * p * (1 - p))
    return (centre - root) / (2 * (n + z * z)), (centre + root) / (2 * (n + z * z))


def clopper_pearson_interval(x: float, n: float, level: float = 0.95) -> Interval:
    """The exact interval of x in n (x and n need not be whole)."""
    tail = (1 - level) / 2
    return beta_quantile(tail, x, n - x + 1), beta_quantile(1 - tail, x + 1, n - x)


def jeffreys_interval(x: float, n: float, level: float = 0.95) -> Interval:
    """The equal-tailed interval under Jeffreys' prior."""
    tail = (1 - level) / 2
    return beta_quantile(tail, x + 0.5, n - x + 0.5), beta_quantile(1 - tail, x + 0.5, n - x + 0.5)


def agresti_coull_interval(x: float, n: float, level: float = 0.95) -> Interval:
    """Wald's interval around Wilson's middle."""
    z = normal_quantile(0.5 + level / 2)
    more = n + z * z
    p = (x + z * z / 2) / more
    reach = z * math.sqrt(p * (1 - p) / more)
    return p - reach, p + reach


def wald_interval(x: float, n: float, level: float = 0.95) -> Interval:
    """The textbook interval; kept for comparison only, it is wrong near 0 and 1."""
    p = x / n
    reach = normal_quantile(0.5 + level / 2) * math.sqrt(p * (1 - p) / n)
    return p - reach, p + reach


def newcombe_interval(x1: float, n1: float, x2: float, n2: float, level: float = 0.95) -> Interval:
    """The difference of two independent shares, by the hybrid score method (Newcombe 1998, method 10)."""
    p1, p2 = x1 / n1, x2 / n2
    (l1, u1), (l2, u2) = wilson_interval(x1, n1, level), wilson_interval(x2, n2, level)
    low = p1 - p2 - math.hypot(p1 - l1, u2 - p2)
    return max(low, -1.0), min(p1 - p2 + math.hypot(u1 - p1, p2 - l2), 1.0)


def newcombe_paired_interval(both: int, first: int, second: int, neither: int, level: float = 0.95) -> Interval:
    """The difference of two shares of the same people (Newcombe 1998, paired method 10)."""
    n = both + first + second + neither
    x1, x2 = both + first, both + second
    p1, p2 = x1 / n, x2 / n
    (l1, u1), (l2, u2) = wilson_interval(x1, n, level), wilson_interval(x2, n, level)
    product = x1 * (n - x1) * x2 * (n - x2)
    cross = float(both * neither - first * second)
    if cross > 0:
        cross = max(cross - n / 2, 0.0)
    phi = cross / math.sqrt(product) if product else 0.0

    def reach(a: float, b: float) -> float:
        return math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0))

    return p1 - p2 - reach(p1 - l1, u2 - p2), p1 - p2 + reach(u1 - p1, p2 - l2)


def mcnemar_test(first: int, second: int, continuity: bool = True) -> tuple[float, float]:
    """Chi-squared and p of a change among the same people, from the two counts that changed sides."""
    if first + second == 0:
        return math.nan, math.nan
    gap = max(abs(first - second) - (1 if continuity else 0), 0)
    chi2 = gap * gap / (first + second)
    return chi2, chi2_upper(chi2, 1)


def margin_of_error(p: float, n: float, deff: float = 1.0, level: float = 0.95) -> float:
    """Half the width of the interval that a sample of n gives, with its design effect."""
    return normal_quantile(0.5 + level / 2) * math.sqrt(deff * p * (1 - p) / n)


def sample_size(p1: float, p2: float, power: float = 0.8, alpha: float = 0.05, deff: float = 1.0) -> float:
    """Interviews for each group that show the difference of two shares (two-sided) with the given power."""
    za, zb = normal_quantile(1 - alpha / 2), normal_quantile(power)
    middle = (p1 + p2) / 2
    root = za * math.sqrt(2 * middle * (1 - middle)) + zb * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return deff * (root / (p1 - p2)) ** 2


def _expit(x: float) -> float:
    return 0.0 if x < -700 else 1 / (1 + math.exp(-x))
