"""Annex 3: every indicator of the registry with all that stands behind its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from survey_server.estimation.estimate import Estimate
from survey_server.reports.measure import Pair, count_cell, estimate_cell, number_cell
from survey_server.reports.pages.glance import late_changes, verdict_cell
from survey_server.reports.registers.values import register_values
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import BLANK, Cell, Column, LeftOut, Note, Page, Prose, Row, Table


def build_indicators(study: Study) -> Page | LeftOut:
    """The full indicator table, by form."""
    name = study.t["page.indicators"]
    if not study.results:
        return LeftOut("indicators", name, note("left_out.no_indicators"))
    tables = tuple(table for pair in study.pairs if (table := _table(study, pair)).rows)
    left = (*late_changes(study), *_left_out(study))
    registers = _registers(study)
    tables = (*(replace(table, notes=()) for table in tables[:-1]), *tables[-1:])  # the notes hold for all of them
    if registers.rows:
        tables = (*tables, registers)
    blocks = (*tables, *((Prose(left, "small", study.t["indicators.left_out"]),) if left else ()))
    counted = sum(1 for row in registers.rows if row.cells)
    message = Note("indicators.message", {"count": Cell(float(len(study.results) + counted))})
    return Page("indicators", name, message, blocks)


def _table(study: Study, pair: Pair) -> Table:
    results = [r for r in study.results if r.pair is pair and (r.comparison.after or r.comparison.before)]
    t = study.t
    waves = [sample.data.wave.name for sample in pair.samples]
    sides = tuple(
        Column(f"{key}.{part}", wave, t[f"head.{part}"])
        for part in ("value", "n", "n_eff", "deff")
        for key, wave in zip(pair.wave_keys, waves, strict=True)
    )
    change = (
        Column("change", t["head.change"], detail=t["head.interval"]),
        Column("p", "p"),
        Column("p_adjusted", t["head.p_adjusted"]),
        Column("verdict", t["head.verdict"], left=True),
    )
    rows = tuple(_row(study, result) for result in results)
    title = study.title_of(pair) if len(study.pairs) > 1 else ""
    notes = (note("indicators.note"), note("note.small_cells"))
    return Table(
        f"indicators.{pair.form_id}",
        title,
        (*sides, *(change if pair.before else ())),
        rows,
        notes=notes,
        layout="dense annex fixed",
        corner=t["head.indicator"],
    )


def _row(study: Study, result: Result) -> Row:
    comparison, indicator = result.comparison, result.indicator
    sides: Sequence[Estimate | None] = (
        (comparison.before, comparison.after) if result.pair.before else (comparison.after,)
    )
    cells = [cell for part in zip(*(_side(result, side) for side in sides), strict=True) for cell in part]
    if result.pair.before:
        change = BLANK
        if not result.comparability.breaks:
            change = estimate_cell(
                comparison.difference, result.change_format, interval=True, sensitive=indicator.sensitive
            )
        tested = change.shown and comparison.change is not None
        cells += [
            change,
            number_cell(comparison.p, "p") if tested else BLANK,
            number_cell(result.p_adjusted, "p") if tested else BLANK,
            verdict_cell(study, result, brief=True),
        ]
    star = "◆ " if indicator.headline else ""
    return Row(indicator.code, study.label(result), tuple(cells), detail=f"{star}{indicator.code} · {indicator.unit}")


def _side(result: Result, side: Estimate | None) -> list[Cell]:
    value = estimate_cell(side, result.value_format, sensitive=result.indicator.sensitive)
    if side is None or not value.shown:
        return [value, count_cell(side.n if side else 0), Cell(), Cell()]
    return [value, count_cell(side.n), number_cell(side.n_eff, "count"), number_cell(side.deff, "coefficient")]


def _registers(study: Study) -> Table:
    """The indicators of the registers: counted, not sampled, so without intervals and tests."""
    t, rows = study.t, list[Row]()
    for found in register_values(study):
        form = found.sample.data.form_id
        if not rows or not any(row.key == form for row in rows):
            rows.append(Row(form, t.find(f"source.{form}", form), (), "section"))
        code = found.indicator.code
        cells = (found.before, found.after, count_cell(found.after.n))
        rows.append(Row(code, found.indicator.label(t.language), cells, detail=f"{code} · {found.indicator.unit}"))
    waves = study.wave_names
    heads = (
        Column("before", t["year.before"] if len(waves) < 2 else waves[0]),
        Column("after", waves[-1]),
        Column("n", "n"),
    )
    notes = (note("indicators.registers.note"),)
    return Table(
        "indicators.registers",
        t["indicators.registers"],
        heads,
        tuple(rows),
        notes=notes,
        layout="dense registers folded short",
        corner=t["head.indicator"],
    )


def _left_out(study: Study) -> Iterator[Note]:
    """Indicators without a number, each with its reason."""
    for result in study.results:
        if result.problem:
            known = study.t.find(f"problem.{result.problem}", result.problem)
            yield note("indicators.problem", code=result.indicator.code, name=study.label(result), reason=known)
        elif not (result.comparison.after or result.comparison.before):
            reason = study.t["problem.no_answers"]
            yield note("indicators.problem", code=result.indicator.code, name=study.label(result), reason=reason)
