"""Do two observers see the same? Percent agreement, kappa, AC1, PABAK, Scott's pi; errors by pair or by design."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import normal_quantile, t_quantile
from survey_server.problems import BadEstimate, EmptyDomain

Weights: TypeAlias = Literal["unweighted", "linear", "quadratic"]
Quality: TypeAlias = Literal["fine", "dagger", "dropped", "too_few"]

MIN_PAIRS, MIN_CELL = 50, 5
FINE, TENTATIVE = 0.60, 0.40


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa; `se` for intervals, `se0` and `z` for the test of no agreement beyond chance."""

    po: float
    pe: float
    kappa: float
    se: float
    se0: float
    z: float
    low: float
    high: float
    n: float


@dataclass(frozen=True)
class Agreement:
    """One item's agreement: kappa never stands without the share that agrees and a measure that survives prevalence."""

    n: int
    percent: float
    kappa: float
    kappa_se: float
    kappa_low: float
    kappa_high: float
    ac1: float
    pabak: float
    prevalence: float
    quality: Quality


def agreement_table(first: ArrayLike, second: ArrayLike, categories: Sequence[Any]) -> Floats:
    """Counts of pairs by both codes; pairs with a code outside the categories are left out."""
    a, b = np.asarray(first), np.asarray(second)
    return np.array([[float(((a == one) & (b == two)).sum()) for two in categories] for one in categories])


def cohen_kappa(table: ArrayLike, weights: Weights | ArrayLike = "unweighted", level: float = 0.95) -> Kappa:
    """Kappa of a square table, weighted or not, with the errors of Fleiss, Cohen and Everitt (1969)."""
    counts = _square(table)
    n = float(counts.sum())
    w = _weights(weights, len(counts))
    p = counts / n
    r, c = p.sum(axis=1), p.sum(axis=0)
    po, pe = float((w * p).sum()), float(r @ w @ c)
    if pe >= 1:
        return Kappa(po, pe, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, n)
    kappa = (po - pe) / (1 - pe)
    margins = (w @ c)[:, None] + (r @ w)[None, :]
    spread = (p * (w * (1 - pe) - margins * (1 - po)) ** 2).sum() - (po * pe - 2 * pe + po) ** 2
    se = math.sqrt(max(float(spread), 0.0) / n) / (1 - pe) ** 2
    null = (np.outer(r, c) * (w - margins) ** 2).sum() - pe**2
    se0 = math.sqrt(max(float(null), 0.0) / n) / (1 - pe)
    reach = normal_quantile(0.5 + level / 2) * se
    z = kappa / se0 if se0 > 0 else math.nan
    return Kappa(po, pe, kappa, se, se0, z, kappa - reach, kappa + reach, n)


def percent_agreement(table: ArrayLike) -> float:
    """The share of pairs on the diagonal."""
    counts = _square(table)
    return float(np.trace(counts) / counts.sum())


def pabak(table: ArrayLike) -> float:
    """Kappa as if all categories were equally common (prevalence- and bias-adjusted)."""
    k = len(np.asarray(table))
    return (k * percent_agreement(table) - 1) / (k - 1)


def gwet_ac1(table: ArrayLike) -> float:
    """Gwet's AC1, which does not collapse when nearly everything is in one category."""
    po, shares = percent_agreement(table), _mean_margins(table)
    pe = float((shares * (1 - shares)).sum()) / (len(shares) - 1)
    return (po - pe) / (1 - pe)


def scott_pi(table: ArrayLike) -> float:
    """Scott's pi: chance from the mean of both margins."""
    po, shares = percent_agreement(table), _mean_margins(table)
    pe = float((shares**2).sum())
    return (po - pe) / (1 - pe) if pe < 1 else math.nan


