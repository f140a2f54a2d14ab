"""Methods in use by months since the course: what observers still see of what was taught."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from survey_server.reports.measure import count_cell, estimate_cell
from survey_server.reports.observed import Observed
from survey_server.reports.registers.methods_used import used_in
from survey_server.reports.registers.monthly import plan_of
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Chart, Column, Part, Row, Table

BANDS = ((0.0, 3.0), (3.0, 6.0), (6.0, 9.0), (9.0, math.inf))


def used_blocks(study: Study) -> Iterator[Part]:
    """A table and its line, the later wave by months since the course; nothing where no course is known."""
    t = study.t
    for pair in study.observations:
        waves = used_in(Observed(pair), plan_of(study))
        if not waves or waves[-1].estimate() is None:
            continue
        last, rows = waves[-1], []
        for low, high in BANDS:
            inside = (last.months >= low) & (last.months < high)
            scored = int(last.points[1][inside & ~last.observed.announced(last.sample)].sum())
            found = last.estimate(inside)
            if found is not None:
                label = f"{low:g}+" if high == math.inf else f"{low:g}–{high - 1:g}"
                cell = estimate_cell(found.scaled(100), "percent1", interval=True)
                rows.append(Row(label, label, (count_cell(scored), cell)))
        whole = last.estimate()
        assert whole is not None
        scored = int(last.points[1][(last.months >= 0) & ~last.observed.announced(last.sample)].sum())
        everybody = estimate_cell(whole.scaled(100), "percent1", interval=True)
        rows.append(Row("all", t["used.all"], (count_cell(scored), everybody), "total"))
        name = t["used.met"]
        columns = (Column("used.n", t["used.scored"], name), Column("used", "%", name, detail=t["head.interval"]))
        table_id, title = f"compliance.used.{pair.form_id}", t["used.title"]
        corner = t["followup.since"]
        notes = (note("used.note"),)
        yield Table(table_id, title, columns, tuple(rows), notes=notes, corner=corner)
        drawn = Table(table_id, title, columns, tuple(rows[:-1]), corner=corner)
        if len(rows) > 2 and not np.isnan(_values(drawn)).all():
            yield Chart(table_id, "curve", drawn, t["used.alt"], size="half")


def _values(table: Table) -> np.ndarray:
    cells: list[Cell] = [row.cells[1] for row in table.rows]
    return np.array([math.nan if cell.value is None else cell.value for cell in cells])
