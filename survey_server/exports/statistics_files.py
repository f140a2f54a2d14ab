"""SPSS .sav and Stata .dta with labels, a file per table in a ZIP: rows wait on the disk until widths are known."""

from __future__ import annotations

import marshal
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyreadstat

from survey_server.disk import working_folder
from survey_server.exports.csv_files import file_name
from survey_server.exports.plan import Plan, Variable, text_in
from survey_server.exports.record_files import Column, NumberColumn, TextColumn, write_dta, write_sav
from survey_server.exports.rows import NUMBERS, Cells, first_headings, headings

MISSING = {"66", "77", "88", "99"}
LONGEST_NAME = {"sav": 64, "dta": 32}
LONGEST_LABEL = {"sav": 256, "dta": 80}
LONGEST_TEXT = {"sav": 32_000, "dta": 2_045}
STATA = 14
"""The release whose files every Stata since 2015 opens; the next one's are for its largest edition alone."""


class StatisticsFiles:
    """Keeps rows on the disk and writes them as .sav or .dta at the end."""

    def __init__(self, plan: Plan, form: str, language: str, beside: Mapping[str, bytes]) -> None:
        self.plan, self.form, self.language, self.beside = plan, form, language, beside
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(working_folder("survey-export-"))
        self._tables = {
            table: _Waiting(self._folder / f"{number}.rows", self._texts(table))
            for number, table in enumerate(plan.tables)
        }

    def add(self, table: str, rows: Iterable[Cells]) -> int:
        """Some rows of a table; how many."""
        return self._tables[table].add(list(rows))

    def finish(self, path: Path) -> None:
        """Write the ZIP."""
        with self._stack, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for table, rows in self._tables.items():
                part = self._folder / f"{file_name(self.plan, table)}.{self.form}"
                self._write(table, rows, part)
                archive.write(part, part.name)
                part.unlink()
            for name, content in self.beside.items():
                archive.writestr(name, content)

    def discard(self) -> None:
        """Leave nothing behind."""
        for rows in self._tables.values():
            rows.close()
        self._stack.close()

    def _write(self, table: str, rows: _Waiting, path: Path) -> None:
        longest = LONGEST_TEXT[self.form]
        widths = {place: min(max(width, 1), longest) for place, width in rows.widths.items()}
        columns: list[Column] = [
            TextColumn(widths[place]) if place in widths else NumberColumn()
            for place in range(len(headings(self.plan, table)))
        ]
        model = self._model(table, columns, path)
        write = write_sav if self.form == "sav" else write_dta
        write(path, model, columns, rows.read(), rows.count)

    def _model(self, table: str, columns: Sequence[Column], path: Path) -> bytes:
        """The file with one row, whose texts are as wide as any, for its head."""
        own = headings(self.plan, table)
        names = _valid_names(own, LONGEST_NAME[self.form])
        variables = dict(zip(names[len(first_headings(table)) :], self.plan.tables[table], strict=False))
        labels = [
            variables[name].label(self.language) if name in variables else heading
            for name, heading in zip(names, own, strict=True)
        ]
        shown: list[str | None] = [label[: LONGEST_LABEL[self.form]] for label in labels]
        codes = {name: found for name, variable in variables.items() if (found := self._codes(variable))}
        cells: dict[str, list[Any]] = {
            name: ["x" * column.width if isinstance(column, TextColumn) else 0.0]
            for name, column in zip(names, columns, strict=True)
        }
        frame = pd.DataFrame(cells, columns=names)
        if self.form == "dta":
            pyreadstat.write_dta(frame, str(path), column_labels=shown, variable_value_labels=codes, version=STATA)
        else:
            missing = {name: ranges for name, found in codes.items() if (ranges := _missing_ranges(found))}
            pyreadstat.write_sav(
                frame, str(path), column_labels=shown, variable_value_labels=codes, missing_ranges=missing
            )
        return path.read_bytes()

    def _texts(self, table: str) -> list[int]:
        """The places of the columns that hold text."""
        first = first_headings(table)
        facts = [place for place, name in enumerate(first) if name not in NUMBERS]
        answers = [
            place
            for place, variable in enumerate(self.plan.tables[table], len(first))
            if not variable.is_number and not self._codes(variable)
        ]
        return [*facts, *answers, len(first) + len(self.plan.tables[table])]

    def _codes(self, variable: Variable) -> dict[float | int, str]:
        """The labels of a question whose codes are all whole numbers: it becomes a labelled number."""
        if variable.kind != "one" or not all(_is_whole(choice.code) for choice in variable.choices):
            return {}
        labels = {int(choice.code): text_in(choice.labels, self.language) for choice in variable.choices}
        return {code: (label or str(code))[: LONGEST_LABEL["dta"]] for code, label in labels.items()}


class _Waiting:
    """The rows of a table in a file, and how wide its texts are."""

    def __init__(self, path: Path, texts: Sequence[int]) -> None:
        self.widths = dict.fromkeys(texts, 0)
        self.count = 0
        self._file: BinaryIO = path.open("w+b")

    def add(self, rows: list[Cells]) -> int:
        """Keep some rows; how many."""
        marshal.dump(rows, self._file)
        self.count += len(rows)
        for place, width in self.widths.items():
            longest = max((row[place] for row in rows), key=len, default="")
            if 4 * len(longest) > width:  # at most four bytes a character: else none of them is wider
                self.widths[place] = max(width, *(len(row[place].encode("utf-8", "replace")) for row in rows))
        return len(rows)

    def read(self) -> Iterator[list[Cells]]:
        """All rows, as they came; the file is gone afterwards."""
        self._file.seek(0)
        with self._file:
            left = self.count
            while left:
                rows: list[Cells] = marshal.load(self._file)  # noqa: S302 - written by this object a moment ago
                left -= len(rows)
                yield rows

    def close(self) -> None:
        """No more rows."""
        self._file.close()


def _is_whole(code: str) -> bool:
    return code.removeprefix("-").isdigit() and len(code) < 10


def _missing_ranges(labels: Mapping[float, str]) -> list[Any]:
    """66, 77, 88 and 99 are not answers: declared missing where the list has no true code between them."""
    codes = [code for code in labels if f"{code:.0f}" in MISSING]
    if not codes:
        return []
    between = [code for code in labels if min(codes) <= code <= max(codes) and code not in codes]
    if len(codes) <= 3 or between:
        return [float(code) for code in codes[:3]]
    return [{"lo": min(codes), "hi": max(codes)}]


def _valid_names(names: Sequence[str], longest: int) -> list[str]:
    """Names that both programs take: a letter first, then letters, digits and underscores, each only once."""
    taken: set[str] = set()
    valid: list[str] = []
    for name in names:
        clean = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name).lstrip("_")
        clean = clean if clean[:1].isalpha() else f"v_{clean}"
        valid.append(_unique(clean[:longest], taken, longest))
    return valid


def _unique(name: str, taken: set[str], longest: int) -> str:
    for tried in _tries(name, longest):
        if tried.lower() not in taken:
            taken.add(tried.lower())
            return tried
    raise AssertionError("there is always another number")


def _tries(name: str, longest: int) -> Iterator[str]:
    yield name
    for number in range(2, 100_000):
        end = f"_{number}"
        yield name[: longest - len(end)] + end
