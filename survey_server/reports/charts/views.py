"""Two drawings of dots on a line: both views of the border, and the reader's guide's example of an interval."""

from __future__ import annotations

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.dots import axis
from survey_server.reports.charts.palette import AFTER, BROWN, INK, LINE, QUIET, WASH
from survey_server.reports.charts.svg import WIDTHS, Drawing, Scale, fitted
from survey_server.reports.value import Cell, Chart

LABELS, DEEP, FOOT, HEAD = 150.0, 14.0, 16.0, 16.0


def draw_views(chart: Chart, catalogue: Catalogue) -> str:
    """What travellers tell (round), what unannounced observers saw (square) and announced ones (hollow square)."""
    rows, table = chart.table.rows, chart.table
    series = {
        group: [c.key for c in table.columns if c.key.startswith(f"{group}.")][-1]
        for group in ("told", "unannounced", "announced")
    }
    full = WIDTHS[chart.size]
    drawing = Drawing(full, HEAD + DEEP * len(rows) + FOOT)
    x = Scale(0, 100, LABELS, full - 14)
    _legend(drawing, [table.columns[table.column(key)].group for key in series.values()])
    axis(drawing, catalogue, x, HEAD, HEAD + DEEP * len(rows), [Cell(0.0, "count")], 5)
    for number, row in enumerate(rows):
        y = HEAD + DEEP * (number + 0.5)
        drawing.text(0, y + 2.4, row.label, 7.6)
        shown = {group: row.cells[table.column(key)].value for group, key in series.items()}
        known = [value for value in (shown["told"], shown["unannounced"]) if value is not None]
        if len(known) == 2:
            drawing.line(x(known[0]), y, x(known[1]), y, QUIET, 0.6)
        for group, value in shown.items():
            if value is not None:
                _mark(drawing, group, x(value), y)
    return drawing.svg()


def _mark(drawing: Drawing, group: str, x: float, y: float) -> None:
    if group == "told":
        drawing.dot(x, y, AFTER, True, 2.9)
    else:
        drawing.square(x, y, BROWN, group == "unannounced", 2.5)


def _legend(drawing: Drawing, names: list[str]) -> None:
    x = LABELS
    for group, name in zip(("told", "unannounced", "announced"), names, strict=True):
        _mark(drawing, group, x + 3, 5)
        drawing.text(x + 10, 7.5, name, 7, INK)
        x += 112


def draw_example(chart: Chart, catalogue: Catalogue) -> str:
    """One change with its interval, the zero line and the band of what doesn't matter, each pointed at by words."""
    row, t = chart.table.rows[0], catalogue
    change, step = row.cells[0], row.cells[1].value or 0.0
    low, value, high = change.low or 0.0, change.value or 0.0, change.high or 0.0
    full = WIDTHS[chart.size]
    drawing = Drawing(full, 74)
    x = fitted([low, high, -step, step], 30, full - 30, 0.12)
    y = 34.0
    drawing.rect(x(-step), y - 12, x(step) - x(-step), 24, WASH)
    drawing.line(x(0), y - 15, x(0), y + 15, QUIET, 0.9)
    drawing.line(24, y + 15, full - 24, y + 15, LINE, 0.5)
    drawing.line(x(low), y, x(high), y, AFTER, 2.2)
    drawing.dot(x(value), y, AFTER, True, 3.6)
    drawing.text(
        x(value),
        y - 18,
        f"{t['guide.figure.change']} {t.numbers.show(Cell(value, change.format))}",
        7.6,
        AFTER,
        "middle",
        bold=True,
    )
    for edge in (low, high):
        drawing.text(x(edge), y + 25, t.numbers.show(Cell(edge, change.format)), 7.2, AFTER, "middle")
    drawing.text(x(0), y + 25, "0", 7.2, QUIET, "middle")
    drawing.text(full / 2, y + 37, t["guide.figure.words"], 7.2, QUIET, "middle")
    return drawing.svg()
