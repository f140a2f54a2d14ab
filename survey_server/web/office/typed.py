"""What people typed into forms, read within bounds: numbers, days, several ticks. A wrong one is a Problem in words."""

from __future__ import annotations

import math
from datetime import date

from flask import request

from survey_server.problems import BadInput

LONGEST = 280
_YEARS = range(2000, 2101)


def text(name: str, longest: int = LONGEST) -> str:
    """One line without what can't be printed."""
    typed = request.form.get(name, "")
    return " ".join("".join(c if c.isprintable() else " " for c in typed).split())[:longest]


def several(name: str) -> list[int]:
    """The ids that are ticked."""
    return [
        int(value) for value in request.form.getlist(name) if value.isascii() and value.isdigit() and len(value) < 19
    ]


def whole(name: str, least: int = 0, most: int = 10**9) -> int | None:
    """A whole number, None where nothing was typed; raises BadInput."""
    typed = text(name, 40)
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and least <= int(typed) <= most):
        raise BadInput(f"{typed!r} is no whole number from {least} to {most}.", why="whole", field=name)
    return int(typed)


def need_whole(name: str, least: int = 0, most: int = 10**9) -> int:
    """A whole number; raises BadInput where there is none."""
    found = whole(name, least, most)
    if found is None:
        raise BadInput(f"{name} is blank.", why="blank", field=name)
    return found


def need_id(name: str) -> int:
    """An id that a list of choices sends back; raises BadInput."""
    return need_whole(name, 0, 10**18)


def day(name: str) -> date | None:
    """A day as browsers send it, None where nothing was typed; raises BadInput."""
    typed = text(name, 40)
    if not typed:
        return None
    try:
        found = date.fromisoformat(typed)
    except ValueError as error:
        raise BadInput(f"{typed!r} is no day.", why="day", field=name) from error
    if found.year not in _YEARS:
        raise BadInput(f"{typed!r} is not of our time.", why="day", field=name)
    return found


def need_day(name: str) -> date:
    """A day; raises BadInput where there is none."""
    found = day(name)
    if found is None:
        raise BadInput(f"{name} is blank.", why="blank", field=name)
    return found


def asked_number(name: str, otherwise: float) -> float:
    """A number of the address, as pages with a GET form have it; `otherwise` where there is none that can be read."""
    typed = request.args.get(name, "").replace(",", ".").strip()
    try:
        found = float(typed)
    except ValueError:
        return otherwise
    return found if math.isfinite(found) else otherwise


def asked_whole(name: str) -> int | None:
    """An id of the address."""
    typed = request.args.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
