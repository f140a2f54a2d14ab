"""The reference cases, the data and designs that they are about, and what answers which case."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from survey_server.estimation import taylor
from survey_server.estimation.design import Design
from survey_server.estimation.distributions import normal_quantile, t_quantile

HERE = Path(__file__).parents[1] / "reference"
Case = dict[str, Any]
Call = Callable[[Case], Any]
CALLS: list[tuple[re.Pattern[str], Call]] = []


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
