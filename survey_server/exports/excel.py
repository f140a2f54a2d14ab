"""XLSX: a sheet per table and one with the codebook, written row by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from survey_server.exports.cells import plain
from survey_server.exports.plan import MAIN, Plan
from survey_server.exports.rows import Cells, headings
from survey_server.problems import ExportTooLarge

MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT = 1_048_575, 16_384, 32_767
_BOLD = Font(bold=True)


class ExcelFile:
    """Writes rows to the sheets of one workbook; raises ExportTooLarge where Excel's limits are met."""

    def __init__(self, plan: Plan, codebook: Sequence[Sequence[str]]) -> None:
        self.book = Workbook(write_only=True)
        self.sheets = {table: self._sheet(table or plan.form_id, headings(plan, table)) for table in plan.tables}
        self.rows = dict.fromkeys(plan.tables, 0)
        notes = self._sheet("codebook", codebook[0])
        for line in codebook[1:]:
            notes.append([_cell(notes, value) for value in line])

    def add(self, table: str, cells: Cells) -> None:
        """One row of a table."""
        self.rows[table] += 1
        if self.rows[table] > MOST_ROWS:
            raise ExportTooLarge(f"The table {table or MAIN!r} has more than {MOST_ROWS:,} rows, the most Excel opens.")
        sheet = self.sheets[table]
        sheet.append([_cell(sheet, value) for value in cells])

    def finish(self, path: Path) -> None:
        """Write the workbook."""
        self.book.save(path)

    def discard(self) -> None:
        """Leave nothing behind."""
        self.book.close()

    def _sheet(self, title: str, heading: Sequence[str]) -> WriteOnlyWorksheet:
        if len(heading) > MOST_COLUMNS:
            raise ExportTooLarge(f"The form has {len(heading):,} columns; Excel opens at most {MOST_COLUMNS:,}.")
        clean = "".join("_" if letter in r"[]:*?/\'" else letter for letter in title)[:31]
        sheet: WriteOnlyWorksheet = self.book.create_sheet(clean)
        sheet.freeze_panes = "B2"
        row = [_cell(sheet, name) for name in heading]
        for cell in row:
            cell.font = _BOLD
        sheet.append(row)
        return sheet


def _cell(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    """A cell whose text is text, whatever it begins with."""
    value = plain(value)
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_TEXT])
    cell.data_type = "s"
    return cell
