"""What being watched does: announced less covert compliance, like with like, and how it wears off."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Bools, Codes, Floats
from survey_server.estimation.change import change_df, contrast, difference, joint_covariance, p_value, shared_psus
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import t_quantile
from survey_server.estimation.estimate import Estimate
from survey_server.estimation.regression import fit_regression
from survey_server.estimation.taylor import Linear, linear_means
from survey_server.problems import BadEstimate, EmptyDomain

MIN_PER_MODE = 60


@dataclass(frozen=True, eq=False)
class MatchedGap:
    """The gap over the cells (post type, light, ...) in which both modes were observed, weighted to one mix.

    `measured` is false where a mode has fewer encounters than a gap of this kind needs; `matched` is the share of
    encounters that lie in a cell with both modes.
    """

    estimate: Estimate
    raw: Estimate
    p_value: float
    cells: int
    matched: float
    measured: bool
    sides: Linear
    weights: Floats


@dataclass(frozen=True)
class Decay:
    """How the gap shrinks with every further visit, and after how many visits nothing is left to be seen of it."""

    gap_at_first: float
    gap_low: float
    gap_high: float
    per_visit: float
    per_visit_low: float
    per_visit_high: float
    p_value: float
    visits_until_unseen: int | None


def matched_gap(
    y: ArrayLike,
    announced: ArrayLike,
    covert: ArrayLike,
    cell: ArrayLike,
    design: Design,
    mix: Mapping[Any, float] | None = None,
) -> MatchedGap:
    """Announced less covert within cells, averaged over a mix (unless given, that of all encounters of both modes)."""
    values = np.asarray(y, dtype=float)
    open_, hidden = (np.asarray(mode, dtype=bool) & ~np.isnan(values) for mode in (announced, covert))
    if not open_.any() or not hidden.any():
        raise EmptyDomain("one of the two modes has no encounter")
    codes, labels = pd.factorize(np.asarray(cell), sort=True)
    sizes = [np.bincount(codes[mode & (codes >= 0)], minlength=len(labels)) for mode in (open_, hidden)]
    both = np.flatnonzero((sizes[0] > 0) & (sizes[1] > 0))
    if not len(both):
        raise EmptyDomain("no cell has encounters of both modes, so like can't be compared with like")
    shares = (sizes[0] + sizes[1])[both].astype(float)
    if mix is not None:
        shares = np.array([float(mix.get(labels[c], 0.0)) for c in both])
    if shares.sum() <= 0:
        raise EmptyDomain("the mix gives no weight to any cell that has encounters of both modes")
    shares = shares / shares.sum()
    domains = [mode & (codes == c) for mode in (open_, hidden) for c in both]
    sides = linear_means(values, design, domains)
    weights = np.concatenate([shares, -shares])
    value, se = contrast(sides.values, sides.covariance, list(weights))
    plain = linear_means(values, design, [open_, hidden])
    ends = [plain.estimate(0), plain.estimate(1)]
    raw_value, raw_se = contrast(plain.values, plain.covariance, (1, -1))
    matched = float(np.isin(codes, both)[open_ | hidden].mean())
    return MatchedGap(
        estimate=difference(value, se, sides.df, ends),
        raw=difference(raw_value, raw_se, plain.df, ends),
        p_value=p_value(value, se, sides.df),
        cells=len(both),
        matched=matched,
        measured=min(int(open_.sum()), int(hidden.sum())) >= MIN_PER_MODE,
        sides=sides,
        weights=weights,
    )


def gap_change(before: MatchedGap, after: MatchedGap) -> tuple[Estimate, float]:
    """How the gap itself changed between two waves, and p: above 0, officers learnt to look good when watched."""
    shared = shared_psus(before.sides.design, after.sides.design)
    covariance = joint_covariance(before.sides, after.sides, shared)
    values = np.concatenate([before.sides.values, after.sides.values])
    value, se = contrast(values, covariance, list(np.concatenate([-before.weights, after.weights])))
    df = change_df(before.sides, after.sides, shared)
    return difference(value, se, df, [before.estimate, after.estimate]), p_value(value, se, df)


def standardised_mean(y: ArrayLike, cell: ArrayLike, design: Design, mix: Mapping[Any, float]) -> tuple[Linear, Floats]:
    """Means of the cells of a fixed mix and their weights: a wave as if it had been observed in that mix."""
    values, cells = np.asarray(y, dtype=float), np.asarray(cell)
    wanted = {label: share for label, share in mix.items() if share > 0}
    domains: list[Bools] = [cells == label for label in wanted]
    empty = [str(label) for label, rows in zip(wanted, domains, strict=True) if not (rows & ~np.isnan(values)).any()]
    if empty:
        raise EmptyDomain(f"no encounter in {', '.join(empty[:5])}: without it there is no pooled figure")
    total = sum(wanted.values())
    return linear_means(values, design, domains), np.array([share / total for share in wanted.values()])


def standardised_change(
    before: tuple[ArrayLike, ArrayLike, Design], after: tuple[ArrayLike, ArrayLike, Design], mix: Mapping[Any, float]
) -> tuple[Estimate, float]:
    """The change (value, cell, design of each wave) with both waves in the same mix of mode, shift and kind; and p."""
    (first, weights), (second, _) = (standardised_mean(*wave, mix) for wave in (before, after))
    shared = shared_psus(first.design, second.design)
    values = np.concatenate([first.values, second.values])
    turn = list(np.concatenate([-weights, weights]))
    value, se = contrast(values, joint_covariance(first, second, shared), turn)
    df = change_df(first, second, shared)
    sides = [linear_means(np.asarray(wave[0], dtype=float), wave[2]).estimate(0) for wave in (before, after)]
    return difference(value, se, df, sides), p_value(value, se, df)


def common_mix(cells: Sequence[ArrayLike]) -> dict[Any, float]:
    """How encounters spread over the cells in all waves together; cells that one wave lacks are left out."""
    spread = [pd.Series(np.asarray(column)).value_counts() for column in cells]
    shared = set.intersection(*(set(counts.index) for counts in spread))
    total = {label: float(sum(counts[label] for counts in spread)) for label in sorted(shared, key=str)}
    whole = sum(total.values())
    return {label: count / whole for label, count in total.items()}


def gap_decay(y: ArrayLike, announced: ArrayLike, visit: ArrayLike, design: Design, most: int = 50) -> Decay:
    """The gap at the first visit and its change with each further one, in the units of y (linear)."""
    mode, later = np.asarray(announced, dtype=float), np.asarray(visit, dtype=float) - 1
    fit = fit_regression(y, {"announced": mode, "later": later, "both": mode * later}, design)
    gap, slope = fit.names.index("announced"), fit.names.index("both")
    reach = t_quantile(0.975, fit.df)
    unseen = None
    for visits in range(1, most + 1):
        value = fit.coefficients[gap] + (visits - 1) * fit.coefficients[slope]
        turn = np.zeros(len(fit.names))
        turn[gap], turn[slope] = 1.0, visits - 1.0
        if value <= reach * math.sqrt(float(turn @ fit.covariance @ turn)):
            unseen = visits
            break
    first, each = float(fit.coefficients[gap]), float(fit.coefficients[slope])
    p = float(fit.p_values[slope])
    return Decay(first, *fit.interval("announced"), each, *fit.interval("both"), p, unseen)


def band_codes(values: ArrayLike, upper_ends: Sequence[float]) -> Codes:
    """The band of each value, ends included (15, 30, 60: 0 to 15, to 30, to 60, more); -1 where it isn't known."""
    if list(upper_ends) != sorted(upper_ends):
        raise BadEstimate("the ends of bands must rise")
    numbers = np.asarray(values, dtype=float)
    return np.where(np.isnan(numbers), -1, np.searchsorted(np.asarray(upper_ends, dtype=float), numbers, side="left"))
