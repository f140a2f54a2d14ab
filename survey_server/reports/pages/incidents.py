"""Incidents in the report: kinds of events by department and by hour, small counts of grave kinds told together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from survey_server.estimation.incident_counts import count_incidents
from survey_server.estimation.incidents import GRAVE, incident_frame
from survey_server.estimation.told_places import JOINED
from survey_server.reports.measure import count_cell
from survey_server.reports.registers.forms import INCIDENTS
from survey_server.reports.registers.monthly import choice_labels, plain, programme_start
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Note, Row, Table

BANDS = ((0, 5), (6, 11), (12, 17), (18, 23))
HALVES_SHOWN = 2


def incident_tables(study: Study) -> Iterator[Table]:
    """The blocks about incidents; none without the form."""
    sample = study.registers.get(INCIDENTS)
    if sample is None or not {"ictype", "t_event"} <= set(sample.frame.columns):
        return
    frame = incident_frame(sample.frame)
    yield _hours(study, sample, frame)
    yield _places(study, sample, frame)


def largest_event(study: Study) -> Table | None:
    """How much of each drug's weight was one event; None without incidents with seizures."""
    sample = study.registers.get(INCIDENTS)
    table = _largest(study, sample) if sample is not None else None
    return table if table is not None and table.rows else None


def _hours(study: Study, sample: Sample, frame: pd.DataFrame) -> Table:
    """Each kind of event by hours of the day, before and since the programme."""
    t, start = study.t, programme_start(study)
    since = (frame["month"].astype(str) >= start).to_numpy() if start else np.ones(len(frame), dtype=bool)
    hour = frame["hour"].to_numpy(dtype=float)
    bands = [(hour >= low) & (hour <= high) for low, high in BANDS]
    rows = []
    for code, label in choice_labels(study, sample, "ictype").items():
        own = (frame["type"].astype(str) == code).to_numpy()
        if own.any():
            cells = [count_cell(int((own & ~since).sum())), count_cell(int((own & since).sum()))]
            rows.append(Row(code, label, (*cells, *(count_cell(int((own & band).sum())) for band in bands))))
    heads = [Column("before", t["year.before"]), Column("after", t["year.after"])]
    heads += [Column(f"h{low}", f"{low}–{high} h", t["incidents.hours"]) for low, high in BANDS]
    base = Note("incidents.base", {"n": count_cell(len(frame))})
    return Table(
        "incidents.hours", t["incidents.table.hours"], tuple(heads), tuple(rows), base, layout="items narrow fixed"
    )


def _places(study: Study, sample: Sample, frame: pd.DataFrame) -> Table:
    """Departments by groups of kinds: the grave ones by closed half-years, few of them with other departments'."""
    t, labels = study.t, choice_labels(study, sample, "adm1")
    plain_kinds = _by_key(count_incidents(frame, ("department", "group")))
    grave = _by_key(count_incidents(frame, ("department", "group", "half")))
    groups = [group for group in ("property", "drugs", "other") if any(key[1] == group for key in plain_kinds)]
    halves = sorted(set(frame.loc[frame["told.area"].notna(), "half"]))[-HALVES_SHOWN:]
    cells = [(group, half) for group in GRAVE for half in halves if any(key[1:] == (group, half) for key in grave)]
    areas = sorted(str(area) for area in frame["department"].dropna().unique())
    rows = []
    for area in (*areas, JOINED):
        counts = [count_cell(plain_kinds.get((area, group), 0.0)) for group in groups]
        whole = count_cell(sum(cell.value or 0.0 for cell in counts))
        told = tuple(_told(grave, area, group, half) for group, half in cells)
        if area != JOINED:
            rows.append(Row(area, labels.get(area, area), (*counts, whole, *told)))
        elif any(cell.value for cell in told):
            rows.append(
                Row("joined", t["incidents.joined"], (*(Cell(format="count") for _ in (*counts, whole)), *told))
            )
    heads = [*(Column(group, t[f"incidents.group.{group}"]) for group in groups), Column("all", t["incidents.all"])]
    heads += [Column(f"{group}.{half}", half, t[f"incidents.group.{group}"]) for group, half in cells]
    notes, corner = (note("incidents.places.note"),), t["breakdown.department"]
    return Table(
        "incidents.places", t["incidents.table.places"], tuple(heads), tuple(rows), None, notes, "items narrow", corner
    )


def _by_key(cells: pd.DataFrame) -> Mapping[tuple[str, ...], float]:
    """The counts by their dimensions."""
    names = [name for name in ("department", "group", "half") if name in cells.columns]
    return dict(zip(zip(*(cells[name] for name in names), strict=True), cells["n"].astype(float), strict=True))


def _told(grave: Mapping[tuple[str, ...], float], area: str, group: str, half: str) -> Cell:
    """What may be told of grave incidents; where departments are told together, none of them says that it has none."""
    count = grave.get((area, group, half))
    if count is not None:
        return count_cell(count)
    if (JOINED, group, half) in grave and area != JOINED:
        return Cell(format="count", flag="suppressed")
    return count_cell(0.0) if area != JOINED else Cell(format="count")


def _largest(study: Study, sample: Sample) -> Table:
    """How much of a drug's weight was one single event: one huge find is not a trend."""
    t, seized = study.t, plain(sample.data.repeats.get("seiz", pd.DataFrame()))
    if seized.empty:
        return Table("incidents.largest", "", (), ())
    weights = pd.to_numeric(seized["s_kg"], errors="coerce")
    labels = choice_labels(study, sample, "s_drug")
    rows = []
    for code, label in labels.items():
        own = weights[(seized["s_drug"].astype(str) == code) & weights.notna()]
        if len(own):
            share = Cell(100 * float(own.max() / own.sum()), "percent1", n=len(own))
            rows.append(Row(code, label, (count_cell(len(own)), Cell(float(own.sum()), "count"), share)))
    heads = (Column("events", t["incidents.events"]), Column("kg", "kg"), Column("largest", t["incidents.largest"]))
    return Table(
        "incidents.largest",
        t["incidents.table.largest"],
        heads,
        tuple(rows),
        notes=(note("incidents.largest.note"),),
        layout="items",
    )
