"""Every reference case as a call of ours: pattern of the case's id -> function(case) -> the same keys as its result."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from survey_server.estimation import agreement, causal, intervals, multiplicity, quantiles, raters, taylor
from survey_server.estimation.change import contrast, estimate_change, joint_covariance, p_value
from survey_server.estimation.design import Design, stack_designs
from survey_server.estimation.distributions import normal_quantile, t_quantile, t_two_sided
from survey_server.estimation.outcome_rates import Outcomes, outcome_rates
from survey_server.estimation.rao_scott import rao_scott_test, wald_test
from survey_server.estimation.regression import Fit, fit_regression
from survey_server.estimation.suppression import nchs_presentation
from survey_server.estimation.weights import kish_deff, rake

HERE = Path(__file__).parent / "reference"
Case = dict[str, Any]
Call = Callable[[Case], Any]
CALLS: list[tuple[re.Pattern[str], Call]] = []
__all__ = ["CALLS", "call_for", "load_cases", "quantiles"]


@cache
def load_cases() -> dict[str, Case]:
    return {case["id"]: case for case in json.loads((HERE / "statistics.json").read_text())["cases"]}


def call_for(case_id: str) -> Call | None:
    return next((call for pattern, call in CALLS if pattern.fullmatch(case_id)), None)


def answers(pattern: str) -> Callable[[Call], Call]:
    def remember(call: Call) -> Call:
        CALLS.append((re.compile(pattern), call))
        return call

    return remember


# ---- data and designs ---------------------------------------------------


@cache
def nhanes() -> pd.DataFrame:
    return pd.read_csv(HERE / "nhanes.csv")


@cache
def nhanes_design(lonely: str = "adjust", lonely_domains: bool = False) -> Design:
    d = nhanes()
    return Design(d.SDMVSTRA, d.SDMVPSU, d.WTMEC2YR, lonely=lonely, nest=True, lonely_domains=lonely_domains)


@cache
def synth() -> pd.DataFrame:
    d = pd.read_csv(HERE / "w6_synth.csv")
    d["q1v"] = d.q1.where(d.q1 < 98)
    d["q1top"] = np.where(d.q1v.isna(), np.nan, d.q1v >= 4)
    d["stw"] = d.stratum + "." + d.wave.astype(str)
    d["psuw"] = d.psu.astype(str) + "." + d.wave.astype(str)
    return d


def our_lonely(case: Case) -> str:
    rule = (case.get("r_options") or {}).get("survey.lonely.psu", "adjust")
    return "certainty" if rule == "remove" else str(rule)


def synth_design(case: Case) -> Design:
    """S stacks the waves with shared PSUs; Si makes PSUs and strata of their own for each wave."""
    d, lonely = synth(), our_lonely(case)
    if case["id"].endswith(".Si"):
        return Design(d.stw, d.psuw, d.wt, lonely=lonely, nest=True)
    return Design(d.stratum, d.psu, d.wt, lonely=lonely, nest=True)


def post() -> pd.DataFrame:
    return synth()[synth().wave == 1]


@cache
def singleton(lonely: str) -> tuple[pd.DataFrame, Design]:
    d = pd.read_csv(HERE / "singleton5.csv")
    return d, Design(d.Stratum, d.PSU, d.Design_Weight, lonely=lonely)


@cache
def observed() -> tuple[pd.DataFrame, Design]:
    d = pd.read_csv(HERE / "w7_observe_long.csv")
    return d, Design(d.district, d.station, None)


def column(values: Any, item: str) -> np.ndarray:
    return np.asarray(values[item], dtype=float)


def where(condition: Any) -> np.ndarray:
    return np.asarray(condition, dtype=bool)


def as_svystat(linear: taylor.Linear, names: Any) -> dict[str, Any]:
    """As R prints it; the file's t limits take the whole design's degrees of freedom, also for a subset."""
    v, df = linear.covariance, linear.design.df
    est, se = linear.values, np.sqrt(np.diag(v))
    z, t = normal_quantile(0.975), t_quantile(0.975, df)
    told = {
        "estimate": est,
        "se": se,
        "ci95_z_low": est - z * se,
        "ci95_z_high": est + z * se,
        "ci95_t_low": est - t * se,
        "ci95_t_high": est + t * se,
    }
    if len(est) == 1:
        return {"names": names, "df": df, "vcov": v[0], **{k: x[0] for k, x in told.items()}}
    return {"names": names, "df": df, "vcov": v, **told}


def one_by_one(linear: taylor.Linear) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and SEs of each domain as a subset of its own (svyby without covmat)."""
    estimates = [linear.estimate(i) for i in range(len(linear.values))]
    return np.array([e.value for e in estimates]), np.array([e.se for e in estimates])


