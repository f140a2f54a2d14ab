"""A live interview: what an answer changes, repeats, choices, events, languages, drafts and the finished bytes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.expressions.documents import parse_xml
from survey_server.xlsform.filling.interview import Interview, NoSuchQuestion
from tests.xlsform.xforms import B, Q, compile_md, interview, xform

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=ZoneInfo("America/Guatemala"))

SKIPS = """
    | survey |
    | | type | name | label | relevant | calculation | required | constraint | constraint_message |
    | | integer | age | Age | | | yes | . >= 18 | Adults only |
    | | begin_group | work | Work | ${age} < 65 | | | | |
    | | text | job | Job | | | yes | | |
    | | calculate | shown | | | concat('job: ', ${job}) | | | |
    | | end_group | | | | | | | |
"""


def test_it_blanks_irrelevant_answers_out_and_brings_them_back() -> None:
    filled = interview(SKIPS)
    filled.answer("/data/age", "40")
    filled.answer("/data/work/job", "baker")
    filled.answer("/data/age", "70")
    assert (filled.state("/data/work/job").relevant, filled.state("/data/work/job").value) == (False, "")
    assert b"baker" not in filled.finish()
    filled.answer("/data/age", "50")
    assert filled.state("/data/work/job").value == "baker"
    assert filled.state("/data/work/shown").value == "job: baker"


def test_it_tells_what_keeps_an_interview_from_being_finished() -> None:
    filled = interview(SKIPS)
    filled.answer("/data/age", "17")
    kinds = [(issue.ref, issue.kind, issue.message) for issue in filled.problems()]
    assert kinds == [("/data/age", "constraint", "Adults only"), ("/data/work/job", "required", "")]
    filled.answer("/data/age", "abc")
    assert filled.problems()[0].kind == "type"


def test_it_asks_only_what_is_relevant() -> None:
    filled = interview(SKIPS)
    filled.answer("/data/age", "70")
    assert [question.ref for question in filled.questions()] == ["/data/age"]
    assert len(filled.questions(relevant_only=False)) == 2


def test_it_normalises_numbers_as_they_are_typed() -> None:
    filled = interview("| survey |\n| | type | name | label |\n| | integer | i | I |\n| | decimal | d | D |\n")
    filled.answer("/data/i", "007")
    filled.answer("/data/d", "3,50")
    assert (filled.state("/data/i").value, filled.state("/data/d").value) == ("7", "3.5")


ROSTER = """
    | survey |
    | | type | name | label | calculation | repeat_count | relevant |
    | | integer | n | N | | | |
    | | begin_repeat | person | Person | | ${n} | |
    | | text | name | Name | | | |
    | | calculate | place | | position(..) | | |
    | | note | hello | Hello ${name} | | | ${name} != '' |
    | | end_repeat | | | | | |
    | | calculate | names | | join(', ', ${name}) | | |
    | | calculate | second | | indexed-repeat(${name}, ${person}, 2) | | |
"""


def test_it_counts_repeats_up_and_never_deletes() -> None:
    filled = interview(ROSTER)
    assert filled.count("/data/person") == 0
    filled.answer("/data/n", "2")
    filled.answer("/data/person[1]/name", "Ana")
    filled.answer("/data/person[2]/name", "Eva")
    assert filled.state("/data/names").value == "Ana, Eva"
    assert filled.state("/data/second").value == "Eva"
    assert filled.state("/data/person[2]/place").value == "2"
    filled.answer("/data/n", "1")
    assert filled.count("/data/person") == 2


def test_it_keeps_positions_right_when_an_instance_goes() -> None:
    filled = interview(ROSTER)
    filled.answer("/data/n", "3")
    filled.answer("/data/person[3]/name", "Eva")
    filled.remove_repeat("/data/person[1]")
    assert filled.state("/data/person[2]/place").value == "2"
    assert filled.state("/data/person[2]/hello").label == "Hello Eva"
    assert filled.count("/data/person") == 3  # the count asks for three, so a new one comes


def test_it_reads_the_own_instance_through_an_absolute_path() -> None:
    repeat = f'<group ref="/data/r"><label>r</label><repeat nodeset="/data/r">{Q("/data/r/a")}</repeat></group>'
    binds = B("/data/r/twice", calculate="/data/r/a * 2") + B("/data/sum", calculate="sum(/data/r/twice)")
    filled = Interview(compile_form(xform("<r><a/><twice/></r><sum/>", binds, repeat).encode()))
    filled.add_repeat("/data/r")
    filled.answer("/data/r[1]/a", "1")
    filled.answer("/data/r[2]/a", "10")
    assert filled.state("/data/r[2]/twice").value == "20"
    assert filled.state("/data/sum").value == "22"


CASCADE = """
    | survey |
    | | type | name | label::Español (es) | label::English (en) | choice_filter | calculation |
    | | select_one dep | dep | Departamento | Department | | |
    | | select_one mun | mun | Municipio | Municipality | dep=${dep} | |
    | | calculate | shown | | | | jr:choice-name(${mun}, '${mun}') |
    | choices |
    | | list_name | name | label::Español (es) | label::English (en) | dep |
    | | dep | 1 | Uno | One | |
    | | dep | 2 | Dos | Two | |
    | | mun | a | Á | A | 1 |
    | | mun | b | Be | B | 2 |
