"""A form is opened once before it is published: what can't be computed is refused with its place."""

from __future__ import annotations

import pytest

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.rehearsal import rehearse
from survey_server.xlsform.workbook import read_workbook
from tests.xlsform.xforms import md, xform


def complaints_about(source: str) -> list[str]:
    """What the rehearsal says of a form that compiles."""
    form = compile_form(source.encode())
    try:
        rehearse(form)
    except FormProblem as problem:
        return [complaint.message for complaint in problem.complaints]
    return []


@pytest.mark.parametrize("rule", ["relevant", "calculate", "required", "readonly"])
@pytest.mark.parametrize("text", ["date('x')", "sum(1)", "count('a')", "format-date('x', '%Y')", "digest('a', 'no')"])
def test_it_refuses_what_can_never_be_computed(rule: str, text: str) -> None:
    [message] = complaints_about(xform("<a/>", f'<bind nodeset="/data/a" {rule}="{text}"/>'))
    assert f"The {rule} of /data/a can't be computed" in message


def test_it_refuses_constraints_that_are_given_the_wrong_kind() -> None:
    assert complaints_about(xform("<a/>", '<bind nodeset="/data/a" constraint="sum(1) = 1"/>'))


def test_it_lets_through_what_depends_on_the_answer() -> None:
    binds = '<bind nodeset="/data/a" constraint="date(.) &lt; today()" calculate="string-length(\'x\')"/>'
    assert complaints_about(xform("<a/>", binds)) == []


def test_it_lets_through_what_reads_a_data_set_that_is_attached_later() -> None:
    binds = "<bind nodeset=\"/data/a\" calculate=\"pulldata('places', 'b', 'c', 'd')\"/>"
    assert complaints_about(xform("<a/>", binds)) == []


def test_it_refuses_a_group_without_questions_at_its_row() -> None:
    table = md(
        """
        | survey |
        | | type | name | label |
        | | text | a | A |
        | | begin_group | g | G |
        | | end_group | | |
        """
    )
    workbook = read_workbook(table.encode(), "form.md")
    form = compile_form(workbook.xform, {}, workbook.places)
    with pytest.raises(FormProblem) as caught:
        rehearse(form, workbook.places)
    assert [complaint.row for complaint in caught.value.complaints] == [3]
