"""The floor that estimates: pure functions of columns and designs, held to R's survey package."""

from survey_server.estimation.agreement import cohen_kappa, design_kappa, gwet_ac1, pabak, percent_agreement
from survey_server.estimation.arrays import Scored
from survey_server.estimation.causal import permutation_test, ratio_of, welch_test
from survey_server.estimation.change import Change, Sample, estimate_change, estimate_did, estimate_gap
from survey_server.estimation.counts import event_rate, funnel, percent_change
from survey_server.estimation.cube import Domain, WaveColumns, build_cube
from survey_server.estimation.design import Design, stack_designs
from survey_server.estimation.estimate import Estimate
from survey_server.estimation.event_study import baseline_balance, event_study
from survey_server.estimation.interviewer import interviewer_effect, leave_one_out
from survey_server.estimation.multiplicity import benjamini_hochberg, holm
from survey_server.estimation.outcome_rates import Outcomes, outcome_rates
from survey_server.estimation.quantiles import estimate_quantile
from survey_server.estimation.rao_scott import rao_scott_change, rao_scott_test, wald_test
from survey_server.estimation.raters import fleiss_kappa, intraclass_correlations, krippendorff_alpha
from survey_server.estimation.regression import fit_regression
from survey_server.estimation.replicate import Replicates, bootstrap, jackknife, replicate_mean
from survey_server.estimation.taylor import estimate_mean, estimate_ratio, estimate_shares, estimate_total
from survey_server.estimation.verdict import VERDICT_WORDS, Verdict, verdict
from survey_server.estimation.weights import base_weights, kish_deff, nonresponse_weights, post_stratify, rake
from survey_server.estimation.wild import wild_bootstrap

__all__ = [
    "VERDICT_WORDS",
    "Change",
    "Design",
    "Domain",
    "Estimate",
    "Outcomes",
    "Replicates",
    "Sample",
    "Scored",
    "Verdict",
    "WaveColumns",
    "base_weights",
    "baseline_balance",
    "benjamini_hochberg",
    "bootstrap",
    "build_cube",
    "cohen_kappa",
    "design_kappa",
    "estimate_change",
    "estimate_did",
    "estimate_gap",
    "estimate_mean",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_shares",
    "estimate_total",
    "event_rate",
    "event_study",
    "fit_regression",
    "fleiss_kappa",
    "funnel",
    "gwet_ac1",
    "holm",
    "interviewer_effect",
    "intraclass_correlations",
    "jackknife",
    "kish_deff",
    "krippendorff_alpha",
    "leave_one_out",
    "nonresponse_weights",
    "outcome_rates",
    "pabak",
    "percent_agreement",
    "percent_change",
    "permutation_test",
    "post_stratify",
    "rake",
    "rao_scott_change",
    "rao_scott_test",
    "ratio_of",
    "replicate_mean",
    "stack_designs",
    "verdict",
    "wald_test",
    "welch_test",
    "wild_bootstrap",
]
