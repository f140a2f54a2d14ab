"""Agreement of more than two observers, with missing codes: Fleiss, Light, Krippendorff, Gwet; ICC for numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.agreement import agreement_table, cohen_kappa
from survey_server.estimation.arrays import Floats
from survey_server.estimation.distributions import f_quantile, f_upper
from survey_server.problems import EmptyDomain

Metric: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]


@dataclass(frozen=True)
class Fleiss:
    """Fleiss' kappa over all categories and for each, with the test of no agreement beyond chance."""

    kappa: float
    observed: float
    expected: float
    se0: float
    z: float
    by_category: tuple[float, ...]


@dataclass(frozen=True)
class ChanceCorrected:
    """Several coefficients of the same codes; they differ in what they take for chance."""

    observed: float
    ac1: float
    ac1_expected: float
    brennan_prediger: float
    fleiss: float


@dataclass(frozen=True)
class Icc:
    """An intraclass correlation with its F test against 0 and its interval."""

    value: float
    low: float
    high: float
    f: float
    df1: float
    df2: float
    p_value: float


def fleiss_kappa(counts: ArrayLike) -> Fleiss:
    """Kappa from how many observers gave each subject each category; every subject has the same number of codes."""
    x = np.asarray(counts, dtype=float)
    subjects, raters = len(x), float(x[0].sum())
    p = x.sum(axis=0) / (subjects * raters)
    q = 1 - p
    observed = float(((x**2).sum(axis=1) - raters).mean() / (raters * (raters - 1)))
    expected = float((p**2).sum())
    spread = float((p * q).sum())
    pairs = subjects * raters * (raters - 1)
    se0 = math.sqrt(2 / pairs * (spread**2 - float((p * q * (q - p)).sum()))) / spread
    kappa = (observed - expected) / (1 - expected)
    each = 1 - (x * (raters - x)).sum(axis=0) / (pairs * p * q)
    return Fleiss(kappa, observed, expected, se0, kappa / se0, tuple(float(value) for value in each))


def light_kappa(ratings: Sequence[Sequence[Any]]) -> float:
    """The mean of Cohen's kappa over all pairs of observers (subjects in rows)."""
    columns = list(zip(*ratings, strict=True))
    categories = sorted({code for column in columns for code in column})
    kappas = [cohen_kappa(agreement_table(a, b, categories)).kappa for a, b in combinations(columns, 2)]
    return float(np.mean(kappas))


def conger_kappa(ratings: Sequence[Sequence[Any]]) -> float:
    """Kappa of several observers with chance from each observer's own margins (subjects in rows)."""
    columns = list(zip(*ratings, strict=True))
    categories = sorted({code for column in columns for code in column})
    pairs = [cohen_kappa(agreement_table(a, b, categories)) for a, b in combinations(columns, 2)]
    observed, expected = float(np.mean([pair.po for pair in pairs])), float(np.mean([pair.pe for pair in pairs]))
    return (observed - expected) / (1 - expected)


def category_counts(ratings_by_unit: ArrayLike) -> tuple[Floats, Floats]:
    """How often each unit (row) got each category, and the categories in order; missing codes count nowhere."""
    ratings = np.asarray(ratings_by_unit, dtype=float)
    categories = np.unique(ratings[~np.isnan(ratings)])
    if not len(categories):
        raise EmptyDomain("no unit has a code")
    return np.column_stack([(ratings == category).sum(axis=1) for category in categories]).astype(float), categories


def krippendorff_alpha(ratings_by_unit: ArrayLike, metric: Metric = "nominal") -> float:
    """Krippendorff's alpha of units (rows) by observers, missing codes allowed."""
    counts, values = category_counts(ratings_by_unit)
    coded = counts.sum(axis=1)
    counts = counts[coded >= 2]
    coded = coded[coded >= 2]
    if not len(counts):
        raise EmptyDomain("no unit was coded twice")
    share = counts / (coded - 1)[:, None]
    coincidence = share.T @ counts - np.diag(share.sum(axis=0))
    totals = coincidence.sum(axis=0)
    n = float(totals.sum())
    apart = _distances(values, totals, metric)
    expected = float((np.outer(totals, totals) * apart).sum())
    if expected == 0:
        return math.nan
    return 1 - (n - 1) * float((coincidence * apart).sum()) / expected


