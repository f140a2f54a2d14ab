"""Rows of a site table as somebody wrote them, made into what the office keeps; every fault is named at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from survey_server.problems import UnfitSites

SITE_POLICIES = ("gps", "night", "pairs")
"""Columns that say yes or no where a site differs from the policies of its risk tier; blank where it doesn't."""
_YES, _NO = ("1", "yes", "si", "sí", "true"), ("0", "no", "false")
_MOST_SHOWN = 20


def read_site_rows(
    rows: Iterable[Mapping[str, Any]], first_row: int = 2, numbers: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """The rows with numbers as numbers and blanks as None; raises UnfitSites naming row, column, value and cure.

    `first_row` is the number that the first row has in its file (the heading is row 1); `numbers` are those of all.
    """
    made: list[dict[str, Any]] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for place, row in enumerate(rows):
        number = numbers[place] if numbers else first_row + place
        values = {column: _blank_as_none(value) for column, value in row.items()}
        faults += _check_code(values, seen, number)
        for column, (fits, cure) in _NUMBERS.items():
            if values.get(column) is not None:
                values[column], fault = _read_number(values[column], fits)
                faults += [f"row {number}, column {column}: {fault!r} {cure}"] if fault is not None else []
        faults += _check_policies(values, number)
        made.append(values)
    if faults:
        more = f"\n… and {len(faults) - _MOST_SHOWN} more" if len(faults) > _MOST_SHOWN else ""
        raise UnfitSites("\n".join(faults[:_MOST_SHOWN]) + more, faults=len(faults))
    return made


def read_site_policies(row: Mapping[str, Any]) -> dict[str, bool]:
    """What a row that was read says about GPS, night work and pairs; nothing where it is blank."""
    said = {name: str(row[name]).lower() for name in SITE_POLICIES if row.get(name) is not None}
    return {name: text in _YES for name, text in said.items()}


def _check_policies(values: Mapping[str, Any], number: int) -> list[str]:
    return [
        f"row {number}, column {name}: {values[name]!r} is neither yes nor no. Write 1 or 0, or leave it blank."
        for name in SITE_POLICIES
        if values.get(name) is not None and str(values[name]).lower() not in (*_YES, *_NO)
    ]


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
