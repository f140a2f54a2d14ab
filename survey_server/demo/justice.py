"""The invented monthly returns of prosecutors and courts.

Planted: the backlog grows in the year before and shrinks in the programme's year (clearance from about 85 % to about
108 %); one court's book does not add up in one month; one return is corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from survey_server.demo.calendar import WAVES, Calendar, steady
from survey_server.demo.told import Done, Told

CLERK = "CL02"
CLEARANCE = {1: 0.85, 2: 1.08}
STOCK_FLOW_GAP = ("GTJ04", 7, 9)
"""The court, the month of the second year, and by how many cases its book is off."""
CORRECTED = ("GTJ02", 5)
_INCOMING = {"GTJ01": 60, "GTJ02": 24, "GTJ03": 30, "GTJ04": 20, "GTJ05": 36}
_OPEN = {"GTJ01": 820, "GTJ02": 410, "GTJ03": 390, "GTJ04": 300, "GTJ05": 460}


def justice_returns(units: list[dict[str, str]], calendar: Calendar) -> Iterator[Done]:
    """The returns of two years of every office and court; each month starts where the last one ended."""
    for wave in WAVES:
        yield from _year(units, wave, calendar)


def _year(units: list[dict[str, str]], wave: int, calendar: Calendar) -> Iterator[Done]:
    offices = [unit for unit in units if int(unit["type"]) >= 7]
    stock = {unit["name"]: _stock_at_start(unit["name"], wave, calendar) for unit in offices}
    for number, month in enumerate(calendar.months(wave)):
        for place, unit in enumerate(offices):
            code = unit["name"]
            values = _values(unit, wave, number, month, stock[code])
            stock[code] = int(values["open_end"])
            right = Done(CLERK, calendar.sent_on(month) + timedelta(minutes=7 * place), Told(values))
            if (code, number) == CORRECTED and wave == 2:
                wrong = {**values, "incoming": int(values["incoming"]) * 10, "disposed": 0}
                yield Done(CLERK, right.started, Told(wrong))
                right = Done(CLERK, right.started + timedelta(days=1), Told({**values, "revision": 2}))
            yield right


def _stock_at_start(code: str, wave: int, calendar: Calendar) -> int:
    """The open cases with which a wave begins: those with which the one before it ended."""
    stock = _OPEN[code]
    for earlier in range(1, wave):
        for number, _ in enumerate(calendar.months(earlier)):
            came, went = _flow(code, earlier, number)
            stock += came - went
    return stock


def _flow(code: str, wave: int, number: int) -> tuple[int, int]:
    came = steady(_INCOMING[code], number + 12 * wave, 0.15)
    return came, steady(_INCOMING[code] * CLEARANCE[wave], number + 12 * wave + 5, 0.15)


def _values(unit: Mapping[str, str], wave: int, number: int, month: date, stock: int) -> dict[str, str | int | float]:
    code = unit["name"]
    came, went = _flow(code, wave, number)
    off = STOCK_FLOW_GAP[2] if wave == 2 and (code, number) == STOCK_FLOW_GAP[:2] else 0
    left = stock + came - went + off
    charged, place = int(came * 0.55), number + 12 * wave
    return {
        "country": unit["country"],
        "unit": code,
        "month": month.isoformat(),
        "revision": 1,
        "complete": "1",
        "open_start": stock,
        "incoming": came,
        "charged": charged,
        "to_trial": int(charged * 0.6),
        "conv": int(charged * 0.42),
        "acq": int(charged * 0.11),
        "dismissed": max(0, went - int(charged * 0.53)),
        "disposed": went,
        "open_end": left,
        "med_days": steady(410 if wave == 1 else 380, place, 0.05),
        "over1y": int(left * (0.46 if wave == 1 else 0.41)),
        "pretrial": int(left * 0.34),
        "ml_cases": steady(1.2, place, 0.6),
        "corr_cases": steady(1.5, place + 2, 0.6),
        "assets_usd": steady(18000, place, 0.4),
        "forensic_req": steady(30, place, 0.2),
        "forensic_med": steady(44 if wave == 1 else 39, place, 0.1),
        "staff_j": 9,
        "staff_jtr": 0 if wave == 1 else min(9, number),
    }
