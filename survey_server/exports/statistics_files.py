"""SPSS .sav and Stata .dta with labels, one file per table in a ZIP, through pyreadstat.

Both formats are written from whole tables: memory grows with the number of rows, unlike the other exports.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from survey_server.exports.cells import plain
from survey_server.exports.csv_files import file_name
from survey_server.exports.plan import FACTS, KEYS, MAIN, Plan, Variable, text_in
from survey_server.exports.rows import Cells, headings

MISSING = {"66", "77", "88", "99"}
LONGEST_NAME = {"sav": 64, "dta": 32}
LONGEST_LABEL = {"sav": 256, "dta": 80}
LONGEST_TEXT = {"sav": 32_000, "dta": 2_045}


class StatisticsFiles:
    """Gathers rows and writes them as .sav or .dta at the end."""

    def __init__(self, plan: Plan, form: str, language: str, beside: Mapping[str, bytes]) -> None:
        self.plan, self.form, self.language, self.beside = plan, form, language, beside
        self.rows: dict[str, list[Cells]] = {table: [] for table in plan.tables}

    def add(self, table: str, cells: Cells) -> None:
        """One row of a table."""
        self.rows[table].append(cells)

    def finish(self, path: Path) -> None:
        """Write the ZIP."""
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for table, rows in self.rows.items():
                part = Path(folder) / f"{file_name(self.plan, table)}.{self.form}"
                self._write(table, rows, part)
                archive.write(part, part.name)
            for name, content in self.beside.items():
                archive.writestr(name, content)

    def discard(self) -> None:
        """Leave nothing behind."""
        self.rows.clear()

    def _write(self, table: str, rows: Sequence[Cells], path: Path) -> None:
        own = headings(self.plan, table)
        names = _valid_names(own, LONGEST_NAME[self.form])
        variables = dict(zip(names[len(FACTS if table == MAIN else KEYS) :], self.plan.tables[table], strict=False))
        codes = {name: self._codes(variable) for name, variable in variables.items()}
        value_labels = {name: found for name, found in codes.items() if found}
        columns = {
            name: self._column([row[place] for row in rows], variables.get(name), bool(codes.get(name)))
            for place, name in enumerate(names)
        }
        headed = zip(names, own, strict=True)
        labels = [variables[name].label(self.language) if name in variables else heading for name, heading in headed]
        shown: list[str | None] = [label[: LONGEST_LABEL[self.form]] for label in labels]
        frame = pd.DataFrame(columns, columns=names)
        if self.form == "dta":
            pyreadstat.write_dta(frame, str(path), column_labels=shown, variable_value_labels=value_labels)
            return
        missing = {name: _missing_ranges(found) for name, found in value_labels.items()}
        pyreadstat.write_sav(
            frame,
            str(path),
            column_labels=shown,
            variable_value_labels=value_labels,
            missing_ranges={name: ranges for name, ranges in missing.items() if ranges},
            compress=True,
        )

    def _codes(self, variable: Variable) -> dict[float | int, str]:
        """The labels of a question whose codes are all whole numbers: it becomes a labelled number."""
        if variable.kind != "one" or not all(_is_whole(choice.code) for choice in variable.choices):
            return {}
        labels = {int(choice.code): text_in(choice.labels, self.language) for choice in variable.choices}
        return {code: (label or str(code))[: LONGEST_LABEL["dta"]] for code, label in labels.items()}

    def _column(self, values: list[Any], variable: Variable | None, coded: bool) -> pd.Series:
        if coded or (variable is not None and variable.is_number):
            return pd.Series([_number(value) for value in values], dtype=float)
        if variable is None and all(value is None or isinstance(value, int) for value in values):
            return pd.Series(values, dtype=float)
        longest = LONGEST_TEXT[self.form]
        return pd.Series(["" if value is None else str(plain(value))[:longest] for value in values], dtype=object)


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:  # a code that the form doesn't know, flagged when it came
        return None


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
