"""What the lists of posts, units and venues say: what is open on a day, and in which department it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from survey_server.reports.study import Study

POSTS, UNITS, VENUES = "posts.csv", "units.csv", "venues.csv"
CHECKPOINT, MODEL_PRECINCT = "3", "1"
Rows = Sequence[Mapping[str, str]]


def rows_of(study: Study, name: str) -> Rows:
    """The rows of a list, from the first form that carries it; none when no form does."""
    samples = [*(pair.after for pair in study.pairs), *study.registers.values()]
    return next((sample.data.files[name] for sample in samples if name in sample.data.files), ())


def open_checkpoints(rows: Rows, day: date) -> int:
    """How many highway checkpoints are in service on a day."""
    return sum(1 for row in rows if row.get("type") == CHECKPOINT and row.get("status") == "open" and _valid(row, day))


def model_precincts(rows: Rows, day: date) -> int:
    """How many units are model precincts on a day."""
    return sum(1 for row in rows if row.get("area_type") == MODEL_PRECINCT and _valid(row, day))


def department_of(rows: Rows) -> dict[str, str]:
    """The department's code by the code of the place; places without one are left away."""
    return {row["name"]: row["adm1"] for row in rows if row.get("name") and row.get("adm1")}


def _valid(row: Mapping[str, str], day: date) -> bool:
    starts, ends = row.get("valid_from", ""), row.get("valid_to", "")
    return (not starts or starts <= day.isoformat()) and (not ends or day.isoformat() <= ends)
