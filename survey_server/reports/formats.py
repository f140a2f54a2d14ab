"""How numbers are printed: by kind of number and by the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from survey_server.reports.value import Cell

MINUS, DASH, SUPPRESSED, NARROW_SPACE = "−", "–", "‡", "\u202f"
SEPARATORS = {"es": (",", "."), "en": (",", "."), "fr": (NARROW_SPACE, ",")}
"""Thousands and decimal marks; Guatemala writes 1,234.5 as English does."""

MONTHS = {
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
}


@dataclass(frozen=True)
class Numbers:
    """The number and date style of one language."""

    language: str

    def number(self, value: float, decimals: int = 0, signed: bool = False) -> str:
        """A number with its separators, a real minus, and a plus when `signed`; never "−0"."""
        thousands, point = SEPARATORS.get(self.language, SEPARATORS["en"])
        text = f"{abs(value):,.{decimals}f}".replace(",", "\0").replace(".", point).replace("\0", thousands)
        if not any(digit in "123456789" for digit in text):
            return text
        return (MINUS if value < 0 else "+" if signed else "") + text

    def show(self, cell: Cell) -> str:
        """A cell as it stands in a table: (in parentheses) for few cases, ‡ when suppressed, blank when not asked."""
        if cell.format == "text":
            return cell.text
        if cell.value is None:
            return SUPPRESSED if cell.flag == "suppressed" else cell.text
        shown = _STYLES[cell.format](self, cell.value)
        return f"({shown})" if cell.flag == "bracketed" else shown

    def interval(self, cell: Cell) -> str:
        """The 95 % interval of a cell in brackets; blank when there is none."""
        if cell.low is None or cell.high is None or cell.value is None:
            return ""
        low, high = (_STYLES[_EDGES.get(cell.format, cell.format)](self, edge) for edge in (cell.low, cell.high))
        return f"[{low}, {high}]" if self.language != "fr" else f"[{low} ; {high}]"

    def short_date(self, day: date) -> str:
        """A date in figures: 2026-05-03 in English, as Canada writes it, 03/05/2026 in Spanish and French."""
        return day.isoformat() if self.language == "en" else f"{day:%d/%m/%Y}"

    def date(self, day: date | None) -> str:
        """A date in words: 3 de mayo de 2026, 3 May 2026, 3 mai 2026."""
        if day is None:
            return DASH
        month = MONTHS.get(self.language, MONTHS["en"])[day.month - 1]
        return f"{day.day} de {month} de {day.year}" if self.language == "es" else f"{day.day} {month} {day.year}"

    def moment(self, moment: datetime | None) -> str:
        """A moment in UTC to the minute, as the foot of every page gives it."""
        return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else DASH

    def percent_sign(self) -> str:
        """The sign after a percentage, with the space that the language wants."""
        return "%" if self.language == "en" else f"{NARROW_SPACE}%"


def _whole_percent(numbers: Numbers, value: float) -> str:
    if value == 0:
        return DASH
    return "*" if abs(value) < 0.5 else numbers.number(value)


def _p_value(numbers: Numbers, value: float) -> str:
    return f"< {numbers.number(0.001, 3)}" if value < 0.001 else numbers.number(value, 3)


_EDGES: Mapping[str, str] = {"percent": "count"}
_STYLES: Mapping[str, Callable[[Numbers, float], str]] = {
    "count": lambda numbers, value: numbers.number(value),
    "percent": _whole_percent,
    "percent1": lambda numbers, value: numbers.number(value, 1),
    "mean": lambda numbers, value: numbers.number(value, 1),
    "index": lambda numbers, value: numbers.number(value, 1),
    "pp": lambda numbers, value: numbers.number(value, 1, signed=True),
    "change": lambda numbers, value: numbers.number(value, 2, signed=True),
    "p": _p_value,
    "coefficient": lambda numbers, value: numbers.number(value, 2),
    "minutes": lambda numbers, value: numbers.number(value, 1),
}
