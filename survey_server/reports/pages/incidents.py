"""Incidents in the report: kinds of events by department and by hour, small counts of grave kinds left out."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from survey_server.estimation.events import ALL, event_cube
from survey_server.estimation.incidents import GRAVE, incident_frame
from survey_server.estimation.suppression import complementary_table
from survey_server.reports.measure import count_cell
from survey_server.reports.registers.forms import INCIDENTS
from survey_server.reports.registers.monthly import choice_labels, plain, programme_start
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Note, Row, Table

BANDS = ((0, 5), (6, 11), (12, 17), (18, 23))


def incident_tables(study: Study) -> Iterator[Table]:
    """The blocks about incidents; none without the form."""
    sample = study.registers.get(INCIDENTS)
    if sample is None or not {"ictype", "t_event"} <= set(sample.frame.columns):
        return
    frame = incident_frame(sample.frame, area="adm1")
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
    """Departments by groups of kinds; under five of a grave kind in one place is not told."""
    t = study.t
    cube = event_cube(frame, ("area", "group"), grave=GRAVE, type_key="group")
    labels = choice_labels(study, sample, "adm1")
    found = {(str(row["area"]), str(row["group"])): row for row in cube.to_dict(orient="records")}
    groups = [group for group in ("violent", "sexual", "property", "drugs", "other") if (ALL, group) in found]
    areas = sorted({area for area, _ in found if area != ALL})
    counts = np.array([[float(_n(found.get((area, group)))) for group in groups] for area in areas])
    hidden = complementary_table(np.isnan(counts), np.nan_to_num(counts, nan=1.0))
    rows = []
    for area, line, dark in zip(areas, counts, hidden, strict=True):
        cells = [_count(value, is_dark) for value, is_dark in zip(line, dark, strict=True)]
        rows.append(Row(area, labels.get(area, area), (*cells, count_cell(_n(found[area, ALL])))))
    heads = (*(Column(group, t[f"incidents.group.{group}"]) for group in groups), Column("all", t["incidents.all"]))
    notes, corner = (note("incidents.places.note"),), t["breakdown.department"]
    return Table(
        "incidents.places", t["incidents.table.places"], heads, tuple(rows), None, notes, "items narrow fixed", corner
    )


def _n(row: Mapping[Hashable, Any] | None) -> float:
    """The count of a cell of the cube: 0 where nothing happened, NaN where it may not be told."""
    if row is None:
        return 0.0
    return math.nan if row["flag"] == "suppressed" else float(row["n"])


def _count(value: float, hidden: bool) -> Cell:
    return Cell(format="count", flag="suppressed") if hidden or math.isnan(value) else Cell(value, "count")


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
