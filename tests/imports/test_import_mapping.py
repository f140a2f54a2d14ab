"""Which column answers which question."""

from __future__ import annotations

import pytest

from survey_server.problems import BadMapping
from survey_server.xlsform.form import Form
from survey_server.xlsform.importing.mapping import ImportMapping, list_questions, make_mapping
from survey_server.xlsform.importing.tables import read_csv


def map_columns(form: Form, heading: str, rules: str = "", key: str | None = None) -> ImportMapping:
    table = read_csv(f"{heading}\n".encode())
    told = read_csv(rules.encode()) if rules else None
    return make_mapping(table, list_questions(form.to_phone()), told, key)


def test_it_takes_columns_by_the_names_of_questions_whatever_the_capitals(form: Form) -> None:
    mapping = map_columns(form, "uid,Country,bribe,weather", key="uid")
    assert {source.column: source.ref for source in mapping.sources} == {
        "Country": "/data/country",
        "bribe": "/data/bribe",
    }
    assert mapping.unused == ("weather",)
    assert mapping.key == "uid"


def test_it_follows_the_rules_of_a_mapping_file(form: Form) -> None:
    rules = "column;question;value;becomes\nq5;bribe;<0;\nq5;bribe;99;10\nq5;;(blank);1\nkm;income;*;0\n"
    rules += "id;#key;;\nd;#collected;;"
    mapping = map_columns(form, "id,q5,km,d,left", rules)
    five, km = mapping.sources
    assert [five.translate(value) for value in ("-1", "99", "", "7", "")] == ["", "10", "1", "7", "1"]
    assert [km.translate(value) for value in ("5", "")] == ["0", ""]
    assert (mapping.key, mapping.collected, mapping.unused) == ("id", "d", ("left",))


def test_it_takes_repeats_by_position_and_several_choices_by_column(form: Form) -> None:
    mapping = map_columns(
        form, "ways/1,ways/2,a,b", "column,question\nways/1,ways/1\na,kids[1]/kid_age\nb,kids[2]/kid_age"
    )
    assert [(source.ref, source.choice) for source in mapping.sources] == [
        ("/data/ways", "1"),
        ("/data/kids[1]/kid_age", ""),
        ("/data/kids[2]/kid_age", ""),
    ]


@pytest.mark.parametrize(
    ("heading", "rules", "told"),
    [
        ("x,y", "", "No column"),
        ("x", "column,question\nz,bribe", "no column 'z'"),
        ("x", "column,question\nx,bribes", "Did you mean 'bribe'"),
        ("x", "column,question\nx,bribe\nx,country", "mapped to 'bribe' already"),
        ("x", "column,question,value,becomes\nx,,1,2", "say which question"),
        ("x", "spalte,frage\nx,bribe", "needs the columns"),
    ],
)
def test_it_says_what_is_wrong_with_a_mapping(form: Form, heading: str, rules: str, told: str) -> None:
    with pytest.raises(BadMapping, match=told):
        map_columns(form, heading, rules)


def test_it_says_that_the_key_column_is_not_there(form: Form) -> None:
    with pytest.raises(BadMapping, match="'uid'"):
        map_columns(form, "bribe", key="uid")
