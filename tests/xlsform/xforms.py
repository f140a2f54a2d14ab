"""Short ways to write forms in tests: XForms from parts, XLSForms as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from xml.sax.saxutils import quoteattr

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.form import Form
from survey_server.xlsform.sheets import Complaint
from survey_server.xlsform.workbook import read_workbook


def xform(instance: str, binds: str = "", body: str = "", extra: str = "") -> str:
    """An XForm with this content in its primary instance, called data."""
    return (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"'
        ' xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms"'
        ' xmlns:odk="http://www.opendatakit.org/xforms"><h:head><h:title>T</h:title><model><instance>'
        f'<data id="t" version="1">{instance}<meta><instanceID/></meta></data></instance>{extra}{binds}'
        f"</model></h:head><h:body>{body}</h:body></h:html>"
    )


def B(ref: str, **aspects: str) -> str:
    """A bind."""
    return f"<bind nodeset={quoteattr(ref)} " + " ".join(f"{k}={quoteattr(v)}" for k, v in aspects.items()) + "/>"


def Q(ref: str) -> str:
    """A question."""
    return f"<input ref={quoteattr(ref)}><label>x</label></input>"


def md(text: str) -> str:
    """A Markdown form without the indentation of the test."""
    return dedent(text).strip("\n") + "\n"


def compile_md(text: str, files: Mapping[str, bytes] | None = None) -> Form:
    """The compiled form of a Markdown XLSForm."""
    workbook = read_workbook(md(text).encode(), "test.md")
    return compile_form(workbook.xform, files or {}, workbook.places)


def interview(text: str, **options: object) -> Interview:
    """A fresh interview of a Markdown XLSForm."""
    return Interview(compile_md(text), **options)  # type: ignore[arg-type]


def complaints_of(source: str) -> list[Complaint]:
    """What is refused in an XForm."""
    try:
        compile_form(source.encode())
    except FormProblem as problem:
        return problem.complaints
    return []
