"""The report as a workbook: one sheet for each chapter, numbers as numbers, intervals in columns of their own."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from survey_server.reports.catalogue import Catalogue, get_catalogue
from survey_server.reports.formats import SUPPRESSED
from survey_server.reports.value import Cell, Page, Row, Table, tables_of
from survey_server.reports.wave_summary import WaveSummary

DECIMALS = {"count": "#,##0", "percent": "0", "mean": "0.00", "p": "0.000", "change": "+0.00;-0.00;0.00"}
SIGNED = "+0.0;-0.0;0.0"
HEAD = PatternFill("solid", fgColor="E3ECEB")
EPOCH = datetime(1980, 1, 1)
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def render_workbook(summary: WaveSummary) -> bytes:
    """The workbook's bytes: the same for the same value."""
    catalogue = get_catalogue(summary.language)
    book = Workbook()
    book.properties.title = summary.title
    book.properties.creator = f"survey_server {summary.code_version}"
    book.properties.created = book.properties.modified = EPOCH
    first = book.active
    assert isinstance(first, Worksheet)
    _cover(first, summary, catalogue)
    names: set[str] = {first.title}
    for page in summary.pages:
        _page(book.create_sheet(_sheet_name(page.name, names)), page, summary, catalogue)
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def _cover(sheet: Worksheet, summary: WaveSummary, catalogue: Catalogue) -> None:
    sheet.title = catalogue["cover.bookmark"]
    lines = [summary.programme.name, catalogue["cover.title"], summary.waves_line]
    lines += [catalogue["demo.cover"]] if summary.programme.demo else []
    lines += [f"{summary.report_id} · {summary.code_version} · {summary.data_hash}"]
    for line in lines:
        sheet.append([_safe(line)])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([])
    _table(sheet, summary.facts, catalogue)


def _page(sheet: Worksheet, page: Page, summary: WaveSummary, catalogue: Catalogue) -> None:
    sheet.append([_safe(catalogue.write(page.message))])
    sheet["A1"].font = Font(bold=True, size=13)
    if summary.programme.demo:
        sheet.append([catalogue["demo.band"]])
    for table in tables_of(page):
        sheet.append([])
        _table(sheet, table, catalogue)
    sheet.column_dimensions["A"].width = 46
    for place in range(2, 16):
        sheet.column_dimensions[get_column_letter(place)].width = 12


def _table(sheet: Worksheet, table: Table, catalogue: Catalogue) -> None:
    """A table with a head; next to a column with intervals stand its ends and its standard error."""
    ranged = [any(row.cells and row.cells[i].low is not None for row in table.rows) for i in range(len(table.columns))]
    if table.title:
        sheet.append([_safe(table.title)])
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)
    head = [table.corner]
    for column, has_interval in zip(table.columns, ranged, strict=True):
        label = " · ".join(filter(None, (column.group, column.label)))
        head += [label, f"{label} [", f"{label} ]", "SE"] if has_interval else [label]
    sheet.append([_safe(label) for label in head])
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill = Font(bold=True), HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    for row in table.rows:
        _row(sheet, row, ranged, catalogue)
    for note in (*((table.base,) if table.base else ()), *table.notes):
        sheet.append([_safe(catalogue.write(note))])


def _row(sheet: Worksheet, row: Row, ranged: list[bool], catalogue: Catalogue) -> None:
    values: list[tuple[object, str]] = [(_safe(row.label), "")]
    for cell, has_interval in zip(row.cells, ranged, strict=False):
        values += _cells(cell, has_interval, catalogue)
    sheet.append([value for value, _ in values])
    for place, (_, style) in enumerate(values, start=1):
        if style:
            sheet.cell(sheet.max_row, place).number_format = style
    if row.kind in ("section", "total"):
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)


def _cells(cell: Cell, has_interval: bool, catalogue: Catalogue) -> Iterator[tuple[object, str]]:
    style = DECIMALS.get(cell.format, SIGNED if cell.format == "pp" else "0.0")
    if cell.flag == "bracketed":
        style = f"({style.split(';')[0].lstrip('+')});(-{style.split(';')[0].lstrip('+')})"
    if cell.format == "text":
        yield _safe(cell.text.replace("\n", ": ")), ""
    else:
        yield (SUPPRESSED if cell.flag == "suppressed" else cell.value), style
    if has_interval:
        yield from ((part, style) for part in (cell.low, cell.high))
        yield cell.se, "0.000"


def _safe(text: str) -> str:
    """Text that a spreadsheet won't take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _sheet_name(name: str, taken: set[str]) -> str:
    """At most 31 signs, none of those that a workbook forbids, no name twice."""
    base = _FORBIDDEN.sub(" ", name)[:28].strip()
    made, number = base, 2
    while made in taken:
        made, number = f"{base} {number}", number + 1
    taken.add(made)
    return made


def _without_clock(book: bytes) -> bytes:
    """The same workbook with all its files dated alike."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", content)
            fixed = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, content)
    return buffer.getvalue()
