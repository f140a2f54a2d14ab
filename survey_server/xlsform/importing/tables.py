"""Read a table that another tool made (.csv, .xlsx, .sav) as rows of text, each with its number in the file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyreadstat

from survey_server.problems import UnreadableTable
from survey_server.xlsform.excel import UnfitWorkbook, read_excel

SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Row:
    """One row: `number` is what a person sees in the file (the heading is row 1)."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table in memory. `labels` holds what each code of a column means, where the file says so (.sav)."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_table(path: Path) -> Table:
    """The table in `path`; raises UnreadableTable when it isn't the kind of file that its name says."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise UnreadableTable(f"There is no file {path}.")
    if suffix == ".csv":
        return read_csv(path.read_bytes())
    if suffix == ".xlsx":
        return _read_xlsx(path)
    if suffix == ".sav":
        return _read_sav(path)
    raise UnreadableTable(f"{path.name} doesn't end in .csv, .xlsx or .sav: save it as one of these.")


def read_csv(content: bytes) -> Table:
    """A CSV in UTF-8 (with or without its mark), UTF-16 or Windows-1252, separated by , ; tab or |."""
    text = _decode(content)
    heading = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return _table(_numbered_lines(reader))
    except csv.Error as error:
        raise UnreadableTable(f"Line {reader.line_num} isn't CSV: {error}.") from error


def _numbered_lines(reader: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows as a spreadsheet counts them: blank lines count, line breaks inside a cell don't."""
    yield from enumerate(reader, start=1)


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in content:
        raise UnreadableTable("The file holds zero bytes, so it isn't a CSV: save it again as CSV UTF-8.")
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableTable("The text of the file can't be decoded: save it again as CSV UTF-8.")


def _read_xlsx(path: Path) -> Table:
    try:
        sheets = read_excel(path.read_bytes())
        _, lines = next(sheets)
        return _table(((number, [_text(value) for value in values]) for number, values in lines), pad=True)
    except UnfitWorkbook as error:
        raise UnreadableTable(f"{path.name} isn't an .xlsx workbook that can be read: {error}.") from error
    except StopIteration as error:
        raise UnreadableTable(f"{path.name} has no sheet.") from error


def _read_sav(path: Path) -> Table:
    try:
        columns, meta = pyreadstat.read_sav(path, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise UnreadableTable(f"{path.name} isn't an SPSS .sav file: {error}.") from error
    names = tuple(columns)
    rows = zip(*columns.values(), strict=True)
    return Table(
        columns=names,
        rows=tuple(Row(number, tuple(_text(v) for v in values)) for number, values in enumerate(rows, start=2)),
        labels={
            name: {_text(code): str(label) for code, label in codes.items()}
            for name, codes in meta.variable_value_labels.items()
        },
    )


def _table(lines: Iterable[tuple[int, list[str]]], *, pad: bool = False) -> Table:
    """The first line is the heading; lines without any value are left out, but counted.

    A workbook leaves blank cells out at the end of a row (`pad`); in a CSV a short row is a row that was cut off.
    """
    lines = iter(lines)
    _, heading = next(lines, (1, []))
    columns = tuple(name.strip() for name in heading)
    while columns and not columns[-1]:
        columns = columns[:-1]
    if not columns:
        raise UnreadableTable("The first row is empty: it has to hold the names of the columns.")
    for position, name in enumerate(columns, start=1):
        if not name:
            raise UnreadableTable(f"Column {position} has no name: the first row has to name every column.")
        if name in columns[: position - 1]:
            raise UnreadableTable(f"Two columns are called {name!r}: rename one of them.")
    rows = (Row(number, tuple(cell.strip() for cell in cells)) for number, cells in lines)
    return Table(columns, tuple(_fitted(row, len(columns), pad) for row in rows if any(row.cells)))


def _fitted(row: Row, width: int, pad: bool) -> Row:
    """The row at the width of the heading, as far as only blanks are too many or missing."""
    cells = row.cells[:width] if not any(row.cells[width:]) else row.cells
    return Row(row.number, cells + ("",) * (width - len(cells)) if pad else cells)


def _text(value: object) -> str:
    """A cell as a person would type it: 7 for 7.0, ISO dates, blank for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)
