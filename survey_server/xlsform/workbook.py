"""Reads a form's source and its extra sheets: .xlsx, .xls or Markdown through pyxform, or XForm XML as it is."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import get_xlsform
from pyxform.xls2xform import convert

from survey_server.xlsform.complaints import XFORM, FormProblem
from survey_server.xlsform.excel import UnfitWorkbook, read_excel
from survey_server.xlsform.sheets import Complaint, SheetRow

XLSFORM_SHEETS = frozenset(("survey", "choices", "settings", "external_choices", "osm", "entities"))
MAX_BYTES = 30_000_000
_PLACE = re.compile(r"^\s*\[row\s*:\s*(\d+)\]\s*")
_SHEET = re.compile(r"On the '(\w+)' sheet, ")
_COLUMN = re.compile(r"the '([^']+)' value ")


@dataclass
class Workbook:
    """A form's source, read: the XForm, the sheets that XLSForm doesn't know, the rows of its questions, warnings."""

    filename: str
    source: bytes
    xform: bytes
    extra: dict[str, list[SheetRow]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    warnings: list[Complaint] = field(default_factory=list)
    attachments: dict[str, bytes] = field(default_factory=dict)


def read_workbook(data: bytes, filename: str) -> Workbook:
    """Read a form's bytes by the ending of its name; raises FormProblem with sheet, row, column and cure."""
    ending = Path(filename).suffix.lower()
    if len(data) > MAX_BYTES:
        raise refusal("The file is larger than 30 MB.", "Attach large lists as CSV instead.")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return Workbook(filename, data, data)
    if ending not in (".xlsx", ".xlsm", ".xls", ".md"):
        raise refusal(
            f"“{filename}” is no form that can be read.", "Give an .xlsx, .xls or .md XLSForm, or an XForm .xml."
        )
    sheets = _read_sheets(data, ending)
    warnings: list[str] = []
    try:
        definition = vars_of(get_xlsform(io.BytesIO(data), file_type=ending))
        result = convert({**definition, "fallback_form_name": Path(filename).stem}, warnings=warnings)
    except PyXFormError as error:
        raise FormProblem([complaint_of(str(error))]) from None
    except (RecursionError, MemoryError):
        raise refusal("The form is nested too deep.", "Use fewer groups inside groups.") from None
    except Exception as error:  # pyxform lets what openpyxl, lark or its own code stumbles over through
        raise refusal(
            f"The form can't be read: {error or type(error).__name__}.", "Save it again as .xlsx and check its sheets."
        ) from None
    workbook = Workbook(filename, data, result.xform.encode())
    workbook.extra = {name: rows for name, rows in sheets.items() if name not in XLSFORM_SHEETS}
    workbook.places = question_rows(sheets.get("survey", []), _root_name(sheets))
    workbook.warnings = [complaint_of(text) for text in warnings]
    if result.itemsets:
        workbook.attachments["itemsets.csv"] = result.itemsets.encode()
    return workbook


def vars_of(definition: Any) -> dict[str, Any]:
    """What pyxform read, as the dict that its converter takes: an upload has no path to name the form after."""
    return {each.name: getattr(definition, each.name) for each in fields(definition)}


def refusal(message: str, cure: str) -> FormProblem:
    """A complaint about the file as a whole."""
    return FormProblem([Complaint(XFORM, 0, "", message, cure)])


def complaint_of(text: str) -> Complaint:
    """What pyxform says, with its sheet, row and column taken out of the sentence."""
    place = _PLACE.search(text)
    row = int(place[1]) if place else 0
    rest = text[place.end() :] if place else text
    sheet = _SHEET.search(rest)
    column = _COLUMN.search(rest)
    message = _SHEET.sub("", rest, count=1).strip()
    message = message[:1].upper() + message[1:]
    head, _, cure = message.partition(". ")
    head = head.rstrip(".") + "."
    cure = cure or "Correct it and try again."
    return Complaint(sheet[1] if sheet else "survey", row, column[1] if column else "", head, cure)


def _root_name(sheets: dict[str, list[SheetRow]]) -> str:
    settings = sheets.get("settings") or []
    return settings[0].cells.get("name", "data") if settings else "data"


def question_rows(rows: list[SheetRow], root: str) -> dict[str, int]:
    """The sheet row of every question, group and repeat, by the ref of its node."""
    places: dict[str, int] = {}
    path = [root]
    for row in rows:
        kind = row.cells.get("type", row.cells.get("command", "")).strip().lower().replace("_", " ")
        name = row.cells.get("name", row.cells.get("value", "")).strip()
        if kind.startswith("end ") and len(kind.split()) == 2:
            del path[max(1, len(path) - 1) :]
            continue
        if not name:
            continue
        ref = "/" + "/".join([*path, name])
        places.setdefault(ref, row.number)
        if kind.startswith("begin "):
            path.append(name)
            places.setdefault(f"{ref}_count", row.number)
    return places


def _read_sheets(data: bytes, ending: str) -> dict[str, list[SheetRow]]:
    if ending == ".md":
        return read_markdown(data)
    if ending == ".xls":
        return {}
    return _read_excel(data)


def _rows(table: list[tuple[int, list[str]]]) -> list[SheetRow]:
    """The rows under the first row that has cells."""
    if not table:
        return []
    heading = table[0][1]
    found = []
    for number, cells in table[1:]:
        filled = {name: cell for name, cell in zip(heading, cells, strict=False) if name and cell}
        if filled:
            found.append(SheetRow(number, filled))
    return found


def read_markdown(data: bytes) -> dict[str, list[SheetRow]]:
    """The sheets of pyxform Markdown; rows are numbered as in a sheet whose heading is row 1."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refusal("The file isn't UTF-8.", "Save it as UTF-8.") from None
    sheets: dict[str, list[tuple[int, list[str]]]] = {}
    table: list[tuple[int, list[str]]] | None = None
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped.startswith("|"):
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", stripped)[1:]]
        if cells and cells[-1] == "":
            cells.pop()
        if not cells or (all(set(cell) <= set("-: ") for cell in cells if cell) and any(cells)):
            continue
        if cells[0]:
            table = sheets.setdefault(cells[0].lower(), [])
        elif table is not None:
            table.append((len(table) + 1, cells[1:]))
    return {name: _rows(rows) for name, rows in sheets.items()}


def _read_excel(data: bytes) -> dict[str, list[SheetRow]]:
    sheets = {}
    try:
        for title, lines in read_excel(data):
            rows = ((number, ["" if cell is None else _excel_text(cell) for cell in row]) for number, row in lines)
            sheets[title.strip().lower()] = _rows([(number, cells) for number, cells in rows if any(cells)])
    except UnfitWorkbook as error:
        raise refusal(f"The workbook can't be opened: {error}.", "Save it again as .xlsx.") from None
    return sheets


def _excel_text(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return str(cell).strip()
