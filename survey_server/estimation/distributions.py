"""Student t, F, chi-squared and beta distributions in plain Python: the few that estimates need, to 1e-11."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from survey_server.estimation.arrays import Floats

_NORMAL = NormalDist()
_TINY = 1e-300
_STEPS = 10_000


def normal_quantile(p: float) -> float:
    """The z below which a share p of the standard normal lies."""
    return _NORMAL.inv_cdf(p)


def normal_two_sided(z: float) -> float:
    """The chance of a standard normal at least as far from 0 as z."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    return _incomplete_beta(x, 1.0 - x, a, b)


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x below which a share p of the beta(a, b) distribution lies; a or b of 0 is the point mass at 0 or 1."""
    if a <= 0.0:
        return 0.0
    if b <= 0.0:
        return 1.0
    return _invert(lambda x: beta_cdf(x, a, b), p, 0.0, 1.0)


def t_two_sided(t: float, df: float) -> float:
    """The chance of a t with df degrees of freedom at least as far from 0 as t (0 stays exact far in the tail)."""
    if math.isnan(t) or df <= 0.0:
        return math.nan
    if math.isinf(df):
        return normal_two_sided(t)
    if math.isinf(t):
        return 0.0
    square = t * t
    return _incomplete_beta(df / (df + square), square / (df + square), df / 2.0, 0.5)


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """The t below which a share p of Student's distribution lies; the normal's for infinite df, NaN for none."""
    if math.isnan(df) or df <= 0.0:
        return math.nan
    if math.isinf(df):
        return normal_quantile(p)
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -t_quantile(1.0 - p, df)
    upper = 2.0 * (1.0 - p)
    found = _newton_t(upper, df, normal_quantile(p)) if df >= 3.0 else None
    if found is not None:
        return found
    high = 2.0
    while t_two_sided(high, df) > upper:
        high *= 2.0
    return _invert(lambda t: -t_two_sided(t, df), -upper, 0.0, high)


def _newton_t(upper: float, df: float, z: float) -> float | None:
    """The t with this chance beyond it, by Newton's steps from the first terms of Fisher's expansion around z.

    None where they don't settle, far out in the tails.
    """
    t = z + (z**3 + z) / (4.0 * df) + (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / (96.0 * df * df)
    constant = math.lgamma((df + 1.0) / 2.0) - math.lgamma(df / 2.0) - 0.5 * math.log(df * math.pi)
    for _ in range(12):
        density = math.exp(constant - (df + 1.0) / 2.0 * math.log1p(t * t / df))
        step = (t_two_sided(t, df) - upper) / (2.0 * density) if density > 0.0 else math.inf
        if not abs(step) < t:
            return None
        t += step
        if abs(step) <= 1e-9 * t:  # the steps' error shrinks by squaring: the next one would be below rounding
            return t
    return None


def t_two_sided_many(t: Floats, df: Floats) -> Floats:
    """`t_two_sided` of whole arrays at once; NaN where there is no t or no degree of freedom."""
    square = t * t
    good = np.isfinite(square) & (df > 0) & np.isfinite(df)
    done = np.full(t.shape, np.nan)
    x, a = (df / (df + square))[good], df[good] / 2.0
    y, b = (square / (df + square))[good], np.full(len(x), 0.5)
    known, place = np.unique(a, return_inverse=True)
    constant = np.array([math.lgamma(v + 0.5) - math.lgamma(v) - math.lgamma(0.5) for v in known])[place]
    with np.errstate(divide="ignore"):
        front = np.exp(constant + a * np.where(x > 0.5, np.log1p(-y), np.log(x)) + 0.5 * np.log(y))
    swap = x >= (a + 1.0) / (a + b + 2.0)
    first, second = np.where(swap, b, a), np.where(swap, a, b)
    tail = front * _beta_fractions(np.where(swap, y, x), first, second) / first
    done[good] = np.where(swap, 1.0 - tail, tail)
    return done


def mixture_upper(x: float, weights: Floats, df: float) -> float:
    """The chance of a sum of weighted chi-squareds (1 df each), over chi-squared of `df` by df, above x.

    By the saddlepoint approximation, as many whole chi-squareds below as df has; NaN at the middle, where it has no
    value.
    """
    if not (x > 0.0 and df > 0.0 and len(weights) and (weights > 0).all()):
        return math.nan
    sums, times = np.append(weights, -x / df), np.append(np.ones(len(weights)), math.floor(df))
    sums = sums / sums.max()
    zeta = _invert(lambda at: float((times * sums / (1.0 - 2.0 * at * sums)).sum()), 0.0, 0.49999 / sums.min(), 0.49999)
    if abs(zeta) < 1e-4:
        return math.nan
    spread = 1.0 - 2.0 * zeta * sums
    w = math.copysign(math.sqrt(float(times @ np.log(spread))), zeta)
    v = zeta * math.sqrt(2.0 * float((times * sums**2 / spread**2).sum()))
    return math.erfc((w + math.log(v / w) / w) / math.sqrt(2.0)) / 2.0


def f_upper(f: float, df1: float, df2: float) -> float:
    """The chance of an F(df1, df2) above f; df2 may be infinite."""
    if math.isnan(f) or df1 <= 0.0 or df2 <= 0.0:
        return math.nan
    if f <= 0.0:
        return 1.0
    if math.isinf(df2):
        return chi2_upper(f * df1, df1)
    if math.isinf(f):
        return 0.0
    total = df2 + df1 * f
    return _incomplete_beta(df2 / total, df1 * f / total, df2 / 2.0, df1 / 2.0)


@lru_cache(maxsize=1024)
def f_quantile(p: float, df1: float, df2: float) -> float:
    """The F(df1, df2) below which a share p lies."""
    x = beta_quantile(p, df1 / 2.0, df2 / 2.0)
    return math.inf if x >= 1.0 else df2 * x / (df1 * (1.0 - x))


def chi2_upper(x: float, df: float) -> float:
    """The chance of a chi-squared with df degrees of freedom above x."""
    if x <= 0.0:
        return 1.0
    return _upper_gamma(df / 2.0, x / 2.0)


@lru_cache(maxsize=4096)
def chi2_quantile(p: float, df: float) -> float:
    """The chi-squared value below which a share p lies (Poisson intervals are made of these)."""
    if df <= 0.0 or p <= 0.0:
        return 0.0
    high = max(4.0, 2.0 * df)
    while chi2_upper(high, df) > 1.0 - p:
        high *= 2.0
    return _invert(lambda x: -chi2_upper(x, df), p - 1.0, 0.0, high)


def _incomplete_beta(x: float, y: float, a: float, b: float) -> float:
    """I_x(a, b) with y = 1 - x given apart, so that neither tail loses digits."""
    if x <= 0.0:
        return 0.0
    if y <= 0.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * _log_of(x, y) + b * _log_of(y, x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(x, a, b) / a
    return 1.0 - front * _beta_fraction(y, b, a) / b


def _log_of(x: float, rest: float) -> float:
    return math.log1p(-rest) if x > 0.5 else math.log(x)


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _STEPS):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 + factor * d
            c = 1.0 + factor / c
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1.0) < 4e-16:
            break
    return value


def _beta_fractions(x: Floats, a: Floats, b: Floats) -> Floats:
    """`_beta_fraction` of whole arrays; those that have settled are worked on no longer."""
    done = np.empty(len(x))
    left = np.arange(len(x))
    c, d = np.ones(len(x)), 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    value = d.copy()
    for m in range(1, _STEPS):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 / (1.0 + factor * d)
            c = 1.0 + factor / c
            value *= c * d
        if m % 4 == 0:
            going = np.abs(c * d - 1.0) >= 4e-16
            if not going.all():
                done[left[~going]] = value[~going]
                left = left[going]
                x, a, b = x[going], a[going], b[going]
                c, d, value = c[going], d[going], value[going]
                if not len(left):
                    return done
    done[left] = value
    return done


def _upper_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x)."""
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for n in range(1, _STEPS):
            term *= x / (a + n)
            total += term
            if term < total * 1e-17:
                break
        return 1.0 - front * total
    b = x + 1.0 - a
    c, d = 1.0 / _TINY, 1.0 / b
    value = d
    for n in range(1, _STEPS):
        factor = -n * (n - a)
        b += 2.0
        d = 1.0 / (factor * d + b or _TINY)
        c = b + factor / c or _TINY
        value *= c * d
        if abs(c * d - 1.0) < 4e-16:
            break
    return front * value


def _invert(cdf: Callable[[float], float], p: float, low: float, high: float) -> float:
    """The x in [low, high] where an increasing cdf reaches p: secant steps kept inside a shrinking bracket."""
    f_low, f_high = cdf(low) - p, cdf(high) - p
    if f_low >= 0.0:
        return low
    if f_high <= 0.0:
        return high
    for step in range(200):
        middle = 0.5 * (low + high)
        x = middle if step % 3 == 2 else low - f_low * (high - low) / (f_high - f_low)
        if not low < x < high:
            x = middle
        f_x = cdf(x) - p
        if f_x == 0.0:
            return x
        if f_x < 0.0:
            low, f_low = x, f_x
        else:
            high, f_high = x, f_x
        if high - low <= 4e-16 * max(abs(low), abs(high)):
            break
    return 0.5 * (low + high)
