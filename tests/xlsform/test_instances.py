"""Interviews that arrive, whoever filled them: accepted, typed, and flagged where something is odd."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from survey_server.xlsform.filling.instance import CheckedInstance, UnreadableInstance, check_instance
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.form import Form
from tests.xlsform.xforms import compile_md

ZONE = ZoneInfo("America/Guatemala")
STARTED = datetime(2026, 11, 21, 9, 0, tzinfo=ZONE)
FORM = compile_md("""
    | survey |
    | | type | name | label | relevant | required | constraint | calculation |
    | | start | start | | | | | |
    | | end | end | | | | | |
    | | today | today | | | | | |
    | | integer | age | Age | | yes | . >= 18 | |
    | | decimal | height | Height | | | | |
    | | select_one yn | smokes | Smokes | ${age} < 100 | | | |
    | | select_multiple yn | several | Several | | | | |
    | | calculate | next | | | | | ${age} + 1 |
    | | calculate | draw | | | | | once(random()) |
    | | begin_repeat | kid | Kid | | | | |
    | | text | name | Name | | | | |
    | | integer | years | Years | | | . < ${age} | |
    | | end_repeat | | | | | | |
    | | begin_group | a | A | | | | |
    | | text | note | Note | | | | |
    | | end_group | | | | | | |
    | | begin_group | b | B | | | | |
    | | text | note | Note | | | | |
    | | end_group | | | | | | |
    | choices |
    | | list_name | name | label |
    | | yn | 1 | Yes |
    | | yn | 0 | No |
    | settings |
    | | form_id | version |
    | | demo | 3 |
""")


def filled() -> Interview:
    """An interview with good answers."""
    interview = Interview(FORM, now=STARTED)
    for ref, value in {
        "age": "40", "height": "1.70", "smokes": "1", "several": "1 0", "kid[1]/name": "Ana", "kid[1]/years": "7",
        "a/note": "first", "b/note": "second",
    }.items():  # fmt: skip
        interview.answer(f"/data/{ref}", value)
    return interview


def finished() -> bytes:
    """Its bytes, half an hour later."""
    return filled().finish("uuid:1", STARTED + timedelta(minutes=30))


def check(xml: bytes | str, form: Form = FORM) -> CheckedInstance:
    """What the server makes of an instance."""
    return check_instance(form, xml if isinstance(xml, bytes) else xml.encode())


def issues(xml: bytes) -> list[tuple[str, str]]:
    """The kinds and places of what is odd about an instance."""
    return [(issue.kind, issue.path) for issue in check(xml).issues]


def test_it_finds_nothing_odd_about_what_its_own_engine_filled() -> None:
    checked = check(finished())
    assert (checked.instance_id, checked.form_id, checked.version) == ("uuid:1", "demo", "3")
    assert checked.issues == []
    assert (checked.started, checked.ended) == (STARTED, STARTED + timedelta(minutes=30))
    assert checked.today == "2026-11-21"


def test_it_types_the_answers() -> None:
    answers = check(finished()).answers
    wanted = {
        "age": 40,
        "height": 1.7,
        "smokes": "1",
        "several": ["1", "0"],
        "next": "41",
        "kid": [{"name": "Ana", "years": 7}],
        "a/note": "first",
        "b/note": "second",
    }
    assert {name: answers[name] for name in wanted} == wanted
    assert set(answers) - set(wanted) == {"start", "end", "today", "draw"}


@pytest.mark.parametrize(
    ("old", "new", "kind", "path"),
    [
        (b"<age>40", b"<age>17", "constraint", "/data/age"),
        (b"<age>40</age>", b"<age/>", "required", "/data/age"),
        (b"<age>40</age>", b"", "required", "/data/age"),
        (b"<age>40", b"<age>forty", "type", "/data/age"),
        (b"<next>41", b"<next>99", "calculation", "/data/next"),
        (b"<age>40", b"<age>101", "irrelevant-answer", "/data/smokes"),
        (b"<years>7", b"<years>77", "constraint", "/data/kid[1]/years"),
        (b"<age>40", b"<extra>1</extra><age>40", "unknown-question", "/data/extra"),
        (b"<age>40", b"<age>1</age><age>40", "unknown-question", "/data/age"),
        (b"<smokes>1", b"<smokes>7", "unknown-choice", "/data/smokes"),
        (b"<several>1 0", b"<several>1 9", "unknown-choice", "/data/several"),
        (b"T09:30", b"T08:30", "ends-before-it-starts", ""),
    ],
)
def test_it_flags_what_is_odd(old: bytes, new: bytes, kind: str, path: str) -> None:
    xml = finished()
    assert old in xml
    assert (kind, path) in issues(xml.replace(old, new))


def test_it_keeps_irrelevant_answers_out() -> None:
    assert "smokes" not in check(finished().replace(b"<age>40", b"<age>101")).answers


def test_it_doesnt_compare_what_the_dice_gave() -> None:
    xml = finished()
    start, end = xml.index(b"<draw>"), xml.index(b"</draw>")
    assert issues(xml[:start] + b"<draw>0.9" + xml[end:]) == []


def test_it_reads_the_instances_of_other_clients() -> None:
    """Collect and Enketo write other prefixes, white space, attributes and metadata."""
    other = b"""<?xml version='1.0' ?>
    <data id="demo" version="3" xmlns:orx="http://openrosa.org/xforms" xmlns:jr="http://openrosa.org/javarosa">
      <age>40</age>
      <next>41</next>
      <orx:meta><orx:instanceID>uuid:2</orx:instanceID><orx:deprecatedID>uuid:1</orx:deprecatedID></orx:meta>
    </data>"""
    checked = check(other)
    assert (checked.instance_id, checked.deprecated_id, checked.issues) == ("uuid:2", "uuid:1", [])


NOT_AN_INSTANCE = {
    "nothing": b"",
    "no XML": b"hello",
    "half of it": finished()[:200],
    "another root": b"<other id='demo'/>",
    "another form": b"<data id='other'/>",
    "entities": b"<!DOCTYPE data [<!ENTITY a 'b'>]><data id='demo'>&a;</data>",
    "a billion laughs": b"<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]><data>&d;</data>",
    "depth without end": b"<data id='demo'>" + b"<a>" * 5000,
    "a hundred thousand repeats": b"<data id='demo'>" + b"<kid><name>a</name></kid>" * 100_001 + b"</data>",
    "an unknown encoding": b"<?xml version='1.0' encoding='klingon'?><data/>",
    "bytes that are no text": b"<data>\xff\xfe</data>",
}


@pytest.mark.parametrize("name", NOT_AN_INSTANCE)
def test_it_refuses_only_what_it_cant_read(name: str) -> None:
    with pytest.raises(UnreadableInstance):
        check(NOT_AN_INSTANCE[name])


def test_it_limits_the_issues_it_keeps() -> None:
    assert len(check(b"<data id='demo'>" + b"<zz/>" * 5000 + b"</data>").issues) <= 210


def test_it_checks_ten_thousand_instances_of_a_repeat() -> None:
    xml = finished().replace(b"<kid>", b"<kid><name>x</name><years>1</years></kid>" * 9_999 + b"<kid>", 1)
    assert len(check(xml).answers["kid"]) == 10_000
