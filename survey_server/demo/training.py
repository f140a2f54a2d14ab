"""The invented courses of the programme's first year, and what became of the people who took them.

Planted: nationals lead as planned for eight months and then fall behind the plan; people gain 18 points between the
two tests; what they use of the course and what they still know falls from one month after it to six.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from survey_server.demo.calendar import YEAR, Calendar, at, month_after, steady
from survey_server.demo.community import strands
from survey_server.demo.observation import MONTHS_SINCE, TAUGHT
from survey_server.demo.told import Done, Told, Value

OFFICER, FOLLOWER = "TO01", "FU01"
COURSES_PER_MONTH, DAYS = 2, ((1, 2, 3), (4, 6, 8))
REQUIRED = ("1", "2", "4", "6")
PLANNED_SHARE = tuple(round(0.10 + 0.065 * number, 3) for number in range(YEAR))
"""The share of minutes that nationals should lead, month by month."""
BEHIND_FROM, BEHIND = 8, 0.17
GAIN = 18
USE = {1: 0.78, 3: 0.66, 6: 0.52}
"""The share of officers who use a method every week or more often, by months since the course."""
KNOWLEDGE = {1: 0.86, 3: 0.80, 6: 0.72}
FOLLOWED_UP = 90
TARGET, BUDGET_CAD, CAD_PER_QUETZAL = 20_000, 260_000, 0.178
_MINUTES = 120
_INSTITUTIONS = ("1", "2", "1", "3", "4", "2", "1", "5", "6", "7")
_VENUES = ("GTV01", "GTV02", "GTV03")


PLANNED_MODES = {"1": 0.15, "2": 0.40, "3": 0.30, "4": 0.15}
"""How much of the observation is to be announced, unannounced, discreet and from recordings."""


@dataclass(frozen=True)
class Participant:
    """Somebody on a course's roster."""

    code: str
    institution: str
    sex: str
    course: date


def plan(calendar: Calendar) -> dict[str, object]:
    """What the coordination planned, as the programme's policies hold it."""
    months = [month.isoformat()[:7] for month in calendar.months(2)]
    return {
        "started": months[0],
        "target": TARGET,
        "required_modules": list(REQUIRED),
        "national_share": dict(zip(months, PLANNED_SHARE, strict=True)),
        "trained": {month: 60 * (number + 1) for number, month in enumerate(months)},
        "target_date": calendar.months(2)[-1].replace(day=28).isoformat(),
        "strands": strands(calendar),
        "budget": BUDGET_CAD,
        "currency": "CAD",
        "rates": {"GTQ": CAD_PER_QUETZAL},
        "modes": PLANNED_MODES,
        "courses": {
            post: {
                "day": (calendar.fieldwork[1][0] - timedelta(days=30 * months + 10)).isoformat(),
                "modules": [*TAUGHT],
            }
            for post, months in MONTHS_SINCE.items()
        },
    }


def sessions(calendar: Calendar, rng: Random) -> Iterator[Done]:
    """Every session-day of every course of the year, and a few that were cancelled."""
    for number, month in enumerate(calendar.months(2)):
        for course in range(COURSES_PER_MONTH):
            first = month + timedelta(days=6 + 14 * course)
            people = list(_roster(number, course, first))
            behaviour = [rng.choices(["1", "2", "0", "3"], [90, 5, 3, 2])[0] for _ in people]
            for day, modules in enumerate(DAYS):
                yield _session(first + timedelta(days=day), 2 * course + day, number, modules, people, behaviour, rng)
        if number in (3, 9):
            yield _cancelled(month + timedelta(days=24))


def participants(calendar: Calendar) -> list[Participant]:
    """Everybody who was on a roster, in the order of the courses."""
    return [
        person
        for number, month in enumerate(calendar.months(2))
        for course in range(COURSES_PER_MONTH)
        for person in _roster(number, course, month + timedelta(days=6 + 14 * course))
    ]