"""


def test_it_filters_choices_and_takes_back_what_is_no_longer_offered() -> None:
    filled = interview(CASCADE)
    filled.answer("/data/dep", "1")
    assert [choice.value for choice in filled.state("/data/mun").choices or []] == ["a"]
    filled.answer("/data/mun", "a")
    filled.answer("/data/dep", "2")
    assert filled.state("/data/mun").value == ""


def test_it_shows_labels_and_choice_names_in_the_chosen_language() -> None:
    filled = interview(CASCADE, language="English (en)")
    filled.answer("/data/dep", "1")
    filled.answer("/data/mun", "a")
    assert (filled.state("/data/mun").label, filled.state("/data/shown").value) == ("Municipality", "A")
    filled.set_language("Español (es)")
    assert (filled.state("/data/mun").label, filled.state("/data/shown").value) == ("Municipio", "Á")
    with pytest.raises(NoSuchQuestion):
        filled.set_language("Klingon")


def test_it_reads_data_sets_from_files() -> None:
    source = """
        | survey |
        | | type | name | label | calculation | choice_filter | parameters |
        | | select_one_from_file psus.csv | psu | PSU | | adm1 = 'GT17' | value=code label=title |
        | | calculate | area | | pulldata('psus', 'area', 'code', ${psu}) | | |
    """
    rows = b"code,title,adm1,area\nA,Flores,GT17,1\nB,Guate,GT01,2\nC,Melchor,GT17,2\n"
    filled = Interview(compile_md(source, {"psus.csv": rows}))
    assert [(c.value, c.label) for c in filled.state("/data/psu").choices or []] == [("A", "Flores"), ("C", "Melchor")]
    filled.answer("/data/psu", "C")
    assert filled.state("/data/area").value == "2"


EVENTS = """
    | survey |
    | | type | name | label | calculation | trigger | default |
    | | start | start | | | | |
    | | today | day | | | | |
    | | username | who | | | | |
    | | text | country | Country | | | ${last-saved#country} |
    | | date | date | Date | | | today() |
    | | text | a | A | | | |
    | | dateTime | changed | Changed | now() | ${a} | |
    | | begin_repeat | r | R | | | |
    | | text | b | B | | | concat('b', position(..)) |
    | | end_repeat | | | | | |
    | | calculate | draw | | once(random()) | | |
    | | end | end | | | | |
"""


def test_it_fills_in_what_is_known_at_first_load() -> None:
    saved = "<data><country>GT</country></data>"
    filled = interview(EVENTS, now=NOON, properties={"username": "ana"}, last_saved=saved, random=lambda: 0.25)
    values = {name: filled.state(f"/data/{name}").value for name in ("start", "day", "who", "country", "date", "draw")}
    assert values == {
        "start": "2026-11-21T12:00:00.000-06:00",
        "day": "2026-11-21",
        "who": "ana",
        "country": "GT",
        "date": "2026-11-21",
        "draw": "0.25",
    }


def test_it_runs_what_waits_for_a_change_and_for_a_new_instance() -> None:
    filled = interview(EVENTS, now=NOON)
    assert filled.state("/data/changed").value == ""
    filled.answer("/data/a", "x")
    assert filled.state("/data/changed").value == "2026-11-21T12:00:00.000-06:00"
    filled.add_repeat("/data/r")
    assert [filled.state(f"/data/r[{i}]/b").value for i in (1, 2)] == ["b1", "b2"]


def test_it_restores_a_draft_without_drawing_or_dating_again() -> None:
    filled = interview(EVENTS, now=NOON)
    filled.answer("/data/country", "MX")
    draw = filled.state("/data/draw").value
    again = Interview(filled.form, instance=filled.serialize(), now=NOON.replace(hour=15))
    assert again.state("/data/start").value == "2026-11-21T12:00:00.000-06:00"
    assert (again.state("/data/country").value, again.state("/data/draw").value) == ("MX", draw)


def test_it_finishes_with_an_id_and_the_time() -> None:
    filled = interview(EVENTS, now=NOON)
    root = parse_xml(filled.finish("uuid:1", NOON.replace(minute=30))).children[0]
    meta = root.find("meta")
    assert meta is not None
    assert [node.text for node in meta.children] == ["uuid:1"]
    end = root.find("end")
    assert end is not None
    assert end.text == "2026-11-21T12:30:00.000-06:00"


def test_it_declares_the_namespaces_of_the_instance() -> None:
    source = xform("<a/><orx:b xmlns:orx='http://openrosa.org/xforms'/>", "", Q("/data/a"))
    xml = Interview(compile_form(source.encode())).finish()
    assert parse_xml(xml).children[0].find("b").ns == "http://openrosa.org/xforms"  # type: ignore[union-attr]


@pytest.mark.parametrize("ref", ["/data/zz", "/data/person[9]/name", "/other", "data", "/data/person[0]", "", "/"])
def test_it_says_when_there_is_no_such_question(ref: str) -> None:
    filled = interview(ROSTER)
    with pytest.raises(NoSuchQuestion):
        filled.answer(ref, "1")


def test_it_recalculates_only_what_an_answer_can_change() -> None:
    rows = "".join(f"| | integer | q{i} | Q | |\n| | calculate | c{i} | | ${{q{i}}} * 2 |\n" for i in range(50))
    filled = interview("| survey |\n| | type | name | label | calculation |\n" + rows)
    evaluated: list[str] = []
    original = filled.recalculation._evaluate
    filled.recalculation._evaluate = lambda step, node: (evaluated.append(step.bind.ref), original(step, node))[1]  # type: ignore[method-assign, func-returns-value]
    filled.answer("/data/q7", "3")
    assert evaluated == ["/data/c7"]
