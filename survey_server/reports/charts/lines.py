"""Line plots: programme against comparison areas, the index by visit and by minutes, and trends over many waves."""

from __future__ import annotations

from collections.abc import Sequence

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.palette import AFTER, BLUE, BROWN, INK, LINE, QUIET
from survey_server.reports.charts.svg import WIDTHS, Drawing, Scale, fitted, wrap
from survey_server.reports.value import Cell, Chart, Column, Row, Table

PER_ROW, GAP = 5, 10.0
PANEL, HEAD, FOOT = 42.0, 20.0, 12.0


def draw_slopes(chart: Chart, catalogue: Catalogue) -> str:
    """One small panel for each indicator: full line for programme areas, dashed for comparison areas."""
    rows = [row for row in chart.table.rows if all(cell.shown for cell in row.cells[:4])]
    lines, deep = max(-(-len(rows) // PER_ROW), 1), HEAD + PANEL + FOOT
    full = WIDTHS[chart.size]
    drawing = Drawing(full, deep * lines)
    width = full / PER_ROW
    waves = [column.label for column in chart.table.columns[:2]]
    for place, row in enumerate(rows):
        line, column = divmod(place, PER_ROW)
        left, top = column * width, line * deep + HEAD
        _title(drawing, row.label, left, top, width - GAP)
        _slope(drawing, catalogue, row, left + 7, left + width - 31, top, top + PANEL)
        for x, wave in zip((left + 7, left + width - 31), waves, strict=True):
            drawing.text(x, top + PANEL + 9, wave, 6.4, QUIET, "middle")
    return drawing.svg()


def _title(drawing: Drawing, label: str, left: float, top: float, width: float) -> None:
    broken = wrap(label, width, 7.0, bold=True)[:2]
    for number, words in enumerate(broken):
        drawing.text(left, top - 5 - (len(broken) - 1 - number) * 8, words, 7.0, bold=True)


def _slope(
    drawing: Drawing, catalogue: Catalogue, row: Row, left: float, right: float, top: float, bottom: float
) -> None:
    edges = [value for cell in row.cells[:4] for value in _ends(cell)]
    y = fitted(edges, bottom, top)
    drawing.line(left - 6, bottom, right + 6, bottom, LINE, 0.5)
    series = ((row.cells[:2], AFTER, "", -1.2), (row.cells[2:4], BROWN, "3 2", 1.2))
    ends = []
    for cells, colour, dash, shift in series:
        points = [(x + shift, y(cell.value or 0.0)) for x, cell in zip((left, right), cells, strict=True)]
        drawing.polyline(points, colour, 1.4, dash)
        for (x, place), cell in zip(points, cells, strict=True):
            if len(edges) and cell.se:
                low, high = _ends(cell)
                drawing.line(x, y(low), x, y(high), colour, 0.7)
            drawing.dot(x, place, colour, not dash, 1.7)
        ends.append((points[1][1], cells[1], colour))
    for place, cell, colour in apart(ends, 8.0):
        drawing.text(right + 6, place + 2.4, catalogue.numbers.show(cell), 7, colour)


def _ends(cell: Cell) -> tuple[float, float]:
    """The ends of a mean's interval; its own place twice when there is none."""
    reach = 1.96 * (cell.se or 0.0)
    return (cell.value or 0.0) - reach, (cell.value or 0.0) + reach


def apart(ends: Sequence[tuple[float, Cell, str]], least: float) -> list[tuple[float, Cell, str]]:
    """Two labels moved away from each other until they don't overlap."""
    ordered = sorted(ends, key=lambda end: end[0])
    if len(ordered) == 2 and ordered[1][0] - ordered[0][0] < least:
        middle = (ordered[0][0] + ordered[1][0]) / 2
        return [(middle - least / 2, *ordered[0][1:]), (middle + least / 2, *ordered[1][1:])]
    return ordered


def draw_curves(chart: Chart, catalogue: Catalogue) -> str:
    """The index by visit and by minutes: announced against covert, with intervals."""
    tables = (chart.table, *chart.more)
    height = 60.0
    full = WIDTHS[chart.size]
    drawing = Drawing(full, height + 42)
    width = full / len(tables)
    for place, table in enumerate(tables):
        left = place * width
        drawing.text(left, 9, table.title, 8, bold=True)
        _curve(drawing, catalogue, table, left + 18, left + width - 78, 16, 16 + height)
    return drawing.svg()


def _curve(
    drawing: Drawing, catalogue: Catalogue, table: Table, left: float, right: float, top: float, bottom: float
) -> None:
    y = Scale(0, 100, bottom, top)
    for mark in y.ticks(4):
        drawing.line(left - 4, y(mark), right + 6, y(mark), LINE, 0.4)
        drawing.text(left - 7, y(mark) + 2.2, catalogue.numbers.number(mark), 6.4, QUIET, "end")
    step = (right - left) / max(len(table.rows) - 1, 1)
    ends = []
    for (place, column), (colour, dash, shift) in zip(
        _series(table), ((BLUE, "", -1.5), (BROWN, "3 2", 1.5)), strict=False
    ):
        cells = [(left + x * step + shift, row.cells[place]) for x, row in enumerate(table.rows)]
        shown = [(x, cell) for x, cell in cells if cell.value is not None]
        drawing.polyline([(x, y(cell.value or 0.0)) for x, cell in shown], colour, 1.2, dash)
        for x, cell in shown:
            if cell.low is not None and cell.high is not None:
                drawing.line(x, y(cell.low), x, y(cell.high), colour, 0.7)
            if dash:
                drawing.square(x, y(cell.value or 0.0), colour)
            else:
                drawing.dot(x, y(cell.value or 0.0), colour)
        if shown:
            ends.append((y(shown[-1][1].value or 0.0), Cell(format="text", text=column.group), colour))
    for place_y, cell, colour in apart(ends, 9.0):
        drawing.paragraph(right + 9, place_y + 2.4, cell.text, 72, 7, colour, lines=2)
    for number, row in enumerate(table.rows):
        drawing.text(left + number * step, bottom + 9, row.label, 6.6, INK, "middle")
    drawing.text((left + right) / 2, bottom + 20, table.corner, 7, QUIET, "middle")


def _series(table: Table) -> list[tuple[int, Column]]:
    return [(place, column) for place, column in enumerate(table.columns) if not column.key.endswith(".n")]


def draw_trends(chart: Chart, catalogue: Catalogue) -> str:
    """One panel for each indicator over all waves, with intervals; a line stops at a break, a dagger asks for care."""
    rows, waves = [row for row in chart.table.rows if row.cells], _waves(chart.table)
    per_row = 3
    lines, deep = max(-(-len(rows) // per_row), 1), HEAD + 74.0 + FOOT
    full = WIDTHS[chart.size]
    drawing = Drawing(full, deep * lines)
    width = full / per_row
    for place, row in enumerate(rows):
        line, column = divmod(place, per_row)
        left, top = column * width, line * deep + HEAD
        _title(drawing, row.label, left, top, width - GAP)
        cells = [row.cells[chart.table.column(key)] for key, _ in waves]
        marks = [row.cells[chart.table.column(f"{key}.mark")].mark for key, _ in waves]
        _trend(drawing, catalogue, cells, marks, left + 8, left + width - 30, top, top + 74)
        step = (width - 38) / max(len(waves) - 1, 1)
        for number, (_, name) in enumerate(waves):
            drawing.text(left + 8 + number * step, top + 74 + 9, name, 6.4, QUIET, "middle")
    return drawing.svg()


def _waves(table: Table) -> list[tuple[str, str]]:
    return [(column.key, column.label) for column in table.columns if not column.key.endswith(".mark")]


def _trend(
    drawing: Drawing,
    catalogue: Catalogue,
    cells: Sequence[Cell],
    marks: Sequence[str],
    left: float,
    right: float,
    top: float,
    bottom: float,
) -> None:
    edges = [edge for cell in cells for edge in (cell.low, cell.value, cell.high) if edge is not None and cell.shown]
    y = fitted(edges, bottom, top)
    drawing.line(left - 6, bottom, right + 6, bottom, LINE, 0.5)
    step = (right - left) / max(len(cells) - 1, 1)
    run: list[tuple[float, float]] = []
    for number, (cell, mark) in enumerate(zip(cells, marks, strict=True)):
        x = left + number * step
        if mark == "broken":
            drawing.polyline(run, AFTER, 1.4)
            drawing.line(x - step / 2, top, x - step / 2, bottom, INK, 0.7, "1.5 1.5")
            drawing.text(x - step / 2, top + 1, "≠", 8, INK, "middle", bold=True)
            run = []
        if cell.value is None:
            drawing.polyline(run, AFTER, 1.4)
            run = []
            continue
        run.append((x, y(cell.value)))
        if cell.low is not None and cell.high is not None:
            drawing.line(x, y(cell.low), x, y(cell.high), AFTER, 0.8)
        drawing.dot(x, y(cell.value), AFTER, True, 2.0)
        if mark == "caution":
            drawing.text(x + 3, y(cell.value) - 3, "†", 8, INK, bold=True)
    drawing.polyline(run, AFTER, 1.4)
    shown = [cell for cell in cells if cell.shown]
    if shown and cells[-1].value is not None:
        drawing.text(right + 5, y(cells[-1].value) + 2.4, catalogue.numbers.show(cells[-1]), 7.4, AFTER, bold=True)
