"""Means, totals, domains, intervals and lonely PSUs as calls of ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from survey_server.estimation import intervals, taylor
from survey_server.estimation.change import contrast
from tests.estimation.calls.cases import (
    Case,
    answers,
    as_svystat,
    nhanes,
    nhanes_design,
    one_by_one,
    our_lonely,
    singleton,
    where,
    z_ends,
)


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
