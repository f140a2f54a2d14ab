"""Rows of a site table as somebody wrote them, made into what the office keeps; every fault is named at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from survey_server.problems import UnfitSites

SITE_POLICIES = ("gps", "night", "pairs")
"""Columns that say yes or no where a site differs from the policies of its risk tier; blank where it doesn't."""
_YES, _NO = ("1", "yes", "si", "sí", "true"), ("0", "no", "false")
_MOST_SHOWN = 20
_WORDS: Mapping[str, str] = {
    "code-blank": "it is blank. Give every site its code.",
    "code-twice": "{value!r} is in row {other} too. Keep one.",
    "latitude": "{value!r} is no latitude. Write degrees from -90 to 90, with a point.",
    "longitude": "{value!r} is no longitude. Write degrees from -180 to 180, with a point.",
    "population": "{value!r} is no number. Write a number without separators, or leave it blank.",
    "target": "{value!r} is no whole number. Write how many interviews, or leave it blank.",
    "probability": "{value!r} is no probability. Write a number above 0, at most 1.",
    "weight": "{value!r} is no weight. Write a number above 0, with a point.",
    "risk_tier": "{value!r} is no risk tier. Write 1, 2, 3 or 4.",
    "policy": "{value!r} is neither yes nor no. Write 1 or 0, or leave it blank.",
    "department": "{other} has no department {value!r}.",
    "outline-code": "it needs a code of up to 40 letters, in its property “code”.",
    "outline-kind": "it is no polygon of points with two numbers each.",
    "outline-degrees": "it has numbers that are no degrees: save the file again in WGS 84.",
    "outline-open": "a ring doesn't end where it begins, or has fewer than three corners.",
    "outline-flat": "a ring has no area.",
    "twice": "{value} is area {other} too. Keep one.",
    "no-department": "it is blank, and the municipality isn't.",
    "half-place": "give both latitude and longitude, or none of them.",
    "far-place": "{value} is not in {other}; are they swapped?",
    "no-code": "there is no column code; there are {value}.",
    "slip": "write {other}, or another name if it is something else.",
    "cells": "it has {value} cells, the heading {other}.",
    "point": "it isn't a point with properties.",
    "coordinates": "the point has no two coordinates.",
}


class Fault(NamedTuple):
    """What is wrong in one place of a table; `kind` says it to a program, `str()` to a person."""

    row: int
    column: str
    kind: str
    value: str = ""
    other: str = ""

    def __str__(self) -> str:
        place = f"row {self.row}, column {self.column}" if self.column else f"row {self.row}"
        return f"{place}: {_WORDS[self.kind].format(value=self.value, other=self.other)}"


def raise_faults(faults: Sequence[Fault]) -> None:
    """Raise UnfitSites with every fault, unless there is none; `items` holds the first of them for a page."""
    if faults:
        more = f"\n… and {len(faults) - _MOST_SHOWN} more" if len(faults) > _MOST_SHOWN else ""
        shown = list(faults[:_MOST_SHOWN])
        raise UnfitSites("\n".join(map(str, shown)) + more, faults=len(faults), items=shown)


def read_site_rows(
    rows: Iterable[Mapping[str, Any]], first_row: int = 2, numbers: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """The rows with numbers as numbers and blanks as None; raises UnfitSites naming row, column, value and cure.

    `first_row` is the number that the first row has in its file (the heading is row 1); `numbers` are those of all.
    """
    made: list[dict[str, Any]] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for place, row in enumerate(rows):
        number = numbers[place] if numbers else first_row + place
        values = {column: _blank_as_none(value) for column, value in row.items()}
        faults += _check_code(values, seen, number)
        for column, fits in _NUMBERS.items():
            if values.get(column) is not None:
                values[column], fault = _read_number(values[column], fits)
                faults += [Fault(number, column, column, str(fault))] if fault is not None else []
        faults += _check_policies(values, number)
        made.append(values)
    raise_faults(faults)
    return made


def read_site_policies(row: Mapping[str, Any]) -> dict[str, bool]:
    """What a row that was read says about GPS, night work and pairs; nothing where it is blank."""
    said = {name: str(row[name]).lower() for name in SITE_POLICIES if row.get(name) is not None}
    return {name: text in _YES for name, text in said.items()}


def _check_policies(values: Mapping[str, Any], number: int) -> list[Fault]:
    return [
        Fault(number, name, "policy", str(values[name]))
        for name in SITE_POLICIES
        if values.get(name) is not None and str(values[name]).lower() not in (*_YES, *_NO)
    ]


def _blank_as_none(value: Any) -> Any:
    text = value.strip() if isinstance(value, str) else value
    return None if text == "" else text


def _check_code(values: Mapping[str, Any], seen: dict[str, int], number: int) -> list[Fault]:
    code = values.get("code")
    if code is None:
        return [Fault(number, "code", "code-blank")]
    before = seen.setdefault(str(code), number)
    return [] if before == number else [Fault(number, "code", "code-twice", str(code), str(before))]


def _read_number(value: Any, fits: Callable[[float], bool]) -> tuple[float | None, Any]:
    """The number, or None and what isn't one."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None, value
    if not (math.isfinite(number) and fits(number)):
        return None, value
    return (int(number) if number.is_integer() else number), None


def _whole(number: float) -> bool:
    return number >= 0 and number.is_integer()


_NUMBERS: Mapping[str, Callable[[float], bool]] = {
    "latitude": lambda n: -90 <= n <= 90,
    "longitude": lambda n: -180 <= n <= 180,
    "population": lambda n: n >= 0,
    "target": _whole,
    "probability": lambda n: 0 < n <= 1,
    "weight": lambda n: n > 0,
    "risk_tier": lambda n: n in (1, 2, 3, 4),
}
