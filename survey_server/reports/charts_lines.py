"""Line plots: programme against comparison areas from before to after, and the index by visit and by minutes."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.figure import Figure

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.palette import AFTER, BLUE, BROWN, INK, QUIET
from survey_server.reports.value import Cell, Chart, Row, Table

PER_ROW = 5
WIDTH = 6.6


def draw_slopes(chart: Chart, catalogue: Catalogue) -> Figure:
    """One small panel for each indicator: full line for programme areas, dashed for comparison areas."""
    rows = [row for row in chart.table.rows if all(cell.shown for cell in row.cells[:4])]
    lines = max(-(-len(rows) // PER_ROW), 1)
    figure = Figure(figsize=(WIDTH, 1.3 * lines))
    figure.subplots_adjust(
        left=0.01, right=0.99, top=1 - 0.33 / (1.3 * lines), bottom=0.16 / (1.3 * lines), hspace=0.55, wspace=0.08
    )
    grid = figure.subplots(lines, PER_ROW, squeeze=False)
    waves = [column.label for column in chart.table.columns[:2]]
    for axes in grid.flat[len(rows) :]:
        axes.set_axis_off()
    for axes, row in zip(grid.flat, rows, strict=False):
        _slope(axes, row, catalogue)
        axes.set_xticks([0, 1], waves, fontsize=6.2)
        axes.set_xlim(-0.25, 1.55)
        axes.set_title("\n".join(textwrap.wrap(row.label, 23)[:2]), fontsize=6.8, pad=3)
    return figure


def _slope(axes: Any, row: Row, catalogue: Catalogue) -> None:
    low = min(cell.value for cell in row.cells[:4] if cell.value is not None)
    high = max(cell.value for cell in row.cells[:4] if cell.value is not None)
    ends: list[tuple[float, Cell, str]] = []
    for cells, colour, dash, shift in (
        (row.cells[:2], AFTER, "-", -0.025),
        (row.cells[2:4], BROWN, (0, (3, 2)), 0.025),
    ):
        values = [cell.value or 0.0 for cell in cells]
        axes.plot([shift, 1 + shift], values, linestyle=dash, color=colour, linewidth=1.4, marker="o", markersize=3)
        for x, cell in enumerate(cells):
            if cell.se is not None and cell.value is not None:
                axes.plot(
                    [x + shift, x + shift],
                    [cell.value - 1.96 * cell.se, cell.value + 1.96 * cell.se],
                    color=colour,
                    linewidth=0.7,
                )
        ends.append((values[1], cells[1], colour))
    spread = max(high - low, 1e-9)
    gap = 0.16 * max(spread, 2 * max(cell.se or 0.0 for cell in row.cells[:4]) * 1.96)
    ends.sort(key=lambda end: end[0])
    if ends[1][0] - ends[0][0] < gap:
        middle = (ends[0][0] + ends[1][0]) / 2
        ends = [(middle - gap / 2, *ends[0][1:]), (middle + gap / 2, *ends[1][1:])]
    for y, cell, colour in ends:
        axes.annotate(catalogue.numbers.show(cell), (1.08, y), va="center", fontsize=6.8, color=colour)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.margins(y=0.22)


def draw_curves(chart: Chart, catalogue: Catalogue) -> Figure:
    """The index by visit and by minutes: announced against covert, with intervals."""
    tables = (chart.table, *chart.more)
    figure = Figure(figsize=(WIDTH, 1.75))
    figure.subplots_adjust(left=0.04, right=0.99, top=0.88, bottom=0.22, wspace=0.1)
    grid = figure.subplots(1, len(tables), sharey=True, squeeze=False)
    for axes, table in zip(grid.flat, tables, strict=True):
        _curve(axes, table)
        axes.set_title(table.title, fontsize=7.8)
        axes.set_ylim(0, 100)
        axes.grid(visible=True, axis="y")
        axes.grid(visible=False, axis="x")
    return figure


def _curve(axes: Any, table: Table) -> None:
    series = [(place, column) for place, column in enumerate(table.columns) if not column.key.endswith(".n")]
    styles = ((BLUE, "-", "o", -0.05), (BROWN, "--", "s", 0.05))
    for (place, column), (colour, dash, marker, shift) in zip(series, styles, strict=False):
        cells = [(x + shift, row.cells[place]) for x, row in enumerate(table.rows) if row.cells[place].shown]
        if not cells:
            continue
        axes.plot(
            [x for x, _ in cells],
            [c.value for _, c in cells],
            linestyle=dash,
            marker=marker,
            markersize=3.2,
            color=colour,
            linewidth=1.2,
        )
        for x, cell in cells:
            if cell.low is not None and cell.high is not None:
                axes.plot([x, x], [cell.low, cell.high], color=colour, linewidth=0.7)
        x, last = cells[-1]
        axes.annotate(
            column.group,
            (x, last.value),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.8,
            color=colour,
        )
    axes.set_xticks(range(len(table.rows)), [row.label for row in table.rows])
    axes.set_xlim(-0.4, len(table.rows) + 0.35)
    axes.tick_params(colors=QUIET)
    axes.set_xlabel(table.corner, color=INK)
