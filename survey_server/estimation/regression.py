"""Linear and logistic regression under the design, with the covariance of the coefficients by linearisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import f_upper, t_quantile, t_two_sided
from survey_server.problems import BadEstimate, EmptyDomain

Link: TypeAlias = Literal["linear", "logit"]
_ROUNDS, _SEPARATED = 200, 35.0  # log odds at which a chance is 1 to the last digit


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients by name with their covariance; tests use the design's degrees of freedom less the terms."""

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    df: float
    n: int

    @property
    def se(self) -> Floats:
        """Standard errors."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_values(self) -> Floats:
        """Two-sided p values."""
        return np.array([t_two_sided(float(t), self.df) for t in self.coefficients / self.se])

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """The t interval of one coefficient."""
        i = self.names.index(name)
        reach = t_quantile(0.5 + level / 2, self.df) * float(self.se[i])
        return float(self.coefficients[i]) - reach, float(self.coefficients[i]) + reach

    def joint_test(self, names: Sequence[str]) -> tuple[float, float, float]:
        """Wald's F that all these coefficients are 0, its numerator degrees of freedom, and p."""
        places = [self.names.index(name) for name in names]
        beta, covariance = self.coefficients[places], self.covariance[np.ix_(places, places)]
        f = float(beta @ np.linalg.solve(covariance, beta)) / len(places)
        return f, float(len(places)), f_upper(f, len(places), self.df)


def fit_regression(
    y: ArrayLike,
    terms: Mapping[str, ArrayLike],
    design: Design,
    link: Link = "linear",
    domain: ArrayLike | None = None,
) -> Fit:
    """y on an intercept and the terms, over the rows of the domain where all are known."""
    target = np.asarray(y, dtype=float)
    x = np.column_stack([np.ones(design.n_rows), *(np.asarray(term, dtype=float) for term in terms.values())])
    inside = ~np.isnan(target) & ~np.isnan(x).any(axis=1)
    if domain is not None:
        inside &= np.asarray(domain, dtype=bool)
    if not inside.any():
        raise EmptyDomain("no row has all that the regression needs")
    names = ("(intercept)", *terms)
    rows, answers = x[inside], target[inside]
    if np.linalg.matrix_rank(rows) < rows.shape[1]:
        raise BadEstimate(f"the terms {', '.join(terms)} say the same thing twice; leave one out")
    weight = design.weight[inside] / design.weight[inside].mean()
    beta, fitted, slope = _solve(rows, answers, weight, link)
    information = (rows.T * (weight * slope)) @ rows
    influence = np.zeros_like(x)
    influence[inside] = (rows * (weight * (answers - fitted))[:, None]) @ np.linalg.inv(information)
    covariance = design.covariance(influence, inside)
    return Fit(names, beta, covariance, design.df_of(inside) + 1 - len(names), int(inside.sum()))


def _solve(x: Floats, y: Floats, weight: Floats, link: Link) -> tuple[Floats, Floats, Floats]:
    """Coefficients, fitted values and the slope of the link at each."""
    if link == "linear":
        beta = np.linalg.solve((x.T * weight) @ x, (x.T * weight) @ y)
        return beta, x @ beta, np.ones(len(y))
    beta = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        fitted = 1 / (1 + np.exp(-(x @ beta)))
        slope = fitted * (1 - fitted)
        step = np.linalg.solve((x.T * (weight * slope)) @ x, (x.T * weight) @ (y - fitted))
        beta = beta + step
        if np.abs(x @ beta).max() > _SEPARATED:
            break
        if np.abs(step).max() <= 1e-13 * max(1.0, float(np.abs(beta).max())):
            fitted = 1 / (1 + np.exp(-(x @ beta)))
            return beta, fitted, fitted * (1 - fitted)
    raise BadEstimate("the logistic regression doesn't settle: a term foretells the answer without exception")
