"""Tests of tables, regressions and t-tests as calls of ours."""

from __future__ import annotations

from typing import Any

import pandas as pd

from survey_server.estimation.rao_scott import rao_scott_test, wald_test
from survey_server.estimation.regression import Fit, fit_regression
from tests.estimation.calls.cases import Case, answers, nhanes, nhanes_design, synth, synth_design
from tests.estimation.calls.means import RACES


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