def design_kappa(first: ArrayLike, second: ArrayLike, design: Design, categories: Sequence[Any]) -> tuple[float, float]:
    """Kappa and its standard error when pairs are clustered (several in a visit, visits in a station)."""
    a, b = np.asarray(first), np.asarray(second)
    one = np.column_stack([a == category for category in categories])
    two = np.column_stack([b == category for category in categories])
    inside = np.asarray(one.any(axis=1) & two.any(axis=1), dtype=bool)
    if not inside.any():
        raise EmptyDomain("no pair has both codes")
    share = np.where(inside, design.weight, 0.0)
    share = share / share.sum()
    r, c = share @ one, share @ two
    same = (one & two).any(axis=1)
    po, pe = float(share @ same), float(r @ c)
    if pe >= 1:
        return math.nan, math.nan
    chance = one @ c + two @ r - 2 * pe
    influence = share * ((same - po) * (1 - pe) - chance * (1 - po)) / (1 - pe) ** 2
    variance = design.covariance(influence, inside)[0, 0]
    return (po - pe) / (1 - pe), math.sqrt(max(float(variance), 0.0))


def item_agreement(
    first: ArrayLike, second: ArrayLike, categories: Sequence[Any], design: Design | None = None, level: float = 0.95
) -> Agreement:
    """One item's agreement over the pairs that both coded, with the rule on what becomes of the item.

    AC1 of 0.60 and more is fine, 0.40 to 0.59 gets a dagger, below 0.40 the item leaves the index for the wave; under
    50 pairs nothing is decided. Where a cell has fewer than 5 pairs, AC1 is of the first category (met) against all
    others.
    """
    table = agreement_table(first, second, categories)
    n = int(table.sum())
    if n == 0:
        raise EmptyDomain("no pair has both codes")
    iid = cohen_kappa(table)
    kappa, se, reach = iid.kappa, iid.se, normal_quantile(0.5 + level / 2)
    if design is not None:
        kappa, se = design_kappa(first, second, design, categories)
        inside = np.isin(np.asarray(first), categories) & np.isin(np.asarray(second), categories)
        reach = t_quantile(0.5 + level / 2, design.df_of(inside))
    ac1 = gwet_ac1(table if (table >= MIN_CELL).all() or len(table) == 2 else met_or_not(table))
    return Agreement(
        n,
        percent_agreement(table),
        kappa,
        se,
        kappa - reach * se,
        kappa + reach * se,
        ac1,
        pabak(table),
        float(_mean_margins(table)[0]),
        agreement_quality(ac1, n),
    )


def met_or_not(table: ArrayLike) -> Floats:
    """The table with all categories after the first in one."""
    counts = _square(table)
    first = counts[0, 0]
    return np.array([[first, counts[0, 1:].sum()], [counts[1:, 0].sum(), counts[1:, 1:].sum()]])


def agreement_quality(ac1: float, pairs: int) -> Quality:
    """What becomes of an item: kept, kept with a dagger, or out of the index for this wave."""
    if pairs < MIN_PAIRS:
        return "too_few"
    return "fine" if ac1 >= FINE else "dagger" if ac1 >= TENTATIVE else "dropped"


def _square(table: ArrayLike) -> Floats:
    counts = np.asarray(table, dtype=float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < 2:
        raise BadEstimate(f"agreement needs a square table of two or more categories, not {counts.shape}")
    if (counts < 0).any() or counts.sum() <= 0:
        raise EmptyDomain("the table of pairs is empty")
    return counts


def _weights(weights: Weights | ArrayLike, k: int) -> Floats:
    """Agreement weights: 1 on the diagonal, less the further the categories are apart."""
    if not isinstance(weights, str):
        return np.asarray(weights, dtype=float)
    if weights == "unweighted":
        return np.eye(k)
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / (k - 1)
    graded: Floats = 1.0 - (apart if weights == "linear" else apart**2)
    return graded


def _mean_margins(table: ArrayLike) -> Floats:
    counts = _square(table)
    shares: Floats = (counts.sum(axis=0) + counts.sum(axis=1)) / (2 * counts.sum())
    return shares
