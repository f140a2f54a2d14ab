"""Interviewer effects: planted ones are found, and areas aren't taken for interviewers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.design import Design
from survey_server.estimation.interviewer import interviewer_effect, leave_one_out
from survey_server.problems import BadEstimate, EmptyDomain

RANDOM = np.random.default_rng(6)
WHO = np.repeat(np.arange(60), 30)
NOBODY = RANDOM.normal(0, 1, 1800)


def test_it_finds_the_share_of_variance_that_was_planted() -> None:
    y = NOBODY + np.random.default_rng(1).normal(0, 0.5, 60)[WHO]  # 0.25 of 1.25
    effect = interviewer_effect(y, WHO)
    assert effect.rho == pytest.approx(0.2, abs=0.07)
    assert effect.deff == pytest.approx(1 + effect.rho * 29)
    assert effect.p_value < 1e-6
    assert (effect.interviewers, effect.n, effect.mean_load) == (60, 1800, 30)


def test_it_is_the_textbook_ratio_of_mean_squares() -> None:
    y, who = [1.0, 2.0, 3.0, 6.0, 7.0, 11.0], ["a", "a", "a", "b", "b", "b"]
    between, within = 54.0, (2 + 14) / 4
    expected = ((between - within) / 3) / ((between - within) / 3 + within)
    effect = interviewer_effect(y, who)
    assert effect.rho == pytest.approx(expected)
    assert effect.f == pytest.approx(between / within)


def test_it_doesnt_take_the_area_for_the_interviewer() -> None:
    area = WHO // 6
    y = NOBODY + np.random.default_rng(2).normal(0, 1, 10)[area]
    assert interviewer_effect(y, WHO).rho > 0.3
    assert interviewer_effect(y, WHO, area).rho < 0.02


def test_it_finds_the_interviewer_inside_the_area() -> None:
    area = WHO // 6
    y = NOBODY + np.random.default_rng(2).normal(0, 1, 10)[area] + np.random.default_rng(3).normal(0, 0.5, 60)[WHO]
    assert interviewer_effect(y, WHO, area).rho == pytest.approx(0.2, abs=0.08)


def test_it_calls_a_negative_share_nothing_unless_asked() -> None:
    y = np.tile([0.0, 1.0], 50)
    who = np.repeat(np.arange(50), 2)
    assert interviewer_effect(y, who).rho == 0
    assert interviewer_effect(y, who, truncate=False).rho < 0


def test_it_names_whoever_moves_the_result_most() -> None:
    y = np.where(WHO == 7, 5.0, NOBODY)
    moved = leave_one_out(y, WHO, Design(None, None, np.ones(1800)))
    assert moved.low_without == 7
    assert moved.low < moved.value < moved.high


def test_it_says_when_nothing_can_be_known() -> None:
    with pytest.raises(EmptyDomain):
        interviewer_effect([math.nan, math.nan], ["a", "b"])
    with pytest.raises(BadEstimate):
        leave_one_out([1.0, 2.0], ["a", "a"], Design(None, None, [1, 1]))
    assert math.isnan(interviewer_effect([1.0, 2.0], ["a", "a"]).rho)
