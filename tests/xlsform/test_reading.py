"""A stored instance in words, as the office shows it."""

from __future__ import annotations

import pytest

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.received.reading import Part, read_parts
from survey_server.xlsform.workbook import read_workbook
from tests.xlsform.xforms import md

FORM = """
| survey |
| | type | name | label::Español (es) | label::English (en) | relevant |
| | begin_group | place | Lugar | Place | |
| | note | welcome | Bienvenida | Welcome | |
| | select_one yn | safe | ¿Seguro? | Safe? | |
| | select_multiple way | ways | ¿Cómo? | How? | |
| | time | at | Hora | Hour | |
| | end_group | | | | |
| | begin_repeat | kids | Hijos | Children | |
| | text | name | Nombre | Name | |
| | integer | age | ¿Edad de ${name}? | Age of ${name}? | |
| | end_repeat | | | | |
| | text | remark | Sobre ${safe} | About ${safe} | |
| choices |
| | list_name | name | label::Español (es) | label::English (en) |
| | yn | 1 | Sí | Yes |
| | yn | 0 | No | No |
| | way | a | A pie | On foot |
| | way | b | En bus | By bus |
| settings |
| | form_title | form_id | version | default_language |
| | Prueba | prueba | 1 | Español (es) |
"""
XML = b"""<data id="prueba" version="1">
<place><safe>1</safe><ways>a b z</ways><at>11:02:00.000-06:00</at></place>
<kids><name>X</name><age>4</age></kids><kids><name>Y</name><age/></kids>
<remark>bien</remark></data>"""


@pytest.fixture(scope="module")
def phone() -> dict[str, object]:
    return compile_form(read_workbook(FORM.encode(), "prueba.md").xform, {}).to_phone()


def lines(parts: list[Part]) -> list[tuple[str, str, str, str]]:
    return [(part.heading, one.name, one.value, one.code) for part in parts for one in part.answers]


def test_it_reads_groups_repeats_codes_and_hours_in_order(phone: dict[str, object]) -> None:
    assert lines(read_parts(phone, XML, "es")) == [
        ("Lugar", "safe", "Sí", "1"),
        ("Lugar", "ways", "A pie; En bus; z", "a b z"),
        ("Lugar", "at", "11:02", ""),
        ("Hijos · 1", "name", "X", ""),
        ("Hijos · 1", "age", "4", ""),
        ("Hijos · 2", "name", "Y", ""),
        ("Hijos · 2", "age", "", ""),
        ("", "remark", "bien", ""),
    ]


def test_it_reads_in_the_language_that_is_asked_for_or_the_forms_own(phone: dict[str, object]) -> None:
    assert read_parts(phone, XML, "en")[0].heading == "Place"
    assert read_parts(phone, XML, "fr")[0].heading == "Lugar"


def test_it_tells_in_a_question_what_was_answered_before(phone: dict[str, object]) -> None:
    labels = {one.name: one.label for part in read_parts(phone, XML, "es") for one in part.answers}
    assert labels["remark"] == "Sobre 1"


def test_it_says_where_each_answer_stands(phone: dict[str, object]) -> None:
    paths = [one.path for part in read_parts(phone, XML, "es") for one in part.answers]
    assert paths[0] == "/data/place/safe"
    assert paths[4] == "/data/kids[1]/age"
    assert paths[6] == "/data/kids[2]/age"


def test_it_shows_only_what_is_in_the_instance(phone: dict[str, object]) -> None:
    assert lines(read_parts(phone, b"<data><remark>x</remark></data>", "es")) == [("", "remark", "x", "")]


@pytest.mark.parametrize("xml", [b"", b"not xml", b"<data><remark>", b'<!DOCTYPE d [<!ENTITY e "x">]><data>&e;</data>'])
def test_it_shows_nothing_of_what_is_no_instance(phone: dict[str, object], xml: bytes) -> None:
    assert lines(read_parts(phone, xml, "es")) == []


PLACES = """
    | survey |
    | | type | name | label |
    | | select_one_from_file places.csv | place | Where? |
"""


def test_it_names_choices_from_a_file_by_their_label() -> None:
    workbook = read_workbook(md(PLACES).encode(), "places.md")
    form = compile_form(workbook.xform, {"places.csv": "name,label\np1,San José\np2,Belén\n".encode()})
    answers = read_parts(form.to_phone(), b"<data><place>p2</place></data>", "es", form.rows())[0].answers
    assert [(one.value, one.code) for one in answers] == [("Belén", "p2")]
    assert form.label_of("/data/place", "p1") == "San José"
    assert form.label_of("/data/place", "p9") == ""


def test_it_tells_the_label_of_a_choice_in_a_language() -> None:
    form = compile_form(read_workbook(FORM.encode(), "prueba.md").xform, {})
    assert form.label_of("/data/place/safe", "1") == "Sí"
    assert form.label_of("/data/place/safe", "1", "English (en)") == "Yes"
    assert form.label_of("/data/remark", "1") == ""
