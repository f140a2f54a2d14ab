"""Intervals, multiplicity, power and outcome rates as calls of ours."""

from __future__ import annotations

import math
from typing import Any

from survey_server.estimation import intervals, multiplicity
from survey_server.estimation.outcome_rates import Outcomes, outcome_rates
from survey_server.estimation.suppression import nchs_presentation
from tests.estimation.calls.cases import Case, answers


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
