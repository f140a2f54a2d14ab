"""What compiles, what is refused and why, what is only warned about."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.workbook import read_workbook
from tests.xlsform.xforms import B, Q, compile_md, complaints_of, xform

FORMS = Path(__file__).parents[2] / "forms"


@pytest.mark.parametrize("path", sorted(FORMS.glob("ssr_*.md")), ids=lambda path: path.stem)
def test_it_compiles_the_forms_that_are_shipped(path: Path) -> None:
    workbook = read_workbook(path.read_bytes(), path.name)
    form = compile_form(workbook.xform, {}, workbook.places)
    phone = form.to_phone()
    assert form.id == path.stem
    assert phone["languages"] == ["Español (es)", "English (en)"]
    assert len(phone["order"]) == sum(("calculate" in b) + ("relevant" in b) for b in phone["binds"])


def test_it_gives_the_phone_every_text_in_every_language() -> None:
    form = compile_md("""
        | survey |
        | | type | name | label::Español (es) | label::English (en) | hint::Español (es) |
        | | text | a | Hola ${b} | | Pista |
        | | text | b | B | B | |
    """)
    phone = form.to_phone()
    parts = phone["texts"]["/data/a:label"]["Español (es)"][""]
    assert parts == ["Hola ", {"value": ["path", "/", ["child", "data"], ["child", "b"]]}]
    assert phone["texts"]["/data/a:label"]["English (en)"] == phone["texts"]["/data/a:label"]["Español (es)"]
    assert phone["texts"]["/data/a:hint"]["English (en)"][""] == ["Pista"]


FAULTS = {
    "an expression that stops": (xform("<a/>", B("/data/a", calculate="1 +")), "stops too early"),
    "an unknown function": (xform("<a/>", B("/data/a", constraint="sum-if(1)")), "sum-if() is not a function"),
    "too few arguments": (xform("<a/>", B("/data/a", constraint="selected(.)")), "takes 2 arguments, not 1"),
    "an unknown data set": (
        xform("<a/>", B("/data/a", calculate="instance('x')/root/item")),
        "no instance or data set",
    ),
    "a bad pattern": (xform("<a/>", B("/data/a", constraint="regex(., '(')")), "a “)” is missing"),
    "a back reference": (xform("<a/>", B("/data/a", constraint=r"regex(., '^(a)\1$')")), "references to groups"),
    "a path above the form": (xform("<a/>", B("/data/a", calculate="../../../b")), "climbs above the form"),
    "an undeclared prefix": (xform("<a/>", B("/data/a", calculate="/data/zz:b")), "isn't declared"),
    "a bind without nodeset": (xform("<a/>", '<bind type="int"/>'), "no nodeset"),
    "two binds with one id": (
        xform("<a/>", '<bind id="i" nodeset="/data/a"/><bind id="i" nodeset="/data/a"/>'),
        "id “i”",
    ),
    "a question that isn't there": (xform("<a/>", "", Q("/data/b")), "isn't in the form"),
    "a question without ref": (xform("<a/>", "", "<input><label>x</label></input>"), "doesn't say which question"),
    "an unknown control": (xform("<a/>", "", '<foo ref="/data/a"><label>x</label></foo>'), "isn't a question"),
    "a select without choices": (xform("<a/>", "", '<select1 ref="/data/a"><label>x</label></select1>'), "no choices"),
    "a choice without value": (
        xform("<a/>", "", '<select1 ref="/data/a"><item><label>A</label></item></select1>'),
        "no value",
    ),
    "a choice without label": (
        xform("<a/>", "", '<select1 ref="/data/a"><item><value>a</value></item></select1>'),
        "no label",
    ),
    "an itemset without value": (
        xform("<r><a/></r><b/>", "", '<select1 ref="/data/b"><itemset nodeset="/data/r"/></select1>'),
        "where their value is",
    ),
    "an itext that isn't there": (
        xform("<a/>", "", """<input ref="/data/a"><label ref="jr:itext('z')"/></input>"""),
        "isn't defined",
    ),
    "an unknown event": (xform("<a/>", '<setvalue ref="/data/a" event="foo" value="1"/>'), "doesn't exist"),
    "an action without target": (
        xform("<a/>", '<setvalue ref="/data/b" event="odk-instance-first-load" value="1"/>'),
        "isn't in the form",
    ),
    "an action of a repeat outside of it": (
        xform("<a/>", '<setvalue ref="/data/a" event="odk-new-repeat" value="1"/>'),
        "stands outside",
    ),
    "a range that isn't a number": (
        xform("<a/>", "", '<range ref="/data/a" start="1" end="x" step="1"/>'),
        "must be a number",
    ),
    "a range that doesn't move": (xform("<a/>", "", '<range ref="/data/a" start="1" end="2" step="0"/>'), "can't be 0"),
    "a question outside its repeat": (
        xform("<r><a/></r><b/>", "", f'<group><repeat nodeset="/data/r">{Q("/data/b")}</repeat></group>'),
        "isn't part of it",
    ),
    "no instance": ("<h:html xmlns:h='h'><h:head><model/></h:head><h:body/></h:html>", "no <instance>"),
    "no model": ("<h:html xmlns:h='h'><h:head/><h:body/></h:html>", "is no XForm"),
    "a DTD": ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DOCTYPE"),
    "broken XML": ("<a><b></a>", "mismatched tag"),
    "nesting without end": ("<a>" * 200 + "</a>" * 200, "nested deeper"),
    "an expression nested too deep": (
        xform("<a/>", B("/data/a", calculate="(" * 500 + "1" + ")" * 500)),
        "nested deeper",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_refuses_with_a_reason_and_a_cure(name: str) -> None:
    source, reason = FAULTS[name]
    found = complaints_of(source)
    assert any(reason in complaint.message for complaint in found), found
    assert all(complaint.cure for complaint in found)


CYCLES = {
    "a calculation of itself": (B("/data/a", calculate="/data/a + 1"), "a → a"),
    "a calculation of its own dot": (B("/data/a", calculate=". + 1"), "a → a"),
    "two calculations": (B("/data/a", calculate="/data/b") + B("/data/b", calculate="/data/a"), "a → b → a"),
    "two conditions": (B("/data/a", relevant="/data/b = 1") + B("/data/b", relevant="/data/a = 1"), "a → b → a"),
    "a condition and a calculation": (
        B("/data/a", relevant="/data/b = 1") + B("/data/b", calculate="/data/a"),
        "a → b → a",
    ),
    "required by its own answer": (B("/data/a", required=". = ''"), "a → a"),
    "read only by each other": (
        B("/data/a", readonly="/data/b = 1") + B("/data/b", readonly="/data/a = 1"),
        "a → b → a",
    ),
    "a group that waits for its child": (B("/data/g", relevant="/data/g/c = 1"), "c → c"),
    "the text of its own group": (B("/data/g/c", calculate="string(..)"), "c → c"),
    "the instance before": (
        B("/data/r/x", calculate="/data/r[position() = position(current()/..) - 1]/x + 1"),
        "x → x",
    ),
}


@pytest.mark.parametrize("name", CYCLES)
def test_it_refuses_a_cycle_with_its_path(name: str) -> None:
    binds, path = CYCLES[name]
    body = Q("/data/a") + f'<group ref="/data/r"><repeat nodeset="/data/r">{Q("/data/r/x")}</repeat></group>'
    found = complaints_of(xform("<a/><b/><g><c/></g><r><x/></r>", binds, body))
    assert len(found) == 1
    assert path in found[0].message


ACYCLIC = {
    "a constraint on itself": B("/data/a", constraint="/data/a != ''"),
    "an aggregate over a repeat that is counted by it": B("/data/b", calculate="count(/data/r)"),
    "a position in a relevant repeat": B("/data/r", relevant="/data/a = 1") + B("/data/r/x", calculate="position(..)"),
    "the neighbour in the repeat": B("/data/r/x", calculate="../y"),
}


@pytest.mark.parametrize("name", ACYCLIC)
def test_it_accepts_what_is_no_cycle(name: str) -> None:
    assert complaints_of(xform("<a/><b/><r><x/><y/></r>", ACYCLIC[name])) == []


def test_it_names_sheet_row_and_column_of_a_fault() -> None:
    with pytest.raises(FormProblem) as caught:
        compile_md("""
            | survey |
            | | type | name | label | relevant |
            | | text | a | A | |
            | | begin_group | g | G | |
            | | text | b | B | foo(${a}) |
            | | end_group | | | |
        """)
    complaint = caught.value.complaints[0]
    assert (complaint.sheet, complaint.row, complaint.column) == ("survey", 4, "relevant")


WARNINGS = {
    "an unanchored pattern": (B("/data/a", constraint="regex(., '[a-z]+')"), "", "must match the whole answer"),
    "a path that leads nowhere": (B("/data/a", calculate="/data/zz"), "", "leads to no question"),
    "a bind that leads nowhere": (B("/data/zz", type="int"), "", "isn't in the form"),
    "an unknown type": (B("/data/a", type="foo"), "", "is kept as text"),
    "an appearance of another client": (
        "",
        '<input ref="/data/a" appearance="bearing"/>',
        "the phone shows a plain field",
    ),
    "another calendar": (B("/data/a", type="date"), '<input ref="/data/a" appearance="persian"/>', "a Gregorian date"),
    "a look of dates on a text": ("", '<input ref="/data/a" appearance="month-year"/>', "a plain field"),
    "a grid": ("", '<input ref="/data/a" appearance="w3"/>', "the full width"),
    "a drawing on a sound": (
        "",
        '<upload ref="/data/a" mediatype="audio/*" appearance="draw"/>',
        "a button to take or choose a file",
    ),
    "several answers where one counts": (
        B("/data/a", calculate="/data/r/x + 1"),
        '<repeat nodeset="/data/r"><input ref="/data/r/x"/></repeat>',
        "only the first one counts",
    ),
    "another app": ("", '<input ref="/data/a" appearance="ex:org.app(x=1)"/>', "the phone shows a plain field"),
    "its own encryption": ('<submission base64RsaPublicKey="abc"/>', "", "encrypted with its own key"),
    "a choice with a space": (
        "",
        '<select ref="/data/a"><item><label>A</label><value>a b</value></item></select>',
        "has a space",
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_it_warns(name: str) -> None:
    binds, body, reason = WARNINGS[name]
    form = compile_form(xform("<a/><r><x/></r>", binds, body).encode())
    assert any(reason in warning.message for warning in form.warnings), form.warnings


def test_it_gives_a_form_without_meta_an_instance_id() -> None:
    form = compile_form(xform("<a/>", "", Q("/data/a")).replace("<meta><instanceID/></meta>", "").encode())
    assert "orx:instanceID" in [name for name, *_ in form.to_phone()["instance"][2][-1][2]]


def test_it_reads_a_form_with_other_prefixes_and_relative_refs() -> None:
    source = """<x:html xmlns:x="http://www.w3.org/1999/xhtml" xmlns:f="http://www.w3.org/2002/xforms"
      xmlns:j="http://openrosa.org/javarosa"><x:head><x:title>T</x:title><f:model><f:instance>
      <survey xmlns="http://example.org/s" id="s"><g><a/></g><b/></survey></f:instance>
      <f:bind id="a" nodeset="/survey/g/a" type="xsd:int"/><f:bind nodeset="/survey/b" calculate="../g/a * 2"/>
      </f:model></x:head><x:body><f:group ref="/survey/g"><f:input bind="a"><f:label>A</f:label></f:input></f:group>
      <f:input ref="/survey/b"><f:label>B <f:output ref="/survey/g/a"/></f:label></f:input></x:body></x:html>"""
    form = compile_form(source.encode())
    assert [control["ref"] for control in form.to_phone()["body"]] == ["/survey/g", "/survey/b"]
    assert form.to_phone()["binds"][0]["type"] == "int"
    assert form.instance_namespaces[""] == "http://example.org/s"


def test_it_gives_the_same_hash_for_the_same_content_only() -> None:
    source = xform("<a/>", "", Q("/data/a")).encode()
    assert compile_form(source).hash == compile_form(source).hash
    assert compile_form(source).hash != compile_form(source, {"x.csv": b"name\na\n"}).hash


def test_it_compiles_a_thousand_rows_within_the_time_it_promises() -> None:
    rows = "".join(f"| | integer | q{i} | Q {i} | ${{q{i - 1}}} > 1 | ${{q{i - 1}}} < 9 |\n" for i in range(1, 1000))
    form = compile_md(
        "| survey |\n| | type | name | label | relevant | constraint |\n| | integer | q0 | Q | | |\n" + rows
    )
    assert len(form.order.steps) == 999
