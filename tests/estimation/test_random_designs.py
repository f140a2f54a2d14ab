"""Held to R's survey on two dozen random designs: thin strata, lonely PSUs under every rule, blanks, wild weights.

`reference/random_designs.R` made the sample and the numbers; a case's id is `seed.what`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from survey_server.estimation import estimate_mean, fit_regression, jackknife, post_stratify, rake, rao_scott_test
from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.change import contrast
from survey_server.estimation.design import Design, Lonely
from survey_server.estimation.quantiles import estimate_quantile
from survey_server.estimation.taylor import (
    Linear,
    design_effect,
    linear_means,
    linear_ratios,
    linear_shares,
    linear_totals,
)
from tests.estimation.samples import assert_agrees

HERE = Path(__file__).parent / "reference"
THEIRS: dict[str, list[float]] = json.loads((HERE / "random_designs.json").read_text())
RULES: tuple[Lonely, ...] = ("adjust", "average", "certainty")


@cache
def sample(seed: int) -> pd.DataFrame:
    """Both waves of one design."""
    everyone = pd.read_csv(HERE / "random_designs.csv")
    return everyone[everyone.seed == seed].reset_index(drop=True)


@cache
def wave(seed: int) -> pd.DataFrame:
    both = sample(seed)
    return both[both.wave == 2].reset_index(drop=True)


@cache
def design_of(seed: int) -> Design:
    d = wave(seed)
    return Design(
        d.stratum, d.psu, d.weight, d.N if seed % 2 == 0 else None, RULES[seed % 3], lonely_domains=seed % 4 == 0
    )


@cache
def fitted(seed: int, how: str) -> Design:
    d, design = wave(seed), design_of(seed)
    whole = 1.3 * d.weight.sum()
    ages, sexes = ({"a": 0.5, "b": 0.3, "c": 0.2}, {"F": 0.52, "M": 0.48})
    if how == "post":
        return post_stratify(design, d.age, {name: share * whole for name, share in ages.items()}).design
    totals = {"age": ages, "sex": sexes}
    wanted = {name: {key: share * whole for key, share in shares.items()} for name, shares in totals.items()}
    return rake(design, {"age": d.age, "sex": d.sex}, wanted).design


def numbers(linear: Linear, part: str) -> ArrayLike:
    if part == "value":
        return linear.values
    if len(linear.values) == 1:
        return linear.estimate(0).se ** 2
    return linear.covariance


def contrasted(linear: Linear, weights: tuple[int, ...], part: str) -> float:
    value, se = contrast(linear.values, linear.covariance, weights)
    return value if part == "value" else se**2


def waves(seed: int, what: str, part: str) -> float:
    d = sample(seed)
    design = Design(d.stratum, d.psu, d.weight, None, RULES[seed % 3])
    sides = [(d.wave == k).to_numpy() for k in (1, 2)]
    if what == "change":
        return contrasted(linear_means(d.y, design, sides), (-1, 1), part)
    cells = [side & (d.sex == sex).to_numpy() for sex in "FM" for side in sides]
    return contrasted(linear_means(d.y, design, cells), (1, -1, -1, 1), part)


def domain(seed: int, what: str, level: str, part: str) -> ArrayLike:
    d, design = wave(seed), design_of(seed)
    rows: Bools = (d.age == level).to_numpy()
    if what == "logit":
        e = estimate_mean(d.k, design, rows, kind="share")
        return [e.value, e.low, e.high]
    linear = linear_means(d.y, design, [rows])
    return linear.df if what == "part_df" else numbers(linear, part)


def calibrated(seed: int, how: str, what: str, part: str) -> ArrayLike:
    d, design = wave(seed), fitted(seed, how)
    match what:
        case "weights":
            return design.weight
        case "mean":
            return numbers(linear_means(d.x, design), part)
        case "total":
            return numbers(linear_totals(d.x, design), part)
        case "part":
            return numbers(linear_means(d.x, design, [(d.q == 1).to_numpy()]), part)
    return numbers(linear_shares(d.q.to_numpy(), design, [1, 2, 3, 4]), part)


def replicated(seed: int, what: str, part: str) -> ArrayLike:
    d, design = wave(seed), design_of(seed)
    y, k, x = (d[name].to_numpy(dtype=float) for name in "ykx")

    def mean(w: Floats) -> list[float]:
        return [np.nansum(w * y) / w[~np.isnan(y)].sum()]

    def ratio(w: Floats) -> list[float]:
        return [np.nansum(w * k) / (w * x)[~np.isnan(k)].sum()]

    statistic = {"mean": mean, "ratio": ratio, "total": lambda w: [w @ x]}[what]
    values, covariance = jackknife(design).of(statistic)
    return values if part == "value" else covariance


def ours(case_id: str) -> ArrayLike:
    """Our own result for a case."""
    number, what, *rest = case_id.split(".")
    seed, part = int(number), rest[-1] if rest else ""
    d, design = wave(seed), design_of(seed)
    match what:
        case "mean" | "deff" | "df":
            linear = linear_means(d.y, design)
            return {"deff": design_effect(linear), "df": linear.df}.get(what) or numbers(linear, part)
        case "total":
            return numbers(linear_totals(d.x, design), part)
        case "ratio":
            return numbers(linear_ratios(d.y, d.x, design), part)
        case "shares":
            return numbers(linear_shares(d.q.to_numpy(), design, sorted(d.q.unique())), part)
        case "part" | "part_df" | "logit":
            return domain(seed, what, rest[0], part)
        case "gap":
            return contrasted(linear_means(d.y, design, [(d.sex == sex).to_numpy() for sex in "FM"]), (-1, 1), part)
        case "quantile":
            e = estimate_quantile(d.y, design, float(".".join(rest[1:])), method=rest[0])  # type: ignore[arg-type]
            return [e.value, e.se, e.low, e.high]
        case "chisq":
            test = rao_scott_test(d.q, d.sex, design)
            return [test.f, test.ndf, test.ddf, test.p_value]
        case "glm":
            fit = fit_regression(d.y, {"x": d.x, "man": d.sex == "M"}, design)
            return fit.coefficients if part == "value" else fit.covariance
        case "change" | "did":
            return waves(seed, what, part)
        case "post" | "rake":
            return calibrated(seed, what, rest[0], part)
    return replicated(seed, rest[0], part)


@pytest.mark.parametrize("seed", sorted({int(case_id.split(".")[0]) for case_id in THEIRS}))
def test_it_agrees_with_the_survey_package_on_a_random_design(seed: int) -> None:
    for case_id, theirs in THEIRS.items():
        if case_id.startswith(f"{seed}."):
            assert_agrees(ours(case_id), theirs, case_id)
