"""Dot-and-whisker plots: headline indicators by group on one sheet, and the compliance index by observation mode."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.palette import AFTER, BEFORE, INK
from survey_server.reports.value import Cell, Chart, Column, Row

PER_ROW = 6
TITLE = 0.55
WIDE, NARROW, LINE_HEIGHT = 10.3, 6.6, 0.115


def draw_whiskers(chart: Chart, catalogue: Catalogue) -> Figure:
    """Small multiples: one panel for each indicator, one line for each group; all panels share the groups."""
    rows = chart.table.rows
    panels = [(name, list(columns)) for name, columns in groupby(enumerate(chart.table.columns), _indicator)]
    lines = -(-len(panels) // PER_ROW)
    figure = Figure(figsize=(WIDE, TITLE * lines + lines * LINE_HEIGHT * len(rows)))
    figure.subplots_adjust(
        left=0.125, right=0.995, top=1 - (TITLE - 0.12) / figure.get_figheight(), bottom=0.2 / figure.get_figheight()
    )
    figure.subplots_adjust(hspace=TITLE / (LINE_HEIGHT * len(rows)), wspace=0.06)
    grid = figure.subplots(lines, PER_ROW, squeeze=False)
    places = _places(rows)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (_, columns) in zip(grid.flat, panels, strict=False):
        for order, (place, _column) in enumerate(columns):
            is_last = order == len(columns) - 1
            shift = 0.0 if len(columns) == 1 else 0.17 - 0.34 * is_last
            _dots(
                axes, [(row.cells[place], y + shift) for row, y in zip(rows, places, strict=True) if row.cells], is_last
            )
        axes.set_title("\n".join(textwrap.wrap(columns[0][1].label, 23)[:3]), fontsize=7.0, pad=3)
        axes.margins(x=0.08)
        axes.locator_params(axis="x", nbins=4)
        axes.set_yticks([])
        axes.set_ylim(min(places) - 0.7, -0.4)
    for axes in grid[:, 0]:
        _group_labels(axes, rows, places)
    return figure


def draw_modes(chart: Chart, catalogue: Catalogue) -> Figure:
    """The index by mode, waves one above the other, values written beside the dots."""
    rows = [row for row in chart.table.rows if row.kind != "total"]
    columns = [(place, column) for place, column in enumerate(chart.table.columns) if column.key in ("before", "after")]
    figure = Figure(figsize=(NARROW, 0.3 + 0.36 * len(rows)))
    figure.subplots_adjust(left=0.26, right=0.97, top=0.98, bottom=0.2 / figure.get_figheight())
    axes = figure.subplots()
    for order, (place, _) in enumerate(columns):
        is_last = order == len(columns) - 1
        shift = 0.0 if len(columns) == 1 else 0.17 - 0.34 * is_last
        cells = [(row.cells[place], shift - y) for y, row in enumerate(rows)]
        _dots(axes, cells, is_last)
        for cell, y in cells:
            _value(axes, cell, y, catalogue)
    axes.set_yticks([-float(y) for y in range(len(rows))], [row.label for row in rows])
    axes.set_ylim(-len(rows) + 0.45, 0.55)
    axes.set_xlim(0, 100)
    return figure


def _indicator(numbered: tuple[int, Column]) -> str:
    return numbered[1].key.rsplit(".", 1)[0]


def _places(rows: Sequence[Row]) -> list[float]:
    """Heights from top to bottom, with half a line more before each heading."""
    places, y = [], 0.0
    for row in rows:
        y -= 1.0 if row.kind != "section" else 1.25
        places.append(y)
    return places


def _group_labels(axes: Any, rows: Sequence[Row], places: Sequence[float]) -> None:
    axes.set_yticks(list(places), [row.label for row in rows], fontsize=6.6)
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row.kind == "section":
            label.set_fontweight(600)
            label.set_color(AFTER)


def _dots(axes: Any, cells: Sequence[tuple[Cell, float]], is_last: bool) -> None:
    """Filled for the wave after, hollow for the one before; intervals as lines. Nothing for a hidden cell."""
    colour = AFTER if is_last else BEFORE
    shown = [(cell, y) for cell, y in cells if cell.value is not None]
    lines = [((cell.low, y), (cell.high, y)) for cell, y in shown if cell.low is not None and cell.high is not None]
    axes.add_collection(LineCollection(lines, colors=colour, linewidths=1.1 if is_last else 0.8, zorder=2))
    axes.plot(
        [cell.value for cell, _ in shown],
        [y for _, y in shown],
        linestyle="",
        marker="o",
        markersize=3.4,
        color=colour,
        markerfacecolor=colour if is_last else "#ffffff",
        markeredgewidth=0.8,
        zorder=3,
    )
    axes.autoscale_view()


def _value(axes: Any, cell: Cell, y: float, catalogue: Catalogue) -> None:
    if cell.value is not None:
        edge = cell.high if cell.high is not None else cell.value
        text = catalogue.numbers.show(cell)
        axes.annotate(text, (edge, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=6.8, color=INK)
