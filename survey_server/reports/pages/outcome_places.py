"""Who answered where: outcome rates by stratum, risk tier and department, and the points that were out of reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from survey_server.reports.coded import codes_of
from survey_server.reports.measure import Pair, count_cell
from survey_server.reports.outcomes import read_log, rows_of_wave
from survey_server.reports.registers.forms import CONTACTS
from survey_server.reports.study import Study, levels_of, note
from survey_server.reports.value import Cell, Column, Row, Table

COUNTS, RATES = ("points", "away", "dwellings"), ("rr1", "coop1", "ref1", "con1")
TIER, UNSAFE = "site.risk_tier", "31"
MOST_LEVELS, SMALLEST = 40, 25


def place_table(study: Study, pair: Pair) -> Iterator[Table]:
    """For every stratum, tier and department its points, those kept away from, its dwellings and who answered there.

    Nothing without a contact log.
    """
    register = study.registers.get(CONTACTS)
    if register is None or pair.is_observation or not {"psu", "dwelling", "disp"} <= set(register.everyone.columns):
        return
    waves = [register.everyone[rows_of_wave(register.everyone, sample.data.wave)] for sample in pair.samples]
    if not any(len(rows) for rows in waves):
        return
    t, rows = study.t, list[Row]()
    for name in (register.role("stratum"), TIER, register.role("department")):
        if name and name in register.everyone.columns:
            rows += _section(study, pair, name, waves)
    heads = tuple(
        Column(f"{kind}.{key}", t[f"outcome.short.{kind}"], sample.data.wave.name)
        for key, sample in zip(pair.wave_keys, pair.samples, strict=True)
        for kind in (*COUNTS, *RATES)
    )
    everyone = tuple(cell for wave in waves for cell in _cells(wave))
    rows.append(Row("all", t["outcome.everywhere"], everyone, "total"))
    notes = (note("outcome.places.note"),)
    yield Table(
        f"quality.places.{pair.form_id}", t["outcome.places"], heads, tuple(rows), notes=notes, layout="items narrow"
    )


def _section(study: Study, pair: Pair, name: str, waves: Sequence[pd.DataFrame]) -> Iterator[Row]:
    columns = [codes_of(wave, name) for wave in waves]
    levels = levels_of(columns)
    if not 2 <= len(levels) <= MOST_LEVELS:
        return
    yield Row(name, study.breakdown_label(pair, name), (), "section")
    for level in levels:
        parts = [wave[own == level] for wave, own in zip(waves, columns, strict=True)]
        yield Row(
            f"{name}={level}",
            study.level_label(pair, name, level),
            tuple(cell for part in parts for cell in _cells(part)),
        )


def _cells(rows: pd.DataFrame) -> tuple[Cell, ...]:
    """Points, points with a dwelling that safety kept the team from, dwellings, and the rates of enough dwellings."""
    points, log = codes_of(rows, "psu"), read_log(rows)
    away = set(points[codes_of(rows, "disp") == UNSAFE])
    rates = [
        Cell(format="percent1", n=log.dwellings, flag="suppressed")
        if log.dwellings < SMALLEST
        else Cell(100 * getattr(log.rates, rate), "percent1", n=log.dwellings)
        for rate in RATES
    ]
    return count_cell(len(set(points))), count_cell(len(away)), count_cell(log.dwellings), *rates
