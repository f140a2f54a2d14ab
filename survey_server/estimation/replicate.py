"""Replicate weights that a user brings (jackknife, BRR, bootstrap): errors from how estimates differ between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats
from survey_server.estimation.design import Design
from survey_server.estimation.estimate import Estimate, Kind, make_estimate
from survey_server.estimation.taylor import linear_means
from survey_server.problems import BadDesign, BadEstimate

Scheme: TypeAlias = Literal["JK1", "JKn", "BRR", "Fay", "bootstrap", "other"]


class Replicates:
    """The full-sample weight and one column of weights for each replicate.

    `scale` and `rscales` follow from the scheme unless given: JK1 (R-1)/R, BRR 1/R, Fay 1/(R(1-rho)²), bootstrap
    1/(R-1); JKn needs `rscales`, (n_h-1)/n_h for the stratum of each replicate. `mse` measures spread around the full
    estimate instead of the replicates' mean. Replicate weights are whole weights, or factors of the full weight with
    `combined=False`.
    """

    def __init__(
        self,
        weight: ArrayLike,
        replicates: ArrayLike,
        scheme: Scheme,
        *,
        rho: float = 0.0,
        scale: float | None = None,
        rscales: ArrayLike | None = None,
        mse: bool = False,
        combined: bool = True,
    ) -> None:
        self.design = Design(None, None, weight)
        columns = np.asarray(replicates, dtype=float)
        if columns.ndim != 2 or len(columns) != self.design.n_rows or columns.shape[1] < 2:
            raise BadDesign(f"replicate weights need {self.design.n_rows} rows and two or more columns")
        if np.isnan(columns).any() or (columns < 0).any():
            raise BadDesign(f"{int((~(columns >= 0)).sum())} replicate weights are missing or negative")
        self.weights = columns if combined else columns * self.design.weight[:, None]
        self.n = columns.shape[1]
        self.mse = mse
        self.scale = _scale(scheme, self.n, rho) if scale is None else scale
        if rscales is None and scheme == "JKn":
            raise BadDesign("JKn needs rscales: (n-1)/n for the stratum of each replicate")
        self.rscales = np.ones(self.n) if rscales is None else np.asarray(rscales, dtype=float)

    @property
    def df(self) -> float:
        """The rank of the replicate weights, less one."""
        scaled = self.weights / self.design.weight[:, None]
        return float(np.linalg.matrix_rank(scaled, tol=1e-5 * float(np.linalg.norm(scaled, 2)))) - 1

    def covariance(self, full: Floats, replicates: Floats) -> Floats:
        """The covariance of k estimates from their replicates (R x k)."""
        centre = full if self.mse else replicates[self.rscales > 0].mean(axis=0)
        spread = (replicates - centre) * np.sqrt(self.rscales)[:, None]
        covariance: Floats = self.scale * (spread.T @ spread)
        return covariance

    def of(self, statistic: Callable[[Floats], Sequence[float] | Floats]) -> tuple[Floats, Floats]:
        """Any function of the weights, and its covariance."""
        full = np.asarray(statistic(self.design.weight), dtype=float)
        each = np.array([np.asarray(statistic(column), dtype=float) for column in self.weights.T])
        return full, self.covariance(full, each)


def replicate_means(
    y: ArrayLike, replicates: Replicates, domains: Sequence[ArrayLike | None] = (None,)
) -> tuple[Floats, Floats]:
    """Means of y in each domain and their covariance."""
    linear = linear_means(y, replicates.design, domains)
    filled = np.nan_to_num(np.asarray(y, dtype=float))
    members = linear.members.astype(float)
    weights = replicates.weights
    sums = weights.T @ members
    if (sums == 0).any():
        raise BadEstimate("a replicate gives a domain no weight at all, so its error can't be had from replicates")
    means = (weights * filled[:, None]).T @ members / sums
    return linear.values, replicates.covariance(linear.values, means)


def replicate_mean(
    y: ArrayLike, replicates: Replicates, domain: ArrayLike | None = None, kind: Kind = "mean"
) -> Estimate:
    """The mean or share of y in the domain, with the error that the replicates show."""
    linear = linear_means(y, replicates.design, [domain])
    values, covariance = replicate_means(y, replicates, [domain])
    rows = linear.members[:, 0]
    weight = replicates.design.weight[rows]
    kish = len(weight) * float((weight**2).sum()) / float(weight.sum()) ** 2
    srs = float(linear.srs_variance[0])
    variance = float(covariance[0, 0])
    return make_estimate(float(values[0]), variance, replicates.df, len(weight), float(weight.sum()), srs, kind, kish)


def jackknife(design: Design) -> Replicates:
    """Delete-one-PSU replicates (JKn) of a design: the other PSUs of the stratum take over the weight."""
    if design.lonely_strata:
        raise BadDesign("a jackknife needs two PSUs in every stratum")
    n = design.psus_of_stratum[design.psu_stratum]
    stratum = design.psu_stratum[design.row_psu]
    columns = np.repeat(design.weight[:, None], design.n_psu, axis=1)
    for psu in range(design.n_psu):
        columns[stratum == design.psu_stratum[psu], psu] *= n[psu] / (n[psu] - 1)
        columns[design.row_psu == psu, psu] = 0.0
    rscales = (n - 1) / n * (1 - design.fraction[design.psu_stratum])
    return Replicates(design.weight, columns, "JKn", rscales=rscales)


def bootstrap(design: Design, replicates: int, seed: int) -> Replicates:
    """Rescaled bootstrap replicates (Rao and Wu): n - 1 PSUs drawn again in every stratum."""
    if design.lonely_strata:
        raise BadDesign("a bootstrap needs two PSUs in every stratum")
    random = np.random.default_rng(seed)
    factors = np.zeros((design.n_psu, replicates))
    for h, n in enumerate(design.psus_of_stratum):
        drawn = random.multinomial(n - 1, np.full(n, 1 / n), size=replicates).T
        factors[design.psu_stratum == h] = drawn * n / (n - 1)
    return Replicates(design.weight, design.weight[:, None] * factors[design.row_psu], "bootstrap")


def _scale(scheme: Scheme, n: int, rho: float) -> float:
    if scheme == "JK1":
        return (n - 1) / n
    if scheme in ("BRR", "Fay"):
        return 1 / (n * (1 - rho) ** 2)
    if scheme == "bootstrap":
        return 1 / (n - 1)
    if scheme == "JKn":
        return 1.0
    raise BadDesign("say the scale of these replicate weights; it follows from no scheme")
