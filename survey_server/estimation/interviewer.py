"""How much interviewers or observers make the answers: the share of variance that is theirs, and who moves a result."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Codes, Floats
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import f_upper
from survey_server.estimation.taylor import linear_means
from survey_server.problems import BadEstimate, EmptyDomain


@dataclass(frozen=True)
class InterviewerEffect:
    """The intraclass correlation of interviewers and what it costs: 1 + rho (m - 1), m interviews each."""

    rho: float
    deff: float
    interviewers: int
    n: int
    mean_load: float
    largest_share: float
    f: float
    p_value: float


@dataclass(frozen=True)
class LeaveOneOut:
    """How far a headline moves when any one interviewer is left out."""

    value: float
    low: float
    high: float
    low_without: Any
    high_without: Any


def interviewer_effect(
    y: ArrayLike, interviewer: ArrayLike, area: ArrayLike | None = None, truncate: bool = True
) -> InterviewerEffect:
    """Rho by analysis of variance; with `area`, of what is left when areas' own differences are taken out.

    Without area the places where somebody works count as that person's doing. A negative estimate is 0 if truncated.
    """
    values = np.asarray(y, dtype=float)
    who, labels = pd.factorize(np.asarray(interviewer))
    where = np.zeros(len(values), dtype=np.intp) if area is None else pd.factorize(np.asarray(area))[0]
    if not len(values) == len(who) == len(where):
        raise BadEstimate("answers, interviewers and areas differ in length")
    inside = ~np.isnan(values) & (who >= 0) & (where >= 0)
    if not inside.any():
        raise EmptyDomain("no answer has a known interviewer")
    values, who, where = values[inside], who[inside], where[inside]
    load = np.bincount(who, minlength=len(labels)).astype(float)
    n, k = len(values), int((load > 0).sum())
    parts = _one_area(values, who, load) if area is None else _within_areas(values, who, load, where)
    areas, rank, spread, between, trace = parts
    rest = n - areas - rank
    mean_load = n / k
    largest = float(load.max() / n)
    if rank < 1 or rest < 1:
        return InterviewerEffect(math.nan, math.nan, k, n, mean_load, largest, math.nan, math.nan)
    within = max(spread - between, 0.0) / rest
    own = (between - rank * within) / trace
    total = own + within
    rho = own / total if total > 0 else math.nan
    if truncate and rho < 0:
        rho = 0.0
    f = between / rank / within if within > 0 else math.inf
    return InterviewerEffect(rho, 1 + rho * (mean_load - 1), k, n, mean_load, largest, f, f_upper(f, rank, rest))


def _one_area(values: Floats, who: Codes, load: Floats) -> tuple[int, int, float, float, float]:
    """Number of areas, degrees of freedom, sum of squares in all and between people, and the trace, in closed form."""
    centred = values - values.mean()
    own = np.bincount(who, weights=centred, minlength=len(load))
    busy = load > 0
    between = float((own[busy] ** 2 / load[busy]).sum())
    trace = float(load.sum() - (load**2).sum() / load.sum())
    return 1, int(busy.sum()) - 1, float((centred**2).sum()), between, trace


def _within_areas(values: Floats, who: Codes, load: Floats, where: Codes) -> tuple[int, int, float, float, float]:
    """The same inside areas, from the normal equations of people and areas."""
    size = np.bincount(where).astype(float)
    cells = np.bincount(where * len(load) + who, minlength=len(size) * len(load))
    kept = size > 0
    table, area_size = cells.reshape(len(size), len(load))[kept].astype(float), size[kept]
    places = np.cumsum(kept)[where] - 1
    centred = values - (np.bincount(places, weights=values) / area_size)[places]
    normal = np.diag(load) - (table / area_size[:, None]).T @ table
    right = np.bincount(who, weights=centred, minlength=len(load))
    rank, between = 0, 0.0
    for people in _met(normal):
        free = people[1:]  # only differences are known among people who met: the first one stands at 0
        rank += len(free)
        between += float(right[free] @ np.linalg.solve(normal[np.ix_(free, free)], right[free]))
    return len(area_size), rank, float((centred**2).sum()), between, float(np.trace(normal))


def _met(normal: Floats) -> Iterator[Codes]:
    """The people who worked in the same areas, or who others of them met there: as several sets apart."""
    together = normal != 0
    left = np.ones(len(normal), dtype=bool)
    while left.any():
        inside = np.zeros(len(normal), dtype=bool)
        new = np.flatnonzero(left)[:1]
        while len(new):
            inside[new] = True
            new = np.flatnonzero(together[new].any(axis=0) & ~inside)
        left &= ~inside
        yield np.flatnonzero(inside)


def leave_one_out(y: ArrayLike, interviewer: ArrayLike, design: Design, domain: ArrayLike | None = None) -> LeaveOneOut:
    """The mean of y, and the range of it over leaving out one interviewer at a time."""
    linear = linear_means(y, design, [domain])
    rows = linear.members[:, 0]
    codes, labels = pd.factorize(np.asarray(interviewer)[rows], sort=True)
    weight, values = design.weight[rows], np.asarray(y, dtype=float)[rows]
    own = np.bincount(codes, weights=weight, minlength=len(labels))
    sums = np.bincount(codes, weights=weight * values, minlength=len(labels))
    if len(labels) < 2:
        raise BadEstimate("there is only one interviewer, so none can be left out")
    without = (sums.sum() - sums) / (own.sum() - own)
    low, high = int(np.argmin(without)), int(np.argmax(without))
    return LeaveOneOut(float(linear.values[0]), float(without[low]), float(without[high]), labels[low], labels[high])
