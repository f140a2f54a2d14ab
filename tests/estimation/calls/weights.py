"""Raked and calibrated weights as calls of ours."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from survey_server.estimation import taylor
from survey_server.estimation.design import Design
from survey_server.estimation.weights import kish_deff, rake
from tests.estimation.calls.cases import Case, answers, as_svystat, one_by_one, our_lonely, post, where, z_ends
from tests.estimation.calls.waves import item_of

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
