"""What the coordination planned, as the programme's policies hold it: the report measures what happened against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from survey_server.problems import UnfitPlan


@dataclass(frozen=True)
class Plan:
    """The plan of a programme; what isn't planned is empty, and then the report compares with nothing."""

    started: str = ""
    """The month in which the programme began, as 2027-01."""
    target: int | None = None
    """How many people are to be trained in all."""
    required_modules: tuple[str, ...] = ()
    """The modules that make somebody a trained person; all that were taught when none are named."""
    trained: Mapping[str, float] = field(default_factory=dict)
    """How many are to be trained by the end of each month."""
    national_share: Mapping[str, float] = field(default_factory=dict)
    """The share of minutes (0 to 1) that nationals are to lead in each month."""
    budget: float | None = None
    currency: str = "CAD"
    rates: Mapping[str, float] = field(default_factory=dict)
    """What one unit of each other currency is worth in that of the budget."""
    starts: Mapping[str, str] = field(default_factory=dict)
    """The month in which activity began, by department, where it isn't that of the programme."""
    courses: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """The day of the course of each post's officers and its modules, by the post's code: observers don't know it."""
    response_minutes: float = 30
    """Within how many minutes a unit should arrive."""
    margins: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    """What is known of the population, by form, question or site column, and code: weights are fitted to it."""
    target_date: str = ""
    """The day by which targets should be reached, where an indicator has none of its own, as 2027-12-31."""
    checkpoints: float = 12
    """How many highway checkpoints are planned."""
    model_precincts: float = 141
    """How many model precincts are planned."""
    modes: Mapping[str, float] = field(default_factory=dict)
    """The share (0 to 1) of observed encounters wanted in each mode of observation, by the mode's code."""
    strands: Mapping[str, str] = field(default_factory=dict)
    """By the code of each session or joint activity its strand of prevention, 1 to 4, and its department: "2 GT17"."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Plan:
        """The plan in the words of the policies; raises UnfitPlan, naming what doesn't fit."""
        unknown = sorted(set(told) - set(cls.__dataclass_fields__))
        if unknown:
            raise UnfitPlan(f"The plan has {', '.join(unknown)}; it may have {', '.join(cls.__dataclass_fields__)}.")
        fit = {name: _fit(name, value) for name, value in told.items()}
        return cls(**fit)


_MONTHLY = ("trained", "national_share")
_NUMBERS = ("target", "budget", "response_minutes", "checkpoints", "model_precincts")
_STRANDS = ("1", "2", "3", "4")


def _fit(name: str, value: Any) -> Any:
    if name == "required_modules":
        _need(isinstance(value, list), name, "a list of module codes")
        return tuple(str(code) for code in value)
    if name == "strands":
        _need(isinstance(value, Mapping), name, "an object")
        fits = all(str(told).split(" ")[0] in _STRANDS for told in value.values())
        _need(fits, name, 'strands 1 to 4 by activity, such as "2" or "2 GT17"')
        return {str(code): str(strand) for code, strand in value.items()}
    if name in (*_MONTHLY, "rates", "starts", "modes"):
        _need(isinstance(value, Mapping), name, "an object")
        if name == "starts":
            _need(all(is_month(month) for month in value.values()), name, "months such as 2027-01")
            return dict(value)
        _need(name not in _MONTHLY or all(is_month(month) for month in value), name, "months such as 2027-01 as keys")
        _need(all(isinstance(number, int | float) for number in value.values()), name, "numbers")
        return {str(key): float(number) for key, number in value.items()}
    if name == "margins":
        _need(_are_margins(value), name, 'numbers above 0 by form, column and code, as {"f": {"sex": {"1": 0.5}}}')
        return value
    if name == "courses":
        _need(isinstance(value, Mapping), name, "an object")
        return {str(post): _course(told) for post, told in value.items()}
    if name in _NUMBERS:
        _need(value is None or (isinstance(value, int | float) and value >= 0), name, "a number")
        return value
    if name == "target_date":
        _need(value == "" or is_day(value), name, "a day such as 2027-12-31")
    if name == "started":
        _need(value == "" or is_month(value), name, "a month such as 2027-01")
    return str(value)


def _are_margins(value: Any) -> bool:
    columns = [column for form in _parts(value) for column in _parts(form)]
    numbers = [number for column in columns for number in _parts(column)]
    return bool(numbers) and all(isinstance(number, int | float) and number > 0 for number in numbers)


def _parts(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else [None]


def _course(told: Any) -> tuple[str, tuple[str, ...]]:
    """One post's course: {"day": "2027-01-15", "modules": ["1", "2"]}."""
    fits = isinstance(told, Mapping) and isinstance(told.get("modules"), list) and is_day(told.get("day"))
    _need(fits, "courses", 'objects such as {"day": "2027-01-15", "modules": ["1", "2"]} by post')
    return str(told["day"]), tuple(str(code) for code in told["modules"])


def _need(fits: bool, name: str, wanted: str) -> None:
    if not fits:
        raise UnfitPlan(f"{name} must be {wanted}.")


def is_month(text: object) -> bool:
    """Whether this is a month such as 2027-01."""
    parts = str(text).split("-")
    return len(parts) == 2 and len(parts[0]) == 4 and all(p.isdigit() for p in parts) and 1 <= int(parts[1]) <= 12


def is_day(text: object) -> bool:
    """Whether this is a day such as 2027-01-15."""
    try:
        return date.fromisoformat(str(text)).isoformat() == str(text)
    except ValueError:
        return False
