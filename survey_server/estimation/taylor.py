"""Means, shares, totals and ratios of domains, with the full covariance among them, by Taylor linearisation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.design import Design
from survey_server.estimation.estimate import Estimate, Kind, make_estimate
from survey_server.problems import BadEstimate, EmptyDomain, TooManyCategories

MOST_CATEGORIES = 1000
_ROUNDING = 1e-13  # a variance below this share of the squared mean is that of one value for all


@dataclass(frozen=True, eq=False)
class Linear:
    """k estimates from one design, with the weighted influence of every row on each: enough for any covariance."""

    design: Design
    values: Floats
    influence: Floats
    members: Bools
    srs_variance: Floats

    @property
    def covariance(self) -> Floats:
        """The k x k covariance; where the lonely rule asks, of the rows of any of the k."""
        return self.design.covariance(self.influence, self.anyone)

    @property
    def df(self) -> float:
        """PSUs less strata where any of the k domains has rows."""
        return self.design.df_of(self.anyone)

    @property
    def anyone(self) -> Bools:
        """The rows that are in any of the k domains."""
        return np.asarray(self.members.any(axis=1), dtype=bool)

    @property
    def totals(self) -> Floats:
        """PSU totals of the influence (P x k), calibration taken out."""
        return self.design.by_psu(self.residuals)

    @property
    def residuals(self) -> Floats:
        """The influence of every row (n x k), calibration taken out."""
        calibration = self.design.calibration
        return self.influence if calibration is None else calibration.residuals(self.influence, self.design.weight)

    def estimate(self, i: int, kind: Kind = "mean") -> Estimate:
        """The i-th as an Estimate, with its own domain's degrees of freedom."""
        rows, design = self.members[:, i], self.design
        variance = design.covariance(self.influence[:, i], rows)[0, 0]
        weight = design.weight[rows]
        n, total = int(rows.sum()), float(weight.sum())
        kish = n * float((weight**2).sum()) / total**2
        return make_estimate(
            float(self.values[i]),
            float(variance),
            design.df_of(rows),
            n,
            total,
            float(self.srs_variance[i]),
            kind,
            kish,
        )


def linear_means(y: ArrayLike, design: Design, domains: Sequence[ArrayLike | None] = (None,)) -> Linear:
    """Weighted means of y in each domain (missing y are outside every domain)."""
    values = _numbers(y, design)
    valid = ~np.isnan(values)
    members = _member_columns(domains, design, valid)
    filled = np.where(valid, values, 0.0)
    weights = members * design.weight[:, None]
    sums = weights.sum(axis=0)
    means = filled @ weights / sums
    residual = filled[:, None] - means
    n = members.sum(axis=0)
    spread = (weights * residual**2).sum(axis=0) / sums
    spread[spread <= _ROUNDING * means**2] = 0.0
    srs = np.divide(spread, n - 1, out=np.full(len(n), np.nan), where=n > 1)
    return Linear(design, means, weights * residual / sums, members, srs)


def linear_shares(
    codes: ArrayLike, design: Design, categories: Sequence[Any], domain: ArrayLike | None = None
) -> Linear:
    """The share of each category among all rows of the domain that have a code."""
    values = np.asarray(codes)
    if len(values) != design.n_rows:
        raise BadEstimate(f"{len(values)} answers for a design of {design.n_rows} rows")
    if len(categories) > MOST_CATEGORIES:
        raise TooManyCategories(f"{len(categories)} categories; a distribution shows at most {MOST_CATEGORIES}")
    rows = _members(domain, design, ~pd.isna(values))
    weight = np.where(rows, design.weight, 0.0)
    total = weight.sum()
    hits = np.column_stack([values == category for category in categories]) & rows[:, None]
    shares = weight @ hits / total
    influence = weight[:, None] * (hits - shares) / total
    n = rows.sum()
    srs = shares * (1 - shares) / (n - 1) if n > 1 else np.full(len(shares), np.nan)
    return Linear(design, shares, influence, np.repeat(rows[:, None], len(shares), axis=1), srs)


def linear_totals(y: ArrayLike, design: Design, domains: Sequence[ArrayLike | None] = (None,)) -> Linear:
    """Population totals of y in each domain."""
    values = _numbers(y, design)
    valid = ~np.isnan(values)
    members = _member_columns(domains, design, valid)
    influence = members * (design.weight * np.where(valid, values, 0.0))[:, None]
    n = members.sum(axis=0)
    sums = (members * design.weight[:, None]).sum(axis=0)
    means = influence.sum(axis=0) / sums
    spread = (members * design.weight[:, None] * (np.where(valid, values, 0.0)[:, None] - means) ** 2).sum(
        axis=0
    ) / sums
    srs = np.divide(spread * sums**2, n - 1, out=np.full(len(n), np.nan), where=n > 1)
    return Linear(design, influence.sum(axis=0), influence, members, srs)


