"""Held to R's survey on a made-up sample with all at once: two stages, finite population, blanks, raking, BRR."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation import (
    design_kappa,
    estimate_mean,
    fit_regression,
    jackknife,
    post_stratify,
    rake,
    rao_scott_test,
)
from survey_server.estimation.arrays import Floats
from survey_server.estimation.change import contrast
from survey_server.estimation.design import Design
from survey_server.estimation.replicate import Replicates
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
THEIRS: dict[str, list[float]] = json.loads((HERE / "two_stage.json").read_text())
CASES = sorted({name.rsplit(".", 1)[0] if name.endswith((".value", ".cov", ".deff")) else name for name in THEIRS})
AGES = {"a18": 300.0, "a30": 340.0, "a45": 260.0}
SEXES = {"F": 480.0, "M": 420.0}
Told = dict[str, Any]


@cache
def sample() -> pd.DataFrame:
    return pd.read_csv(HERE / "two_stage.csv")


@cache
def design_of(kind: str) -> Design:
    d = sample()
    if kind in ("two", "twow"):
        weight = None if kind == "two" else d.weight
        return Design(d.stratum, d.psu, weight, d.N1, ssu=d.hh, fpc2=d.N2)
    return Design(d.stratum, d.psu, d.weight, d.N1 if kind == "fpc1" else None)


@cache
def fitted(kind: str, how: str) -> Design:
    d, design = sample(), design_of(kind)
    if how == "post":
        return post_stratify(design, d.age, AGES).design
    return rake(design, {"age": d.age, "sex": d.sex}, {"age": AGES, "sex": SEXES}).design


def told(linear: Linear) -> Told:
    return {"value": linear.values, "cov": linear.covariance, "deff": design_effect(linear, replacement=True)}


def plain(kind: str, what: str, age: str = "") -> Told:
    d, design = sample(), design_of(kind)
    women = ((d.age == age) & (d.sex == "F")).to_numpy()
    by = linear_means(d.y, design, [(d.age == one).to_numpy() for one in AGES])
    match what:
        case "mean":
            return told(linear_means(d.y, design))
        case "df" | "df_women":
            domain = women if age else None
            return {"": linear_means(d.y, design, [domain]).df}
        case "total":
            return told(linear_totals(d.x, design))
        case "ratio":
            return told(linear_ratios(d.y, d.x, design))
        case "shares":
            return told(linear_shares(d.q, design, ["dk", "no", "yes"]))
        case "mean_women":
            return told(linear_means(d.y, design, [women]))
        case "total_women":
            return told(linear_totals(d.x, design, [women]))
        case "logit":
            e = estimate_mean(d.k, design, (d.age == age).to_numpy(), kind="share")
            return {"": [e.value, e.low, e.high]}
        case "by":
            return told(by)
        case "by_gap":
            value, se = contrast(by.values, by.covariance, (1, -1, 0))
            return {"value": value, "cov": se**2}
        case "chisq":
            test = rao_scott_test(d.q, d.age, design)
            return {"": [test.f, test.ndf, test.ddf, test.p_value]}
        case "kappa":
            kappa, se = design_kappa(d.r1, d.r2, design, [1, 2, 3])
            return {"value": kappa, "cov": se**2}
    fit = fit_regression(d.y, {"x": d.x, "man": d.sex == "M"}, design)
    return {"value": fit.coefficients, "cov": fit.covariance}


def weighted(kind: str, how: str, what: str, answer: str = "") -> Told:
    d, design = sample(), fitted(kind, how)
    match what:
        case "weights":
            return {"": design.weight}
        case "mean":
            return told(linear_means(d.x, design))
        case "total":
            return told(linear_totals(d.x, design))
        case "ratio":
            return told(linear_ratios(d.r1.astype(float), d.x, design))
        case "part":
            return told(linear_means(d.x, design, [(d.q == answer).to_numpy()]))
    return told(linear_shares(d.q, design, ["dk", "no", "yes"]))


def replicated(scheme: str, what: str) -> Told:
    d = sample()
    halves = pd.read_csv(HERE / "two_stage_brr.csv").to_numpy()
    own = jackknife(design_of("one")) if scheme == "jkn" else Replicates(d.weight, halves, "BRR")
    if what == "df":
        return {"": own.df}
    x, r1 = d.x.to_numpy(), d.r1.to_numpy(dtype=float)
    y = (d.y if scheme == "jkn" else d.x).to_numpy()

    def statistic(w: Floats) -> list[float]:
        known = ~np.isnan(y)
        return [{"mean": w[known] @ y[known] / w[known].sum(), "total": w @ x, "ratio": w @ r1 / (w @ x)}[what]]

    values, covariance = own.of(statistic)
    return {"value": values, "cov": covariance}


@pytest.mark.parametrize("case", CASES)
def test_it_agrees_with_the_survey_package_on_a_sample_of_two_stages(case: str) -> None:
    kind, what, *rest = case.split(".")
    if kind == "rep":
        ours = replicated(what, *rest)
    else:
        ours = weighted(kind, what, *rest) if what in ("post", "rake") else plain(kind, what, *rest)
    names = [name for name in THEIRS if name == case or name.removeprefix(f"{case}.") in ("value", "cov", "deff")]
    assert names
    for name in names:
        assert_agrees(ours[name.removeprefix(case).lstrip(".")], THEIRS[name], name)
