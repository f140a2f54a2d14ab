"""Breakdown: the headline indicators by department, sex, age and the like; value after, change, n. No verdict words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from survey_server.estimation.multiplicity import benjamini_hochberg
from survey_server.estimation.suppression import complementary
from survey_server.reports.measure import Comparison, Cube, Pair, count_cell, estimate_cell
from survey_server.reports.results import Result, indicator_cube
from survey_server.reports.sample import Codes
from survey_server.reports.study import Study, level_order, levels_of, note
from survey_server.reports.value import BLANK, Block, Cell, Chart, Column, LeftOut, Note, Page, Row, Table

MOST_LEVELS, NARROW = 40, 4
CHARTED_FIRST = ("sex", "age_grp", "area", "site.area", "site.arm", "site.stratum")
ARROW_FROM_N = 100
FALSE_DISCOVERIES = 0.10
CHARTED_LEVELS, CHARTED_LINES = range(2, 6), 20


@dataclass(frozen=True)
class Breakdown:
    """One breakdown of one form: its levels in order and each row's level, for each wave."""

    name: str
    label: str
    levels: tuple[str, ...]
    columns: tuple[Codes, ...]


def build_breakdown(study: Study, pair: Pair) -> Page | LeftOut:
    """The breakdown chapter of one form."""
    page_id, name = f"breakdown-{pair.form_id}", _name(study, pair)
    results = [r for r in study.headlines if r.pair is pair and r.indicator.breakdowns]
    breakdowns = list(_breakdowns(study, pair, results))
    if not results or not breakdowns:
        return LeftOut(page_id, name, note("left_out.no_breakdowns"))
    by_wave = [{b.name: b.columns[place] for b in breakdowns} for place in range(len(pair.samples))]
    cube = indicator_cube(pair, [r.indicator for r in results], by_wave)
    table = _table(study, pair, results, breakdowns, cube)
    marked = sum(1 for row in table.rows for cell in row.cells if cell.mark)
    rule = "breakdown.message.some" if marked else "breakdown.message.none"
    rule = rule if pair.before else "breakdown.message.one_wave"
    message = Note(rule, {"count": Cell(float(marked)), "levels": Cell(float(sum(len(b.levels) for b in breakdowns)))})
    blocks: tuple[Block, ...] = (*_charts(study, results, breakdowns), table)
    return Page(page_id, name, message, blocks, wide=len(results) > NARROW)


def _name(study: Study, pair: Pair) -> str:
    name = study.t["page.breakdown"]
    return f"{name}: {study.title_of(pair)}" if len(study.pairs) > 1 else name


def _breakdowns(study: Study, pair: Pair, results: Sequence[Result]) -> Iterator[Breakdown]:
    names = dict.fromkeys(name for result in results for name in result.indicator.breakdowns)
    places = {*pair.registry.roles("psu"), *pair.registry.roles("site")}  # sampling points are never printed
    for name in names:
        if not study.has_column(pair, name) or name in places:
            continue
        columns = tuple(study.breakdown(sample, name) for sample in pair.samples)
        levels = level_order(levels_of(columns), pair.after.data.item(name))
        if 2 <= len(levels) <= MOST_LEVELS:
            yield Breakdown(name, study.breakdown_label(pair, name), tuple(levels), columns)


def _table(study: Study, pair: Pair, results: Sequence[Result], breakdowns: Sequence[Breakdown], cube: Cube) -> Table:
    marks = _marks(results, breakdowns, cube)
    rows: list[Row] = [_everybody(study, pair, results)]
    for breakdown in breakdowns:
        rows.append(Row(breakdown.name, breakdown.label, (), "section"))
        rows += _level_rows(study, pair, results, breakdown, cube, marks)
    notes = (note("breakdown.note"), note("note.small_cells"))
    columns = tuple(_columns(study, pair, results))
    return Table(f"breakdown.{pair.form_id}", "", columns, tuple(rows), notes=notes, layout="matrix")


def _columns(study: Study, pair: Pair, results: Sequence[Result]) -> Iterator[Column]:
    yield Column("n", "n")
    for result in results:
        group = study.label(result)
        yield Column(f"{result.indicator.code}.after", pair.after.data.wave.name, group)
        if pair.before:
            yield Column(f"{result.indicator.code}.change", study.t["head.change_short"], group)


def _everybody(study: Study, pair: Pair, results: Sequence[Result]) -> Row:
    cells: list[Cell] = [count_cell(pair.after.n)]
    for result in results:
        cells += _cells(pair, result, result.comparison)
    return Row(
        "all", study.t["breakdown.encounters" if pair.is_observation else "breakdown.all"], tuple(cells), "total"
    )


def _level_rows(
    study: Study,
    pair: Pair,
    results: Sequence[Result],
    breakdown: Breakdown,
    cube: Cube,
    marks: Mapping[tuple[str, str, str], str],
) -> Iterator[Row]:
    grid = {result.indicator.code: _suppressed(pair, result, breakdown, cube) for result in results}
    after = breakdown.columns[-1]
    for place, level in enumerate(breakdown.levels):
        cells: list[Cell] = [count_cell(int((after == level).sum()))]
        for result in results:
            value, *change = grid[result.indicator.code][place]
            mark = marks.get((result.indicator.code, breakdown.name, level), "")
            cells += [value, *(replace(cell, mark=mark) if mark and cell.shown else cell for cell in change)]
        label = study.level_label(pair, breakdown.name, level)
        yield Row(f"{breakdown.name}={level}", label, tuple(cells))


