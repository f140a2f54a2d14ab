"""Parquet: one file per table in a ZIP, numbers as numbers, written in blocks of rows."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import fastparquet  # type: ignore[import-untyped]
import numpy as np
import pandas as pd

from survey_server.disk import working_folder
from survey_server.exports.csv_files import file_name
from survey_server.exports.plan import Plan
from survey_server.exports.record_files import numbers_of
from survey_server.exports.rows import NUMBERS, Cells, first_headings, headings

_AT_ONCE = 20_000
_MOMENTS = ("_started", "_ended", "_received_at")


class ParquetFiles:
    """Writes rows to a file per table, a block at a time."""

    def __init__(self, plan: Plan, beside: Mapping[str, bytes]) -> None:
        self.plan, self.beside = plan, beside
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(working_folder("survey-export-"))
        self._waiting: dict[str, list[Cells]] = {table: [] for table in plan.tables}

    def add(self, table: str, rows: Iterable[Cells]) -> int:
        """Some rows of a table; how many."""
        waiting = self._waiting[table]
        before = len(waiting)
        waiting += rows
        count = len(waiting) - before
        if len(waiting) >= _AT_ONCE:
            self._flush(table)
        return count

    def finish(self, path: Path) -> None:
        """Write the ZIP."""
        with self._stack, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for table in self.plan.tables:
                if self._waiting[table] or not self._path(table).exists():
                    self._flush(table)
                archive.write(self._path(table), self._path(table).name)
            for name, content in self.beside.items():
                archive.writestr(name, content)

    def discard(self) -> None:
        """Leave nothing behind."""
        self._stack.close()

    def _path(self, table: str) -> Path:
        return self._folder / f"{file_name(self.plan, table)}.parquet"

    def _flush(self, table: str) -> None:
        frame = self._frame(table, self._waiting[table])
        path = self._path(table)
        texts = {name: "utf8" for name in frame.columns if frame[name].dtype == object}
        fastparquet.write(
            str(path), frame, compression="GZIP", object_encoding=texts, write_index=False, append=path.exists()
        )
        self._waiting[table] = []

    def _frame(self, table: str, rows: list[Cells]) -> pd.DataFrame:
        names = headings(self.plan, table)
        first = len(first_headings(table))
        numbers = {first + place for place, variable in enumerate(self.plan.tables[table]) if variable.is_number}
        columns: dict[str, pd.Series] = {}
        for place, name in enumerate(names):
            values = [row[place] for row in rows]
            if place in numbers or name in NUMBERS:
                columns[name] = pd.Series(numbers_of(values))
            elif name in _MOMENTS:
                moments = np.array([value.removesuffix("Z") or "NaT" for value in values], dtype="datetime64[ms]")
                columns[name] = pd.Series(moments.astype("datetime64[us]"))
            else:
                columns[name] = pd.Series([value or None for value in values], dtype=object)
        return pd.DataFrame(columns)
