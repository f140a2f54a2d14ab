"""Agreement of raters as calls of ours."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from survey_server.estimation import agreement, raters
from survey_server.estimation.design import Design
from tests.estimation.calls.cases import HERE, Case, answers


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
