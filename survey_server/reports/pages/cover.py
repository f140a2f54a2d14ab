"""The cover's table: what was done in each wave, counted from the data."""

from __future__ import annotations

import pandas as pd

from survey_server.reports.formats import DASH
from survey_server.reports.measure import Pair, count_cell
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study
from survey_server.reports.value import Cell, Column, Row, Table, text_cell


def build_facts(study: Study) -> Table:
    """One column for each wave, one block of rows for each form."""
    names = study.wave_names
    columns = tuple(Column(key, name) for key, name in zip(("before", "after")[-len(names) :], names, strict=True))
    rows: list[Row] = []
    for pair in study.pairs:
        if len(study.pairs) > 1:
            rows.append(Row(pair.form_id, study.title_of(pair), (), "section"))
        rows += _rows(study, pair, len(columns))
    return Table("cover.facts", "", columns, tuple(rows), layout="facts")


def _rows(study: Study, pair: Pair, waves: int) -> list[Row]:
    kind = "observation" if pair.is_observation else "survey"
    samples: list[Sample | None] = [pair.before, pair.after][-waves:]

    def row(key: str, *cells: Cell) -> Row:
        return Row(f"{pair.form_id}.{key}", study.t[f"cover.{key}"], cells)

    rows = [
        row("dates", *(text_cell(field_dates(study, sample)) for sample in samples)),
        row(f"{kind}.n", *(count_cell(sample.n if sample else None) for sample in samples)),
    ]
    if pair.has_sites:
        rows.append(row(f"{kind}.sites", *(_distinct(sample, "psu") for sample in samples)))
    if pair.after.role("department"):
        rows.append(row("departments", *(_distinct(sample, "department") for sample in samples)))
    people = [count_cell(_people(sample)) for sample in samples]
    if any(cell.value for cell in people):
        rows.append(row(f"{kind}.people", *people))
    return rows


def field_dates(study: Study, sample: Sample | None) -> str:
    """First to last day of collection, from the data."""
    if sample is None or "_collected_on" not in sample.everyone:
        return DASH
    days = pd.to_datetime(sample.everyone["_collected_on"], errors="coerce").dropna()
    if days.empty:
        return DASH
    numbers = study.t.numbers
    return f"{numbers.date(days.min().date())} – {numbers.date(days.max().date())}"


def _distinct(sample: Sample | None, role: str) -> Cell:
    column = sample.role(role) if sample else None
    return count_cell(sample.frame[column].nunique() if sample and column else None)


def _people(sample: Sample | None) -> int | None:
    if sample is None:
        return None
    column = sample.role("interviewer") or "_interviewer"
    return int(sample.everyone[column].nunique()) if column in sample.everyone else None
