"""Workbooks as anybody may have made them: read within bounds, for a small file can unpack to a huge one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import openpyxl

MOST_UNPACKED = 512 * 1024 * 1024
MOST_CELLS = 50_000_000
Cells = tuple[object, ...]


class UnfitWorkbook(Exception):
    """The bytes are no .xlsx workbook, or one that isn't opened; the message says why."""


def read_excel(data: bytes) -> Iterator[tuple[str, Iterator[tuple[int, Cells]]]]:
    """The name of each sheet and its rows, numbered from 1, each to be read before the next; raises UnfitWorkbook."""
    _check_size(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # a broken zip or part raises whatever it likes
        raise UnfitWorkbook(str(error) or type(error).__name__) from error
    try:
        for sheet in book.worksheets:
            yield sheet.title, _rows(sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _check_size(data: bytes) -> None:
    """By what the archive says of itself: no more than that is ever unpacked of a part."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnfitWorkbook(str(error)) from error
    if unpacked > MOST_UNPACKED:
        raise UnfitWorkbook(f"it unpacks to {unpacked // 2**20} MB, and at most {MOST_UNPACKED // 2**20} are read")


def _rows(lines: Iterator[Cells]) -> Iterator[tuple[int, Cells]]:
    cells = 0
    try:
        for number, line in enumerate(lines, start=1):
            cells += len(line)
            if cells > MOST_CELLS:
                raise UnfitWorkbook(f"a sheet has more than {MOST_CELLS:,} cells")
            yield number, line
    except UnfitWorkbook:
        raise
    except Exception as error:  # what isn't XML, has entities or breaks off is found out here
        raise UnfitWorkbook(str(error) or type(error).__name__) from error
