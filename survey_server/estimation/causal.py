"""Programme against comparison areas, tested on the unit that got the programme: t tests, ranks, all re-assignments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.distributions import normal_two_sided, t_quantile, t_two_sided
from survey_server.problems import BadEstimate, EmptyDomain

MOST_ASSIGNMENTS = 3_000_000
DRAWS = 200_000
_TIE = 1e-10


@dataclass(frozen=True, eq=False)
class ClusterChanges:
    """The change of every cluster (district, station) and whether it got the programme."""

    clusters: Sequence[Any]
    change: Floats
    treated: Bools


@dataclass(frozen=True)
class TwoGroups:
    """A comparison of the clusters of two arms: the difference of the mean changes and its test."""

    difference: float
    se: float
    t: float
    df: float
    p_value: float
    low: float
    high: float


@dataclass(frozen=True)
class RankTest:
    """Wilcoxon's two-sample statistic and its p value, exact where there are no ties and fewer than 50 clusters."""

    statistic: float
    p_value: float


@dataclass(frozen=True)
class Permutation:
    """The share of re-assignments of the programme that give a difference, or t, as large as the real one."""

    difference: float
    t: float
    p_difference: float
    p_t: float
    assignments: int
    exact: bool


@dataclass(frozen=True)
class Ratio:
    """One estimate over another, with the interval made on the log scale."""

    value: float
    log_se: float
    low: float
    high: float


def cluster_changes(
    y: ArrayLike, weight: ArrayLike, cluster: ArrayLike, after: ArrayLike, treated: ArrayLike
) -> ClusterChanges:
    """The weighted mean after less before in every cluster that has answers in both waves."""
    values, weights = np.asarray(y, dtype=float), np.asarray(weight, dtype=float)
    later, arm = np.asarray(after, dtype=bool), np.asarray(treated, dtype=bool)
    valid = ~np.isnan(values)
    codes, labels = pd.factorize(np.asarray(cluster), sort=True)
    key, size = codes * 2 + later, 2 * len(labels)
    sums = np.bincount(key[valid], weights=(weights * values)[valid], minlength=size).reshape(-1, 2)
    own = np.bincount(key[valid], weights=weights[valid], minlength=size).reshape(-1, 2)
    here = (own > 0).all(axis=1)
    if not here.any():
        raise EmptyDomain("no cluster has answers in both waves")
    arms = np.zeros(len(labels), dtype=bool)
    arms[codes] = arm
    if (arms[codes] != arm).any():
        raise BadEstimate("a cluster is in both arms; the arm must be a property of the cluster")
    means = sums[here] / own[here]
    return ClusterChanges([labels[i] for i in np.flatnonzero(here)], means[:, 1] - means[:, 0], arms[here])


def welch_test(change: Floats, treated: Bools, level: float = 0.95) -> TwoGroups:
    """The t test that lets the arms vary differently."""
    (m1, v1, n1), (m0, v0, n0) = _moments(change[treated]), _moments(change[~treated])
    a, b = v1 / n1, v0 / n0
    df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n0 - 1)) if a + b > 0 else math.nan
    return _two_groups(m1 - m0, math.sqrt(a + b), df, level)


def pooled_test(change: Floats, treated: Bools, level: float = 0.95) -> TwoGroups:
    """The t test with one variance for both arms, on clusters less two degrees of freedom."""
    (m1, v1, n1), (m0, v0, n0) = _moments(change[treated]), _moments(change[~treated])
    df = n1 + n0 - 2
    variance = ((n1 - 1) * v1 + (n0 - 1) * v0) / df
    return _two_groups(m1 - m0, math.sqrt(variance * (1 / n1 + 1 / n0)), df, level)


def rank_test(change: Floats, treated: Bools) -> RankTest:
    """Whether the ranks of one arm's changes are higher."""
    n, n1 = len(change), int(treated.sum())
    ranks = pd.Series(change).rank().to_numpy()
    w = float(ranks[treated].sum()) - n1 * (n1 + 1) / 2
    if n < 50 and len(np.unique(change)) == n:
        return RankTest(w, _exact_rank_p(int(w), n1, n - n1))
    _, ties = np.unique(change, return_counts=True)
    correction = float((ties**3 - ties).sum()) / (n * (n - 1))
    sigma = math.sqrt(n1 * (n - n1) / 12 * (n + 1 - correction))
    gap = abs(w - n1 * (n - n1) / 2)
    return RankTest(w, normal_two_sided(max(gap - 0.5, 0.0) / sigma) if sigma > 0 else math.nan)


