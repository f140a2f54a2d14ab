"""The marks of single interviews find what was planted, and nothing that isn't there."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.back_checks import compare_back_checks
from survey_server.estimation.quality import (
    ALL_PAIRS_UP_TO,
    Thresholds,
    distances,
    find_likeness,
    find_outliers,
    find_overlaps,
    lag_days,
    quantile,
    read_points,
    straight_lines,
)

RNG = np.random.default_rng(7)


def test_it_takes_a_programmes_own_limits_and_leaves_nonsense_aside() -> None:
    limits = Thresholds.of({"fast_minutes": 5, "alike": "much", "metres_urban": -1, "unheard": 3, "rho": True})
    assert (limits.fast_minutes, limits.alike, limits.metres_urban, limits.rho) == (5.0, 0.85, 500.0, 0.05)


def test_it_measures_speed_in_minutes_in_long_forms_and_by_the_median_in_short_ones() -> None:
    assert Thresholds().speed_limits(22.0) == (9.0, 13.0)
    assert Thresholds().speed_limits(4.0) == pytest.approx((1.6, 2.4))


def test_it_finds_who_answers_a_whole_battery_alike_and_takes_no_blank_for_an_answer() -> None:
    steps = np.array([[2, 2, 2, 2], [2, 2, 3, 2], [2, np.nan, 2, 2], [np.nan] * 4], dtype=float)
    assert straight_lines(steps).tolist() == [True, False, False, False]


def test_it_finds_the_copy_of_an_interview_and_whose_copy_it_is() -> None:
    answers = RNG.integers(0, 5, size=(300, 60)).astype(np.int16)
    answers[40] = answers[7]
    answers[40, :5] = (answers[7, :5] + 1) % 5
    found = find_likeness(answers)
    assert (found.share[40], found.other[40], found.other[7]) == (pytest.approx(55 / 60), 7, 40)
    assert set(np.flatnonzero(found.share >= 0.85)) == {7, 40}


def test_it_counts_only_questions_that_both_were_asked() -> None:
    answers = RNG.integers(0, 5, size=(80, 60)).astype(np.int16)
    answers[:, 30:] = -1
    answers[3], answers[9, :30] = answers[5], answers[5, :30]
    answers[9, 0] = (answers[5, 0] + 1) % 5
    found = find_likeness(answers)
    assert found.share[9] == pytest.approx(29 / 30)
    assert found.share[3] == 1.0


def test_it_looks_for_copies_among_one_interviewers_at_one_site_when_the_wave_is_large() -> None:
    count = ALL_PAIRS_UP_TO + 500
    answers = RNG.integers(0, 5, size=(count, 40)).astype(np.int16)
    groups = [f"EN{row % 60}" for row in range(count)]
    answers[60], answers[61] = answers[0], answers[0]  # one of the same group, one of another's
    found = find_likeness(answers, groups)
    assert (found.share[0], found.other[0]) == (1.0, 60)
    assert found.share[61] < 0.85


def test_it_finds_numbers_far_outside_and_none_among_few_or_equal_ones() -> None:
    values = np.append(RNG.normal(50, 5, 200), [500, np.nan])
    assert np.flatnonzero(find_outliers(values, 3.0)).tolist() == [200]
    assert not find_outliers(np.array([1.0, 2.0, 90.0]), 3.0).any()
    assert not find_outliers(np.append(np.ones(100), 9.0), 3.0).any()


def test_it_finds_an_interview_that_began_while_the_same_person_made_another() -> None:
    minutes = pd.to_timedelta([0, 10, 45, 46, 20, 0], unit="min")
    started = pd.Series(pd.Timestamp("2027-03-01 15:00", tz="UTC") + minutes)
    ended = started + pd.to_timedelta([40, 20, 20, 20, 20, 20], unit="min")
    ended = ended.where(ended.index != 5)
    found = find_overlaps(["A", "A", "A", "B", "B", "A"], started, ended)
    assert found.tolist() == [False, True, False, False, False, False]


def test_it_measures_how_far_a_position_is_from_where_it_should_be() -> None:
    latitude, longitude = read_points(["14.6349 -90.5069 1500 8", "14.6 x", None, "95 10 0 0"])
    assert np.isnan(latitude[1:]).all()
    metres = distances(latitude[:1], longitude[:1], np.array([14.6349]), np.array([-90.4969]))
    assert metres[0] == pytest.approx(1075.9, abs=1)  # 0.01 degrees of longitude at this latitude


def test_it_counts_days_until_arrival_and_knows_when_it_does_not_know() -> None:
    days = lag_days(["2027-03-01T00:00Z", None], ["2027-03-08T12:00Z", "2027-03-08T12:00Z"])
    assert days[0] == 7.5
    assert math.isnan(days[1])
    assert math.isnan(quantile(np.array([math.nan]), 0.5))


def test_it_compares_back_checks_by_what_can_change_and_what_cannot() -> None:
    interviews: dict[str, list[str | None]] = {
        "case": ["a", "b", "c", "d", None],
        "age": ["30", "41", "50", "-99", "20"],
        "n_adults": ["2", "2", "3", "1", "1"],
        "edu": ["1", "2", "3", "4", "5"],
        "v_theft": ["1", "0", "0", "0", "0"],
    }
    checks = {
        "case": ["a", "b", "c", "d", "zz", "a"],
        "age": ["55", "42", "59", "33", "20", "31"],
        "n_adults": ["2", "2", "3", "1", "1", "2"],
        "edu": ["1", "88", "3", "4", "5", "1"],
        "v_theft": ["0", "0", "1", "0", "0", "0"],
        "was_int": ["1", "1", "0", "1", "1", "1"],
        "by": ["S1", "S1", "S2", "S2", "S2", None],
    }
    found = compare_back_checks(interviews, checks)
    rows = found.rows.set_index("case")
    assert rows["firm"].to_dict() == {"b": False, "c": True, "d": False, "a": False}  # a: asked twice, the last counts
    assert rows.loc["c", "differs"] == ("age", "v_theft")
    assert rows["loose"].to_dict() == {"b": False, "c": True, "d": False, "a": True}
    assert not rows.loc["c", "real"]
    assert (found.unmatched, found.mismatch) == (1, 0.25)
    by_name = {question.name: question for question in found.questions}
    assert (by_name["age"].compared, by_name["age"].differ) == (3, 1)
    assert by_name["age"].low < 1 / 3 < by_name["age"].high
    told = [(one.code, one.checks, one.firm, one.loose, one.unreal) for one in found.checkers]
    assert told == [("S1", 1, 0, 0, 0), ("S2", 2, 1, 1, 1)]


def test_it_compares_nothing_with_nothing() -> None:
    found = compare_back_checks({"case": []}, {"case": []})
    assert len(found.rows) == 0
    assert math.isnan(found.mismatch)
