"""Monthly series in small panels with gaps left open, what a change is made of, and cases from stage to stage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.palette import AFTER, BEFORE, BROWN, INK, LINE, QUIET, WASH
from survey_server.reports.charts.svg import WIDTHS, Drawing, Scale, fitted, text_width, wrap
from survey_server.reports.value import Cell, Chart, Column, Row, Table

START = "start"
"""The detail of the row of the month in which the programme began."""

SIEGE = "siege"
"""The key of the column that counts days under a state of siege: a ribbon under every panel."""

_AIDS = (".mean", ".low", ".high")
_HEAD, _FOOT, _GAP = 18.0, 18.0, 16.0
LABELS = 0.345
"""The share of the width that the labels of bars take."""


@dataclass(frozen=True)
class _Panel:
    """One panel: its title, its series, and by the key's end the columns of its baseline."""

    title: str
    series: tuple[tuple[int, Column], ...]
    aids: dict[str, int]


@dataclass(frozen=True)
class _Frame:
    """Where a panel's plot lies."""

    left: float
    top: float
    right: float
    bottom: float


def draw_months(chart: Chart, catalogue: Catalogue) -> str:
    """Small multiples: one panel for each group of columns, one line for each column, months from left to right.

    A month without a value breaks the line. The upright line is the month in which the programme began; the grey band
    is where the year before would put three months' means, and the dotted line its mean.
    """
    table = chart.table
    panels = list(_panels(table))
    per_row = 1 if len(panels) == 1 else 2 if len(panels) <= 4 else 3 if len(panels) <= 9 else 7
    height = {1: 62.0, 2: 42.0, 3: 44.0, 7: 26.0}[per_row]
    lines = -(-len(panels) // per_row)
    full = WIDTHS[chart.size]
    width = full / per_row
    titles = [wrap(panel.title, width - _GAP - 2, 7.0, bold=True)[:2] for panel in panels]
    head = _HEAD + 8.0 * (max(map(len, titles)) - 1)
    drawing = Drawing(full, (head + height + _FOOT) * lines)
    for place, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        line, column = divmod(place, per_row)
        top = line * (head + height + _FOOT) + head
        named = max((text_width(c.label, 6.6) for _, c in panel.series if len(panel.series) > 1), default=0.0)
        frame = _Frame(column * width + 24, top, (column + 1) * width - _GAP - named, top + height)
        for number, words in enumerate(title):
            drawing.text(column * width + 2, top - 7 - (len(title) - 1 - number) * 8, words, 7.0, bold=True)
        _panel(drawing, catalogue, table, panel, frame)
    return drawing.svg()


def _panels(table: Table) -> Iterator[_Panel]:
    numbered = [(place, column) for place, column in enumerate(table.columns) if column.key != SIEGE]
    for title, group in groupby(numbered, key=lambda pair: pair[1].group or pair[1].label):
        columns = list(group)
        aids = {end: place for place, column in columns for end in _AIDS if column.key.endswith(end)}
        yield _Panel(title, tuple(c for c in columns if not c[1].key.endswith(_AIDS)), aids)


def _panel(drawing: Drawing, catalogue: Catalogue, table: Table, panel: _Panel, frame: _Frame) -> None:
    rows = table.rows
    values = [cell.value for row in rows for place, _ in panel.series if (cell := row.cells[place]).value is not None]
    values += [v for row in rows for place in panel.aids.values() if (v := row.cells[place].value) is not None]
    if not values:
        return
    top = max(values)
    y = fitted([0.0, top], frame.bottom, frame.top) if top > 0 else Scale(0, 1, frame.bottom, frame.top)
    y = Scale(0.0, y.high, frame.bottom, frame.top)
    x = Scale(0, max(len(rows) - 1, 1), frame.left, frame.right)
    for mark in y.ticks(3):
        drawing.line(frame.left, y(mark), frame.right, y(mark), LINE, 0.4)
        decimals = 0 if y.high > 3 else 1
        drawing.text(frame.left - 3, y(mark) + 2.2, catalogue.numbers.number(mark, decimals), 6.2, QUIET, "end")
    _band(drawing, rows, panel, x, y)
    _ribbon(drawing, table, x, frame)
    for place, row in enumerate(rows):
        if row.detail == START:
            drawing.line(x(place) - 1.5, frame.top - 3, x(place) - 1.5, frame.bottom, INK, 0.6, "1.5 1.5")
    _series(drawing, rows, panel, x, y)
    _months(drawing, rows, x, frame)


def _band(drawing: Drawing, rows: Sequence[Row], panel: _Panel, x: Scale, y: Scale) -> None:
    ends: list[tuple[int, float, float]] = []
    for place, row in enumerate(rows):
        if ".low" in panel.aids and ".high" in panel.aids:
            low, high = (row.cells[panel.aids[end]].value for end in (".low", ".high"))
            if low is not None and high is not None:
                ends.append((place, low, high))
    if len(ends) > 1:
        upper = [(x(p), y(high)) for p, _, high in ends]
        lower = [(x(p), y(low)) for p, low, _ in reversed(ends)]
        drawing.area([*upper, *lower], WASH)
    if ".mean" in panel.aids:
        means = [
            (x(place), y(value))
            for place, row in enumerate(rows)
            if (value := row.cells[panel.aids[".mean"]].value) is not None
        ]
        drawing.polyline(means, QUIET, 0.7, "1 1.6")


def _ribbon(drawing: Drawing, table: Table, x: Scale, frame: _Frame) -> None:
    """The months with days under a state of siege."""
    place = next((p for p, column in enumerate(table.columns) if column.key == SIEGE), None)
    if place is None:
        return
    step = (frame.right - frame.left) / max(len(table.rows) - 1, 1)
    for number, row in enumerate(table.rows):
        days = row.cells[place].value
        if days:
            drawing.rect(x(number) - step / 2, frame.bottom + 1, step, 3, BROWN)


def _series(drawing: Drawing, rows: Sequence[Row], panel: _Panel, x: Scale, y: Scale) -> None:
    styles = ((AFTER, ""), (BROWN, "3 2"), (INK, "1.5 1.5"))
    ends: list[tuple[float, str, str]] = []
    for (place, column), (colour, dash) in zip(panel.series, styles, strict=False):
        runs: list[list[tuple[float, float]]] = [[]]
        for number, row in enumerate(rows):
            value = row.cells[place].value
            if value is None:
                runs.append([])
            else:
                runs[-1].append((x(number), y(value)))
        for run in runs:
            drawing.polyline(run, colour, 1.1, dash)
            if len(run) == 1:
                drawing.dot(*run[0], colour, not dash, 1.0)
        last = next((run[-1] for run in reversed(runs) if run), None)
        if last and len(panel.series) > 1:
            ends.append((last[1], column.label, colour))
    ends.sort()
    for number, (height, label, colour) in enumerate(ends):
        least = ends[number - 1][0] + 8 if number else -math.inf
        drawing.text(x.end + 4, max(height, least) + 2.2, label, 6.6, colour)


def _months(drawing: Drawing, rows: Sequence[Row], x: Scale, frame: _Frame) -> None:
    """The first month, each January, and the last."""
    named = {0, len(rows) - 1} | {place for place, row in enumerate(rows) if row.label.endswith("-01")}
    shown: list[float] = []
    for place in sorted(named, key=lambda p: (p not in (0, len(rows) - 1), p)):
        if all(abs(x(place) - other) > 26 for other in shown):
            shown.append(x(place))
            drawing.text(x(place), frame.bottom + 11, rows[place].label, 6.0, QUIET, "middle")


def draw_parts(chart: Chart, catalogue: Catalogue) -> str:
    """Bars from zero with intervals: what a change in percent is made of."""
    rows = [row for row in chart.table.rows if row.cells[0].shown]
    full = WIDTHS[chart.size]
    drawing = Drawing(full, 18.0 * len(rows) + 18)
    edges = [value for row in rows for value in _ends(row.cells[0])]
    left = LABELS * full
    x = fitted([0.0, *edges], left, full - 54)
    for mark in x.ticks(6):
        drawing.line(x(mark), 2, x(mark), 18.0 * len(rows) + 2, LINE, 0.4)
        drawing.text(x(mark), 18.0 * len(rows) + 12, catalogue.numbers.number(mark, signed=True), 6.4, QUIET, "middle")
    drawing.line(x(0), 2, x(0), 18.0 * len(rows) + 2, INK, 0.7)
    for place, row in enumerate(rows):
        cell, y = row.cells[0], 18.0 * place + 12
        value = cell.value or 0.0
        drawing.paragraph(
            2, y + (0 if len(wrap(row.label, left - 12, 7.0)) > 1 else 2.4), row.label, left - 12, 7.0, lines=2
        )
        drawing.rect(min(x(0), x(value)), y - 4, abs(x(value) - x(0)), 8, BEFORE if place == 0 else AFTER)
        low, high = _ends(cell)
        drawing.line(x(low), y, x(high), y, INK, 0.9)
        drawing.text(full - 50, y + 2.4, f"{catalogue.numbers.show(cell)} %", 7.0, INK)
    return drawing.svg()


def _ends(cell: Cell) -> tuple[float, float]:
    value = cell.value or 0.0
    return (value if cell.low is None else cell.low, value if cell.high is None else cell.high)


def draw_stages(chart: Chart, catalogue: Catalogue) -> str:
    """Counts from stage to stage as bars, the year before above the year after."""
    table = chart.table
    most = (
        max((cell.value or 0.0 for row in table.rows for cell in row.cells[: len(table.columns)]), default=1.0) or 1.0
    )
    deep = 5.0 + 9.0 * len(table.columns)
    full = WIDTHS[chart.size]
    drawing = Drawing(full, deep * len(table.rows) + 2)
    left = LABELS * full
    x = Scale(0, most, left, full - 84)
    for place, row in enumerate(table.rows):
        top = deep * place + 4
        drawing.paragraph(2, top + 8, row.label, left - 12, 7.0, lines=2)
        for number, (column, cell) in enumerate(zip(table.columns, row.cells, strict=False)):
            y = top + 9.0 * number
            colour = AFTER if number == len(table.columns) - 1 else BEFORE
            drawing.rect(left, y, x(cell.value or 0.0) - left, 7.5, colour)
            words = f"{catalogue.numbers.show(cell)}  {column.label}"
            drawing.text(x(cell.value or 0.0) + 4, y + 6.4, words, 6.6, QUIET if colour == BEFORE else INK)
    return drawing.svg()
