"""CSV: one file per table, UTF-8 with a mark for spreadsheets, in one ZIP with the codebook."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TextIO

from survey_server.disk import working_folder
from survey_server.exports.cells import harmless
from survey_server.exports.plan import Plan
from survey_server.exports.rows import Cells, headings

_AT_ONCE = 32
"""So many rows are still in the processor's cache when they are looked at."""
_SIGNS = ("=", "+", "@", "\t", "\x0b", "\x0c", " -", "\n-")
_NEGATIVE = ("-88", "-99")
_DANGER = re.compile(r",\s*(?:[=+@\t\r]|-(?!\d+(?:\.\d+)?(?:,|\Z)))")
"""What might be a formula somewhere in a line that begins with a comma: only then is every cell looked at."""


class CsvFiles:
    """Writes rows to a file per table, and all of them into one ZIP at the end."""

    def __init__(
        self, plan: Plan, beside: Mapping[str, bytes], attach: Callable[[zipfile.ZipFile], None] | None = None
    ) -> None:
        """`attach` puts the files of the interviews into the ZIP."""
        self.plan, self.beside, self.attach = plan, beside, attach
        self._stack = ExitStack()
        folder = self._stack.enter_context(working_folder("survey-export-"))
        self._tables = {
            table: _Table(folder / f"{number}.csv", headings(plan, table)) for number, table in enumerate(plan.tables)
        }

    def add(self, table: str, rows: Iterable[Cells]) -> int:
        """Some rows of a table; how many."""
        return self._tables[table].add(rows)

    def finish(self, path: Path) -> None:
        """Write the ZIP."""
        with self._stack, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for table, rows in self._tables.items():
                rows.close()
                archive.write(rows.path, f"{file_name(self.plan, table)}.csv")
            for name, content in self.beside.items():
                archive.writestr(name, content)
            if self.attach is not None:
                self.attach(archive)

    def discard(self) -> None:
        """Leave nothing behind."""
        for rows in self._tables.values():
            rows.close()
        self._stack.close()


def file_name(plan: Plan, table: str) -> str:
    """The name of a table's file: the form's, and the repeat's after it."""
    return "-".join(re.sub(r"\W+", "_", part) for part in (plan.form_id, table) if part)


class _Table:
    def __init__(self, path: Path, heading: Sequence[str]) -> None:
        self.path = path
        self.commas = len(heading) - 1
        self._file: TextIO = path.open("w", encoding="utf-8", newline="")
        self._file.write("\ufeff" + _quoted(heading))

    def add(self, rows: Iterable[Cells]) -> int:
        """The rows as lines, a few at a time; how many."""
        waiting, count = iter(rows), 0
        while some := list(islice(waiting, _AT_ONCE)):
            count += len(some)
            self._file.write(self._lines(some))
        return count

    def _lines(self, rows: Sequence[Cells]) -> str:
        """Looked at all at once, then line by line, and cell by cell only where it must be."""
        lines = [",".join(row) for row in rows]
        block = "\n".join(lines)
        if block.count("\n") != len(lines) - 1 or not self._is_plain(block, len(lines)):
            lines = [
                line if "\n" not in line and self._is_plain(line, 1) else _quoted(row)[:-2]
                for line, row in zip(lines, rows, strict=True)
            ]
        return "\r\n".join(lines) + "\r\n"

    def _is_plain(self, text: str, lines: int) -> bool:
        """Whether nothing in it needs quotes, and nothing could be run by a spreadsheet."""
        if '"' in text or "\r" in text or text.count(",") != lines * self.commas:
            return False
        return not _may_hold_formulas(text) or (lines == 1 and not _DANGER.search(f",{text}"))

    def close(self) -> None:
        """No more rows."""
        self._file.close()


def _may_hold_formulas(text: str) -> bool:
    """Whether it is worth looking closely: a few searches for single characters, quick where there are none.

    A minus after a comma is nearly always a code for a missing answer.
    """
    if text.startswith("-") or not text.isascii() or any(sign in text for sign in _SIGNS):
        return True
    return text.count(",-") != sum(text.count(f",{code},") for code in _NEGATIVE)


def _quoted(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()