def permutation_test(change: Floats, treated: Bools, seed: int = 1) -> Permutation:
    """Every way in which the programme could have been given to as many clusters, or many drawn ones if too many."""
    n, n1 = len(change), int(treated.sum())
    if n1 < 2 or n - n1 < 2:
        raise BadEstimate("a permutation test needs two clusters in each arm")
    exact = math.comb(n, n1) <= MOST_ASSIGNMENTS
    centred = change - change.mean()
    sums, squares = _all_sums(centred, n1) if exact else _drawn_sums(centred, n1, seed)
    own = welch_test(change, treated)
    differences, ts = _statistics(sums, squares, centred, n1)
    far = np.abs(differences) >= abs(own.difference) * (1 - _TIE)
    farther = np.abs(ts) >= abs(own.t) * (1 - _TIE)
    extra = 0 if exact else 1  # the real assignment counts as one of the drawn ones
    p = [(float(hits.sum()) + extra) / (len(sums) + extra) for hits in (far, farther)]
    return Permutation(own.difference, own.t, p[0], p[1], len(sums), exact)


def ratio_of(values: Floats, covariance: Floats, df: float, level: float = 0.95) -> Ratio:
    """The second of two estimates over the first."""
    first, second = float(values[0]), float(values[1])
    if first <= 0 or second <= 0:
        return Ratio(second / first if first else math.nan, math.nan, math.nan, math.nan)
    gradient = np.array([-1 / first, 1 / second])
    log_se = math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))
    reach = t_quantile(0.5 + level / 2, df) * log_se
    ratio = second / first
    return Ratio(ratio, log_se, ratio * math.exp(-reach), ratio * math.exp(reach))


def standardised_difference(treated: tuple[float, float], comparison: tuple[float, float]) -> float:
    """Baseline imbalance: the difference of two means in pooled standard deviations (mean, variance of each arm)."""
    (m1, v1), (m0, v0) = treated, comparison
    spread = math.sqrt((v1 + v0) / 2)
    return (m1 - m0) / spread if spread > 0 else math.nan


def _two_groups(difference: float, se: float, df: float, level: float) -> TwoGroups:
    t = difference / se if se > 0 else math.nan
    reach = t_quantile(0.5 + level / 2, df) * se
    return TwoGroups(difference, se, t, df, t_two_sided(t, df), difference - reach, difference + reach)


def _moments(x: Floats) -> tuple[float, float, int]:
    if len(x) < 2:
        raise BadEstimate("each arm needs two clusters or more")
    return float(x.mean()), float(x.var(ddof=1)), len(x)


def _statistics(sums: Floats, squares: Floats, centred: Floats, n1: int) -> tuple[Floats, Floats]:
    """Difference of means and Welch's t for subsets given by their sums and sums of squares."""
    n0 = len(centred) - n1
    rest, rest_squares = centred.sum() - sums, (centred**2).sum() - squares
    m1, m0 = sums / n1, rest / n0
    v1 = np.maximum(squares - n1 * m1**2, 0) / (n1 - 1)
    v0 = np.maximum(rest_squares - n0 * m0**2, 0) / (n0 - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return m1 - m0, (m1 - m0) / np.sqrt(v1 / n1 + v0 / n0)


def _all_sums(values: Floats, size: int) -> tuple[Floats, Floats]:
    """Sums and sums of squares of every subset of a size: all subsets of two halves, joined by size."""
    half = len(values) // 2
    left, right = _subset_sums(values[:half]), _subset_sums(values[half:])
    sums, squares = [], []
    for k in range(size + 1):
        a, b = left[0] == k, right[0] == size - k
        if a.any() and b.any():
            sums.append(np.add.outer(left[1][a], right[1][b]).ravel())
            squares.append(np.add.outer(left[2][a], right[2][b]).ravel())
    return np.concatenate(sums), np.concatenate(squares)


def _subset_sums(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Size, sum and sum of squares of every subset."""
    counts, sums, squares = np.zeros(1), np.zeros(1), np.zeros(1)
    for value in values:
        counts = np.concatenate([counts, counts + 1])
        sums = np.concatenate([sums, sums + value])
        squares = np.concatenate([squares, squares + value**2])
    return counts, sums, squares


def _drawn_sums(values: Floats, size: int, seed: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    sums, squares = [], []
    for _ in range(20):
        chosen = np.argpartition(random.random((DRAWS // 20, len(values))), size, axis=1)[:, :size]
        sums.append(values[chosen].sum(axis=1))
        squares.append((values[chosen] ** 2).sum(axis=1))
    return np.concatenate(sums), np.concatenate(squares)


def _exact_rank_p(w: int, n1: int, n0: int) -> float:
    """Two-sided p of Wilcoxon's statistic: how many choices of ranks give each sum."""
    top = n1 * n0
    ways = np.zeros((n1 + 1, top + 1))
    ways[0, 0] = 1
    for rank in range(1, n1 + n0 + 1):
        for k in range(min(n1, rank), 0, -1):
            shift = rank - k  # the k-th chosen rank adds its rank less its place
            if shift <= top:
                ways[k, shift:] += ways[k - 1, : top + 1 - shift]
    chances = ways[n1] / ways[n1].sum()
    tail = chances[: w + 1].sum() if w <= top / 2 else chances[w:].sum()
    return min(2 * float(tail), 1.0)
