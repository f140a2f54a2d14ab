"""Prevention strands (C06): the sessions and joint activities of each strand by department, as the plan tags them."""

from __future__ import annotations

import numpy as np

from survey_server.reports.measure import count_cell
from survey_server.reports.places import VENUES, department_of, rows_of
from survey_server.reports.registers.forms import JOINT, TRAINING
from survey_server.reports.registers.monthly import choice_labels, plan_of
from survey_server.reports.study import Study, note
from survey_server.reports.value import Column, Row, Table

STRANDS = ("1", "2", "3", "4")
CODES = {TRAINING: "session_id", JOINT: "act_id"}
HELD = ("1", "2")


def activities_of(study: Study) -> list[tuple[str, str]]:
    """Strand and department ("" where nobody wrote one) of every activity held that the plan has a strand for."""
    plan, venues = plan_of(study), department_of(rows_of(study, VENUES))
    found = []
    for form, code in CODES.items():
        sample = study.registers.get(form)
        if sample is None or not {code, "held"} <= set(sample.frame.columns):
            continue
        held = np.isin(sample.codes("held").astype(str), HELD)
        places = sample.codes("venue").astype(str) if "venue" in sample.frame.columns else [""] * sample.n
        for name, place, is_held in zip(sample.frame[code].astype(str), places, held, strict=True):
            if is_held and name in plan.strands:
                strand, _, told = plan.strands[name].partition(" ")
                found.append((strand, told or venues.get(place, "")))
    return found


def strand_table(study: Study) -> Table:
    """Departments by strands; empty without tagged activities."""
    t, found = study.t, activities_of(study)
    named = [choice_labels(study, sample, "adm1") for sample in study.registers.values()]
    labels = next((names for names in named if names), {})
    rows = []
    for place in sorted({place for _, place in found}, key=lambda code: (not code, code)):
        counts = [found.count((strand, place)) for strand in STRANDS]
        cells = tuple(count_cell(count) for count in (*counts, sum(counts)))
        rows.append(Row(place or "unknown", labels.get(place, place) or t["strands.unknown"], cells))
    if rows:
        totals = [sum(1 for one, _ in found if one == strand) for strand in STRANDS]
        rows.append(Row("all", t["strands.all"], tuple(count_cell(n) for n in (*totals, len(found))), "total"))
    heads = [Column(f"strand{strand}", t[f"strands.strand{strand}"]) for strand in STRANDS]
    heads.append(Column("all", t["strands.all"]))
    notes, corner = (note("strands.note"),), t["breakdown.department"]
    return Table(
        "community.strands", t["strands.title"], tuple(heads), tuple(rows), notes=notes, layout="items", corner=corner
    )
