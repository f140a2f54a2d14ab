"""Changes between two waves and differences in differences as calls of ours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from survey_server.estimation import causal, taylor
from survey_server.estimation.change import contrast, estimate_change, joint_covariance, p_value
from survey_server.estimation.design import Design, stack_designs
from survey_server.estimation.distributions import t_quantile, t_two_sided
from survey_server.estimation.regression import fit_regression
from tests.estimation.calls.cases import Case, answers, as_svystat, one_by_one, post, synth, synth_design, where, z_ends
from tests.estimation.calls.tables import as_glm


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
