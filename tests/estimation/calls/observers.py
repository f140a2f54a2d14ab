"""Observers: compliance, announced and not, decay, as calls of ours."""

from __future__ import annotations

import math
from typing import Any

from survey_server.estimation import causal, multiplicity, taylor
from survey_server.estimation.change import contrast, p_value
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import t_quantile
from survey_server.estimation.regression import fit_regression
from tests.estimation.calls.cases import Case, answers, observed, one_by_one, where
from tests.estimation.calls.tables import as_glm


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
