"""Weights: margins are met, trimming and failure are reported, and errors know of the fit."""

from __future__ import annotations

import numpy as np
import pytest

from survey_server.estimation import estimate_mean
from survey_server.estimation.replicate import jackknife, replicate_mean
from survey_server.estimation.weights import base_weights, kish_deff, nonresponse_weights, post_stratify, rake
from survey_server.problems import MarginMismatch
from tests.estimation.samples import design_of, make_wave

WAVE = make_wave(7)
MARGINS = {"sex": WAVE.sex, "age": WAVE.age}
TOTALS = {"sex": {"F": 52_000, "M": 48_000}, "age": {"18-29": 35_000, "30-44": 40_000, "45+": 25_000}}


def test_it_meets_every_margin() -> None:
    raked = rake(design_of(WAVE), MARGINS, TOTALS)
    assert raked.report.converged
    for name, totals in TOTALS.items():
        for category, total in totals.items():
            assert raked.design.weight[WAVE[name] == category].sum() == pytest.approx(total, rel=1e-10)
    assert raked.report.kish_after == pytest.approx(kish_deff(raked.design.weight))
    assert raked.report.smallest_factor <= 1000 / WAVE.weight.sum() * 100 <= raked.report.largest_factor * 100


def test_it_takes_shares_for_the_weight_of_the_sample() -> None:
    shares = {name: {k: v / 100_000 for k, v in totals.items()} for name, totals in TOTALS.items()}
    raked = rake(design_of(WAVE), MARGINS, shares)
    assert raked.design.weight.sum() == pytest.approx(WAVE.weight.sum())


def test_it_trims_and_reports_the_gap_that_is_left() -> None:
    skewed = {"sex": {"F": 97_000, "M": 3_000}, "age": TOTALS["age"]}
    free, trimmed = (rake(design_of(WAVE), MARGINS, skewed, trim=trim) for trim in (None, 1.8))
    assert trimmed.report.trimmed > 0
    assert trimmed.report.heaviest <= 1.8 * float(np.median(free.design.weight)) * (1 + 1e-6)
    assert trimmed.report.heaviest / trimmed.report.lightest < free.report.heaviest / free.report.lightest
    assert trimmed.report.kish_after < free.report.kish_after
    assert trimmed.report.converged == (trimmed.report.largest_gap < 1e-9)


def test_it_says_so_when_margins_cant_be_met_together() -> None:
    together = WAVE.assign(copy=WAVE.sex)
    report = rake(
        design_of(WAVE),
        {"a": together.sex, "b": together["copy"]},
        {"a": {"F": 60, "M": 40}, "b": {"F": 40, "M": 60}},
        rounds=50,
    ).report
    assert not report.converged
    assert report.largest_gap > 0.1


def test_it_has_no_error_left_in_what_it_was_fitted_to() -> None:
    design = post_stratify(design_of(WAVE), WAVE.sex, TOTALS["sex"]).design
    assert estimate_mean((WAVE.sex == "F").astype(float), design).se == pytest.approx(0, abs=1e-12)
    assert estimate_mean(WAVE.trust, design).se > 0


def test_it_agrees_with_a_jackknife_that_rakes_every_replicate_again() -> None:
    raked = rake(design_of(WAVE), MARGINS, TOTALS).design
    base = jackknife(design_of(WAVE))
    codes = [np.unique(column, return_inverse=True)[1] for column in MARGINS.values()]
    totals = [np.array([TOTALS[name][k] for k in sorted(TOTALS[name])], dtype=float) for name in MARGINS]
    columns = []
    for weight in base.weights.T:
        w = weight.copy()
        for _ in range(200):
            for code, total in zip(codes, totals, strict=True):
                w = w * (total / np.bincount(code, weights=w))[code]
        columns.append(w)
    base.weights = np.column_stack(columns)
    again = replicate_mean(WAVE.trust, base)
    assert estimate_mean(WAVE.trust, raked).se == pytest.approx(again.se, rel=0.05)


@pytest.mark.parametrize(
    ("margins", "totals", "word"),
    [
        ({"sex": WAVE.sex}, {"sex": {"F": 10}}, "no population total for M"),
        ({"sex": WAVE.sex}, {"sex": {"F": 10, "M": 9, "X": 5}}, "nobody in the sample is X"),
        ({"sex": WAVE.sex}, {"age": {"F": 10}}, "must name the same"),
        (MARGINS, {"sex": {"F": 5, "M": 6}, "age": {"18-29": 4, "30-44": 4, "45+": 4}}, "different populations"),
        ({"sex": WAVE.sex.mask(WAVE.sex == "F")}, {"sex": {"M": 10}}, "have no value"),
        ({"sex": WAVE.sex}, {"sex": {"F": 10, "M": 0}}, "not above 0"),
    ],
)
def test_it_says_which_margin_doesnt_fit(margins: dict[str, object], totals: dict[str, object], word: str) -> None:
    with pytest.raises(MarginMismatch, match=word):
        rake(design_of(WAVE), margins, totals)  # type: ignore[arg-type]


def test_it_makes_base_weights_of_the_chances() -> None:
    assert base_weights([0.1, 0.2], [0.05, 0.05], [2, 1]) == pytest.approx([400, 100])


def test_it_moves_the_weight_of_refusals_to_their_cell() -> None:
    raised = nonresponse_weights([10, 10, 20, 30], [True, False, True, True], ["a", "a", "b", "b"])
    assert raised[[0, 2, 3]] == pytest.approx([20, 20, 30])
    assert np.isnan(raised[1])
    with pytest.raises(MarginMismatch, match="b"):
        nonresponse_weights([1, 1], [True, False], ["a", "b"])
