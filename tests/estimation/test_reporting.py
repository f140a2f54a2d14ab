"""Reported violence: the decomposition adds up, and every cell of the matrix has its reading."""

from __future__ import annotations

import math

import pytest

from survey_server.estimation.change import Change, difference, mde, p_value
from survey_server.estimation.estimate import make_estimate
from survey_server.estimation.reporting import (
    READING_WORDS,
    decompose_reports,
    move_of,
    read_reports,
    trust_move,
)
from survey_server.problems import BadEstimate


def change(before: float, after: float, se: float = 0.01) -> Change:
    left, right = (make_estimate(v, se**2, 50, 1200, 1200, 1e-4) for v in (before, after))
    both = math.hypot(se, se)
    return Change(difference(after - before, both, 50, [left, right]), left, right, p_value(1, 1, 50), mde(both), 1.0)


def test_it_adds_up_to_the_change_of_reports() -> None:
    d = decompose_reports(200, 300, change(0.20, 0.22), change(0.30, 0.36), 1000, 1100)
    assert d.reports.log == pytest.approx(math.log(300 / 1100 / (200 / 1000)))
    assert d.victimisation.log + d.reporting_rate.log + d.residual.log == pytest.approx(d.reports.log)
    assert d.victimisation.percent == pytest.approx(10)
    assert d.residual.low < d.residual.log < d.residual.high


def test_it_knows_the_error_of_a_log_ratio() -> None:
    part = decompose_reports(400, 400, change(0.20, 0.20), change(0.5, 0.5)).victimisation
    assert (part.high - part.low) / 2 == pytest.approx(1.959964 * math.sqrt(2) * 0.01 / 0.20, rel=1e-6)


def test_it_refuses_to_divide_by_nothing() -> None:
    with pytest.raises(BadEstimate):
        decompose_reports(0, 10, change(0.2, 0.2), change(0.5, 0.5))
    with pytest.raises(BadEstimate):
        decompose_reports(10, 10, change(0.0, 0.2), change(0.5, 0.5))


@pytest.mark.parametrize(
    ("reports", "victims", "trust", "reading"),
    [
        ("up", "down", "up", "coming_forward"),
        ("up", "flat", "up", "coming_forward"),
        ("up", "flat", "flat", "recorded_more"),
        ("up", "down", "down", "conflicting"),
        ("up", "up", "up", "more_of_both"),
        ("up", "up", "flat", "more_violence"),
        ("up", "up", "down", "more_violence_less_trust"),
        ("flat", "down", "up", "more_candour"),
        ("flat", "flat", "up", "no_clear_change"),
        ("flat", "down", "flat", "no_clear_change"),
        ("flat", "flat", "down", "hidden_rise"),
        ("down", "down", "up", "less_violence"),
        ("down", "flat", "up", "less_or_unrecorded"),
        ("down", "down", "flat", "less_or_unrecorded"),
        ("down", "flat", "down", "silence"),
    ],
)
def test_it_reads_every_cell_of_the_matrix(reports: str, victims: str, trust: str, reading: str) -> None:
    assert read_reports(reports, trust, victims, 50) == reading  # type: ignore[arg-type]
    assert read_reports(reports, trust, victims, 49) == "too_few_victims"  # type: ignore[arg-type]


def test_it_tests_trust_and_reporting_together() -> None:
    assert trust_move("up", "flat") == trust_move("flat", "up") == trust_move("up", "up") == "up"
    assert trust_move("down", "flat") == "down"
    assert trust_move("up", "down") == trust_move("flat", "flat") == "flat"
    assert [move_of(1, 2), move_of(-1, 2), move_of(-2, -1)] == ["up", "flat", "down"]


def test_it_reads_in_three_languages() -> None:
    assert len({frozenset(words) for words in READING_WORDS.values()}) == 1
