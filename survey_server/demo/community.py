"""The invented meetings of local committees, and the joint activities of the programme's first year.

Planted: eight of ten points raised at a meeting have an answer by the next one; one committee of twelve stopped
meeting; every tenth point could put somebody at risk and must not be printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from survey_server.demo.calendar import Calendar, at, in_turn, steady
from survey_server.demo.told import Done, Told, Value

LIAISON = "LI01"
COMMITTEES, MEETINGS, SILENT = 12, 6, "CM0012"
ANSWERED_BY_NEXT = 0.8
SENSITIVE_EVERY = 10
_PLACES = ("GT17", "GT12", "GT13", "GT18", "GT20", "GT22")
_KINDS = ("1", "2", "3", "5", "6", "4")
_THEMES = ("1", "4", "5", "2", "7", "1", "9", "8", "6", "1", "5", "4")
_SAID = {
    "1": "Piden más recorridos en la tarde",
    "2": "Piden un trato más respetuoso en los controles",
    "4": "La patrulla tarda en llegar",
    "5": "Les cobran a los comercios",
    "6": "Venden droga cerca de la escuela",
    "7": "Cruzan de noche por el paso informal",
    "8": "Piden atención para mujeres",
    "9": "No hay trabajo para los jóvenes",
}


def meetings(calendar: Calendar) -> Iterator[Done]:
    """The meetings of every committee, every second month of the year."""
    for committee in range(COMMITTEES):
        code, raised = f"CM{committee + 1:04d}", 0
        for meeting in range(2 if code == SILENT else MEETINGS):
            month = calendar.months(2)[2 * meeting + committee % 2]
            points = 2 + (committee + meeting) % 3
            told = _meeting(code, committee, meeting, points, raised)
            day = month + timedelta(days=3 + 2 * committee)
            told["m_date"] = day.isoformat()
            told["v_due"] = [(day + timedelta(days=30)).isoformat()] * points
            yield Done(LIAISON, at(day, 17, committee), Told(told))
            raised = points


def _meeting(code: str, committee: int, meeting: int, points: int, raised: int) -> dict[str, Value]:
    serials = [committee * 17 + meeting * 3 + point for point in range(points)]
    themes = [in_turn(_THEMES, serial) for serial in serials]
    people = steady(18, committee + meeting, 0.3)
    still_open = int(raised * (1 - ANSWERED_BY_NEXT) + ((committee * 6 + meeting) * 0.618034) % 1)
    return {
        "country": "GT",
        "adm1": in_turn(_PLACES, committee),
        "cmt_id": code,
        "cmt_type": in_turn(_KINDS, committee),
        "n_att": people,
        "n_att_f": int(people * 0.4),
        "n_att_y": int(people * 0.25),
        "pol_pres": "1" if meeting % 2 else "0",
        "army_pres": "0",
        "m_lang": "12" if committee == 4 else "1",
        "grp_ok": "1",
        "n_items": points,
        "v_kind": ["1" if serial % 4 else "2" for serial in serials],
        "v_theme": themes,
        "v_text": [_SAID[theme] for theme in themes],
        "v_urg": [in_turn(("1", "2", "2", "3", "2"), serial // 2 + committee) for serial in serials],
        "v_support": [str(int(people * 0.6)) for _ in serials],
        "v_sens": ["1" if serial % SENSITIVE_EVERY == 0 else "0" for serial in serials],
        "v_status": [in_turn(("3", "2", "4", "3", "1"), serial) for serial in serials],
        "prev_open": min(raised, still_open),
        "mood": in_turn(("1", "2", "2", "3", "1"), committee + 2 * meeting),
        "mood_pol": in_turn(("2", "3", "1", "2", "4"), committee + 3 * meeting),
    }


def strands(calendar: Calendar) -> dict[str, str]:
    """The strand of prevention and the department of every joint activity, as the plan holds them."""
    turns = ("1 GT17", "2 GT12", "4 GT01", "1 GT18", "3 GT01", "2 GT13")
    return {code: in_turn(turns, place) for place, (code, _) in enumerate(_days(calendar))}


def _days(calendar: Calendar) -> Iterator[tuple[str, date]]:
    for month in calendar.months(2):
        for half in range(2):
            day = month + timedelta(days=9 + 12 * half)
            yield f"JA-{day:%Y%m%d}-01", day


def joint_activities(calendar: Calendar) -> Iterator[Done]:
    """Two joint activities in each month; one in eight was cancelled; commitments are counted at the next one."""
    for place, (code, day) in enumerate(_days(calendar)):
        yield Done(LIAISON, at(day, 18), Told(_activity(place, code, day.isoformat())))


def _activity(place: int, code: str, day: str) -> dict[str, Value]:
    held = "3" if place % 8 == 5 else "1"
    planned = 3 + place % 3
    values: dict[str, Value] = {
        "act_id": code,
        "j_type": in_turn(("2", "4", "1", "5", "2", "3"), place),
        "j_date": day,
        "held": held,
        "countries": in_turn(("GT MX", "GT", "GT BZ", "GT HN SV"), place),
        "insts": "1 2 3",
        "planned": planned,
        "currency": "GTQ",
        "cost": steady(14000, place, 0.2) if held == "1" else 0,
    }
    if held == "1":
        values |= {
            "community": "1 2" if place % 6 == 1 else "",
            "n_people": steady(34, place, 0.3),
            "hours": 6,
            "met": planned - (place % 2),
            "sop": "1" if place % 3 else "0",
            "info_ex": "1" if place % 5 else "0",
            "actions": 4,
            "actions_done": 3 if place else 0,
        }
    return values
