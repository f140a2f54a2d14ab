"""The invented log of visits to dwellings, and the supervisors' back-checks of interviews.

Planted: four of the five back-checks of the interviewer who makes interviews up don't agree with the interview; nearly
all others do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from survey_server.demo.calendar import at
from survey_server.demo.perception import Respondent
from survey_server.demo.told import Done, Told, Value

LOGGED_EVERY, CHECKED_EVERY = 3, 9
SUPERVISORS = ("SU01", "SU02")
INTERVIEW, REFUSAL, NOBODY_HOME, EMPTY, UNSAFE = "11", "22", "24", "41", "31"
SLIPS = 0.02


def visits(people: Sequence[Respondent], rng: Random) -> Iterator[Done]:
    """The log at every third point: each interview and refusal with the visits before it, and who was never met."""
    codes = list(dict.fromkeys(person.site.code for person in people))
    for place, code in enumerate(codes[::LOGGED_EVERY]):
        there = [person for person in people if person.site.code == code]
        for person in there:
            attempts = 2 if rng.random() < 0.2 else 1
            for attempt in range(1, attempts):
                earlier = person.started - timedelta(minutes=4)
                yield _visit(person, person.dwelling, attempt, NOBODY_HOME, earlier)
            outcome = REFUSAL if person.refuses else INTERVIEW
            ended = person.started + timedelta(minutes=person.minutes)
            yield _visit(person, person.dwelling, attempts, outcome, ended)
        for extra in range(9):
            outcome = (NOBODY_HOME, NOBODY_HOME, REFUSAL, EMPTY, NOBODY_HOME, REFUSAL, EMPTY, NOBODY_HOME, UNSAFE)[
                extra
            ]
            if outcome == UNSAFE and place % 4:
                continue
            yield _visit(there[extra], 500 + extra, 1, outcome, there[extra].started - timedelta(minutes=9))


def _visit(person: Respondent, dwelling: int, attempt: int, outcome: str, moment: datetime) -> Done:
    values: dict[str, Value] = {
        "wave": str(person.wave),
        "adm1": person.site.department,
        "psu": person.site.code,
        "dwelling": dwelling,
        "attempt": attempt,
        "disp": outcome,
        "ref_why": "1",
        "subst": "0",
        "sec": "0",
    }
    return Done(person.interviewer, moment, Told(values))


def back_checks(people: Sequence[Respondent], rng: Random) -> Iterator[Done]:
    """Every ninth interview, four days later: what the person answered then, or what they would really say."""
    interviews = [person for person in people if not person.refuses]
    for number, person in enumerate(interviews[::CHECKED_EVERY]):
        day = person.started.date() + timedelta(days=4)
        slip = (person.invented and number % 5) or rng.random() < SLIPS
        age, adults = int(person.told["age"]), int(person.told["n_adults"])
        values: dict[str, Value] = {
            "case_id": person.case_id,
            "bc_mode": "2" if number % 2 else "1",
            "consent": "1",
            "was_int": "1",
            "bc_min": 7 if person.invented else 25,
            "was_card": "1",
            "was_vol": "1",
            "n_adults": adults + 1 if slip else adults,
            "age": min(age + 9, 109) if slip else age,
            "edu": person.told["edu"],
            "v_theft": person.told["v_theft"],
            "cross_freq": person.told["cross_freq"],
            "felt_ok": "1",
            "felt_safe": "0",
        }
        yield Done(SUPERVISORS[number % 2], at(day, 9 + number % 8, number % 60), Told(values))
