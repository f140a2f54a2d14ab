"""The invented monthly returns of police units, with what the report must find in them.

Planted: deaths in the programme's areas rise for half a year and then fall below where they were (class B), while the
comparison areas stay as they were (class A); reports of violence rise by 28 % everywhere; one unit has two months
without a return and one without data; one return is corrected twice and another once; the share of seizures with a
dog rises from 30 % to 42 %; one sudden jump in emergency calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from survey_server.demo.calendar import WAVES, Calendar, month_after, steady
from survey_server.demo.told import Done, Told

CLERK = "CL01"
MORE_REPORTS = 1.28
RISE_THEN_TAPER = (1.0, 1.3, 1.55, 1.6, 1.45, 1.2, 1.05, 0.95, 0.85, 0.8, 0.8, 0.8)
"""Deaths in the programme's areas, month by month, as a multiple of the year before."""
DOG_SHARE = {1: 0.30, 2: 0.42}
GAPS = ("GTU05", (4, 5), 6)
"""A unit, its months of the second year that never arrived, and the one that arrived without data."""
CORRECTED = {("GTU03", 2): 2, ("GTU11", 7): 3}
"""Units and months of the second year whose return was sent again, and how often in all; only the last is right."""
SIEGE = {("GTU01", 1, 3): 15, ("GTU02", 1, 3): 15, ("GTU13", 1, 3): 15, ("GTU07", 2, 4): 10}
JUMP = ("GTU14", 9)
_TYPO = 10
_POSTS = {"3", "4", "6"}
_DEATHS = {
    "GTU01": 9.0,
    "GTU02": 4.0,
    "GTU03": 8.0,
    "GTU04": 4.0,
    "GTU05": 8.0,
    "GTU06": 4.0,
    "GTU07": 5.0,
    "GTU08": 4.0,
    "GTU09": 4.0,
    "GTU10": 3.0,
    "GTU11": 12.0,
    "GTU12": 2.0,
    "GTU13": 6.0,
    "GTU14": 10.0,
}
_STAFF = {"1": 120, "2": 45, "3": 40, "4": 30, "5": 60, "6": 50}
_PROGRAMME = {"GTU01", "GTU02", "GTU04", "GTU06", "GTU07", "GTU08", "GTU09", "GTU13"}


def monthly_returns(units: list[dict[str, str]], calendar: Calendar) -> Iterator[Done]:
    """The returns of two years: every police unit, every month, later corrections too."""
    for wave in WAVES:
        yield from _year(units, wave, calendar)


def _year(units: list[dict[str, str]], wave: int, calendar: Calendar) -> Iterator[Done]:
    police = [unit for unit in units if int(unit["type"]) <= 6]
    for number, month in enumerate(calendar.months(wave)):
        for place, unit in enumerate(police):
            code = unit["name"]
            if wave == 2 and (code, number) in {(GAPS[0], gap) for gap in GAPS[1]}:
                continue
            revisions = CORRECTED.get((code, number), 1) if wave == 2 else 1
            for revision in range(1, revisions + 1):
                wrong = revision < revisions
                values = _values(unit, wave, number, month, place * 31 + number * 7, wrong) | {"revision": revision}
                sent = calendar.sent_on(month) + timedelta(days=revision - 1, minutes=6 * place)
                yield Done(CLERK, sent, Told(values))


def _values(
    unit: dict[str, str], wave: int, number: int, month: date, place: int, wrong: bool
) -> dict[str, str | int | float]:
    code, kind = unit["name"], unit["type"]
    values: dict[str, str | int | float] = {
        "country": unit["country"],
        "adm1": unit["adm1"],
        "unit": code,
        "unit_type": kind,
        "month": month.isoformat(),
        "complete": "3" if wave == 2 and (code, number) == (GAPS[0], GAPS[2]) else "1",
        "source": "1",
        "siege_days": min(SIEGE.get((code, wave, number), 0), (month_after(month, 1) - month).days),
    }
    if values["complete"] == "3":
        return values
    return values | _staff(code, kind, wave, number, place) | _crime(code, kind, wave, number, place, wrong)


