"""One test for each branch of the verdict, in the order in which they are asked, and the words of three languages."""

from __future__ import annotations

import dataclasses
import math

import pytest

from survey_server.estimation.change import Change, difference, mde, p_value
from survey_server.estimation.estimate import Estimate, make_estimate
from survey_server.estimation.verdict import VERDICT_WORDS, oriented, verdict
from survey_server.problems import BadEstimate


def side(value: float, se: float = 2.0, n: int = 1200, n_eff: float = 700) -> Estimate:
    made = make_estimate(value, se**2, 56, n, 1e6, 1.0)
    return dataclasses.replace(made, n_eff=n_eff)


def change(before: float, after: float, se: float, **sides: float) -> Change:
    left, right = side(before, **sides), side(after, **sides)  # type: ignore[arg-type]
    value = after - before
    return Change(difference(value, se, 56, [left, right]), left, right, p_value(value, se, 56), mde(se), 1.0)


RISE, SMALL_RISE, FALL = change(40, 52, 3), change(40, 44, 1), change(52, 40, 3)
FLAT, VAGUE = change(40, 40.5, 1), change(40, 43, 3)


def test_it_is_not_comparable_when_the_wording_broke_whatever_else_is_true() -> None:
    v = verdict(change(40, 52, 3, n=10), "up", 5, breaks=["wording", "mode"])
    assert (v.word_key, v.reason) == ("not_comparable", "wording; mode")


def test_it_is_suppressed_under_25_cases_in_either_wave() -> None:
    assert verdict(change(40, 52, 3, n=24), "up", 5).word_key == "suppressed"
    assert verdict(change(40, 52, 3, n=25), "up", 5).word_key == "improved"
    assert verdict(None, "up", 5).word_key == "suppressed"


def test_it_is_suppressed_under_50_cases_when_sensitive() -> None:
    assert verdict(change(40, 52, 3, n=49), "up", 5, sensitive=True).word_key == "suppressed"
    assert verdict(change(40, 52, 3, n=50), "up", 5, sensitive=True).word_key == "improved"


def test_it_is_too_few_to_tell_under_50_effective_cases() -> None:
    assert verdict(change(40, 52, 3, n_eff=49.9), "up", 5).word_key == "too_few"


@pytest.mark.parametrize(("what", "word"), [(RISE, "rose"), (FALL, "fell"), (VAGUE, "flat")])
def test_it_never_judges_a_context_indicator(what: Change, word: str) -> None:
    assert verdict(what, "context", 5).word_key == word


@pytest.mark.parametrize(
    ("what", "direction", "word", "small"),
    [
        (RISE, "up", "improved", False),
        (SMALL_RISE, "up", "improved", True),
        (FALL, "up", "worsened", False),
        (FALL, "down", "improved", False),
        (RISE, "down", "worsened", False),
        (SMALL_RISE, "down", "worsened", True),
    ],
)
def test_it_follows_the_good_direction(what: Change, direction: str, word: str, small: bool) -> None:
    v = verdict(what, direction, 5)  # type: ignore[arg-type]
    assert (v.word_key, v.small) == (word, small)


def test_it_is_stable_when_equivalence_is_shown() -> None:
    assert verdict(FLAT, "up", 5).word_key == "stable"
    assert verdict(change(40, 40, 0), "up", 5).word_key == "stable"


def test_it_says_no_clear_change_with_what_could_have_been_seen() -> None:
    v = verdict(VAGUE, "up", 5)
    assert (v.word_key, v.mde) == ("no_clear_change", pytest.approx(8.4))
    assert v.words("en", "8.4 pp") == "No clear change (smallest detectable change ≈ 8.4 pp)"
    assert v.words("es", "8.4 pp") == "Sin cambio claro (cambio mínimo detectable ≈ 8.4 pp)"


def test_it_judges_by_the_p_value_of_the_family() -> None:
    assert verdict(RISE, "up", 5, p_adjusted=0.2).word_key == "no_clear_change"
    assert verdict(RISE, "up", 5, p_adjusted=0.08, alpha=0.10).word_key == "improved"


def test_it_keeps_the_word_under_caution_and_carries_the_reason() -> None:
    v = verdict(RISE, "up", 5, cautions=["season"])
    assert (v.word_key, v.cautions) == ("improved", ("season",))


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [(60, 45, "improved"), (45, 60, "worsened"), (20, 55, "improved"), (55, 20, "worsened")],
)
def test_it_judges_a_target_by_the_distance_to_it(before: float, after: float, word: str) -> None:
    assert verdict(change(before, after, 3), "target", 5, target=45).word_key == word


def test_it_knows_the_error_of_a_distance_when_the_waves_lie_on_both_sides_of_the_target() -> None:
    paired = oriented(change(40, 52, 1), "target", 45)  # the waves go together: their sum varies more than their gap
    assert paired.estimate.value == pytest.approx(5 - 7)
    assert paired.estimate.se == pytest.approx(math.sqrt(2 * (4 + 4) - 1))


def test_it_asks_for_the_target_of_a_target_indicator() -> None:
    with pytest.raises(BadEstimate):
        verdict(RISE, "target", 5)


def test_it_has_every_word_in_every_language() -> None:
    assert VERDICT_WORDS.keys() == {"es", "en", "fr"}
    assert len({frozenset(words) for words in VERDICT_WORDS.values()}) == 1
    assert verdict(SMALL_RISE, "up", 5).words("fr") == "Amélioré (faible)"
    assert verdict(SMALL_RISE, "up", 5).words("es") == "Mejoró (poco)"
    assert all("no change" not in word.lower() for word in VERDICT_WORDS["en"].values())
