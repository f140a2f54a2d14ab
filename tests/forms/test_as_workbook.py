"""The same forms as .xlsx: the extra sheets work there too, and other tools don't mind them."""

import io

import openpyxl
from pyxform.xls2xform import convert

from survey_server.xlsform.registry import question_types
from survey_server.xlsform.registry_sheets import SHEETS, read_registry
from survey_server.xlsform.workbook import read_workbook


def as_excel(sheets):
    """The sheets as a workbook that a person could have typed."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        headings = list(dict.fromkeys(heading for row in rows for heading in row.cells))
        sheet = book.create_sheet(name)
        sheet.append(headings or ["code"])
        for row in rows:
            sheet.append([row.cells.get(heading) for heading in headings])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_it_reads_the_same_registry_from_a_workbook(shipped):
    workbook = read_workbook(as_excel(shipped.sheets), "form.xlsx")
    assert read_registry(workbook.extra, question_types(shipped.form.to_phone())) == shipped.registry


def test_it_converts_to_the_same_form_without_the_extra_sheets(shipped):
    plain = {name: rows for name, rows in shipped.sheets.items() if name not in SHEETS}
    alone = convert(io.BytesIO(as_excel(plain)), file_type=".xlsx").xform
    assert convert(io.BytesIO(as_excel(shipped.sheets)), file_type=".xlsx").xform == alone