def _suppressed(pair: Pair, result: Result, breakdown: Breakdown, cube: Cube) -> list[list[Cell]]:
    """The cells of one indicator by level, with a second level hidden where one alone could be worked out."""
    indicator = result.indicator
    comparisons = [
        cube.comparison(indicator.code, breakdown.name, level).scaled(indicator.scale) for level in breakdown.levels
    ]
    flags = [c.after.flagged(indicator.sensitive).flag if c.after else "" for c in comparisons]
    sizes = [c.after.n if c.after else 0 for c in comparisons]
    lines = []
    for comparison, flag in zip(comparisons, complementary(flags, sizes), strict=True):
        cells = _cells(pair, result, comparison)
        lines.append([_hidden(cell) for cell in cells] if flag == "suppressed" else cells)
    return lines


def _hidden(cell: Cell) -> Cell:
    return Cell(format=cell.format, n=cell.n, flag="suppressed") if cell.format != "text" else cell


def _cells(pair: Pair, result: Result, comparison: Comparison) -> list[Cell]:
    sensitive = result.indicator.sensitive
    cells = [estimate_cell(comparison.after, result.value_format, sensitive=sensitive)]
    if pair.before:
        change = BLANK
        if not result.comparability.breaks:
            change = estimate_cell(comparison.difference, result.change_format, sensitive=sensitive)
        cells.append(change)
    return cells


def _marks(results: Sequence[Result], breakdowns: Sequence[Breakdown], cube: Cube) -> dict[tuple[str, str, str], str]:
    """Arrows: changes that stand out inside the table (Benjamini-Hochberg), with 100 cases in both waves."""
    tested: dict[tuple[str, str, str], Comparison] = {}
    for result in results:
        for breakdown in breakdowns:
            for level in breakdown.levels:
                comparison = cube.comparison(result.indicator.code, breakdown.name, level)
                if not result.comparability.breaks and not math.isnan(comparison.p):
                    tested[result.indicator.code, breakdown.name, level] = comparison
    if not tested:
        return {}
    adjusted = benjamini_hochberg([comparison.p for comparison in tested.values()])
    return {
        key: "rise" if comparison.difference.value > 0 else "fall"
        for (key, comparison), p in zip(tested.items(), adjusted, strict=True)
        if p < FALSE_DISCOVERIES and comparison.difference and comparison.difference.n >= ARROW_FROM_N
    }


def _charts(study: Study, results: Sequence[Result], breakdowns: Sequence[Breakdown]) -> Iterator[Chart]:
    """Dots with intervals for the small breakdowns, all headlines on one sheet."""
    charted = _charted(breakdowns)
    if not charted or len(results) <= NARROW:
        return
    pair = results[0].pair
    by_wave = [{b.name: b.columns[place] for b in charted} for place in range(len(pair.samples))]
    cube = indicator_cube(pair, [r.indicator for r in results], by_wave)
    rows: list[Row] = []
    for breakdown in charted:
        rows.append(Row(breakdown.name, breakdown.label, (), "section"))
        grid = [_dots(result, breakdown, cube) for result in results]
        for place, level in enumerate(breakdown.levels):
            label = study.level_label(pair, breakdown.name, level)
            rows.append(Row(f"{breakdown.name}={level}", label, tuple(c for line in grid for c in line[place])))
    columns = tuple(
        Column(f"{r.indicator.code}.{wave}", study.label(r), unit_key(r)) for r in results for wave in pair.wave_keys
    )
    table = Table(f"breakdown.{pair.form_id}.dots", "", columns, tuple(rows))
    alt = study.t.write(Note("breakdown.chart.alt", {"count": Cell(float(len(results)))}))
    caption = note("breakdown.chart", waves=" / ".join(study.wave_names))
    yield Chart(f"breakdown-{pair.form_id}", "whisker", table, alt, caption=caption)


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


def unit_key(result: Result) -> str:
    """The unit under a panel's title."""
    return result.indicator.unit


def _dots(result: Result, breakdown: Breakdown, cube: Cube) -> list[list[Cell]]:
    indicator = result.indicator
    comparisons = [
        cube.comparison(indicator.code, breakdown.name, level).scaled(indicator.scale) for level in breakdown.levels
    ]
    flags = [c.after.flagged(indicator.sensitive).flag if c.after else "" for c in comparisons]
    hidden = complementary(flags, [c.after.n if c.after else 0 for c in comparisons])
    sides = [(c.before, c.after) if result.pair.before else (c.after,) for c in comparisons]
    lines = [
        [estimate_cell(side, result.value_format, interval=True, sensitive=indicator.sensitive) for side in pair]
        for pair in sides
    ]
    return [
        [_hidden(cell) for cell in line] if flag == "suppressed" else line
        for line, flag in zip(lines, hidden, strict=True)
    ]
