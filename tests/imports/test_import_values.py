"""One cell as the value that a question stores."""

from __future__ import annotations

import pytest

from survey_server.xlsform.form import Form
from survey_server.xlsform.importing.mapping import Question, list_questions
from survey_server.xlsform.importing.values import Misfit, is_ticked, read_value


@pytest.fixture(scope="module")
def questions(form: Form) -> dict[str, Question]:
    return list_questions(form.to_phone())


def read(questions: dict[str, Question], name: str, text: str, labels: dict[str, str] | None = None) -> str:
    return read_value(questions[name], text, questions[name].choices, labels or {})


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("country", "MX", "MX"),
        ("country", "México", "MX"),
        ("country", " mexico ", "MX"),
        ("country", "COLOMBIA", "CO"),
        ("country", "", ""),
        ("bribe", "7.0", "7"),
        ("bribe", "-2", "-2"),
        ("income", "3,5", "3.5"),
        ("income", "3.50", "3.50"),
        ("income", "4.0", "4"),
        ("visited", "2026-03-05", "2026-03-05"),
        ("visited", "5/3/2026", "2026-03-05"),
        ("visited", "2026-03-05T10:00:00", "2026-03-05"),
        ("ways", "1 2", "1 2"),
        ("ways", "2.0", "2"),
        ("ways", "A pie; En bus", "1 2"),
        ("ways", "By bus|On foot", "2 1"),
        ("ways", "1,2,1", "1 2"),
        ("remark", "whatever", "whatever"),
    ],
)
def test_it_reads_codes_labels_and_the_usual_ways_to_write(
    questions: dict[str, Question], name: str, text: str, stored: str
) -> None:
    assert read(questions, name, text.strip()) == stored


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("country", "Peru"),
        ("bribe", "7.5"),
        ("bribe", "seven"),
        ("bribe", "1e300"),
        ("income", "much"),
        ("income", "nan"),
        ("income", "inf"),
        ("visited", "31/02/2026"),
        ("visited", "yesterday"),
        ("ways", "1 9"),
        ("ways", "Otro"),
    ],
)
def test_it_refuses_what_no_answer_could_be(questions: dict[str, Question], name: str, text: str) -> None:
    with pytest.raises(Misfit) as raised:
        read(questions, name, text)
    assert raised.value.reason
    assert raised.value.cure


def test_it_believes_the_label_of_the_file_more_than_its_code(questions: dict[str, Question]) -> None:
    assert read(questions, "ways", "1", {"1": "By bus", "2": "On foot"}) == "2"
    assert read(questions, "ways", "1", {"1": "On a donkey"}) == "1"


@pytest.mark.parametrize(("text", "ticked"), [("1", True), ("1.0", True), ("Sí", True), ("0", False), ("", False)])
def test_it_reads_a_column_that_stands_for_one_choice(text: str, ticked: bool) -> None:
    assert is_ticked(text) is ticked


def test_it_refuses_a_tick_that_is_neither_yes_nor_no() -> None:
    with pytest.raises(Misfit):
        is_ticked("7")
