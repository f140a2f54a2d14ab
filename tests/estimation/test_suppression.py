"""The small-cell rules, branch by branch."""

from __future__ import annotations

import pytest

from survey_server.estimation.suppression import (
    complementary,
    flag_for,
    flag_for_post,
    nchs_presentation,
    nested_editions,
)


@pytest.mark.parametrize(
    ("n", "sensitive", "flag"),
    [
        (0, False, "suppressed"),
        (24, False, "suppressed"),
        (25, False, "bracketed"),
        (49, False, "bracketed"),
        (50, False, ""),
        (49, True, "suppressed"),
        (50, True, ""),
    ],
)
def test_it_flags_small_cells(n: int, sensitive: bool, flag: str) -> None:
    assert flag_for(n, sensitive) == flag


@pytest.mark.parametrize(("encounters", "officers", "flag"), [(10, 3, ""), (9, 3, "suppressed"), (40, 2, "suppressed")])
def test_it_shows_a_post_only_with_encounters_and_officers_enough(encounters: int, officers: int, flag: str) -> None:
    assert flag_for_post(encounters, officers) == flag


def test_it_hides_a_second_cell_so_that_the_first_cant_be_subtracted() -> None:
    assert complementary(["", "suppressed", "", ""], [300, 20, 60, 80]) == ["", "suppressed", "suppressed", ""]
    assert complementary(["", "suppressed", "suppressed"], [300, 20, 24]) == ["", "suppressed", "suppressed"]
    assert complementary(["", "suppressed", "suppressed"], [300, 10, 9]) == ["suppressed"] * 3


def test_it_leaves_cells_alone_where_nothing_can_be_subtracted() -> None:
    assert complementary(["", "", ""], [300, 20, 60]) == ["", "", ""]
    assert complementary(["", "suppressed", ""], [300, 20, 60], total_shown=False) == ["", "suppressed", ""]
    assert complementary(["", "suppressed", ""], [300, 0, 60]) == ["", "suppressed", ""]


def test_it_never_shows_in_public_what_a_fuller_edition_hides() -> None:
    done = nested_editions({"full": ["", "suppressed", ""], "public": ["", "", "suppressed"]})
    assert done == {"full": ["", "suppressed", ""], "public": ["", "suppressed", "suppressed"]}


@pytest.mark.parametrize(
    ("p", "n", "deff", "df", "decision"),
    [
        (0.5, 40, 1.0, 20, "suppress: interval wider than .30"),
        (0.02, 200, 1.5, 30, "suppress: relative width > 130%"),
        (0.5, 2000, 1.0, 20, "show"),
    ],
)
def test_it_offers_the_stricter_rule_for_shares(p: float, n: int, deff: float, df: float, decision: str) -> None:
    assert nchs_presentation(p, n, deff, df).decision == decision