def linear_ratios(
    numerator: ArrayLike, denominator: ArrayLike, design: Design, domains: Sequence[ArrayLike | None] = (None,)
) -> Linear:
    """The total of one thing over the total of another, in each domain, where both are known."""
    top, bottom = _numbers(numerator, design), _numbers(denominator, design)
    valid = ~np.isnan(top) & ~np.isnan(bottom)
    members = _member_columns(domains, design, valid)
    weights = members * design.weight[:, None]
    top, bottom = np.where(valid, top, 0.0), np.where(valid, bottom, 0.0)
    sums = bottom @ weights
    if (sums == 0).any():
        raise EmptyDomain("the denominator of a ratio adds up to 0")
    ratios = top @ weights / sums
    residual = top[:, None] - bottom[:, None] * ratios
    n, total = members.sum(axis=0), weights.sum(axis=0)
    spread = (weights * residual**2).sum(axis=0) / total * (total / sums) ** 2
    srs = np.divide(spread, n - 1, out=np.full(len(n), np.nan), where=n > 1)
    return Linear(design, ratios, weights * residual / sums, members, srs)


def estimate_mean(y: ArrayLike, design: Design, domain: ArrayLike | None = None, kind: Kind = "mean") -> Estimate:
    """The mean of y, or the share where y is 0 and 1, in the domain; NaN is not valid and not counted."""
    if kind == "share" and not np.isin(values := _numbers(y, design), (0.0, 1.0)).all():
        odd = values[~np.isnan(values) & ~np.isin(values, (0.0, 1.0))]
        if len(odd):
            raise BadEstimate(f"a share needs 0 and 1, and {len(odd)} values are others, such as {odd[0]:g}")
    return linear_means(y, design, [domain]).estimate(0, kind)


def estimate_shares(
    codes: ArrayLike, design: Design, categories: Sequence[Any], domain: ArrayLike | None = None
) -> list[Estimate]:
    """The distribution over the categories, one Estimate each."""
    linear = linear_shares(codes, design, categories, domain)
    return [linear.estimate(i, "share") for i in range(len(categories))]


def estimate_total(y: ArrayLike, design: Design, domain: ArrayLike | None = None) -> Estimate:
    """The population total of y in the domain."""
    return linear_totals(y, design, [domain]).estimate(0)


def estimate_ratio(
    numerator: ArrayLike, denominator: ArrayLike, design: Design, domain: ArrayLike | None = None
) -> Estimate:
    """The ratio of two totals in the domain."""
    return linear_ratios(numerator, denominator, design, [domain]).estimate(0)


def design_effect(linear: Linear, i: int = 0, replacement: bool = True) -> float:
    """Variance against a simple random sample of the same size, drawn with or without replacement."""
    design, rows = linear.design, linear.members[:, i]
    variance = design.covariance(linear.influence[:, i], rows)[0, 0]
    srs = float(linear.srs_variance[i])
    if not replacement:
        srs *= 1 - float(rows.sum()) / float(design.weight[rows].sum())
    return float(variance / srs) if srs > 0 else math.nan


def _numbers(y: ArrayLike, design: Design) -> Floats:
    values = np.asarray(y, dtype=float)
    if len(values) != design.n_rows:
        raise BadEstimate(f"{len(values)} values for a design of {design.n_rows} rows")
    return values


def _member_columns(domains: Sequence[ArrayLike | None], design: Design, valid: Bools) -> Bools:
    """Who is in each domain (n x k), every column in one piece: sums down a column are then many times as quick."""
    return np.stack([_members(domain, design, valid) for domain in domains]).T


def _members(domain: ArrayLike | None, design: Design, valid: Bools) -> Bools:
    """The rows of the domain that have a valid value."""
    if domain is None:
        rows = valid
    else:
        inside = np.asarray(domain)
        if len(inside) != design.n_rows or inside.dtype != np.bool_:
            raise BadEstimate("a domain is one true or false for each row of the design")
        rows = inside & valid
    if not rows.any():
        raise EmptyDomain("no row of the domain has a valid value")
    return rows
