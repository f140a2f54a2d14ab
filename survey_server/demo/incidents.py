"""The invented incidents of two years, as a clerk types them in on Fridays.

Planted: the unit arrives four minutes sooner in the programme's year; two of three places are known to the point.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from survey_server.demo.calendar import WAVES, Calendar, at
from survey_server.demo.told import Done, Told, Value

CLERK = "CL03"
A_YEAR = 360
RESPONSE = {1: 26.0, 2: 22.0}
LARGEST_KG = 1400
_TYPES = {
    "0101": 7,
    "0102": 4,
    "0201": 20,
    "0205": 12,
    "03": 4,
    "0401": 22,
    "0501": 9,
    "0502": 9,
    "0601": 14,
    "0702": 3,
    "0805": 3,
    "0901": 5,
    "0905": 3,
}
_HOURS = [3, 2, 2, 1, 1, 1, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 8, 9, 9, 8, 6, 4]
_PLACES = {
    "GT01": (14.62, -90.52),
    "GT05": (14.30, -90.79),
    "GT12": (14.96, -91.80),
    "GT13": (15.32, -91.47),
    "GT16": (15.47, -90.37),
    "GT17": (16.93, -89.89),
    "GT18": (15.73, -88.60),
    "GT19": (14.97, -89.53),
    "GT20": (14.80, -89.54),
    "GT22": (14.29, -89.90),
}


def incidents(units: list[dict[str, str]], calendar: Calendar, rng: Random) -> Iterator[Done]:
    """The incidents of two years in the order of the weeks in which they were typed in."""
    for wave in WAVES:
        yield from _year(units, wave, calendar, rng)


def _year(units: list[dict[str, str]], wave: int, calendar: Calendar, rng: Random) -> Iterator[Done]:
    police = [unit for unit in units if int(unit["type"]) <= 6]
    first, last = calendar.years[wave - 1]
    days = (last - first).days
    for number in range(A_YEAR):
        day = first + timedelta(days=int(number * days / A_YEAR))
        unit = police[(number * 5) % len(police)]
        happened = at(day, rng.choices(range(24), _HOURS)[0], rng.randrange(60))
        typed = at(min(_friday_after(day), last), 15, number % 60)
        yield Done(CLERK, typed, Told(_values(unit, wave, number, min(happened, typed - timedelta(hours=6)), rng)))


def _friday_after(day: date) -> date:
    return day + timedelta(days=1 + (4 - day.weekday() - 1) % 7)


def _values(unit: dict[str, str], wave: int, number: int, happened: datetime, rng: Random) -> dict[str, Value]:
    kind = rng.choices(list(_TYPES), list(_TYPES.values()))[0]
    called = happened + timedelta(minutes=rng.randrange(3, 20))
    arrived = called + timedelta(minutes=max(3.0, rng.gauss(RESPONSE[wave], 6)))
    quality = rng.choices("1234", [40, 27, 25, 8])[0]
    victims = 1 if kind[:2] in ("01", "02", "03", "04") else 0
    drug = kind == "0601"
    large = drug and wave == 2 and number > A_YEAR * 0.6
    values: dict[str, Value] = {
        "inc_id": f"DEMO-{wave}-{number:05d}",
        "country": unit["country"],
        "adm1": unit["adm1"],
        "unit": unit["name"],
        "ictype": kind,
        "drug_rel": "1" if drug or rng.random() < 0.1 else "0",
        "gang_rel": "1" if kind in ("0205", "0905") else "0",
        "known": rng.choices("123456", [46, 22, 13, 11, 5, 3])[0],
        "t_event": happened.isoformat(timespec="milliseconds"),
        "t_call": called.isoformat(timespec="milliseconds"),
        "t_arr": arrived.isoformat(timespec="milliseconds") if rng.random() < 0.85 else "",
        "gps_q": quality,
        "muni": f"{unit['adm1']}{1 + number % 3:02d}",
        "at_border": "1" if unit["type"] == "3" else "0",
        "area_type": unit["area_type"],
        "n_vic": victims,
        "n_vic_f": victims if rng.random() < 0.3 else 0,
        "n_vic_u18": 0,
        "n_dead": victims if kind == "0101" else 0,
        "n_arr": 1 if drug or rng.random() < 0.15 else 0,
        "weapon": rng.choice("0123"),
        "seized": "1" if drug else "0",
        "n_seiz": 1,
        "s_drug": ["1" if number % 3 else "3"],
        "s_kg": [str(round(rng.uniform(0.2, 30), 1))],
        "k9": rng.choices("01", [60, 40])[0],
        "trained_off": "1" if wave == 2 and rng.random() < 0.3 else "0",
        "i_status": rng.choice("1234"),
    }
    if large and number % 97 == 0:
        values["s_kg"] = [str(LARGEST_KG)]
    if quality in "12":
        latitude, longitude = _PLACES[unit["adm1"]]
        values["loc"] = f"{rng.gauss(latitude, 0.03):.5f} {rng.gauss(longitude, 0.03):.5f} 0 8"
    return values
