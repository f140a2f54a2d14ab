"""Event study: how the arms drew apart wave by wave, whether they did so before the programme, and what may be said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats
from survey_server.estimation.causal import standardised_difference
from survey_server.estimation.change import Sample, contrast, cross_covariance, difference, p_value, shared_psus
from survey_server.estimation.distributions import f_upper
from survey_server.estimation.estimate import Estimate
from survey_server.estimation.taylor import Linear, linear_means
from survey_server.problems import BadEstimate, EmptyDomain

Evidence: TypeAlias = Literal["effect", "no_group", "imbalance", "placebo", "pre_trend"]

MIN_ARM_PSUS, MAX_IMBALANCE = 10, 0.25


@dataclass(frozen=True)
class EventStudy:
    """The difference in differences of every wave against the reference, with p; and the test of the earlier waves."""

    estimates: tuple[Estimate, ...]
    p_values: tuple[float, ...]
    reference: int
    pre_trend_f: float
    pre_trend_p: float


@dataclass(frozen=True)
class Balance:
    """A baseline property in both arms and how far apart they are, in standard deviations."""

    name: str
    programme: float
    comparison: float
    difference: float
    flagged: bool


def event_study(waves: Sequence[Sample], arms: Sequence[ArrayLike], reference: int) -> EventStudy:
    """Programme less comparison in every wave, less the same in the reference wave (the last before the start)."""
    if len(waves) != len(arms) or not 0 <= reference < len(waves):
        raise BadEstimate("an event study needs an arm for every wave and a reference among them")
    linears = [_both_arms(wave, arm) for wave, arm in zip(waves, arms, strict=True)]
    values = np.concatenate([linear.values for linear in linears])
    covariance = covariance_of_waves(linears)
    df = min(linear.df for linear in linears)
    others = [t for t in range(len(waves)) if t != reference]
    turns = {t: _turn(t, reference, len(waves)) for t in others}
    estimates, ps = [], []
    for t in range(len(waves)):
        value, se = contrast(values, covariance, turns[t]) if t in turns else (0.0, 0.0)
        sides = [linears[k].estimate(i) for k in {t, reference} for i in (0, 1)]
        estimates.append(difference(value, se, df, sides))
        ps.append(p_value(value, se, df))
    f, p = _joint_test(values, covariance, [turns[t] for t in others if t < reference], df)
    return EventStudy(tuple(estimates), tuple(ps), reference, f, p)


def covariance_of_waves(linears: Sequence[Linear]) -> Floats:
    """The covariance of the estimates of several waves together, from the PSUs that each two of them share."""
    blocks: list[list[Floats]] = [[np.empty(0)] * len(linears) for _ in linears]
    own = [linear.covariance for linear in linears]
    for i, first in enumerate(linears):
        blocks[i][i] = own[i]
        for j in range(i + 1, len(linears)):
            cross = cross_covariance(first, linears[j], shared_psus(first.design, linears[j].design))
            most = np.sqrt(np.outer(np.diag(own[i]), np.diag(own[j])))
            blocks[i][j] = np.clip(cross, -most, most)
            blocks[j][i] = blocks[i][j].T
    whole: Floats = np.block(blocks)
    return whole


def baseline_balance(items: Mapping[str, ArrayLike], sample: Sample, arm: ArrayLike) -> list[Balance]:
    """Each item in both arms before the start; more than a quarter of a standard deviation is flagged."""
    told = []
    for name, y in items.items():
        linear = _both_arms(sample._replace(y=y), arm)
        spreads = [_variance(linear, i, y) for i in (0, 1)]
        means = [float(value) for value in linear.values]
        gap = standardised_difference((means[0], spreads[0]), (means[1], spreads[1]))
        told.append(Balance(name, means[0], means[1], gap, abs(gap) > MAX_IMBALANCE))
    return told


def evidence(
    psus: tuple[int, int], imbalance: float = 0.0, placebo_p: float = math.nan, pre_trend_p: float = math.nan
) -> Evidence:
    """Whether a difference in differences may be called an effect, or why it is not evidence of one."""
    if min(psus) < MIN_ARM_PSUS:
        return "no_group"
    if abs(imbalance) > MAX_IMBALANCE:
        return "imbalance"
    if placebo_p < 0.05:
        return "placebo"
    return "pre_trend" if pre_trend_p < 0.05 else "effect"


def arm_psus(sample: Sample, arm: ArrayLike) -> tuple[int, int]:
    """How many PSUs of the programme and of the comparison have valid answers."""
    linear = _both_arms(sample, arm)
    first, second = (len(np.unique(sample.design.row_psu[linear.members[:, i]])) for i in (0, 1))
    return first, second


def _both_arms(sample: Sample, arm: ArrayLike) -> Linear:
    treated = np.asarray(arm, dtype=bool)
    inside = np.ones(len(treated), dtype=bool) if sample.domain is None else np.asarray(sample.domain, dtype=bool)
    if not (treated & inside).any() or not (~treated & inside).any():
        raise EmptyDomain("no comparison group: one of the two arms has no rows")
    return linear_means(sample.y, sample.design, [treated & inside, ~treated & inside])


def _turn(wave: int, reference: int, waves: int) -> list[float]:
    weights = np.zeros(2 * waves)
    weights[2 * wave : 2 * wave + 2] = (1, -1)
    weights[2 * reference : 2 * reference + 2] = (-1, 1)
    return [float(w) for w in weights]


def _joint_test(values: Floats, covariance: Floats, turns: Sequence[Sequence[float]], df: float) -> tuple[float, float]:
    """Whether several contrasts are all 0 (Wald, with the design's degrees of freedom)."""
    if not turns or df - len(turns) + 1 <= 0:
        return math.nan, math.nan
    rows = np.array(turns)
    gaps, spread = rows @ values, rows @ covariance @ rows.T
    k = len(turns)
    f = float(gaps @ np.linalg.pinv(spread, hermitian=True) @ gaps) / k * (df - k + 1) / df
    return f, f_upper(f, k, df - k + 1)


def _variance(linear: Linear, i: int, y: ArrayLike) -> float:
    rows = linear.members[:, i]
    weight, values = linear.design.weight[rows], np.asarray(y, dtype=float)[rows]
    return float((weight * (values - linear.values[i]) ** 2).sum() / weight.sum())
