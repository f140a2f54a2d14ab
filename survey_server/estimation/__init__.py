"""The floor that estimates: pure functions of columns and designs, held to R's survey package."""

from survey_server.estimation.change import Change, Sample, estimate_change, estimate_did, estimate_gap
from survey_server.estimation.cube import Domain, WaveColumns, build_cube
from survey_server.estimation.design import Design
from survey_server.estimation.estimate import Estimate
from survey_server.estimation.quantiles import estimate_quantile
from survey_server.estimation.taylor import estimate_mean, estimate_ratio, estimate_shares, estimate_total
from survey_server.estimation.verdict import VERDICT_WORDS, Verdict, verdict

__all__ = [
    "VERDICT_WORDS",
    "Change",
    "Design",
    "Domain",
    "Estimate",
    "Sample",
    "Verdict",
    "WaveColumns",
    "build_cube",
    "estimate_change",
    "estimate_did",
    "estimate_gap",
    "estimate_mean",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_shares",
    "estimate_total",
    "verdict",
]
