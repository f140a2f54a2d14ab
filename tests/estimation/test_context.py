"""What may be said of context numbers: one test a branch, and never that something got better or worse."""

import re

import pytest

from survey_server.estimation.context import COMPANIONS, READINGS, Move, read_context
from survey_server.reports.catalogue import LANGUAGES, get_catalogue


@pytest.mark.parametrize("name", COMPANIONS)
def test_it_says_nothing_of_a_number_that_did_not_move(name: str) -> None:
    assert read_context(name, "flat", {}) == "flat"
    assert read_context(name, "unknown", {}) == "not_known"


@pytest.mark.parametrize("name", COMPANIONS)
def test_it_gives_no_reading_of_a_fall(name: str) -> None:
    assert read_context(name, "down", dict.fromkeys(COMPANIONS[name], "up")) == "fell"


@pytest.mark.parametrize("name", COMPANIONS)
def test_it_gives_no_reading_without_every_companion(name: str) -> None:
    companions: dict[str, Move] = dict.fromkeys(COMPANIONS[name], "flat")
    companions[COMPANIONS[name][0]] = "unknown"
    assert read_context(name, "up", companions) == f"{name}.alone"


@pytest.mark.parametrize(
    ("name", "companions", "reading"),
    [
        ("arrests", ("down", "up"), "round_ups"),
        ("arrests", ("flat", "flat"), "followed"),
        ("arrests", ("up", "down"), "followed"),
        ("arrests", ("down", "flat"), "mixed"),
        ("arrests", ("up", "up"), "mixed"),
        ("seizures", ("up", "up"), "targeted"),
        ("seizures", ("up", "flat"), "more_flow"),
        ("seizures", ("flat", "up"), "few_events"),
        ("presence", ("up", "flat"), "reassures"),
        ("presence", ("up", "down"), "by_group"),
        ("presence", ("down", "up"), "frightens"),
        ("presence", ("flat", "up"), "by_group"),
        ("complaints", ("flat", "up"), "more_bribes"),
        ("complaints", ("flat", "down"), "channel_trusted"),
        ("complaints", ("up", "down"), "channel_used"),
        ("complaints", ("flat", "flat"), "channel_used"),
        ("prosecutions", ("flat", "down"), "sound"),
        ("prosecutions", ("down", "flat"), "guard"),
        ("prosecutions", ("up", "up"), "guard"),
        ("waiting", ("up", "down"), "control"),
        ("waiting", ("up", "up"), "bribes"),
        ("waiting", ("flat", "flat"), "cost"),
        ("flags", ("up",), "more_sight"),
        ("flags", ("flat",), "more_flags"),
    ],
)
def test_it_reads_a_rise_by_how_its_companions_moved(name: str, companions: tuple[Move, ...], reading: str) -> None:
    moves = dict(zip(COMPANIONS[name], companions, strict=True))
    assert read_context(name, "up", moves) == f"{name}.{reading}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reading_has_words_and_none_judges(language: str) -> None:
    texts = get_catalogue(language).texts
    words = [texts[f"reading.{reading}"] for reading in READINGS]
    judging = re.compile(r"\b(improved|worsened|mejoró|empeoró|amélioré|détérioré|empiré)\b", re.IGNORECASE)
    assert [text for text in words if judging.search(text)] == []
