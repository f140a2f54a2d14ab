"""The words of a report: texts, numbers by language, conditions and wording hashes."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime

import pytest

from survey_server.problems import UnknownReportLanguage
from survey_server.reports.catalogue import LANGUAGES, get_catalogue
from survey_server.reports.formats import Numbers
from survey_server.reports.questionnaire import Choice, Item, text_in, write_condition
from survey_server.reports.value import Cell, Note


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_the_same_texts_with_the_same_blanks_in_every_language(language: str) -> None:
    spanish, other = get_catalogue("es").texts, get_catalogue(language).texts
    assert spanish.keys() == other.keys()
    assert {key for key in spanish if placeholders(spanish[key]) != placeholders(other[key])} == set()


def test_it_refuses_a_language_without_texts() -> None:
    with pytest.raises(UnknownReportLanguage):
        get_catalogue("qu")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_never_claims_what_a_survey_can_not_show(language: str) -> None:
    forbidden = r"\b(stopped trafficking|proved|proof|caused|detuvo el tráfico|demostró|causó)\b"
    texts = " ".join(get_catalogue(language).texts.values()).lower()
    assert re.findall(forbidden, texts) == []


@pytest.mark.parametrize(("language", "expected"), [("es", "1,234.5"), ("en", "1,234.5"), ("fr", "1\u202f234,5")])
def test_it_writes_numbers_as_the_reader_does(language: str, expected: str) -> None:
    assert Numbers(language).number(1234.5, 1) == expected


def test_it_writes_a_real_minus_a_plus_for_changes_and_no_negative_zero() -> None:
    numbers = Numbers("es")
    assert numbers.show(Cell(-3.46, "pp")) == "−3.5"
    assert numbers.show(Cell(3.46, "pp")) == "+3.5"
    assert numbers.show(Cell(-0.04, "pp")) == "0.0"


@pytest.mark.parametrize(("value", "shown"), [(0.0, "–"), (0.3, "*"), (49.6, "50"), (0.5, "0"), (100.0, "100")])
def test_it_writes_toplines_in_whole_percent_with_a_star_under_a_half(value: float, shown: str) -> None:
    assert Numbers("es").show(Cell(value, "percent")) == shown


def test_it_brackets_few_cases_and_hides_too_few() -> None:
    numbers = Numbers("en")
    assert numbers.show(Cell(41.2, "percent1", flag="bracketed")) == "(41.2)"
    assert numbers.show(Cell(None, "percent1", flag="suppressed")) == "‡"
    assert numbers.show(Cell(None, "percent1")) == ""


def test_it_writes_intervals_and_small_p_values() -> None:
    cell = Cell(5.84, "pp", low=-0.21, high=11.9)
    assert Numbers("es").interval(cell) == "[−0.2, +11.9]"
    assert Numbers("fr").interval(cell) == "[−0,2 ; +11,9]"
    assert Numbers("es").show(Cell(0.00004, "p")) == "< 0.001"


def test_it_writes_dates_in_words_and_moments_in_utc() -> None:
    assert Numbers("es").date(date(2026, 5, 3)) == "3 de mayo de 2026"
    assert Numbers("en").date(date(2026, 5, 3)) == "3 May 2026"
    assert Numbers("es").moment(datetime(2026, 5, 3, 7, 9, tzinfo=UTC)) == "2026-05-03 07:09 UTC"


def test_it_writes_one_thing_in_the_singular() -> None:
    catalogue = get_catalogue("es")
    one = catalogue.write(Note("quality.message", {"count": Cell(1.0)}, {"grade": "B"}))
    two = catalogue.write(Note("quality.message", {"count": Cell(2.0)}, {"grade": "B"}))
    assert (one, two) == ("Calidad B: una señal de alerta", "Calidad B: 2 señales de alerta")


def test_it_writes_a_condition_that_a_reader_can_follow() -> None:
    question = ["path", ".", ["child", "cross_freq"]]
    tree = ["and", [">=", question, ["num", 1]], ["call", "not", ["call", "selected", question, ["str", "5"]]]]
    assert write_condition(tree) == "cross_freq ≥ 1 ∧ cross_freq ≠ 5"


def test_it_hashes_wording_and_choices_in_the_main_language_only() -> None:
    def item(label: str, choice: str, english: str) -> Item:
        labels = {"Español (es)": label, "English (en)": english}
        return Item("q", "one", labels, (Choice("1", {"Español (es)": choice}),))

    first = item("¿Sí?", "Sí", "Yes?").wording_hash("Español (es)")
    assert item("¿Sí?", "Sí", "Really?").wording_hash("Español (es)") == first
    assert item("¿Seguro?", "Sí", "Yes?").wording_hash("Español (es)") != first
    assert item("¿Sí?", "Claro", "Yes?").wording_hash("Español (es)") != first


def test_it_takes_the_reports_language_else_any_that_there_is() -> None:
    labels = {"Español (es)": "Sexo", "English (en)": "Sex"}
    assert text_in(labels, "en") == "Sex"
    assert text_in(labels, "fr") == "Sexo"
    assert text_in({}, "es") == ""
