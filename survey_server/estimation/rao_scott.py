"""Rao-Scott tests: is a distribution the same in all groups, or in two waves, given how the sample was drawn?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Bools, Codes, Floats
from survey_server.estimation.change import Shared, change_df, joint_covariance, shared_psus
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import chi2_upper, f_upper, mixture_upper
from survey_server.estimation.taylor import Linear, linear_shares
from survey_server.problems import BadEstimate, EmptyDomain


@dataclass(frozen=True)
class RaoScott:
    """Pearson's chi-squared, and its first-order (chi2) and second-order (F) corrections for the design.

    `p_mixture` is that of the sum of chi-squareds which Pearson's really follows, by the saddlepoint approximation.
    """

    pearson: float
    f: float
    ndf: float
    ddf: float
    p_value: float
    cells_df: int
    mean_deff: float
    p_first_order: float
    p_mixture: float


def rao_scott_test(rows: ArrayLike, columns: ArrayLike, design: Design, domain: ArrayLike | None = None) -> RaoScott:
    """Whether two questions are independent, over the rows that answer both."""
    linear, n_rows, n_columns, n = _table(rows, columns, design, domain)
    p = linear.values.reshape(n_rows, n_columns)
    expected = np.outer(p.sum(axis=1), p.sum(axis=0))
    pearson = n * float(((p - expected) ** 2 / expected).sum())
    contrasts = _interaction(n_rows, n_columns)
    inverse = np.diag(np.where(linear.values > 0, 1 / np.where(linear.values > 0, linear.values, 1), 0.0))
    srs = contrasts.T @ inverse @ contrasts / n
    own = contrasts.T @ inverse @ linear.covariance @ inverse @ contrasts
    return _corrected(pearson, np.linalg.solve(srs, own), linear.df)


@dataclass(frozen=True)
class WaldTest:
    """Wald's F for a table; `adjusted` is corrected for few PSUs, and to be preferred where they are few."""

    f: float
    ndf: float
    ddf: float
    p_value: float
    adjusted_f: float
    adjusted_ddf: float
    adjusted_p: float


def wald_test(rows: ArrayLike, columns: ArrayLike, design: Design, domain: ArrayLike | None = None) -> WaldTest:
    """Whether two questions are independent: what is seen less what is expected, against its own covariance."""
    linear, n_rows, n_columns, _ = _table(rows, columns, design, domain)
    inside = linear.members[:, 0]
    p = linear.values.reshape(n_rows, n_columns)
    hits = linear.influence * float(design.weight[inside].sum()) + np.outer(design.weight * inside, linear.values)
    across, down = p.sum(axis=1), p.sum(axis=0)
    row_sums, column_sums = np.kron(np.eye(n_rows), np.ones(n_columns)), np.kron(np.ones(n_rows), np.eye(n_columns))
    slope = np.eye(p.size) - down[np.tile(np.arange(n_columns), n_rows)][:, None] * np.repeat(row_sums, n_columns, 0)
    slope -= np.repeat(across, n_columns)[:, None] * np.tile(column_sums, (n_rows, 1))
    slope += np.outer(across, down).ravel()[:, None]
    gap = (p - np.outer(across, down)).ravel() * float(design.weight[inside].sum())
    kept = np.arange(p.size).reshape(p.shape)[1:, 1:].ravel()
    covariance = (slope @ design.covariance(hits, inside) @ slope.T)[np.ix_(kept, kept)]
    wald, k, df = float(gap[kept] @ np.linalg.solve(covariance, gap[kept])), len(kept), design.df
    f, few = wald / k, df - k + 1
    adjusted = wald * few / (k * df)
    return WaldTest(f, k, df, f_upper(f, k, df), adjusted, few, f_upper(adjusted, k, few))


def rao_scott_change(
    before: tuple[ArrayLike, Design], after: tuple[ArrayLike, Design], categories: Sequence[Any]
) -> RaoScott:
    """Whether a distribution changed between two waves, shared PSUs taken into account."""
    (codes0, design0), (codes1, design1) = before, after
    first, second = linear_shares(codes0, design0, categories), linear_shares(codes1, design1, categories)
    shared: Shared = shared_psus(design0, design1)
    n0, n1 = int(first.members[:, 0].sum()), int(second.members[:, 0].sum())
    pooled = (n0 * first.values + n1 * second.values) / (n0 + n1)
    kept = np.flatnonzero(pooled > 0)[:-1]
    if not len(kept):
        raise BadEstimate("a change of distribution needs two categories")
    k = len(categories)
    joint = joint_covariance(first, second, shared)
    turn = np.hstack([-np.eye(k), np.eye(k)])[kept]
    gap = (second.values - first.values)[kept]
    srs = (np.diag(pooled) - np.outer(pooled, pooled))[np.ix_(kept, kept)] * (1 / n0 + 1 / n1)
    pearson = float(gap @ np.linalg.solve(srs, gap))
    return _corrected(pearson, np.linalg.solve(srs, turn @ joint @ turn.T), change_df(first, second, shared))


def _table(
    rows: ArrayLike, columns: ArrayLike, design: Design, domain: ArrayLike | None
) -> tuple[Linear, int, int, int]:
    """The shares of a table's cells, row after row, its numbers of rows and columns, and how many answer both."""
    first, second = _coded(rows, design), _coded(columns, design)
    inside = (first >= 0) & (second >= 0)
    if domain is not None:
        inside &= np.asarray(domain, dtype=bool)
    if not inside.any():
        raise EmptyDomain("no row answers both questions")
    r, c = _present(first, inside), _present(second, inside)
    n_rows, n_columns = int(r.max()) + 1, int(c.max()) + 1
    if n_rows < 2 or n_columns < 2:
        raise BadEstimate(f"a test needs two categories on each side; here are {n_rows} and {n_columns}")
    cells = np.where(inside, r * n_columns + c, -1).astype(float)
    cells[~inside] = np.nan
    linear = linear_shares(cells, design, list(range(n_rows * n_columns)))
    return linear, n_rows, n_columns, int(inside.sum())


def _corrected(pearson: float, delta: Floats, df: float) -> RaoScott:
    """Satterthwaite's correction from the matrix of generalised design effects."""
    trace, square = float(np.trace(delta)), float(np.trace(delta @ delta))
    k = len(delta)
    ndf = trace**2 / square
    f, mean = pearson / trace, trace / k
    first_order = chi2_upper(pearson / mean, k)
    mixture = mixture_upper(pearson, np.linalg.eigvals(delta).real, ndf * df)
    return RaoScott(pearson, f, ndf, ndf * df, f_upper(f, ndf, ndf * df), k, mean, first_order, mixture)


def _interaction(n_rows: int, n_columns: int) -> Floats:
    """A basis of what is left of a table when both margins are taken out."""
    return np.kron(_contrast(n_rows), _contrast(n_columns))


def _contrast(k: int) -> Floats:
    """k - 1 columns that each compare one category with the last."""
    return np.vstack([np.eye(k - 1), -np.ones(k - 1)])


def _coded(values: ArrayLike, design: Design) -> Codes:
    codes, _ = pd.factorize(np.asarray(values), sort=True)
    if len(codes) != design.n_rows:
        raise BadEstimate(f"{len(codes)} answers for a design of {design.n_rows} rows")
    return codes


def _present(codes: Codes, inside: Bools) -> Codes:
    """Codes without gaps among the rows inside."""
    return np.searchsorted(np.unique(codes[inside]), codes)
