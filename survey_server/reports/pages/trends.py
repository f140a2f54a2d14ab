"""Trends: the headline indicators over all waves; a line stops where the question changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from survey_server.reports.comparability import check_comparability
from survey_server.reports.measure import Pair, estimate_cell
from survey_server.reports.results import Result, indicator_cube
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Chart, Column, Note, Page, Prose, Row, Table, text_cell

FROM_WAVES = 3


def build_trends(study: Study) -> Iterator[Page]:
    """The page of trends, when a form has three waves or more; nothing otherwise."""
    long = [pair for pair in study.pairs if len(study.trends.get(pair.form_id, ())) >= FROM_WAVES]
    results = [r for r in study.headlines if r.pair in long and r.indicator.estimator in ("share", "mean")]
    if not results:
        return
    waves = max((study.trends[pair.form_id] for pair in long), key=len)
    tables = tuple(_table(study, pair, [r for r in results if r.pair is pair]) for pair in long)
    tables = tuple(table for table in tables if table.rows)
    broken = sum(1 for table in tables for row in table.rows for cell in row.cells if cell.mark == "broken")
    rule = "trends.message.broken" if broken else "trends.message"
    cells = {"count": Cell(float(len(waves))), "broken": Cell(float(broken))}
    charts = tuple(
        Chart(f"trends-{place}", "trend", table, study.t["trends.alt"], caption=note("trends.caption"))
        for place, table in enumerate(tables)
    )
    lead = Prose((note("trends.lead"),), "lead")
    shown = tuple(_printed(table) for table in tables)
    yield Page("trends", study.t["page.trends"], Note(rule, cells), (lead, *charts, *shown))


def _table(study: Study, pair: Pair, results: Sequence[Result]) -> Table:
    samples = study.trends[pair.form_id]
    columns: list[Column] = []
    for sample in samples:
        key = f"w{sample.data.wave.ordinal}"
        columns += [Column(key, sample.data.wave.name), Column(f"{key}.mark", "")]
    rows = tuple(_row(study, result, samples) for result in results)
    return Table(f"trends.{pair.form_id}.chart", "", tuple(columns), rows, corner=study.t["head.indicator"])


def _row(study: Study, result: Result, samples: Sequence[Sample]) -> Row:
    marks = ["", *(_mark(result, one, two) for one, two in pairwise(samples))]
    cells: list[Cell] = []
    for sample, mark in zip(samples, marks, strict=True):
        own = Pair(None, sample)
        side = indicator_cube(own, [result.indicator], [{}]).comparison(result.indicator.code)
        estimate = side.scaled(result.indicator.scale).after
        value = estimate_cell(estimate, result.value_format, interval=True, sensitive=result.indicator.sensitive)
        cells += [value, text_cell("", mark)]
    return Row(result.indicator.code, study.label(result), tuple(cells))


def _mark(result: Result, one: Sample, two: Sample) -> str:
    """Whether the second wave may be joined to the first: "broken", "caution" or nothing to say."""
    step = Pair(one, two)
    found = check_comparability(step, result.indicator, step.shared.overlap if step.shared else 1.0)
    return "broken" if found.breaks else "caution" if found.cautions else ""


def _printed(table: Table) -> Table:
    """The same figures to read: a column for each wave, with what the lines show as signs."""
    places = [place for place, column in enumerate(table.columns) if not column.key.endswith(".mark")]
    signs = {"broken": "broken", "caution": "caution"}
    rows = []
    for row in table.rows:
        cells = tuple(
            Cell(c.value, c.format, c.se, c.low, c.high, c.n, c.n_eff, c.flag, c.text, signs.get(m.mark, ""))
            for c, m in ((row.cells[place], row.cells[place + 1]) for place in places)
        )
        rows.append(Row(row.key, row.label, cells))
    columns = tuple(table.columns[place] for place in places)
    notes = (note("trends.note"), note("note.small_cells"))
    return Table(
        table.id.removesuffix(".chart"), "", columns, tuple(rows), notes=notes, layout="items", corner=table.corner
    )