def follow_ups(calendar: Calendar, rng: Random) -> Iterator[Done]:
    """Interviews with some of them one, three and six months after their course, if that is past."""
    people = participants(calendar)
    last = calendar.years[1][1]
    for when in USE:
        due = [person for person in people if month_after(person.course, when) <= last]
        step = max(1, len(due) // FOLLOWED_UP)
        for place, person in enumerate(due[::step][:FOLLOWED_UP]):
            day = month_after(person.course, when) + timedelta(days=place % 20)
            yield Done(
                FOLLOWER, at(min(day, last), 8 + place % 9, 5 * (place % 12)), _follow_up(person, when, place, rng)
            )


def _roster(number: int, course: int, day: date) -> Iterator[Participant]:
    size = 33 if (number, course) == (6, 1) else steady(27, 2 * number + course, 0.12)
    for place in range(size):
        serial = 1 + number * 100 + course * 50 + place
        sex = "1" if (serial * 7) % 25 < 7 else "2"
        yield Participant(f"PT{serial:06d}", _INSTITUTIONS[serial % len(_INSTITUTIONS)], sex, day)


def _session(
    day: date, slot: int, number: int, modules: Sequence[int], people: list[Participant], seen: list[str], rng: Random
) -> Done:
    share = PLANNED_SHARE[number] - (BEHIND if number >= BEHIND_FROM else 0.0)
    national = [int(_MINUTES * max(share, 0)) // 5 * 5 for _ in modules]
    before = [min(100, max(0, int(rng.gauss(46, 12)))) for _ in people]
    stayed = [mark == "1" for mark in seen]
    values: dict[str, Value] = {
        "session_id": f"TS-GT-{day:%Y%m%d}-{slot + 1:02d}",
        "held": "2" if number == 5 and slot == 1 else "1",
        "s_date": day.isoformat(),
        "country": "GT",
        "venue": _VENUES[(number + slot // 2) % len(_VENUES)],
        "joint": "GT MX" if number % 4 == 2 else "GT",
        "t_start": "08:00:00.000-06:00",
        "t_end": "15:30:00.000-06:00",
        "lead_id": f"TR{1 + (2 * number + slot // 2) % 7:03d}",
        "shadow_id": f"SH{1 + (2 * number + slot // 2) % 9:03d}",
        "n_blocks": len(modules),
        "b_module": [str(module) for module in modules],
        "b_min": [str(_MINUTES) for _ in modules],
        "b_led": ["3" for _ in modules],
        "b_shmin": [str(minutes) for minutes in national],
        "b_level": [str(min(4, 1 + number // 3)) for _ in modules],
        "n_roster": len(people),
        "p_code": [person.code for person in people],
        "p_inst": [person.institution for person in people],
        "p_sex": [person.sex for person in people],
        "p_att": seen,
        "p_pre": [str(score) for score, mark in zip(before, seen, strict=True) if mark != "0"],
        "p_post": [
            str(min(100, score + max(0, int(rng.gauss(GAIN, 6)))))
            for score, kept in zip(before, stayed, strict=True)
            if kept
        ],
        **_costs(number, slot),
    }
    return Done(OFFICER, at(day, 16, 5 * slot), Told(values))


def _costs(number: int, slot: int) -> dict[str, Value]:
    amounts = {"c_trainers": 9000, "c_travel": 4200, "c_venue": 2400, "c_meals": 5600, "c_mat": 1800, "c_other": 300}
    told: dict[str, Value] = {
        name: steady(amount, 4 * number + slot + place, 0.1) for place, (name, amount) in enumerate(amounts.items())
    }
    return {"currency": "GTQ", **told}


def _cancelled(day: date) -> Done:
    values: dict[str, Value] = {
        "session_id": f"TS-GT-{day:%Y%m%d}-09",
        "held": "3",
        "s_date": day.isoformat(),
        "country": "GT",
        "venue": _VENUES[0],
        **dict.fromkeys(("c_trainers", "c_travel", "c_meals", "c_mat", "c_other"), 0),
        "c_venue": 900,
        "currency": "GTQ",
    }
    return Done(OFFICER, at(day, 9), Told(values))


def _follow_up(person: Participant, when: int, place: int, rng: Random) -> Told:
    now = "5" if place % 23 == 11 else "3" if place % 12 == 5 else "2" if place % 6 == 3 else "1"
    agrees = now in ("1", "2", "3") and place % 17 != 4
    values: dict[str, Value] = {
        "p_code": person.code,
        "fu_when": str(when),
        "fu_mode": "2" if place % 3 else "1",
        "same_job": now,
        "inst": person.institution,
        "country": "GT",
        "consent": "1" if agrees else "0",
        "privacy_ok": "3" if place % 15 == 7 else "1",
        **{f"use_m{module}": _use(USE[when], rng) for module in range(1, 10)},
        "barriers": rng.choices(["0", "1", "1 2", "4", "5", "3"], [30, 25, 15, 15, 5 + 2 * when, 10])[0],
        **{name: rng.choices("1234", [24, 41, 25, 10])[0] for name in ("sup_super", "sup_tools", "sup_peers")},
        "taught": rng.choice("01"),
        **{
            question: right if rng.random() < KNOWLEDGE[when] else "4"
            for question, right in {"k1": "2", "k2": "3", "k3": "1", "k4": "2", "k5": "1"}.items()
        },
        **{name: rng.choices("1234", [12, 30, 36, 22])[0] for name in ("clim_bribe", "threat_off")},
        **{name: rng.choices("1234", [18, 38, 30, 14])[0] for name in ("clim_report", "clim_lead", "course_sat")},
        "need_next": rng.choice("123456"),
    }
    return Told(values)


def _use(share: float, rng: Random) -> str:
    """Every shift or week with this share; a few say that it doesn't apply to them."""
    if rng.random() < 0.05:
        return "77"
    return rng.choice("34") if rng.random() < share else rng.choice("12")
