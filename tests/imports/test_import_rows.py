"""Rows become the interviews that a phone would have made."""

from __future__ import annotations

from datetime import date

from lxml import etree

from survey_server.xlsform.form import Form
from survey_server.xlsform.importing.mapping import list_questions, make_mapping
from survey_server.xlsform.importing.rows import FilledRow, RowFiller
from survey_server.xlsform.importing.tables import read_csv

DAY = date(2026, 3, 1)


def fill(form: Form, text: str, rules: str = "", key: str | None = None, place: str = "p/bribe/1") -> list[FilledRow]:
    table = read_csv(text.encode())
    mapping = make_mapping(table, list_questions(form.to_phone()), read_csv(rules.encode()) if rules else None, key)
    return list(RowFiller(form, table, mapping, place, DAY).fill(table.rows))


def answers(row: FilledRow) -> dict[str, str]:
    root = etree.fromstring(row.xml)
    return {str(node.tag): node.text or "" for node in root.iter() if not len(node) and node.text}


def test_it_answers_the_form_and_lets_it_calculate(form: Form) -> None:
    (row,) = fill(form, 'country,town,bribe,income,visited,ways\nMéxico,Tijuana,7.0,"3,5",5/3/2026,1;2\n')
    told = answers(row)
    assert {name: told[name] for name in ("country", "town", "bribe", "income", "visited", "ways", "twice")} == {
        "country": "MX",
        "town": "1",
        "bribe": "7",
        "income": "3.5",
        "visited": "2026-03-05",
        "ways": "1 2",
        "twice": "14",
    }
    assert row.notes == ()


def test_it_makes_the_same_bytes_of_the_same_row_and_another_id_in_another_wave(form: Form) -> None:
    text = "uid,country,bribe\n1,MX,2\n2,CO,3\n"
    first, again = fill(form, text, key="uid"), fill(form, text, key="uid")
    assert [row.xml for row in first] == [row.xml for row in again]
    assert first[0].instance_id != first[1].instance_id
    assert "dice" in answers(first[0])
    assert answers(first[0])["dice"] != answers(first[1])["dice"]
    assert fill(form, text, key="uid", place="p/bribe/2")[0].instance_id != first[0].instance_id


def test_it_writes_the_id_into_the_instance(form: Form) -> None:
    (row,) = fill(form, "country\nMX\n")
    assert row.instance_id.startswith("uuid:")
    assert etree.fromstring(row.xml).findtext("{*}meta/{*}instanceID") == row.instance_id


def test_it_keeps_equal_rows_apart_when_there_is_no_key(form: Form) -> None:
    rows = fill(form, "country,bribe\nMX,1\nMX,1\nMX,2\n")
    assert len({row.instance_id for row in rows}) == 3
    assert [row.instance_id for row in fill(form, "country,bribe\nMX,2\nMX,1\nMX,1\n")] == [
        rows[2].instance_id,
        rows[0].instance_id,
        rows[1].instance_id,
    ]


def test_it_does_not_pretend_to_know_when_an_interview_began(form: Form) -> None:
    (row,) = fill(form, "country\nMX\n")
    assert {"start", "today"}.isdisjoint(answers(row))
    assert row.collected_on == DAY


def test_it_takes_the_day_from_the_table(form: Form) -> None:
    (row,) = fill(form, "country,d\nMX,5/3/2026\n", "column,question\ncountry,country\nd,#collected")
    assert row.collected_on == date(2026, 3, 5)
    assert answers(row)["today"] == "2026-03-05"
    assert "start" not in answers(row)


def test_it_refuses_a_row_with_all_that_is_wrong_in_it_and_keeps_the_others(form: Form) -> None:
    wrong, right = fill(form, "country,bribe,visited\nPeru,seven,never\nMX,7,\n")
    assert wrong.xml == b""
    assert [(note.row, note.column, note.value, note.outcome) for note in wrong.notes] == [
        (2, "country", "Peru", "refused"),
        (2, "bribe", "seven", "refused"),
        (2, "visited", "never", "refused"),
    ]
    assert all(note.reason and note.cure for note in wrong.notes)
    assert right.xml


def test_it_refuses_rows_that_were_cut_off_have_no_key_or_the_key_of_another(form: Form) -> None:
    rows = fill(form, "uid,country\n1,MX\n2\n,CO\n1,CO\n", key="uid")
    assert [bool(row.xml) for row in rows] == [True, False, False, False]
    assert "Row 2 has the same key." in rows[3].notes[0].reason


def test_it_stores_what_breaks_a_rule_of_the_form_for_the_office_to_review(form: Form) -> None:
    (row,) = fill(form, "country,bribe\n,77\n")
    assert answers(row)["bribe"] == "77"
    assert row.notes == ()


def test_it_says_which_answers_are_not_asked_and_so_are_not_stored(form: Form) -> None:
    kept, lost = fill(form, "bribe,remark\n7,because\n2,because\n")
    assert answers(kept)["remark"] == "because"
    assert "remark" not in answers(lost)
    assert [(note.column, note.outcome) for note in lost.notes] == [("remark", "stored without")]


def test_it_offers_only_the_choices_that_earlier_answers_leave(form: Form) -> None:
    right, wrong = fill(form, "town,country\nCali,Colombia\nCali,Mexico\n")
    assert answers(right)["town"] == "2"
    assert wrong.notes[0].column == "town"


def test_it_opens_repeats_and_gathers_ticked_choices(form: Form) -> None:
    rules = "column,question\nways/1,ways/1\nways/2,ways/2\na,kids[1]/kid_age\nb,kids[2]/kid_age\n"
    (row,) = fill(form, "ways/1,ways/2,a,b\n1,1,4,9\n", rules)
    root = etree.fromstring(row.xml)
    assert [node.findtext("kid_age") for node in root.findall("kids")] == ["4", "9"]
    assert root.findtext("ways") == "1 2"
