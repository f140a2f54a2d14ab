"""CSV: one file per table, UTF-8 with a mark for spreadsheets, in one ZIP with the codebook."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from survey_server.exports.cells import harmless, plain
from survey_server.exports.plan import FACTS, MAIN, Plan
from survey_server.exports.rows import Cells, headings

_AT_ONCE = 256
_DANGER = re.compile(r'(?:^|[,"])[^\S\r\n]*(?:[=+@\t]|\r(?!\n)|-(?!\d+(?:\.\d+)?(?:,|\r?\n|$)))', re.MULTILINE)
"""What might be a formula somewhere in a block of lines: only then is every cell of the block looked at."""


class CsvFiles:
    """Writes rows to a file per table, and all of them into one ZIP at the end."""

    def __init__(self, plan: Plan, beside: Mapping[str, bytes]) -> None:
        self.plan, self.beside = plan, beside
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="export-")))
        self._tables = {
            table: _Table(folder / f"{number}.csv", plan, table) for number, table in enumerate(plan.tables)
        }

    def add(self, table: str, cells: Cells) -> None:
        """One row of a table."""
        self._tables[table].add(cells)

    def finish(self, path: Path) -> None:
        """Write the ZIP."""
        with self._stack, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for table, rows in self._tables.items():
                rows.close()
                archive.write(rows.path, f"{file_name(self.plan, table)}.csv")
            for name, content in self.beside.items():
                archive.writestr(name, content)

    def discard(self) -> None:
        """Leave nothing behind."""
        for rows in self._tables.values():
            rows.close()
        self._stack.close()


def file_name(plan: Plan, table: str) -> str:
    """The name of a table's file: the form's, and the repeat's after it."""
    return "-".join(re.sub(r"\W+", "_", part) for part in (plan.form_id, table) if part)


class _Table:
    def __init__(self, path: Path, plan: Plan, table: str) -> None:
        self.path = path
        self.moments = range(4, 8) if table == MAIN else range(0)
        self._waiting: list[Cells] = []
        self._file: TextIO = path.open("w", encoding="utf-8", newline="")
        self._file.write("\ufeff")
        csv.writer(self._file).writerow([harmless(name) for name in headings(plan, table)])

    def add(self, cells: Cells) -> None:
        for place in self.moments:
            cells[place] = plain(cells[place])
        self._waiting.append(cells)
        if len(self._waiting) == _AT_ONCE:
            self._flush()

    def close(self) -> None:
        if not self._file.closed:
            self._flush()
            self._file.close()

    def _flush(self) -> None:
        text = _lines(self._waiting)
        if _may_hold_formulas(text) and _DANGER.search(text):
            text = _lines([[harmless(cell) for cell in cells] for cells in self._waiting])
        self._file.write(text)
        self._waiting = []


assert FACTS[4:8] == ("_collected_on", "_started", "_ended", "_received_at")


_SIGNS = ("=", "+", "@", "\t", " -", '"-', "\n-", "\r-", "\x0b", "\x0c")


def _may_hold_formulas(text: str) -> bool:
    """Whether it is worth looking closely: a few searches for single characters, quick where there are none.

    A minus after a comma is nearly always a code for a missing answer.
    """
    if not text.isascii() or any(
        sign in text for sign in ("=", "+", "@", "\t", " -", '"-', "\n-", "\r-", "\x0b", "\x0c")
    ):
        return True
    if text.count("\r") != text.count("\r\n"):
        return True
    return text.count(",-") != text.count(",-88,") + text.count(",-99,")


def _lines(rows: list[Cells]) -> str:
    block = io.StringIO()
    csv.writer(block).writerows(rows)
    return block.getvalue()
