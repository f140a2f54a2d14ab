"""What the office says, in the reader's language: the catalogues `texts/office*.toml`, numbers and dates."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

LANGUAGES: Mapping[str, str] = {"es": "Español", "en": "English"}
CATALOGUE = Path(__file__).resolve().parents[2] / "texts" / "office.toml"
_MONTHS = {
    "es": ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}


@cache
def read_catalogue() -> Mapping[str, Mapping[str, str]]:
    """Key ("login.title") -> language -> text."""
    found: dict[str, Mapping[str, str]] = {}

    def walk(table: Mapping[str, Any], prefix: str) -> None:
        for key, value in table.items():
            if isinstance(value.get("es"), str):
                found[prefix + key] = value
            else:
                walk(value, f"{prefix}{key}.")

    for path in (CATALOGUE, *sorted(CATALOGUE.parent.glob("office_*.toml"))):
        walk(tomllib.loads(path.read_text(encoding="utf-8")), "")
    return found


@dataclass(frozen=True)
class Texts:
    """One language, and the time zone in which hours are told."""

    language: str
    zone: tzinfo = UTC

    def __call__(self, key: str, n: int | None = None, **values: object) -> str:
        """The text of `key`; "one|many" is chosen by `n`, and {n} is written as a number. Raises KeyError."""
        text = read_catalogue()[key][self.language]
        if n is not None:
            one, _, many = text.partition("|")
            text = one if n == 1 or not many else many
            values["n"] = self.number(n)
        return text.format(**values) if values else text

    def find(self, key: str, otherwise: str) -> str:
        """The text of `key`, or `otherwise` where the catalogue has none: for words that come from data."""
        return read_catalogue().get(key, {}).get(self.language, otherwise)

    def of(self, texts: Mapping[str, str], otherwise: str = "") -> str:
        """The reader's language of a form's own texts: "es", or a name that ends in "(es)"; else the first."""
        for name, text in texts.items():
            if name == self.language or name.endswith(f"({self.language})"):
                return text or otherwise
        return next(iter(texts.values()), otherwise) or otherwise

    def title(self, titles: Mapping[str, str], otherwise: str) -> str:
        """A form's title; of one that is written in two languages at once, "Encuesta / Survey", the reader's half."""
        halves = self.of(titles, otherwise).split(" / ")
        return halves[list(LANGUAGES).index(self.language)] if len(halves) == len(LANGUAGES) else " / ".join(halves)

    def number(self, value: float) -> str:
        """1,234 in both languages, as Guatemala writes it."""
        return f"{value:,}"

    def percent(self, part: float, whole: float) -> str:
        """How much of the whole, without decimals; a dash where there is no whole."""
        sign = "%" if self.language == "en" else "\u00a0%"
        return f"{100 * part / whole:.0f}{sign}" if whole else "–"

    def day(self, value: date | None) -> str:
        """21 nov 2026; a dash for none."""
        if value is None:
            return "–"
        return f"{value.day} {_MONTHS[self.language][value.month - 1]} {value.year}"

    def short_day(self, value: date) -> str:
        """21 nov."""
        return f"{value.day} {_MONTHS[self.language][value.month - 1]}"

    def instant(self, value: datetime | None) -> str:
        """21 nov 2026, 14:05, in the programme's time; a dash for none."""
        if value is None:
            return "–"
        local = value.astimezone(self.zone)
        return f"{self.day(local.date())}, {local:%H:%M}"

    def seconds(self, value: float) -> str:
        """A length of time: 45 s, 3 min 20 s, 1 h 5 min."""
        whole = round(value)
        if whole < 60:
            return f"{whole} s"
        minutes, seconds = divmod(whole, 60)
        if minutes < 60:
            return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
        return f"{minutes // 60} h {minutes % 60} min"

    def ago(self, value: datetime | None, at: datetime) -> str:
        """How long before `at`, in the largest unit that fits; the day itself after two months; a dash for never."""
        if value is None:
            return "–"
        seconds = max(0, int((at - value).total_seconds()))
        if seconds > 60 * 86400:
            return self.day(value.astimezone(self.zone).date())
        for key, size in (("time.days", 86400), ("time.hours", 3600), ("time.minutes", 60)):
            if seconds >= size:
                return self(key, n=seconds // size)
        return self("time.now")


def texts_for(language: str, zone: str | None = None) -> Texts:
    """The texts in `language`, Spanish when we don't speak it."""
    return Texts(language if language in LANGUAGES else "es", ZoneInfo(zone) if zone else UTC)
