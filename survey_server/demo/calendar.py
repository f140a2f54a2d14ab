"""When things happen in the demo: fieldwork of 35 days, and the programme's own year of monthly returns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

GUATEMALA = ZoneInfo("America/Guatemala")
WAVES = (1, 2)
WAVE_LENGTH = timedelta(days=35)
BETWEEN_WAVES = timedelta(days=364)  # the same weeks of the year, as a plan would have it
YEAR = 12


def month_after(day: date, months: int) -> date:
    """The first day of the month so many months after that of `day` (before it, when negative)."""
    place = day.year * 12 + day.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


@dataclass(frozen=True)
class Calendar:
    """The demo seen from `today`: two waves are past, the third begins."""

    today: date

    @property
    def fieldwork(self) -> list[tuple[date, date]]:
        """First and last day of each wave of interviews and observation."""
        starts = [self.today - WAVE_LENGTH - BETWEEN_WAVES, self.today - WAVE_LENGTH, self.today]
        return [(start, start + WAVE_LENGTH - timedelta(days=1)) for start in starts]

    @property
    def years(self) -> list[tuple[date, date]]:
        """First and last day of the year before the programme, of its first year, and of the one that begins."""
        starts = [month_after(self.today, months) for months in (-2 * YEAR, -YEAR, 0, YEAR)]
        return [(start, after - timedelta(days=1)) for start, after in itertools.pairwise(starts)]

    def months(self, wave: int) -> list[date]:
        """The twelve months of a wave of returns."""
        first, _ = self.years[wave - 1]
        return [month_after(first, months) for months in range(YEAR)]

    def sent_on(self, month: date, day: int = 8) -> datetime:
        """When a month's return is filled: on this day of the next month, but not after today."""
        due = month_after(month, 1) + timedelta(days=day - 1)
        return at(min(due, self.today), 10)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of a day in Guatemala."""
    return datetime.combine(day, time(hour, minute), GUATEMALA)


def steady(mean: float, place: int, spread: float = 0.15) -> int:
    """A count around `mean` that moves less than chance would: planted truths show, and nothing that isn't there."""
    golden = (5**0.5 - 1) / 2
    return max(0, int(mean * (1 + spread * (2 * ((place * golden) % 1) - 1)) + (place * golden * 7) % 1))


def in_turn(codes: Sequence[str], place: int) -> str:
    """The code whose turn it is."""
    return codes[place % len(codes)]
