"""XLSX: a sheet per table and one with the codebook, written as text, row after row, in constant memory.

A text that comes often is written once and then named by its number, as Excel does it itself; one that comes once, such
as an id or what somebody typed, stands in its cell.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape

from survey_server.disk import working_folder
from survey_server.exports.plan import MAIN, Plan
from survey_server.exports.rows import NUMBERS, Cells, first_headings, headings
from survey_server.problems import ExportTooLarge

MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT = 1_048_575, 16_384, 32_767
_KEPT = 50_000
"""So many different texts or numbers are remembered; what comes later is written out."""
_ALONE = ("_id", "_key", "_parent", "_started", "_ended", "_received_at")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class ExcelFile:
    """Writes rows to the sheets of one workbook; raises ExportTooLarge where Excel's limits are met."""

    def __init__(self, plan: Plan, codebook: Sequence[Sequence[str]]) -> None:
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(working_folder("survey-export-"))
        self._shared = _Shared()
        numbers, alone = _Numbers(self._shared), _Alone()
        self._sheets: list[_Sheet] = []
        self._tables: dict[str, _Sheet] = {}
        for table, variables in plan.tables.items():
            kinds: list[_Writing] = [
                numbers if name in NUMBERS else alone if name in _ALONE else self._shared
                for name in first_headings(table)
            ]
            for variable in variables:
                kinds.append(numbers if variable.is_number else self._shared if variable.choices else alone)
            self._tables[table] = self._sheet(table or plan.form_id, headings(plan, table), [*kinds, self._shared])
        notes = self._sheet("codebook", codebook[0], [self._shared] * len(codebook[0]))
        notes.add([list(line) for line in codebook[1:]])

    def add(self, table: str, rows: Iterable[Cells]) -> int:
        """Some rows of a table; how many."""
        sheet = self._tables[table]
        count = sheet.add(rows)
        if sheet.rows > MOST_ROWS:
            raise ExportTooLarge(f"The table {table or MAIN!r} has more than {MOST_ROWS:,} rows, the most Excel opens.")
        return count

    def finish(self, path: Path) -> None:
        """Write the workbook."""
        with self._stack, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in _parts([sheet.title for sheet in self._sheets]).items():
                archive.writestr(name, _XML + content)
            for number, sheet in enumerate(self._sheets, 1):
                sheet.close()
                archive.write(sheet.path, f"xl/worksheets/sheet{number}.xml")
            archive.writestr("xl/sharedStrings.xml", _XML + self._shared.table())

    def discard(self) -> None:
        """Leave nothing behind."""
        for sheet in self._sheets:
            sheet.close()
        self._stack.close()

    def _sheet(self, title: str, heading: Sequence[str], kinds: Sequence[_Writing]) -> _Sheet:
        if len(heading) > MOST_COLUMNS:
            raise ExportTooLarge(f"The form has {len(heading):,} columns; Excel opens at most {MOST_COLUMNS:,}.")
        taken = {sheet.title.lower() for sheet in self._sheets}
        clean = "".join("_" if letter in r"[]:*?/\'" else letter for letter in title)[:31]
        number = 1
        while clean.lower() in taken:
            number += 1
            clean = f"{clean[:27]}_{number}"
        sheet = _Sheet(self._folder / f"{len(self._sheets)}.xml", clean, heading, kinds)
        self._sheets.append(sheet)
        return sheet


class _Writing(dict[str, str]):
    """A cell's text -> how it is written, remembered while there aren't too many."""

    def __missing__(self, text: str) -> str:
        written = self.write(text)
        if len(self) < _KEPT:
            self[text] = written
        return written

    def write(self, text: str) -> str:
        """The cell, its text as text whatever it begins with."""
        return f'<c t="inlineStr"><is><t xml:space="preserve">{_clean(text)}</t></is></c>' if text else "<c/>"


class _Alone(_Writing):
    """Texts that hardly ever come twice."""

    def __missing__(self, text: str) -> str:
        return self.write(text)


class _Shared(_Writing):
    """Texts that come often: each has a number."""

    def __init__(self) -> None:
        super().__init__()
        self._numbered: list[str] = []

    def write(self, text: str) -> str:
        """The number of the text, or the text itself once there are too many."""
        if not text or len(self) >= _KEPT:
            return super().write(text)
        self._numbered.append(text)
        return f'<c t="s"><v>{len(self._numbered) - 1}</v></c>'

    def table(self) -> str:
        """The texts by their numbers."""
        items = "".join(f'<si><t xml:space="preserve">{_clean(text)}</t></si>' for text in self._numbered)
        return f'<sst xmlns="{_MAIN}">{items}</sst>'


class _Numbers(_Writing):
    """Numbers; what isn't one is text."""

    def __init__(self, shared: _Shared) -> None:
        super().__init__()
        self._shared = shared

    def write(self, text: str) -> str:
        """The number."""
        return f"<c><v>{text}</v></c>" if _NUMBER.fullmatch(text) else self._shared[text]


class _Sheet:
    def __init__(self, path: Path, title: str, heading: Sequence[str], kinds: Sequence[_Writing]) -> None:
        self.path, self.title, self.kinds = path, title, kinds
        self.rows = 0
        self._file: TextIO = path.open("w", encoding="utf-8")
        names = "".join(
            f'<c s="1" t="inlineStr"><is><t xml:space="preserve">{_clean(name)}</t></is></c>' for name in heading
        )
        self._file.write(
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/></sheetView>'
            f"</sheetViews><sheetData><row>{names}</row>\n"
        )

    def add(self, rows: Iterable[Cells]) -> int:
        """Some rows; how many."""
        kinds, count = self.kinds, 0
        for row in rows:
            self._file.write(f"<row>{''.join([kind[cell] for kind, cell in zip(kinds, row, strict=True)])}</row>\n")
            count += 1
        self.rows += count
        return count

    def close(self) -> None:
        """No more rows."""
        if not self._file.closed:
            self._file.write("</sheetData></worksheet>")
            self._file.close()


def _clean(text: str) -> str:
    return escape(_ILLEGAL.sub("", text)[:LONGEST_TEXT])


def _parts(titles: Sequence[str]) -> dict[str, str]:
    """The parts of a workbook that aren't rows."""
    numbers = range(1, len(titles) + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    own = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles"), ("/xl/sharedStrings.xml", "sharedStrings")]
    own += [(f"/xl/worksheets/sheet{number}.xml", "worksheet") for number in numbers]
    overrides = "".join(f'<Override PartName="{part}" ContentType="{kind}.{name}+xml"/>' for part, name in own)
    sheets = "".join(
        f'<sheet name="{escape(title, {chr(34): "&quot;"})}" sheetId="{number}" r:id="rId{number}"/>'
        for number, title in enumerate(titles, 1)
    )
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    targets += [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/{name}" Target="{target}"/>'
        for number, (name, target) in enumerate(targets, 1)
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
        '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>",
    }
