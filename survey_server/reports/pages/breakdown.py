"""Breakdown: the headline indicators by department, sex, age and the like; value after, change, n. No verdict words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from survey_server.outlines import outlines_of
from survey_server.reports.matrix import Breakdown, Matrix, hidden
from survey_server.reports.measure import KINDS, Pair, estimate_cell
from survey_server.reports.results import Result, indicator_cube
from survey_server.reports.study import Study, level_order, levels_of, note
from survey_server.reports.value import Cell, Chart, Column, LeftOut, Note, Page, Part, Prose, Row, SideBySide, Table

MOST_LEVELS, NARROW = 40, 4
MAPPED_FROM, MAPS_SHOWN = 3, 6
CHARTED_FIRST = ("sex", "age_grp", "area", "site.area", "site.arm", "site.stratum")
CHARTED_LEVELS, CHARTED_LINES = range(2, 6), 20


def build_breakdown(study: Study, pair: Pair) -> Page | LeftOut:
    """The breakdown chapter of one form."""
    page_id, name = f"breakdown-{pair.form_id}", _name(study, pair)
    results = [
        r for r in study.headlines if r.pair is pair and r.indicator.breakdowns and r.indicator.estimator in KINDS
    ]
    breakdowns = list(_breakdowns(study, pair, results))
    if not results or not breakdowns:
        return LeftOut(page_id, name, note("left_out.no_breakdowns"))
    by_wave = [{b.name: b.columns[place] for b in breakdowns} for place in range(len(pair.samples))]
    cube = indicator_cube(pair, [r.indicator for r in results], by_wave)
    matrix = Matrix(study, pair, results, breakdowns, cube, narrow=len(results) <= NARROW)
    rule = "some" if matrix.marks else "none" if pair.before else "one_wave"
    cells = {
        "count": Cell(float(len(matrix.marks))),
        "levels": Cell(float(sum(len(breakdown.levels) for breakdown in breakdowns))),
    }
    message = Note(f"breakdown.message.{rule}", cells)
    told = tuple(_too_many(study, pair, results))
    small = (Prose(told, "small"),) if told else ()
    drawn: tuple[Part, ...] = (*_map(matrix), matrix.table())
    shown = (SideBySide(drawn),) if len(results) == 1 else drawn  # one indicator: narrow enough for two columns
    blocks = (*_charts(matrix), *shown, *small)
    return Page(page_id, name, message, blocks, wide=not matrix.narrow)


def _name(study: Study, pair: Pair) -> str:
    name = study.t["page.breakdown"]
    return study.t.of(name, study.title_of(pair)) if len(study.pairs) > 1 else name


def _too_many(study: Study, pair: Pair, results: Sequence[Result]) -> Iterator[Note]:
    """A sentence for every breakdown of more levels than a table can show."""
    for name in dict.fromkeys(name for result in results for name in result.indicator.breakdowns):
        levels = study.has_column(pair, name) and levels_of([study.breakdown(sample, name) for sample in pair.samples])
        if levels and len(levels) > MOST_LEVELS and name not in _places(pair):
            cells = {"count": Cell(float(len(levels))), "most": Cell(float(MOST_LEVELS))}
            yield Note("breakdown.levels", cells, {"name": study.breakdown_label(pair, name)})


def _places(pair: Pair) -> set[str]:
    """Sampling points, which are never printed."""
    return {*pair.registry.roles("psu"), *pair.registry.roles("site")}


def _breakdowns(study: Study, pair: Pair, results: Sequence[Result]) -> Iterator[Breakdown]:
    names = dict.fromkeys(name for result in results for name in result.indicator.breakdowns)
    places = _places(pair)
    for name in names:
        if not study.has_column(pair, name) or name in places:
            continue
        columns = tuple(study.breakdown(sample, name) for sample in pair.samples)
        levels = level_order(levels_of(columns), pair.after.data.item(name))
        if 2 <= len(levels) <= MOST_LEVELS:
            yield Breakdown(name, study.breakdown_label(pair, name), tuple(levels), columns)


def _charts(matrix: Matrix) -> Iterator[Chart]:
    """Dots with intervals for the small breakdowns, all headlines on one sheet."""
    charted = _charted(matrix.breakdowns)
    if not charted or matrix.narrow:
        return
    study, pair, results = matrix.study, matrix.pair, matrix.results
    rows: list[Row] = []
    for breakdown in charted:
        rows.append(Row(breakdown.name, breakdown.label, (), "section"))
        grid = [_dots(matrix, result, breakdown) for result in results]
        for place, level in enumerate(breakdown.levels):
            label = study.level_label(pair, breakdown.name, level)
            rows.append(Row(f"{breakdown.name}={level}", label, tuple(c for line in grid for c in line[place])))
    columns = tuple(Column(f"{r.indicator.code}.{wave}", study.label(r)) for r in results for wave in pair.wave_keys)
    table = Table(f"breakdown.{pair.form_id}.dots", "", columns, tuple(rows))
    alt = study.t.write(Note("breakdown.chart.alt", {"count": Cell(float(len(results)))}))
    caption = note("breakdown.chart", waves=" / ".join(study.wave_names))
    yield Chart(f"breakdown-{pair.form_id}", "whisker", table, alt, caption=caption, size="wide")


def _map(matrix: Matrix) -> Iterator[Chart]:
    """The first headlines by department on maps: departments, never sampling points."""
    study, pair = matrix.study, matrix.pair
    found = next((b for b in matrix.breakdowns if b.name == pair.after.role("department")), None)
    known = {outline.code for outline in outlines_of(found.levels, study.programme.outlines)} if found else set()
    if found is None or len(known & set(found.levels)) < MAPPED_FROM:
        return
    results = [r for r in matrix.results if r.indicator.direction != "context"][:MAPS_SHOWN]
    hiding = [matrix.hidden_levels(result, found) for result in results]
    rows = []
    for place, level in enumerate(found.levels):
        cells = []
        for result, hide in zip(results, hiding, strict=True):
            side = matrix.comparison(result, found, level).after
            cell = estimate_cell(side, result.value_format, sensitive=result.indicator.sensitive)
            cells.append(hidden(cell) if hide[place] else cell)
        rows.append(Row(f"{found.name}={level}", study.level_label(pair, found.name, level), tuple(cells)))
    if sum(1 for row in rows if row.cells[0].shown) < MAPPED_FROM:
        return
    columns = tuple(Column(f"{result.indicator.code}.after", study.label(result)) for result in results)
    table = Table(f"breakdown.{pair.form_id}.map", "", columns, tuple(rows))
    caption = note("breakdown.map", wave=pair.after.data.wave.name)
    yield Chart(
        f"map-{pair.form_id}",
        "map",
        table,
        study.t["breakdown.map.alt"],
        caption=caption,
        size="half" if matrix.narrow else "wide",
        outlines=study.programme.outlines,
    )


def _charted(breakdowns: Sequence[Breakdown]) -> list[Breakdown]:
    """The breakdowns with few levels, as many as one sheet holds."""
    found: list[Breakdown] = []
    lines = 0
    order = [*CHARTED_FIRST, *(breakdown.name for breakdown in breakdowns)]
    for breakdown in sorted(breakdowns, key=lambda breakdown: order.index(breakdown.name)):
        if len(breakdown.levels) in CHARTED_LEVELS and lines + len(breakdown.levels) + 1 <= CHARTED_LINES:
            found.append(breakdown)
            lines += len(breakdown.levels) + 1
    return found


def _dots(matrix: Matrix, result: Result, breakdown: Breakdown) -> list[list[Cell]]:
    """For each level, the cells of the waves with their intervals; nothing where the level is suppressed."""
    sensitive, lines = result.indicator.sensitive, []
    levels = matrix.hidden_levels(result, breakdown)
    changes = matrix.hidden_changes(result, breakdown) if matrix.pair.before else levels
    for level, is_hidden, is_change_hidden in zip(breakdown.levels, levels, changes, strict=True):
        comparison = matrix.comparison(result, breakdown, level)
        sides = (comparison.before, comparison.after) if matrix.pair.before else (comparison.after,)
        line = [estimate_cell(side, result.value_format, interval=True, sensitive=sensitive) for side in sides]
        line = [hidden(cell) if is_hidden or (is_change_hidden and cell is not line[-1]) else cell for cell in line]
        lines.append(line)
    return lines
