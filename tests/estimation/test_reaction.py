"""The reaction tracker: planted reactions of every class, and silence where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest

from survey_server.estimation.reaction import classify_reaction

CALM = np.random.default_rng(1).poisson(20, 24).astype(float)
STEADY = np.tile([19.0, 21.0, 20.0], 4)


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (STEADY, "A"),
        (np.array([24, 34, 44, 48, 44, 38, 32, 27, 23, 20, 19, 18.0]), "B"),
        (np.array([24, 34, 44, 48, 46, 49, 47, 50, 48, 51, 49, 52.0]), "C"),
        (np.array([19, 21, 20, 18, 21, 20, 30, 44, 50, 52, 50, 53.0]), "D"),
    ],
)
def test_it_tells_the_four_classes_apart(after: np.ndarray, kind: str) -> None:
    assert classify_reaction(np.concatenate([CALM, after]), 24).kind == kind


def test_it_waits_for_twelve_months_before_it_says_all_is_well_or_all_is_lost() -> None:
    assert classify_reaction(np.concatenate([CALM, STEADY[:8]]), 24).kind == "open"
    rising = np.concatenate([CALM, [24, 34, 44, 48, 46, 49]])
    assert classify_reaction(rising, 24).kind == "open"


def test_it_cant_classify_without_a_year_before_or_a_quarter_after() -> None:
    assert classify_reaction(np.concatenate([CALM[:11], STEADY]), 11).kind == "cannot_classify"
    holes = CALM.copy()
    holes[:13] = np.nan
    assert classify_reaction(np.concatenate([holes, STEADY]), 24).kind == "cannot_classify"
    assert classify_reaction(np.concatenate([CALM, [20, 21]]), 24).kind == "cannot_classify"


def test_it_takes_a_missing_month_for_a_gap_and_not_for_peace() -> None:
    after = np.array([24, 34, 44, 48, np.nan, np.nan, 50, 49, 51, 48, 50, 52.0])
    told = classify_reaction(np.concatenate([CALM, after]), 24)
    assert told.kind == "C"
    assert len(told.means) == 6


def test_it_expects_every_year_what_every_year_brings() -> None:
    season = 20 + 12 * np.sin(2 * np.pi * np.arange(36) / 12)
    assert classify_reaction(np.round(season), 24).kind == "A"


def test_it_reads_quarters_where_months_are_few() -> None:
    few = np.random.default_rng(3).poisson(2, 36).astype(float)
    told = classify_reaction(few, 24)
    assert (told.step, len(told.means)) == (3, 4)


def test_it_seldom_sees_a_rise_where_there_is_none() -> None:
    kinds = [classify_reaction(np.random.default_rng(s).poisson(20, 36).astype(float), 24).kind for s in range(300)]
    assert kinds.count("C") <= 0.05 * 300
    assert kinds.count("A") >= 0.75 * 300
