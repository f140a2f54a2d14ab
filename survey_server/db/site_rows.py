"""Rows of a site table as somebody wrote them, made into what the office keeps; every fault is named at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from survey_server.problems import UnfitSites

_MOST_SHOWN = 20


def read_site_rows(rows: Iterable[Mapping[str, Any]], first_row: int = 2) -> list[dict[str, Any]]:
    """The rows with numbers as numbers and blanks as None; raises UnfitSites naming row, column, value and cure.

    `first_row` is the number that the first row has in its file (the heading is row 1).
    """
    made: list[dict[str, Any]] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, first_row):
        values = {column: _blank_as_none(value) for column, value in row.items()}
        faults += _check_code(values, seen, number)
        for column, (fits, cure) in _NUMBERS.items():
            if values.get(column) is not None:
                values[column], fault = _read_number(values[column], fits)
                faults += [f"row {number}, column {column}: {fault!r} {cure}"] if fault is not None else []
        made.append(values)
    if faults:
        more = f"\n… and {len(faults) - _MOST_SHOWN} more" if len(faults) > _MOST_SHOWN else ""
        raise UnfitSites("\n".join(faults[:_MOST_SHOWN]) + more, faults=len(faults))
    return made


def _blank_as_none(value: Any) -> Any:
    text = value.strip() if isinstance(value, str) else value
    return None if text == "" else text


def _check_code(values: Mapping[str, Any], seen: dict[str, int], number: int) -> list[str]:
    code = values.get("code")
    if code is None:
        return [f"row {number}, column code: it is blank. Give every site its code."]
    before = seen.setdefault(str(code), number)
    return [] if before == number else [f"row {number}, column code: {code!r} is in row {before} too. Keep one."]


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


_NUMBERS: Mapping[str, tuple[Callable[[float], bool], str]] = {
    "latitude": (lambda n: -90 <= n <= 90, "is no latitude. Write degrees from -90 to 90, with a point."),
    "longitude": (lambda n: -180 <= n <= 180, "is no longitude. Write degrees from -180 to 180, with a point."),
    "population": (lambda n: n >= 0, "is no number. Write a number without separators, or leave it blank."),
    "target": (_whole, "is no whole number. Write how many interviews, or leave it blank."),
    "probability": (lambda n: 0 < n <= 1, "is no probability. Write a number above 0, at most 1."),
    "weight": (lambda n: n > 0, "is no weight. Write a number above 0, with a point."),
    "risk_tier": (lambda n: n in (1, 2, 3, 4), "is no risk tier. Write 1, 2, 3 or 4."),
}
