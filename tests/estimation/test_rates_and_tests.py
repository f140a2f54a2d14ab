"""Outcome rates without cases, families of tests, tables of two waves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.design import Design, stack_designs
from survey_server.estimation.multiplicity import benjamini_hochberg, holm
from survey_server.estimation.outcome_rates import Outcomes, outcome_rates
from survey_server.estimation.rao_scott import rao_scott_change, rao_scott_test
from survey_server.estimation.regression import fit_regression
from survey_server.problems import BadDesign, BadEstimate, EmptyDomain
from tests.estimation.samples import design_of, make_wave

WAVE, LATER = make_wave(1), make_wave(2, rise=0.4)


def test_it_has_no_rates_without_cases_and_sure_ones_without_unknowns() -> None:
    assert math.isnan(outcome_rates(Outcomes()).rr1)
    told = outcome_rates(Outcomes(complete=60, refusal=20, non_contact=20))
    assert (told.rr1, told.rr3, told.rr5, told.ref1, told.con1) == (0.6, 0.6, 0.6, 0.2, 0.8)


def test_it_takes_the_share_of_unknown_cases_that_is_given() -> None:
    o = Outcomes(complete=60, refusal=40, unknown_household=50)
    assert outcome_rates(o, e=0.5).rr3 == 60 / 125


def test_it_keeps_holm_above_benjamini_hochberg() -> None:
    p = np.random.default_rng(1).random(30) ** 3
    assert (holm(p) >= benjamini_hochberg(p) - 1e-15).all()
    assert (benjamini_hochberg(p) >= p).all()
    assert len(holm([])) == 0


def test_it_tests_a_distribution_between_waves_like_a_stacked_table_when_nothing_is_shared() -> None:
    other = make_wave(5, psus=range(24, 48), rise=0.4)
    waves = [design_of(WAVE), design_of(other)]
    ours = rao_scott_change((WAVE.age, waves[0]), (other.age, waves[1]), ["18-29", "30-44", "45+"])
    both = stack_designs(waves)
    stacked = rao_scott_test(np.concatenate([WAVE.age, other.age]), np.repeat([0, 1], [len(WAVE), len(other)]), both)
    assert ours.pearson == pytest.approx(stacked.pearson, rel=0.02)
    assert ours.p_value == pytest.approx(stacked.p_value, abs=0.03)


def test_it_is_the_square_of_t_for_two_categories() -> None:
    test = rao_scott_change((WAVE.safe, design_of(WAVE)), (LATER.safe, design_of(LATER)), [0.0, 1.0])
    assert test.cells_df == 1
    assert test.ndf == pytest.approx(1)
    assert test.mean_deff > 0


def test_it_refuses_tables_that_arent() -> None:
    with pytest.raises(BadEstimate):
        rao_scott_test(np.ones(len(WAVE)), WAVE.sex, design_of(WAVE))
    with pytest.raises(EmptyDomain):
        rao_scott_test(np.full(len(WAVE), np.nan), WAVE.sex, design_of(WAVE))
    with pytest.raises(BadEstimate):
        rao_scott_change((WAVE.safe, design_of(WAVE)), (LATER.safe, design_of(LATER)), [1.0])


def test_it_refuses_regressions_that_have_no_answer() -> None:
    design = design_of(WAVE)
    with pytest.raises(BadEstimate, match="same thing"):
        fit_regression(WAVE.trust, {"a": WAVE.safe, "b": 2 * WAVE.safe}, design)
    with pytest.raises(BadEstimate, match="settle"):
        fit_regression((WAVE.sex == "F").astype(float), {"woman": WAVE.sex == "F"}, design, "logit")
    with pytest.raises(EmptyDomain):
        fit_regression(WAVE.trust, {}, design, domain=np.zeros(len(WAVE), dtype=bool))


def test_it_stacks_only_what_can_be_stacked() -> None:
    with pytest.raises(BadDesign):
        stack_designs([design_of(WAVE, fpc=np.full(len(WAVE), 40)), design_of(LATER)])
    both = stack_designs([design_of(WAVE), design_of(LATER)])
    assert isinstance(both, Design)
    assert both.n_psu == 24