def _staff(code: str, kind: str, wave: int, number: int, place: int) -> dict[str, str | int | float]:
    staff = _STAFF[kind]
    trained = int(staff * 0.045 * number) if wave == 2 and code in _PROGRAMME else 0
    values: dict[str, str | int | float] = {
        "staff": staff,
        "staff_f": int(staff * 0.17),
        "staff_tr": trained,
        "staff_vet": int(staff * (0.42 if wave == 1 else 0.5)),
        "patrol_h": steady(staff * 22, place),
        "patrol_km": steady(staff * 60, place + 3),
        "joint_ops": steady(1.2 if wave == 1 else 2.0, place, 0.5),
        "cmp_in": steady(staff * 0.02, place, 0.5),
        "cmp_sus": 0,
        "int_aff": steady(0.4, place + 2, 0.5),
        "mtgs": steady(2.0, place, 0.5),
        "great_n": steady(24, place) if kind == "1" else 0,
    }
    values["cmp_sus"] = min(int(values["cmp_in"]), steady(0.5, place + 1, 0.5))
    if kind in _POSTS:
        searches = steady(400 if wave == 1 else 480, place, 0.08)
        values |= {
            "x_people": steady(5200, place, 0.1),
            "x_veh": steady(1500, place, 0.1),
            "x_est": steady(7400 if wave == 1 else 6800, place, 0.1),
            "x_doc": steady(4100, place, 0.1),
            "x_second": steady(310, place, 0.1),
            "x_search": searches,
            "x_refused": steady(12, place, 0.3),
            "days_open": 28,
        }
    return values


def _crime(code: str, kind: str, wave: int, number: int, place: int, wrong: bool) -> dict[str, str | int | float]:
    deaths = _DEATHS[code]
    after = RISE_THEN_TAPER[number] if wave == 2 and code in _PROGRAMME else 1.0
    dead = steady(deaths * after, place, 0.1)
    reports = steady(60 * deaths * (MORE_REPORTS if wave == 2 else 1.0), place, 0.05) * (_TYPO if wrong else 1)
    seizures = steady((5.0 if kind in _POSTS else 2.0) * (1.0 if wave == 1 else 1.2), place, 0.3)
    arrests = steady(70 if kind == "1" else 24, place, 0.12)
    calls = steady(380 if kind == "1" else 90, place, 0.1)
    return {
        "seiz_n": seizures,
        "seiz_k9": min(seizures, int(seizures * DOG_SHARE[wave] + (place * 0.618034) % 1)),
        "kg_coc": round(seizures * 3.1 + (1900 if (code, wave, number) == ("GTU07", 2, 8) else 0), 1),
        "kg_her": 0,
        "kg_can": round(seizures * 8.4, 1),
        "kg_syn": round(seizures * 0.2, 1),
        "kg_pre": 0,
        "cash_usd": seizures * 900,
        "arms_n": steady(3, place, 0.4),
        "docs_false": steady(4 if kind in _POSTS else 1, place, 0.4),
        "dead_viol": dead,
        "hom": int(dead * 0.85),
        "hom_f": int(dead * 0.1),
        "rep_viol": reports,
        "rep_rob": steady(12 * deaths, place, 0.1),
        "rep_ext": steady(9 * deaths, place, 0.1),
        "rep_drug": steady(4 * deaths, place, 0.1),
        "calls": calls * (6 if wave == 2 and (code, number) == JUMP else 1),
        "resp_med": round(24 - 4 * (wave == 2) + 3 * ((place * 0.618034) % 1), 1),
        "arr_all": arrests,
        "arr_drug": int(arrests * 0.2),
        "arr_viol": int(arrests * 0.25),
        "arr_gang": int(arrests * 0.1),
        "fug": steady(0.5, place, 0.5),
    }
