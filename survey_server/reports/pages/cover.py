"""The cover's table: what was done in each wave, counted from the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from survey_server.reports.coded import codes_of
from survey_server.reports.formats import DASH
from survey_server.reports.measure import Pair, count_cell
from survey_server.reports.pages.outcome_rates import logs_of
from survey_server.reports.registers.contrasts import count_contrast
from survey_server.reports.registers.forms import ADMIN, TRAINING
from survey_server.reports.registers.monthly import returns_of
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
    kept = list(_registers(study, len(columns)))
    if kept:
        rows += [Row("registers", study.t["cover.registers"], (), "section"), *kept]
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
    rows += _outcomes(study, pair, waves, row) if kind == "survey" else _visits(study, samples, row)
    people = [count_cell(_people(sample)) for sample in samples]
    if any(cell.value for cell in people):
        rows.append(row(f"{kind}.people", *people))
    return rows


def _outcomes(study: Study, pair: Pair, waves: int, row: Callable[..., Row]) -> Iterator[Row]:
    """Complete and partial interviews by their own codes, and the response rate by the log of visits."""
    blanks: list[None] = [None] * (waves - len(pair.samples))
    column = pair.registry.role("outcome")
    item = pair.after.data.item(column) if column else None
    for choice, key in zip(item.choices if item else (), ("complete", "partial"), strict=False):
        counts = [int((codes_of(s.everyone, column or "") == choice.code).sum()) for s in pair.samples]
        yield row(f"survey.{key}", *map(count_cell, (*blanks, *counts)))
    rates = [log.rates.rr1 if log else math.nan for log in (*blanks, *logs_of(study, pair))]
    if not all(math.isnan(rate) for rate in rates):
        yield row("survey.rr1", *(Cell(None if math.isnan(rate) else 100 * rate, "percent1") for rate in rates))


def _visits(study: Study, samples: Sequence[Sample | None], row: Callable[..., Row]) -> Iterator[Row]:
    """Visits of observers and officers seen, by the codes that the form keeps of them."""
    for key, column in (("visits", "visit_no"), ("officers", "")):
        counts = []
        for sample in samples:
            name = column or (sample.role("officer") if sample else None) or ""
            known = sample.frame[name].dropna().astype(str) if sample and name in sample.frame.columns else None
            counts.append(count_cell(known[known != ""].nunique() if known is not None else None))
        if any(cell.value for cell in counts):
            yield row(f"observation.{key}", *counts)
        elif key == "officers" and any(s and s.data.registry.roles("officer") for s in samples):
            yield row(f"observation.{key}", *(text_cell(study.t["cover.uncounted"]) for _ in samples))


def _registers(study: Study, waves: int) -> Iterator[Row]:
    """People trained to date and the monthly returns that came of those due."""
    blank = [Cell()] * (waves - 1)
    sample = study.registers.get(TRAINING)
    trained = count_contrast(study, "T01", sample) if sample else None
    if trained is not None:
        before = [trained.before] if waves > 1 else []
        yield Row("trained", study.t["cover.trained"], (*before, trained.after))
    returns = returns_of(study, ADMIN)
    if returns is not None and len(returns.span):
        expected = count_cell(len(returns.units) * len(returns.span))
        yield Row("unit_months", study.t["cover.unit_months"], (*blank, count_cell(len(returns.sample.frame))))
        yield Row("unit_months.due", study.t["cover.unit_months.due"], (*blank, expected))


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
