"""How fast units arrive: the median of minutes, and the share within what the plan asks for."""

from __future__ import annotations

import numpy as np

from survey_server.estimation.design import Design
from survey_server.estimation.quantiles import estimate_quantile
from survey_server.estimation.taylor import estimate_mean
from survey_server.reports.measure import estimate_cell
from survey_server.reports.registers.forms import INCIDENTS
from survey_server.reports.registers.monthly import numbers_of, plan_of, programme_start
from survey_server.reports.study import Study
from survey_server.reports.value import Cell


def response(study: Study, which: str) -> tuple[Cell, Cell]:
    """The median minutes to arrive, and the share within the target, of incidents with both times."""
    sample = study.registers.get(INCIDENTS)
    empty = Cell(format="minutes"), Cell(format="percent1")
    if sample is None or "resp_min" not in sample.frame.columns:
        return empty
    months = sample.frame["t_event"].astype(str).str[:7].to_numpy(dtype=object)
    start = programme_start(study)
    inside = (months < start) if which == "before" else (months >= start)
    minutes = numbers_of(sample.frame, "resp_min")
    rows = inside & ~np.isnan(minutes)
    if int(rows.sum()) < 2:
        return empty
    units = sample.codes("unit").astype(str)
    design = Design(None, units, None)
    within = np.where(np.isnan(minutes), np.nan, 100.0 * (minutes <= plan_of(study).response_minutes))
    from_units = estimate_quantile(minutes, design, domain=rows)
    share = percent_within(within, design, rows)
    return estimate_cell(from_units, "minutes", interval=True), share


def percent_within(y: np.ndarray, design: Design, rows: np.ndarray) -> Cell:
    """A share in percent with the interval of its clusters."""
    return estimate_cell(estimate_mean(y / 100, design, rows, "share").scaled(100), "percent1", interval=True)