def chance_corrected(ratings_by_unit: ArrayLike) -> ChanceCorrected:
    """AC1, Brennan-Prediger and Fleiss' kappa of units (rows) by observers, missing codes allowed (Gwet 2014)."""
    counts, categories = category_counts(ratings_by_unit)
    coded, k = counts.sum(axis=1), len(categories)
    twice = coded >= 2
    agreeing = (counts * (counts - 1)).sum(axis=1)[twice] / (coded * (coded - 1))[twice]
    observed = float(agreeing.mean())
    shares = (counts[coded > 0] / coded[coded > 0][:, None]).mean(axis=0)
    ac1 = float((shares * (1 - shares)).sum()) / (k - 1)
    fleiss = float((shares**2).sum())

    def corrected(expected: float) -> float:
        return (observed - expected) / (1 - expected)

    return ChanceCorrected(observed, corrected(ac1), ac1, corrected(1 / k), corrected(fleiss))


def intraclass_correlations(ratings: ArrayLike, level: float = 0.95) -> dict[str, Icc]:
    """The six forms of Shrout and Fleiss (1979), of subjects (rows) by observers, complete."""
    x = np.asarray(ratings, dtype=float)
    n, k = x.shape
    grand = x.mean()
    ss_subject = k * float(((x.mean(axis=1) - grand) ** 2).sum())
    ss_rater = n * float(((x.mean(axis=0) - grand) ** 2).sum())
    ss_total = float(((x - grand) ** 2).sum())
    msb = ss_subject / (n - 1)
    msw = (ss_total - ss_subject) / (n * (k - 1))
    msj, mse = ss_rater / (k - 1), (ss_total - ss_subject - ss_rater) / ((n - 1) * (k - 1))
    tail = 0.5 + level / 2
    done: dict[str, Icc] = {}
    for name, within, df2 in (("1", msw, n * (k - 1)), ("3", mse, (n - 1) * (k - 1))):
        f = msb / within
        low, high = f / f_quantile(tail, n - 1, df2), f * f_quantile(tail, df2, n - 1)
        p = f_upper(f, n - 1, df2)
        value, least, most = ((g - 1) / (g + k - 1) for g in (f, low, high))
        done[f"ICC({name},1)"] = Icc(value, least, most, f, n - 1, df2, p)
        done[f"ICC({name},k)"] = Icc(1 - 1 / f, 1 - 1 / low, 1 - 1 / high, f, n - 1, df2, p)
    for name, m in (("1", k), ("k", 1)):
        done[f"ICC(2,{name})"] = _two_way(msb, msj, mse, n, k, m, tail)
    return done


def _two_way(msb: float, msj: float, mse: float, n: int, k: int, m: int, tail: float) -> Icc:
    """Absolute agreement of one observer (m = k) or of the mean of all (m = 1), observers random."""
    value = (msb - mse) / (msb + (m - 1) * mse + m * (msj - mse) / n)
    a = k * value / (n * (1 - value))  # k in both forms, as R's irr has it: for the mean a little wider than need be
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    df2 = (a * msj + b * mse) ** 2 / ((a * msj) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1)))
    over, under = f_quantile(tail, n - 1, df2), f_quantile(tail, df2, n - 1)
    rest = m * msj + (m * n - m - n) * mse
    low = n * (msb - over * mse) / (over * rest + n * msb)
    high = n * (under * msb - mse) / (rest + n * under * msb)
    f = msb / mse
    return Icc(value, low, high, f, n - 1, df2, f_upper(f, n - 1, df2))


def _distances(values: Floats, totals: Floats, metric: Metric) -> Floats:
    """The squared difference of every two categories."""
    if metric == "nominal":
        return 1.0 - np.eye(len(values))
    if metric == "ordinal":
        reached = np.cumsum(totals) - totals / 2
        gaps: Floats = np.subtract.outer(reached, reached) ** 2
        return gaps
    difference = np.subtract.outer(values, values)
    if metric == "ratio":
        sums = np.add.outer(values, values)
        difference = np.divide(difference, sums, out=np.zeros_like(difference), where=sums != 0)
    squared: Floats = difference**2
    return squared
