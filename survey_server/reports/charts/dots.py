"""Dot-and-whisker plots: headline indicators by group on one sheet, and the compliance index by observation mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.palette import AFTER, BEFORE, INK, LINE, QUIET
from survey_server.reports.charts.svg import WIDE, WIDTHS, Drawing, Scale, fitted, text_width, wrap
from survey_server.reports.value import Cell, Chart, Column, Row

PER_ROW = 6
LABELS, GAP, HEAD, FOOT = 92.0, 9.0, 27.0, 15.0
LINE_HEIGHT, SECTION = 7.4, 9.4


def draw_whiskers(chart: Chart, catalogue: Catalogue) -> str:
    """Small multiples: one panel for each indicator, one line for each group; all panels share the groups."""
    rows = chart.table.rows
    panels = [list(columns) for _, columns in groupby(enumerate(chart.table.columns), _indicator)]
    deep = sum(SECTION if row.kind == "section" else LINE_HEIGHT for row in rows)
    lines = -(-len(panels) // PER_ROW)
    drawing = Drawing(WIDE, lines * (HEAD + deep + FOOT))
    width = (WIDE - LABELS) / PER_ROW
    for place, panel in enumerate(panels):
        line, column = divmod(place, PER_ROW)
        top = line * (HEAD + deep + FOOT) + HEAD
        if column == 0:
            _group_labels(drawing, rows, top)
        left = LABELS + column * width
        title = wrap(panel[0][1].label, width - GAP, 7.2, bold=True)[:3]
        for number, words in enumerate(title):
            drawing.text(left, top - 4 - (len(title) - 1 - number) * 8.2, words, 7.2, bold=True)
        _panel(drawing, catalogue, rows, panel, left, left + width - GAP, top, top + deep)
    return drawing.svg()


def _panel(
    drawing: Drawing,
    catalogue: Catalogue,
    rows: Sequence[Row],
    panel: Sequence[tuple[int, Column]],
    left: float,
    right: float,
    top: float,
    bottom: float,
) -> None:
    cells = [row.cells[place] for row in rows if row.cells for place, _ in panel]
    edges = [edge for cell in cells if cell.value is not None for edge in (cell.low, cell.value, cell.high)]
    x = fitted([edge for edge in edges if edge is not None], left, right)
    axis(drawing, catalogue, x, top, bottom, cells, 3)
    for row, y in zip(rows, _places(rows, top), strict=True):
        for order, (place, _) in enumerate(panel):
            if row.cells:
                is_last = order == len(panel) - 1
                shift = 0.0 if len(panel) == 1 else 1.5 if is_last else -1.5
                whisker(drawing, x, row.cells[place], y - 2.4 + shift, is_last)


def draw_modes(chart: Chart, catalogue: Catalogue) -> str:
    """The index by mode, waves one above the other, values written beside the dots."""
    rows = [row for row in chart.table.rows if row.kind != "total"]
    places = [place for place, column in enumerate(chart.table.columns) if column.key in ("before", "after")]
    full = WIDTHS[chart.size]
    labels, deep = 0.31 * full, 21.0
    drawing = Drawing(full, deep * len(rows) + FOOT)
    x = Scale(0, 100, labels, full - 34)
    axis(drawing, catalogue, x, 0, deep * len(rows), [Cell(0.0, "count")], 5)
    for number, row in enumerate(rows):
        y = deep * (number + 0.5)
        drawing.paragraph(0, y + 2.2, row.label, labels - 8, 8)
        for order, place in enumerate(places):
            is_last = order == len(places) - 1
            shift = 0.0 if len(places) == 1 else 5.0 if is_last else -5.0
            cell = row.cells[place]
            whisker(drawing, x, cell, y + shift, is_last, 2.2)
            if cell.value is not None:
                edge = x(cell.high if cell.high is not None else cell.value)
                drawing.text(edge + 4, y + shift + 2.3, catalogue.numbers.show(cell), 7)
    return drawing.svg()


def axis(
    drawing: Drawing,
    catalogue: Catalogue,
    x: Scale,
    top: float,
    bottom: float,
    cells: Sequence[Cell],
    most: int,
) -> None:
    """Thin upright lines at round numbers with the numbers below; a line at 0 is a little darker."""
    marks = list(x.ticks(most))
    decimals = 0 if all(abs(mark - round(mark)) < 1e-9 for mark in marks) else 1
    for mark in marks:
        drawing.line(x(mark), top, x(mark), bottom, QUIET if mark == 0 and x.low < 0 else LINE, 0.4)
        drawing.text(x(mark), bottom + 9, catalogue.numbers.number(mark, decimals), 6.6, QUIET, "middle")


def whisker(drawing: Drawing, x: Scale, cell: Cell, y: float, is_last: bool, radius: float = 1.7) -> None:
    """Filled for the wave after, hollow for the one before; the interval as a line. Nothing for a hidden cell."""
    if cell.value is None:
        return
    colour = AFTER if is_last else BEFORE
    if cell.low is not None and cell.high is not None:
        drawing.line(x(cell.low), y, x(cell.high), y, colour, 1.1 if is_last else 0.8)
    drawing.dot(x(cell.value), y, colour, is_last, radius)


def _indicator(numbered: tuple[int, Column]) -> str:
    return numbered[1].key.rsplit(".", 1)[0]


def _places(rows: Sequence[Row], top: float) -> Iterator[float]:
    """The base line of each row, a heading with a little more room above."""
    y = top
    for row in rows:
        y += SECTION if row.kind == "section" else LINE_HEIGHT
        yield y


def _group_labels(drawing: Drawing, rows: Sequence[Row], top: float) -> None:
    for row, y in zip(rows, _places(rows, top), strict=True):
        if row.kind == "section":
            drawing.text(0, y, row.label, 7, AFTER, bold=True)
        else:
            size = 7.0 if text_width(row.label, 7.0) <= LABELS - 6 else 6.2
            label = row.label if text_width(row.label, size) <= LABELS - 4 else _shortened(row.label, size)
            drawing.text(LABELS - 7, y, label, size, INK, "end")


def _shortened(words: str, size: float) -> str:
    """As much of a label as fits, with an ellipsis."""
    while words and text_width(words + "…", size) > LABELS - 4:
        words = words[:-1]
    return words.rstrip() + "…"