def z_ends(values: np.ndarray, se: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z = normal_quantile(0.975)
    return values - z * se, values + z * se


# ---- means, totals, domains ---------------------------------------------


@answers(r"mean\.dnh|deff\.dnh|deff_replace\.dnh")
def nhanes_mean(case: Case) -> Any:
    linear = taylor.linear_means(nhanes().HI_CHOL, nhanes_design())
    told = as_svystat(linear, "HI_CHOL")
    if "deff" in case["result"]:
        told["deff"] = taylor.design_effect(linear, replacement="replace" in case["id"])
    return told


@answers(r"total\.dnh")
def nhanes_total(case: Case) -> Any:
    return as_svystat(taylor.linear_totals(nhanes().HI_CHOL, nhanes_design()), "HI_CHOL")


RACES = ["1", "2", "3", "4"]


def race_domains() -> list[np.ndarray]:
    return [where(nhanes().race == int(race)) for race in RACES]


@answers(r"by_race\.dnh")
def nhanes_by_race(case: Case) -> Any:
    values, se = one_by_one(taylor.linear_means(nhanes().HI_CHOL, nhanes_design(), race_domains()))
    low, high = z_ends(values, se)
    return {"domain": RACES, "HI_CHOL": values, "se": se, "ci_l": low, "ci_u": high, "cv": se / values}


@answers(r"by_race_age\.dnh")
def nhanes_by_race_age(case: Case) -> Any:
    d = nhanes()
    cells = [cell.split(".", 1) for cell in case["result"]["domain"]]
    domains = [where((d.race == int(race)) & (d.agecat == age)) for race, age in cells]
    values, se = one_by_one(taylor.linear_means(d.HI_CHOL, nhanes_design(), domains))
    low, high = z_ends(values, se)
    return {"domain": case["result"]["domain"], "HI_CHOL": values, "se": se, "ci_l": low, "ci_u": high}


@answers(r"by_race_cov\.dnh")
def nhanes_by_race_cov(case: Case) -> Any:
    linear = taylor.linear_means(nhanes().HI_CHOL, nhanes_design(), race_domains())
    v = linear.covariance
    return {"domain": RACES, "estimate": linear.values, "se": np.sqrt(np.diag(v)), "vcov": v}


@answers(r"contrast_race\.dnh")
def nhanes_contrast(case: Case) -> Any:
    linear = taylor.linear_means(nhanes().HI_CHOL, nhanes_design(), race_domains())
    told = [contrast(linear.values, linear.covariance, w) for w in ((0, 1, -1, 0), (-1, 1, 0, 0))]
    return {"names": ["2-3", "2-1"], "estimate": [v for v, _ in told], "se": [se for _, se in told]}


@answers(r"by_ciprop(_beta)?_race\.dnh")
def nhanes_ciprop_by(case: Case) -> Any:
    linear = taylor.linear_means(nhanes().HI_CHOL, nhanes_design(), race_domains())
    ends, values = [], []
    for i, domain in enumerate(race_domains()):
        e, rows, df = linear.estimate(i), int(domain.sum()), nhanes_design().df_of(domain)  # R counts missing answers
        values.append(e.value)
        if "beta" in case["id"]:
            ends.append(intervals.korn_graubard_interval(e.value, e.se, e.n, df, sample_df=rows - 1)[:2])
        else:
            ends.append(intervals.logit_interval(e.value, e.se, df))
    return {"domain": RACES, "HI_CHOL": values, "ci_l": [a for a, _ in ends], "ci_u": [b for _, b in ends]}


@answers(r"ciprop\.(logit|xlogit|asin|beta|mean|wilson)\.dnh")
def nhanes_ciprop(case: Case) -> Any:
    e = taylor.estimate_mean(nhanes().HI_CHOL, nhanes_design(), kind="mean")
    rows = nhanes_design().n_rows  # R takes all rows, those with a missing answer too
    low, high = {
        "logit": lambda: intervals.logit_interval(e.value, e.se, e.df),
        "xlogit": lambda: intervals.logit_interval(e.value, e.se, e.df),
        "asin": lambda: intervals.arcsine_interval(e.value, e.se, e.df),
        "beta": lambda: intervals.korn_graubard_interval(e.value, e.se, rows, e.df)[:2],
        "mean": lambda: (e.low, e.high),
        "wilson": lambda: intervals.survey_wilson_interval(e.value, e.se, e.df),
    }[case["id"].split(".")[1]]()
    return {"estimate": e.value, "ci_low": low, "ci_high": high, "se": e.se, "df": e.df}


# ---- lonely PSUs --------------------------------------------------------


@answers(r"lonely\.(total|mean)\.(fail|remove|certainty|adjust|average)\.dsing")
def lonely_toy(case: Case) -> Any:
    d, design = singleton(our_lonely(case))
    if ".total." in case["id"]:
        return as_svystat(taylor.linear_totals(d.Age, design), "Age")
    columns = [taylor.linear_means(d[name], design) for name in ("Age", "Height")]
    influence = np.column_stack([c.influence[:, 0] for c in columns])
    both = taylor.Linear(design, np.array([c.values[0] for c in columns]), influence, columns[0].members, np.zeros(2))
    return as_svystat(both, ["Age", "Height"])


@answers(r"lonely\.nhdom\.(fail|remove|certainty|adjust|average)\.(TRUE|FALSE)")
def lonely_domain(case: Case) -> Any:
    d = nhanes()
    domain = where((d.race == 4) & (d.agecat == "(59,Inf]") & d.SDMVSTRA.isin([75, 76, 77, 78, 79, 80]))
    design = nhanes_design(our_lonely(case), case["id"].endswith("TRUE"))
    return as_svystat(taylor.linear_means(d.HI_CHOL, design, [domain]), "HI_CHOL")


# ---- tests of tables ----------------------------------------------------


@answers(r"chisq\.(F|Chisq|lincom|saddlepoint)\.dnh|synth\.chisqX?\.q1v\..*")
def chi_squared(case: Case) -> Any:
    if case["id"].startswith("chisq"):
        rows, columns, design = nhanes().race, nhanes().HI_CHOL, nhanes_design()
    else:
        rows, columns, design = synth().q1v, synth().wave, synth_design(case)
    test = rao_scott_test(rows, columns, design)
    nothing = {"estimate": None, "conf_int": None}
    if case["result"]["statistic_name"] == "F":
        told = {"statistic": test.f, "statistic_name": "F", "parameter": [test.ndf, test.ddf], "p_value": test.p_value}
        return told | nothing
    valid = int((pd.notna(rows) & pd.notna(columns)).sum())  # R scales X2 by all rows, those with missing answers too
    statistic = test.pearson * len(rows) / valid
    if case["result"]["parameter"] is None:  # lincom too: R had not the package that it sums mixtures with
        told = {"statistic": statistic, "statistic_name": "X-squared", "parameter": None, "p_value": test.p_mixture}
        return told | nothing
    p = test.p_first_order
    return {"statistic": statistic, "statistic_name": "X-squared", "parameter": test.cells_df, "p_value": p} | nothing


@answers(r"chisq\.(Wald|adjWald)\.dnh")
def wald(case: Case) -> Any:
    test = wald_test(nhanes().race, nhanes().HI_CHOL, nhanes_design())
    told = (test.f, test.ndf, test.ddf, test.p_value)
    if "adj" in case["id"]:
        told = (test.adjusted_f, test.ndf, test.adjusted_ddf, test.adjusted_p)
    f, ndf, ddf, p = told
    nothing = {"estimate": None, "conf_int": None}
    return {"statistic": [f], "statistic_name": "F", "parameter": [ndf, ddf], "p_value": [p]} | nothing


@answers(r"regterm\.dnh")
def joint(case: Case) -> Any:
    d = nhanes()
    terms = {f"race{k}": d.race == k for k in (2, 3, 4)} | {"woman": d.RIAGENDR == 2}
    fit = fit_regression(d.HI_CHOL, terms, nhanes_design(), "logit")
    f, ndf, p = fit.joint_test(["race2", "race3", "race4"])
    return {"F": f, "df": ndf, "ddf": fit.df, "p": p}


@answers(r"table\.dnh")
def weighted_table(case: Case) -> Any:
    d = nhanes()
    inside = d.HI_CHOL.notna()
    table = [[d.WTMEC2YR[inside & (d.race == r) & (c == d.HI_CHOL)].sum() for c in (0, 1)] for r in (1, 2, 3, 4)]
    return {"rows": RACES, "cols": ["0", "1"], "table": table}


def as_glm(fit: Fit, names: list[str]) -> dict[str, Any]:
    return {
        "names": names,
        "estimate": fit.coefficients,
        "se": fit.se,
        "vcov": fit.covariance,
        "t": fit.coefficients / fit.se,
        "p_value": fit.p_values,
        "df_residual": fit.df,
    }


def as_ttest(fit: Fit, name: str) -> dict[str, Any]:
    i = fit.names.index(name)
    return {
        "statistic": fit.coefficients[i] / fit.se[i],
        "statistic_name": "t",
        "parameter": fit.df,
        "p_value": fit.p_values[i],
        "estimate": fit.coefficients[i],
        "conf_int": fit.interval(name),
    }


@answers(r"ttest2\.dnh")
def nhanes_ttest(case: Case) -> Any:
    d = nhanes()
    return as_ttest(fit_regression(d.HI_CHOL, {"woman": d.RIAGENDR == 2}, nhanes_design()), "woman")


@answers(r"synth\.ttest\.q4\..*")
def synth_ttest(case: Case) -> Any:
    return as_ttest(fit_regression(synth().q4, {"wave": synth().wave}, synth_design(case)), "wave")


@answers(r"glm\.logit\.dnh")
def nhanes_logit(case: Case) -> Any:
    d = nhanes()
    terms = {f"race{k}": d.race == k for k in (2, 3, 4)} | {"woman": d.RIAGENDR == 2}
    return as_glm(fit_regression(d.HI_CHOL, terms, nhanes_design(), "logit"), case["result"]["names"]) | {
        "design_df": nhanes_design().df
    }


# ---- two waves, difference in differences -------------------------------


def item_of(case: Case) -> str:
    return str(case["id"].split(".")[2])


@answers(r"synth\.change\..*")
def synth_change(case: Case) -> Any:
    d = synth()
    linear = taylor.linear_means(d[item_of(case)], synth_design(case), [where(d.wave == 0), where(d.wave == 1)])
    v = linear.covariance
    value, se = contrast(linear.values, v, (-1, 1))
    return {
        "pre": linear.values[0],
        "post": linear.values[1],
        "se_pre": math.sqrt(v[0, 0]),
        "se_post": math.sqrt(v[1, 1]),
        "cov": v[0, 1],
        "corr": v[0, 1] / math.sqrt(v[0, 0] * v[1, 1]),
        "change": value,
        "se_change": se,
        "se_change_no_cov": math.sqrt(v[0, 0] + v[1, 1]),
        "df": linear.design.df,
        "t": value / se,
        "p_t": p_value(value, se, linear.design.df),
    }


@answers(r"synth\.did(_district)?\.(q1v|q1top|q2|q3|q4)(\..*)?")
def synth_did(case: Case) -> Any:
    d = synth()
    design = Design(None, d.district, d.wt) if "district" in case["id"] else synth_design(case)
    cells = [where((d.arm == arm) & (d.wave == wave)) for wave in (0, 1) for arm in (0, 1)]
    linear = taylor.linear_means(d[item_of(case)], design, cells)
    v, df = linear.covariance, design.df
    value, se = contrast(linear.values, v, (1, -1, -1, 1))
    reach = t_quantile(0.975, df) * se
    return {
        "cells": ["0.0", "1.0", "0.1", "1.1"],
        "cell_estimate": linear.values,
        "cell_se": np.sqrt(np.diag(v)),
        "vcov": v,
        "did": value,
        "se": se,
        "df": df,
        "t": value / se,
        "p": t_two_sided(value / se, df),
        "ci_low": value - reach,
        "ci_high": value + reach,
    }


@answers(r"synth\.did_(glm|logit)\..*")
def synth_did_glm(case: Case) -> Any:
    d, design = synth(), synth_design(case)
    terms = {"group": d.arm, "wave": d.wave, "group:wave": d.arm * d.wave}
    link = "logit" if "logit" in case["id"] else "linear"
    told = as_glm(fit_regression(d[item_of(case)], terms, design, link), case["result"]["names"])
    return told | ({"design_df": design.df} if "design_df" in case["result"] else {})


@answers(r"synth\.by_(district|sex_age)\.q1top\..*")
def synth_by(case: Case) -> Any:
    d = synth()
    keys = ["district"] if "by_district" in case["id"] else ["sex", "agegrp"]
    own = d[[*keys, "wave"]].astype(str).agg(".".join, axis=1)
    domains = [where(own == name) for name in case["result"]["domain"]]
    values, se = one_by_one(taylor.linear_means(d.q1top, synth_design(case), domains))
    low, high = z_ends(values, se)
    return {"domain": case["result"]["domain"], "q1top": values, "se": se, "ci_l": low, "ci_u": high}


@answers(r"synth\.dist\.q1\..*")
def synth_distribution(case: Case) -> Any:
    d, design = synth(), synth_design(case)
    told: dict[str, Any] = {"domain": ["0", "1"]}
    codes = [1, 2, 3, 4, 5, 98, 99]
    waves = [taylor.linear_shares(d.q1, design, codes, where(d.wave == wave)) for wave in (0, 1)]
    for i, code in enumerate(codes):
        pairs = [(w.values[i], w.estimate(i).se) for w in waves]
        values, se = np.array([v for v, _ in pairs]), np.array([s for _, s in pairs])
        low, high = z_ends(values, se)
        name = f"factor(q1){code}"
        told |= {name: values, f"se.{name}": se, f"ci_l.{name}": low, f"ci_u.{name}": high}
    return told


@answers(r"synth\.deff\.q1top\..*")
def synth_deff(case: Case) -> Any:
    d = synth()
    linear = taylor.linear_means(d.q1top, synth_design(case), [where(d.wave == 0)])
    told = as_svystat(linear, "q1top")
    return told | {"deff": taylor.design_effect(linear)}


@answers(r"synth\.post\.(q1v|q1top|q2|q3|q4)\.Pf?")
def synth_post(case: Case) -> Any:
    d = post()
    design = Design(d.stratum, d.psu, d.wt, nest=True)
    if case["id"].endswith(".Pf"):
        design = Design(d.stratum, d.psu, d.wt, d.Nh, nest=True, fpc2=d.Mi)
    return as_svystat(taylor.linear_means(d[item_of(case)], design), item_of(case))


def one_wave(wave: int) -> tuple[pd.DataFrame, Design]:
    d = synth()[synth().wave == wave]
    return d, Design(d.stratum, d.psu, d.wt, lonely="certainty", nest=True)


@answers(r"synth\.change_matched\..*")
def synth_matched(case: Case) -> Any:
    item = item_of(case)
    (d0, design0), (d1, design1) = one_wave(0), one_wave(1)
    change = estimate_change((d0[item], design0), (d1[item], design1))
    joint = joint_covariance(taylor.linear_means(d0[item], design0), taylor.linear_means(d1[item], design1))
    stacked = stack_designs([design0, design1])
    waves = np.repeat([False, True], [len(d0), len(d1)])
    together = taylor.linear_means(np.concatenate([d0[item], d1[item]]), stacked, [~waves, waves])
    return {
        "pre": change.before.value,
        "post": change.after.value,
        "change": change.estimate.value,
        "se_pre": change.before.se,
        "se_post": change.after.se,
        "cov": joint[0, 1],
        "se_change": change.estimate.se,
        "se_change_stacked": contrast(together.values, together.covariance, (-1, 1))[1],
        "se_change_independent": math.hypot(change.before.se, change.after.se),
        "df_pre": change.before.df,
        "df_post": change.after.df,
    }


def district_changes(item: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    d = synth()[["district", "arm", "wave", "wt", item]].dropna()
    changes = causal.cluster_changes(d[item], d.wt, d.district, where(d.wave == 1), d.arm)
    return list(changes.clusters), changes.change, changes.treated


@answers(r"synth\.did_clusterlevel\..*")
def synth_cluster_level(case: Case) -> Any:
    districts, change, arm = district_changes(item_of(case))
    welch, pooled = causal.welch_test(change, arm), causal.pooled_test(change, arm)
    ranks = causal.rank_test(change, arm)
    return {
        "districts": districts,
        "change": change,
        "arm": arm.astype(int),
        "mean1": change[arm].mean(),
        "mean0": change[~arm].mean(),
        "diff": welch.difference,
        "welch_t": welch.t,
        "welch_df": welch.df,
        "welch_p": welch.p_value,
        "welch_ci": [welch.low, welch.high],
        "pooled_t": pooled.t,
        "pooled_p": pooled.p_value,
        "wilcoxon_W": ranks.statistic,
        "wilcoxon_p": ranks.p_value,
    }


@answers(r"synth\.did_permutation\..*")
def synth_permutation(case: Case) -> Any:
    _, change, arm = district_changes(item_of(case))
    test = causal.permutation_test(change, arm)
    return {
        "n_assignments": test.assignments,
        "difference": test.difference,
        "welch_t": test.t,
        "p_difference": test.p_difference,
        "p_t": test.p_t,
    }


# ---- weights ------------------------------------------------------------

AGES = ["18-29", "30-44", "45-59", "60+"]
POPULATION = 230_000


@cache
def raked(lonely: str) -> Any:
    d = post()
    design = Design(d.stratum, d.psu, d.wt, lonely=lonely, nest=True)
    totals = {
        "sex": {"F": 0.52 * POPULATION, "M": 0.48 * POPULATION},
        "age": {age: share * POPULATION for age, share in zip(AGES, (0.28, 0.27, 0.22, 0.23), strict=True)},
    }
    return rake(design, {"sex": d.sex, "age": d.agegrp}, totals)


@answers(r"synth\.raked\.weights")
def raked_weights(case: Case) -> Any:
    weight = raked("adjust").design.weight
    n_eff = len(weight) / kish_deff(weight)
    return {"sum": weight.sum(), "min": weight.min(), "max": weight.max(), "n_eff": n_eff, "weights": weight}


@answers(r"synth\.calraked\.(q1top|q4)\.(adjust|remove|average)")
def calibrated_mean(case: Case) -> Any:
    linear = taylor.linear_means(post()[item_of(case)], raked(our_lonely(case)).design)
    return as_svystat(linear, item_of(case))


@answers(r"synth\.(raked|rakedse)\.(q1top|q4)(\..*)?")
def raked_as_r_rakes(case: Case) -> Any:
    """R's rake() takes unweighted means of the margins out of the residuals, ten times in turn; ours are regressed."""
    d, design = post(), raked(our_lonely(case)).design
    linear = taylor.linear_means(d[item_of(case)], design)
    rest = linear.influence / design.weight[:, None]
    for margin in (d.sex, d.agegrp) * 10:
        rest = rest - pd.DataFrame(rest).groupby(margin.to_numpy()).transform("mean").to_numpy()
    plain = design.reweighted(design.weight, None)
    told = taylor.Linear(plain, linear.values, rest * design.weight[:, None], linear.members, linear.srs_variance)
    return as_svystat(told, item_of(case))


@answers(r"synth\.calraked_by\.q1top\.(adjust|remove|average)")
def calibrated_by(case: Case) -> Any:
    d = post()
    linear = taylor.linear_means(d.q1top, raked(our_lonely(case)).design, [where(d.arm == 0), where(d.arm == 1)])
    values, se = one_by_one(linear)
    low, high = z_ends(values, se)
    return {"domain": ["0", "1"], "q1top": values, "se": se, "ci_l": low, "ci_u": high}


# ---- agreement ----------------------------------------------------------


def as_kappa(k: agreement.Kappa) -> dict[str, Any]:
    told = {"po": k.po, "pe": k.pe, "kappa": k.kappa, "se": k.se, "se0": k.se0, "z": k.z}
    return told | {"ci_low": k.low, "ci_high": k.high, "n": k.n}


@answers(r"kappa\.(fleiss_levin_paik|grant_proposals|wiki_same_po_[12]|paradox|vision)")
def kappas(case: Case) -> Any:
    table = case["input"]["table"]
    return {
        **{name: as_kappa(agreement.cohen_kappa(table, name)) for name in ("unweighted", "linear", "quadratic")},
        "percent_agreement": agreement.percent_agreement(table),
        "pabak": agreement.pabak(table),
        "gwet_ac1": agreement.gwet_ac1(table),
        "scott_pi": agreement.scott_pi(table),
        "psych_kappa": agreement.cohen_kappa(table).kappa,
        "psych_weighted_quadratic": agreement.cohen_kappa(table, "quadratic").kappa,
    }


@answers(r"kappa\.cohen1968")
def kappa_own_weights(case: Case) -> Any:
    apart = np.array(case["input"]["disagreement_weights"], dtype=float)
    table = case["input"]["table"]
    return {
        "unweighted": as_kappa(agreement.cohen_kappa(table)),
        "weighted": as_kappa(agreement.cohen_kappa(table, 1 - apart / apart.max())),
    }


@answers(r"fleiss\..*")
def fleiss(case: Case) -> Any:
    f = raters.fleiss_kappa(case["input"]["counts"])
    told = {"kappa": f.kappa, "P_bar": f.observed, "P_e": f.expected, "se0": f.se0, "z": f.z}
    return told | {"kappa_by_category": f.by_category, "irr_kappa": f.kappa, "irr_z": f.z}


@answers(r"light\.diagnoses")
def light(case: Case) -> Any:
    ratings = case["input"]["ratings"]
    return {"value": raters.light_kappa(ratings), "conger_exact": raters.conger_kappa(ratings)}


@answers(r"kripp\..*")
def krippendorff(case: Case) -> Any:
    units = np.array(case["input"]["raters_by_units"], dtype=float).T
    return {metric: raters.krippendorff_alpha(units, metric) for metric in case["result"]}


@answers(r"gwet\.raw4")
def gwet(case: Case) -> Any:
    c = raters.chance_corrected(np.array(case["input"]["raters_by_units"], dtype=float).T)
    told = {"pa": c.observed, "ac1_pe": c.ac1_expected, "ac1": c.ac1}
    return told | {"bp": c.brennan_prediger, "fleiss": c.fleiss}


@answers(r"icc\.shrout_fleiss")
def icc(case: Case) -> Any:
    told = raters.intraclass_correlations(case["input"]["subjects_by_raters"])
    return {
        name: {
            "value": i.value,
            "ci_low": i.low,
            "ci_high": i.high,
            "F": i.f,
            "df1": i.df1,
            "df2": i.df2,
            "p": i.p_value,
        }
        for name, i in told.items()
    }


@cache
def doubled() -> pd.DataFrame:
    return pd.read_csv(HERE / "w7_observe_double.csv")


@answers(r"observe\.kappa")
def observed_kappa(case: Case) -> Any:
    d = doubled()
    table = agreement.agreement_table(d.r1, d.r2, [0, 1])
    own = [d[c].fillna(9) for c in ("r1", "r2")]
    three = agreement.agreement_table(*own, [0, 1, 9])
    both = d[d.r1.notna() & d.r2.notna()]
    kappa, se = agreement.design_kappa(both.r1, both.r2, Design(both.district, both.station, None), [0, 1])
    return {
        "n_pairs": table.sum(),
        "table": table,
        "percent_agreement": agreement.percent_agreement(table),
        "cohen": as_kappa(agreement.cohen_kappa(table)),
        "pabak": agreement.pabak(table),
        "ac1": agreement.gwet_ac1(table),
        "svykappa": kappa,
        "svykappa_se": se,
        "kripp_nominal": raters.krippendorff_alpha(both[["r1", "r2"]]),
        "kripp_all_pairs_with_missing": raters.krippendorff_alpha(d[["r1", "r2"]]),
        "table3_with_NA_as_category": three,
        "cohen3": as_kappa(agreement.cohen_kappa(three)),
    }


@answers(r"observe\.kappa_by_item")
def observed_kappa_by_item(case: Case) -> Any:
    d = doubled()
    tables = [agreement.agreement_table(x.r1, x.r2, [0, 1]) for _, x in d.groupby("item")]
    return {
        "item": sorted(d.item.unique()),
        "n": [t.sum() for t in tables],
        "agreement": [agreement.percent_agreement(t) for t in tables],
        "kappa": [agreement.cohen_kappa(t).kappa for t in tables],
    }


# ---- observers ----------------------------------------------------------


@answers(r"observe\.compliance_by_announced")
def announced(case: Case) -> Any:
    d, design = observed()
    told = [where(d.announced == k) for k in (0, 1)]
    linear = taylor.linear_means(d.result, design, told)
    v, (p0, p1) = linear.covariance, linear.values
    gap, se = contrast(linear.values, v, (-1, 1))
    df = linear.df
    reach = t_quantile(0.975, df) * se
    ratio = causal.ratio_of(linear.values, v, df)
    n = [int((d.result.notna() & here).sum()) for here in told]
    return {
        "opportunities_unannounced": n[0],
        "opportunities_announced": n[1],
        "actions_unannounced": d.result[told[0]].sum(),
        "actions_announced": d.result[told[1]].sum(),
        "unannounced": p0,
        "announced": p1,
        "se_unannounced": math.sqrt(v[0, 0]),
        "se_announced": math.sqrt(v[1, 1]),
        "cov": v[0, 1],
        "difference": gap,
        "se_difference": se,
        "df": df,
        "ci_low": gap - reach,
        "ci_high": gap + reach,
        "p": p_value(gap, se, df),
        "ratio": ratio.value,
        "log_ratio_se": ratio.log_se,
        "ratio_ci_low": ratio.low,
        "ratio_ci_high": ratio.high,
        "naive_se_difference": math.sqrt(sum(p * (1 - p) / k for p, k in zip((p0, p1), n, strict=True))),
    }


@answers(r"observe\.decay_(logit|linear)")
def decay(case: Case) -> Any:
    d, design = observed()
    later = d.visit_no - 1
    terms = {"announced": d.announced, "later": later, "announced:later": d.announced * later}
    link = "logit" if "logit" in case["id"] else "linear"
    return as_glm(fit_regression(d.result, terms, design, link), case["result"]["names"])


@answers(r"observe\.by_visit")
def by_visit(case: Case) -> Any:
    d, design = observed()
    cells = list(zip(case["result"]["announced"], case["result"]["visit_no"], strict=True))
    domains = [where((d.announced == a) & (d.visit_no == v)) for a, v in cells]
    values, se = one_by_one(taylor.linear_means(d.result, design, domains))
    told = {"announced": case["result"]["announced"], "visit_no": case["result"]["visit_no"]}
    return told | {"compliance": values, "se": se}


@answers(r"observe\.by_item")
def by_item(case: Case) -> Any:
    d, design = observed()
    items = sorted(d.item.unique())
    e = [taylor.estimate_mean(d.result, design, where(d.item == item), kind="share") for item in items]
    told = {"item": items, "compliance": [x.value for x in e], "se": [x.se for x in e]}
    return told | {"ci_low": [x.low for x in e], "ci_high": [x.high for x in e]}


@answers(r"observe\.item_effects")
def item_effects(case: Case) -> Any:
    d, design = observed()
    items = sorted(d.item.unique())
    fits = [fit_regression(d.result, {"announced": d.announced}, design, domain=d.item == item) for item in items]
    p = [fit.p_values[1] for fit in fits]
    return {
        "item": items,
        "difference": [fit.coefficients[1] for fit in fits],
        "se": [fit.se[1] for fit in fits],
        "p": p,
        "p_BH": multiplicity.benjamini_hochberg(p),
        "p_holm": multiplicity.holm(p),
    }


@answers(r"observe\.visit_index")
def visit_index(case: Case) -> Any:
    d, _ = observed()
    v = d.groupby("visit").agg(
        index=("result", "mean"),
        announced=("announced", "first"),
        station=("station", "first"),
        district=("district", "first"),
    )
    fit = fit_regression(v["index"], {"announced": v.announced}, Design(v.district, v.station, None))
    return as_glm(fit, case["result"]["names"]) | {"n_visits": len(v)}


# ---- intervals, multiplicity, rates -------------------------------------


@answers(r"ci\..*")
def binomial(case: Case) -> Any:
    x, n = case["input"]["x"], case["input"]["n"]
    return {
        "p": x / n,
        "wilson": intervals.wilson_interval(x, n),
        "wilson_prop_test": intervals.wilson_interval(x, n),
        "wilson_cc": intervals.wilson_interval(x, n, continuity=True),
        "wald": intervals.wald_interval(x, n),
        "clopper_pearson": intervals.clopper_pearson_interval(x, n),
        "agresti_coull": intervals.agresti_coull_interval(x, n),
        "jeffreys": intervals.jeffreys_interval(x, n),
    }


@answers(r"newcombe\..*")
def newcombe(case: Case) -> Any:
    i = case["input"]
    ends = intervals.newcombe_interval(i["x1"], i["n1"], i["x2"], i["n2"])
    return {"diff": i["x1"] / i["n1"] - i["x2"] / i["n2"], "ci": ends}


@answers(r"newcombe_paired\..*")
def newcombe_paired(case: Case) -> Any:
    e, f, g, h = (case["input"][k] for k in "efgh")
    n = e + f + g + h
    return {"diff": (e + f) / n - (e + g) / n, "ci": intervals.newcombe_paired_interval(e, f, g, h)}


@answers(r"mcnemar\.agresti")
def mcnemar(case: Case) -> Any:
    (_, first), (second, _) = case["input"]["table"]
    (cc, p_cc), (plain, p) = intervals.mcnemar_test(first, second), intervals.mcnemar_test(first, second, False)
    return {"chisq_cc": cc, "p_cc": p_cc, "chisq": plain, "p": p}


@answers(r"multiplicity\..*")
def adjusted(case: Case) -> Any:
    p = [math.nan if x is None else x for x in case["input"]["p"]]
    bh, holm, bonferroni = multiplicity.benjamini_hochberg(p), multiplicity.holm(p), multiplicity.bonferroni(p)
    return {
        "BH": bh,
        "holm": holm,
        "bonferroni": bonferroni,
        "hochberg": multiplicity.hochberg(p),
        "BY": multiplicity.benjamini_yekutieli(p),
        "n_reject_BH_05": (bh <= 0.05).sum(),
        "n_reject_bonferroni_05": (bonferroni <= 0.05).sum(),
        "n_reject_holm_05": (holm <= 0.05).sum(),
    }


@answers(r"power\..*")
def power(case: Case) -> Any:
    i = case["input"]
    return {"n_per_group": intervals.sample_size(i["p1"], i["p2"], i["power"], i["alpha"])}


@answers(r"moe\..*")
def moe(case: Case) -> Any:
    i = case["input"]
    return {"moe": [intervals.margin_of_error(i["p"], i["n"], deff) for deff in i["deff"]]}


@answers(r"aapor\.rates")
def aapor(case: Case) -> Any:
    i = case["result"]["input"]
    r = outcome_rates(Outcomes(i["I"], i["P"], i["R"], i["NC"], i["O"], i["UH"], i["UO"], i["NE"]))
    names = ["RR1", "RR2", "RR3", "RR4", "RR5", "RR6", "COOP1", "COOP2", "COOP3", "COOP4"]
    names += ["REF1", "REF2", "REF3", "CON1", "CON2", "CON3"]
    return {"input": i, "e": r.e, **{name: getattr(r, name.lower()) for name in names}}


@answers(r"nchs\.presentation")
def nchs(case: Case) -> Any:
    told = []
    for row in case["result"]:
        shown = nchs_presentation(row["p"], row["n"], row["deff"], row["df"])
        told.append(
            {key: row[key] for key in ("p", "n", "deff", "df")}
            | {"n_eff": shown.n_eff, "ci_low": shown.low, "ci_high": shown.high, "width": shown.width}
            | {"relative_width_pct": shown.relative_width_pct, "decision": shown.decision}
        )
    return told
