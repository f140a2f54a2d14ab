"""Sources of forms: Markdown, Excel and XForm XML, their extra sheets, and complaints that lead to the cell."""

from __future__ import annotations

import io

import openpyxl
import pytest

from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.workbook import Workbook, read_workbook
from tests.xlsform.xforms import B, md, xform

SIMPLE = md("""
    | survey |
    | | type | name | label |
    | | text | a | A |
    | | begin_repeat | r | R |
    | | integer | b | B |
    | | end_repeat | | |
    | settings |
    | | form_id | version |
    | | demo | 7 |
    | design |
    | | role | source | field |
    | | psu | question | a |
    | | | | |
    | | stratum | site | stratum |
""")


def excel(sheets: dict[str, list[list[object]]]) -> bytes:
    """An .xlsx with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def complaints(data: bytes, filename: str) -> list[str]:
    """The complaints about a source, as texts."""
    with pytest.raises(FormProblem) as caught:
        read_workbook(data, filename)
    return [str(complaint) for complaint in caught.value.complaints]


def test_it_reads_markdown_with_its_extra_sheets() -> None:
    workbook = read_workbook(SIMPLE.encode(), "demo.md")
    assert b'id="demo"' in workbook.xform
    assert list(workbook.extra) == ["design"]
    assert [(row.number, dict(row.cells)) for row in workbook.extra["design"]] == [
        (2, {"role": "psu", "source": "question", "field": "a"}),
        (4, {"role": "stratum", "source": "site", "field": "stratum"}),
    ]
    assert workbook.warnings == []


def test_it_reads_the_same_form_from_excel() -> None:
    rows: dict[str, list[list[object]]] = {
        "survey": [
            ["type", "name", "label"], ["text", "a", "A"], ["begin_repeat", "r", "R"], ["integer", "b", "B"],
            ["end_repeat"],
        ],
        "settings": [["form_id", "version"], ["demo", 7]],
        "Design": [["role", "source", "field"], ["psu", "question", "a"], [None, None, None], ["weight", "site", 2.0]],
    }  # fmt: skip
    workbook = read_workbook(excel(rows), "demo.xlsx")
    assert workbook.xform == read_workbook(SIMPLE.encode(), "demo.md").xform
    assert [(row.number, dict(row.cells)) for row in workbook.extra["design"]] == [
        (2, {"role": "psu", "source": "question", "field": "a"}),
        (4, {"role": "weight", "source": "site", "field": "2"}),
    ]


def test_it_takes_xform_xml_as_it_is() -> None:
    source = xform("<a/>", B("/data/a", type="int")).encode()
    assert read_workbook(source, "form.xml") == Workbook("form.xml", source, source)


def test_it_knows_the_row_of_every_question() -> None:
    places = read_workbook(SIMPLE.encode(), "demo.md").places
    assert places == {"/data/a": 2, "/data/r": 3, "/data/r_count": 3, "/data/r/b": 4}


def test_it_names_the_cell_of_what_pyxform_refuses() -> None:
    bad = SIMPLE.replace("| integer | b |", "| integer | b c |")
    assert complaints(bad.encode(), "x.md")[0].startswith("survey, row 4, column name:")


def test_it_passes_on_what_pyxform_warns_about() -> None:
    source = md("""
        | survey |
        | | type | name | label | label::English (en) |
        | | text | a | A | A |
        | | simserial | i | | |
    """)
    assert read_workbook(source.encode(), "x.md").warnings


NOT_A_WORKBOOK = {
    "an empty file": (b"", "a.xlsx"),
    "a zip that is none": (b"PK\x03\x04rubbish", "a.xlsx"),
    "a text called xlsx": (b"type,name", "a.xlsx"),
    "an old workbook that is none": (b"\xd0\xcf\x11\xe0rubbish", "a.xls"),
    "a picture": (b"\x89PNG", "a.png"),
    "Markdown without tables": (b"# Hello", "a.md"),
    "Markdown in another encoding": ("| survey |\n| | type |\n| | ñ |".encode("latin-1"), "a.md"),
    "a sheet without headings": (b"| survey |", "a.md"),
}


@pytest.mark.parametrize("name", NOT_A_WORKBOOK)
def test_it_refuses_what_is_no_workbook(name: str) -> None:
    data, filename = NOT_A_WORKBOOK[name]
    assert complaints(data, filename)
