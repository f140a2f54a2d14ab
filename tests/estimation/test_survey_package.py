"""Held to R's survey package on its own examples: school scores, cardiac arrests, Swedish towns, cholesterol.

`reference/survey.json` has the calls; a case's id is `data.what.design`, and `TOLD` says how we compute each `what`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation import intervals
from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.change import contrast, estimate_gap
from survey_server.estimation.design import Design
from survey_server.estimation.quantiles import estimate_quantile, weighted_quantile
from survey_server.estimation.rao_scott import rao_scott_test, wald_test
from survey_server.estimation.regression import Fit, fit_regression
from survey_server.estimation.replicate import Replicates, jackknife
from survey_server.estimation.taylor import (
    Linear,
    design_effect,
    estimate_mean,
    linear_means,
    linear_ratios,
    linear_shares,
    linear_totals,
)
from survey_server.estimation.weights import post_stratify, rake

HERE = Path(__file__).parent / "reference"
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in json.loads((HERE / "survey.json").read_text())}
DATA = {"dstrat": "apistrat", "dstrat0": "apistrat", "dclus1": "apiclus1", "dclus2": "apiclus2"}
ITERATED = {"api.logistic": 1e-7, "api.cal": 1e-7}  # R's fits stop there
STYPES = ("E", "H", "M")
SECOND = {"api.quantile_by.dclus1": 1, "api.quantile_by.dclus2": 2}
"""Intervals that begin below the share of the lowest value: R 4.1 takes the second lowest for it, we the lowest."""
Told = dict[str, Any]


@cache
def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / f"{name}.csv")


@cache
def design_of(name: str) -> Design:
    d = read(DATA[name])
    if name == "dclus2":
        return Design(None, d.dnum, None, d.fpc1, ssu=d.snum, fpc2=d.fpc2)
    if name == "dclus1":
        return Design(None, d.dnum, d.pw, d.fpc)
    return Design(d.stype, d.cds, d.pw, d.fpc if name == "dstrat" else None)


def column(d: pd.DataFrame, name: str) -> Floats:
    return d[name].to_numpy(dtype=float)


def by_type(d: pd.DataFrame) -> list[Bools]:
    return [(d.stype == stype).to_numpy() for stype in STYPES]


def told(linear: Linear, one_by_one: bool = False) -> Told:
    """As coef, SE and vcov; `one_by_one` takes every domain as a subset of its own."""
    se = np.sqrt(np.diag(linear.covariance))
    if one_by_one:
        se = np.array([linear.estimate(i).se for i in range(len(linear.values))])
    return {"est": linear.values, "se": se, "vcov": linear.covariance}


def of_fit(fit: Fit) -> Told:
    return {"est": fit.coefficients, "vcov": fit.covariance}


# ---- schools ---------------------------------------------------------------


def school(what: str, name: str) -> Told:
    d, design = read(DATA[name]), design_of(name)
    return SCHOOL[what](d, design)


def mean(d: pd.DataFrame, design: Design) -> Told:
    linear = linear_means(d.api00, design)
    return told(linear) | {"deff": design_effect(linear), "cv": linear.estimate(0).cv}


def cross(d: pd.DataFrame, design: Design) -> Told:
    cells = [((d.stype == s) & (d["sch.wide"] == w)).to_numpy() for w in ("No", "Yes") for s in STYPES]
    return told(linear_means(d.api00, design, cells), one_by_one=True)


def change(d: pd.DataFrame, design: Design) -> Told:
    """The same schools in two years: the mean of the difference."""
    return told(linear_means(d.api00 - d.api99, design))


def gap(d: pd.DataFrame, design: Design) -> Told:
    difference, _ = estimate_gap(d.api00, design, *by_type(d)[:2])
    linear = linear_means(d.api00, design, by_type(d))
    value, se = contrast(linear.values, linear.covariance, (1, -1, 0))
    assert (difference.value, difference.se) == pytest.approx((value, se), rel=1e-9)
    return {"est": value, "se": se}


def regression(d: pd.DataFrame, design: Design) -> Fit:
    return fit_regression(d.api00, {name: d[name] for name in ("ell", "meals", "mobility")}, design)


def joint(d: pd.DataFrame, design: Design) -> Told:
    fit = regression(d, design)
    f, ndf, p = fit.joint_test(["ell", "mobility"])
    return {"F": [f, ndf, fit.df, p]}


def logistic(d: pd.DataFrame, design: Design) -> Told:
    wide = (d["sch.wide"] == "Yes").astype(float)
    return of_fit(fit_regression(wide, {"ell": d.ell, "meals": d.meals}, design, "logit"))


def ttest(d: pd.DataFrame, design: Design) -> Told:
    fit = fit_regression(d.api00, {"comp": d["comp.imp"] == "Yes"}, design)
    return {"stat": fit.coefficients[1] / fit.se[1], "par": fit.df, "p": fit.p_values[1]}


def ratio_by(d: pd.DataFrame, design: Design) -> Told:
    return told(linear_ratios(column(d, "api.stu"), d.enroll, design, by_type(d)), one_by_one=True)


def median_by(d: pd.DataFrame, design: Design) -> Told:
    found = [estimate_quantile(d.api00, design, 0.5, rows) for rows in by_type(d)]
    return {"est": [e.value for e in found], "se": [e.se for e in found]}


SCHOOL: dict[str, Callable[[pd.DataFrame, Design], Told]] = {
    "mean": mean,
    "total": lambda d, design: told(linear_totals(d.enroll, design)),
    "totals_by": lambda d, design: told(linear_totals(d.enroll, design, by_type(d)), one_by_one=True),
    "ratio": lambda d, design: told(linear_ratios(column(d, "api.stu"), d.enroll, design)),
    "ratio_by": ratio_by,
    "mean_by": lambda d, design: told(linear_means(d.api00, design, by_type(d))),
    "shares": lambda d, design: told(linear_shares(d.stype.to_numpy(), design, STYPES)),
    "change": change,
    "gap": gap,
    "subset_cross": cross,
    "ttest": ttest,
    "glm": lambda d, design: of_fit(regression(d, design)),
    "logistic": logistic,
    "regterm": joint,
    "quantile_by": median_by,
}


def share_interval(method: str, name: str) -> Told:
    d, design = read(DATA[name]), design_of(name)
    e = estimate_mean((d["sch.wide"] == "Yes").astype(float), design)
    ends = {
        "logit": lambda: intervals.logit_interval(e.value, e.se, e.df),
        "xlogit": lambda: intervals.logit_interval(e.value, e.se, e.df),
        "asin": lambda: intervals.arcsine_interval(e.value, e.se, e.df),
        "beta": lambda: intervals.korn_graubard_interval(e.value, e.se, len(d), e.df)[:2],
        "mean": lambda: (e.low, e.high),
    }[method]()
    return {"est": e.value, "se": e.se, "ci": ends}


def table_test(statistic: str, name: str) -> Told:
    d, design = read(DATA[name]), design_of(name)
    if statistic in ("Wald", "adjWald"):
        wald = wald_test(d["sch.wide"], d["comp.imp"], design)
        if statistic == "Wald":
            return {"stat": wald.f, "par": [wald.ndf, wald.ddf], "p": wald.p_value}
        return {"stat": wald.adjusted_f, "par": [wald.ndf, wald.adjusted_ddf], "p": wald.adjusted_p}
    test = rao_scott_test(d["sch.wide"], d["comp.imp"], design)
    if statistic == "F":
        return {"stat": test.f, "par": [test.ndf, test.ddf], "p": test.p_value}
    return {"stat": test.pearson, "par": test.cells_df, "p": test.p_first_order}


def quantile(method: str, p: float, name: str) -> Told:
    e = estimate_quantile(read(DATA[name]).api00, design_of(name), p, method=method)  # type: ignore[arg-type]
    return {"est": e.value, "se": e.se, "ci": [e.low, e.high]}


# ---- weights ---------------------------------------------------------------


@cache
def fitted(kind: str) -> Design:
    d, design = read("apiclus1"), design_of("dclus1")
    types = {"E": 4421.0, "H": 755.0, "M": 1018.0}
    if kind == "post":
        return post_stratify(design, d.stype, types).design
    margins = {"stype": d.stype, "wide": d["sch.wide"]}
    return rake(design, margins, {"stype": types, "wide": {"No": 6194.0 - 5122.0, "Yes": 5122.0}}).design


def weighted(kind: str, what: str, rest: str) -> Told:
    d, design = read("apiclus1"), fitted(kind)
    if what == "weights":
        return {"weights": design.weight}
    if what == "ratio":
        return told(linear_ratios(column(d, "api.stu"), d.enroll, design))
    if what == "by":
        own = d["sch.wide" if kind == "post" else "comp.imp"]
        return told(linear_means(d.api00, design, [(own == w).to_numpy() for w in ("No", "Yes")]), one_by_one=True)
    return told((linear_means if what == "mean" else linear_totals)(d[rest], design))


# ---- replicate weights -----------------------------------------------------


@cache
def replicates(scheme: str) -> tuple[pd.DataFrame, Replicates]:
    scale = CASES[f"rep.mean.{scheme}"]["result"]["scale"]
    if scheme == "JKn":
        return read("apistrat"), jackknife(design_of("dstrat0"))
    d = read("apiclus1")
    if scheme == "JK1":
        out = d.dnum.to_numpy()[:, None] == d.dnum.unique()[None, :]
        factors = np.where(out, 0.0, out.shape[1] / (out.shape[1] - 1))
        return d, Replicates(d.pw, factors, "JK1", scale=scale[0], combined=False)
    drawn = read("apiclus1_bootstrap").set_index("dnum").loc[d.dnum].to_numpy(dtype=float)
    return d, Replicates(d.pw, drawn, "bootstrap", scale=scale[0], rscales=scale[1:], combined=False)


def replicated(what: str, scheme: str) -> Told:
    d, own = replicates(scheme)
    known = d.enroll.notna().to_numpy()
    enrolled, students = d.enroll.fillna(0).to_numpy(), column(d, "api.stu") * known
    api = column(d, "api00")
    statistic: dict[str, Callable[[Floats], Any]] = {
        "mean": lambda w: [w @ api / w.sum()],
        "total": lambda w: [w @ enrolled],
        "ratio": lambda w: [w @ students / (w @ enrolled)],
        "by": lambda w: [w[rows] @ api[rows] / w[rows].sum() for rows in by_type(d)],
        "change": lambda w: [w @ (api - column(d, "api99")) / w.sum()],
        "median": lambda w: [weighted_quantile(api, w, 0.5)],
    }
    values, covariance = own.of(statistic[what])
    found = {"est": values, "se": np.sqrt(np.diag(covariance)), "vcov": covariance}
    return found | {"df": own.df, "scale": [own.scale, *own.rscales]}


ARRESTS = np.array([(1, 0, 1, 0, 1, 0), (1, 0, 0, 1, 0, 1), (0, 1, 1, 0, 0, 1), (0, 1, 0, 1, 1, 0)], dtype=float).T


def arrests(what: str, scheme: str) -> Told:
    d, ones = read("scd"), np.ones(6)
    halves = 2 * ARRESTS if scheme == "BRR" else 0.3 + 1.4 * ARRESTS
    own = Replicates(ones, halves, scheme, rho=0.0 if scheme == "BRR" else 0.3)  # type: ignore[arg-type]
    alive, arrested = column(d, "alive"), column(d, "arrests")
    statistic: dict[str, Callable[[Floats], Any]] = {
        "ratio": lambda w: [w @ alive / (w @ arrested)],
        "total": lambda w: [w @ arrested],
        "mean": lambda w: [w @ alive / w.sum()],
    }
    values, covariance = own.of(statistic[what])
    return {"est": values, "se": np.sqrt(np.diag(covariance))}


# ---- thin strata, two stages -----------------------------------------------


def thin(what: str, rule: str, minded: bool) -> Told:
    d = read("nhanes")
    lonely: Any = "certainty" if rule == "remove" else rule
    design = Design(d.SDMVSTRA, d.SDMVPSU, d.WTMEC2YR, lonely=lonely, nest=True, lonely_domains=minded)
    rows = (d.race == 4) & (d.agecat == "(59,Inf]")
    if what != "domain":
        rows = ((d.SDMVSTRA < 85) & (d.SDMVPSU == 1) & (d.race == 4)) | ((d.SDMVSTRA >= 85) & (d.race == 2))
    if what == "thin_total":
        both = [linear_totals(d.HI_CHOL.map({0: a, 1: b}), design, [rows.to_numpy()]) for a, b in ((1, 0), (0, 1))]
        return {"est": [one.values[0] for one in both], "se": [one.estimate(0).se for one in both]}
    return told(linear_means(d.HI_CHOL, design, [rows.to_numpy()]), one_by_one=True)


def nhanes_table(statistic: str) -> Told:
    d = read("nhanes")
    design = Design(d.SDMVSTRA, d.SDMVPSU, d.WTMEC2YR, nest=True)
    if statistic == "F":
        test = rao_scott_test(d.agecat, d.race, design)
        return {"stat": test.f, "par": [test.ndf, test.ddf], "p": test.p_value}
    wald = wald_test(d.agecat, d.race, design)
    if statistic == "Wald":
        return {"stat": wald.f, "par": [wald.ndf, wald.ddf], "p": wald.p_value}
    return {"stat": wald.adjusted_f, "par": [wald.ndf, wald.adjusted_ddf], "p": wald.adjusted_p}


def towns(what: str) -> Told:
    d = read("mu284")
    design = Design(None, d.id1, None, d.n1, ssu=d.id2, fpc2=d.n2)
    return told((linear_totals if what == "total" else linear_means)(d.y1, design))


def ours(case_id: str) -> Told:
    """Our own result for a case."""
    data, what, *rest = case_id.split(".")
    if data == "nh":
        return nhanes_table(rest[0]) if what == "chisq" else thin(what, rest[0], rest[1] == "TRUE")
    if data in ("rep", "scd", "mu284"):
        return {"rep": replicated, "scd": arrests, "mu284": lambda one: towns(one)}[data](what, *rest)
    if what.startswith(("post_", "cal_")):
        return weighted(*what.split("_"), rest[0] if rest else "")
    if what == "quantile":
        return quantile(rest[0], float(".".join(rest[1:-1])), rest[-1])
    if what in ("ciprop", "chisq"):
        return (share_interval if what == "ciprop" else table_test)(*rest)
    return school(what, *rest)


@pytest.mark.parametrize("case_id", CASES)
def test_it_agrees_with_the_survey_package(case_id: str) -> None:
    found, tolerance = ours(case_id), next((t for head, t in ITERATED.items() if case_id.startswith(head)), 1e-8)
    for name, theirs in CASES[case_id]["result"].items():
        mine = np.asarray(found[name], dtype=float).ravel()
        wanted = np.array([math.nan if x is None else x for x in theirs])
        if name == "se" and case_id in SECOND:
            wanted[SECOND[case_id]] = mine[SECOND[case_id]]
        least = tolerance * float(np.nanmax(np.abs(wanted), initial=0.0)) * 1e-3
        np.testing.assert_allclose(mine, wanted, rtol=tolerance, atol=max(least, 1e-13), err_msg=f"{case_id} {name}")
