"""Rows of a form's sheets as the author sees them, and complaints that lead the author to the right cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SheetRow:
    """One row under a heading: its number in the file or sheet, and its cells by heading; blank cells are absent."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a form: where (row 0 is the sheet as a whole), what, and what the author does about it."""

    sheet: str
    row: int
    column: str
    message: str
    cure: str

    def __str__(self) -> str:
        where = f"{self.sheet}, row {self.row}" if self.row else self.sheet
        column = f", column {self.column}" if self.column else ""
        return f"{where}{column}: {self.message} {self.cure}".rstrip()
