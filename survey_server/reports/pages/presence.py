"""Administrative page, presence and place: checkpoints in service, model precincts, states of siege, displacement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from survey_server.reports.measure import count_cell
from survey_server.reports.places import POSTS, UNITS, model_precincts, open_checkpoints, rows_of
from survey_server.reports.registers.displacement import ZONES, find_displacement
from survey_server.reports.registers.monthly import Returns, percent_cell, plan_of
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Row, Table


def presence_tables(study: Study, returns: Returns) -> Iterator[Table]:
    """What is in service of what was planned, and whether crime moved next door."""
    table = _in_service(study, returns)
    if table.rows:
        yield table
    moved = _displacement(study)
    if moved is not None:
        yield moved


def checkpoints(study: Study) -> Cell:
    """Checkpoints in service, in percent of those planned (A21)."""
    return _share(study, POSTS)


def precincts(study: Study) -> Cell:
    """Model precincts, in percent of those planned (A27)."""
    return _share(study, UNITS)


def _share(study: Study, name: str) -> Cell:
    plan, count = plan_of(study), _count(study, name)
    planned = plan.checkpoints if name == POSTS else plan.model_precincts
    return Cell(100 * count / planned, "percent1") if count is not None and planned else Cell(format="percent1")


def _count(study: Study, name: str) -> int | None:
    rows = rows_of(study, name)
    if not rows:
        return None
    day = study.after_wave.ends or date.max
    return open_checkpoints(rows, day) if name == POSTS else model_precincts(rows, day)


def _in_service(study: Study, returns: Returns) -> Table:
    t, plan = study.t, plan_of(study)
    rows = []
    for key, name, planned in (
        ("checkpoints", POSTS, plan.checkpoints),
        ("precincts", UNITS, plan.model_precincts),
    ):
        count = _count(study, name)
        if count is not None:
            rows.append(Row(key, t[f"presence.{key}"], (count_cell(count), count_cell(planned), _share(study, name))))
    days = returns.grid("siege_days")[:, returns.year_after]
    known = int((~np.isnan(days)).sum())
    if known:
        all_days = 30.4375 * known
        share = Cell(100 * float(np.nansum(days)) / all_days, "percent1", n=known)
        rows.append(
            Row("siege", t["presence.siege"], (count_cell(float(np.nansum(days))), count_cell(all_days), share))
        )
    heads = (Column("count", t["presence.count"]), Column("of", t["presence.of"]), Column("share", "%"))
    notes = (note("presence.note"),)
    return Table("admin.presence", t["presence.title"], heads, tuple(rows), notes=notes)


def _displacement(study: Study) -> Table | None:
    found, t = find_displacement(study), study.t
    if found is None:
        return None
    rows = [
        Row(
            zone,
            t[f"displacement.{zone}"],
            (count_cell(found.before[at]), count_cell(found.after[at]), percent_cell(found.change(at))),
        )
        for at, zone in enumerate(ZONES)
    ]
    rows.append(Row("difference", t["displacement.difference"], (Cell(), Cell(), found.value), "total"))
    heads = (
        Column("before", t["year.before"]),
        Column("after", t["year.after"]),
        Column("change", t["admin.change"], detail=t["head.interval"]),
    )
    notes = (note(f"displacement.reading.{found.reading}"), note("displacement.note"))
    return Table("admin.displacement", t["displacement.title"], heads, tuple(rows), notes=notes)
