"""Funnel plot: places by their size, with the band in which chance alone would put them. No ranking, no names."""

from __future__ import annotations

import math

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.palette import AFTER, INK, LINE, QUIET, WASH
from survey_server.reports.charts.svg import WIDTHS, Drawing, Scale
from survey_server.reports.value import Chart

HEIGHT, LEFT, BOTTOM = 150.0, 24.0, 26.0


def draw_funnel(chart: Chart, catalogue: Catalogue) -> str:
    """A dot for each place over the number of its cases; the overall level and its 95 % and 99.8 % bands.

    The table's rows are the places with `value` and `n`; its `total` row has the overall level and its spread.
    """
    table = chart.table
    total = next(row for row in table.rows if row.kind == "total")
    level, spread = (total.cells[table.column(key)].value or 0.0 for key in ("value", "spread"))
    places = [row for row in table.rows if row.kind != "total" and row.cells[table.column("value")].shown]
    points = [
        (row.cells[table.column("n")].value or 0.0, row.cells[table.column("value")].value or 0.0) for row in places
    ]
    most = max([n for n, _ in points], default=1.0) * 1.08
    least = max(min([n for n, _ in points], default=1.0) * 0.85, 1.0)
    full = WIDTHS[chart.size]
    drawing = Drawing(full, HEIGHT + BOTTOM)
    reach = 3.3 * spread / math.sqrt(least)
    ends = [level - reach, level + reach, *(value for _, value in points)]
    x, y = Scale(least, most, LEFT + 6, full - 70), Scale(max(min(ends), 0.0), min(max(ends), 100.0), HEIGHT, 4)
    for mark in y.ticks(5):
        drawing.line(LEFT, y(mark), full - 66, y(mark), LINE, 0.4)
        drawing.text(LEFT - 4, y(mark) + 2.3, catalogue.numbers.number(mark), 6.6, QUIET, "end")
    steps = [least + (most - least) * step / 40 for step in range(41)]
    for z, fill in ((3.09, "#f3f6f6"), (1.96, WASH)):
        upper = [(x(n), y(level + z * spread / math.sqrt(n))) for n in steps]
        lower = [(x(n), y(level - z * spread / math.sqrt(n))) for n in reversed(steps)]
        drawing.area([*upper, *lower], fill)
        drawing.polyline(upper, QUIET, 0.5, "2 2" if z > 2 else "")
        drawing.polyline(lower[::-1], QUIET, 0.5, "2 2" if z > 2 else "")
        drawing.text(
            full - 64, y(level + z * spread / math.sqrt(most)) + 2.3, "95 %" if z < 2 else "99.8 %", 6.4, QUIET
        )
    drawing.line(LEFT, y(level), full - 66, y(level), AFTER, 0.9)
    drawing.text(
        full - 64, y(level) + 2.3, catalogue.numbers.show(total.cells[table.column("value")]), 7.2, AFTER, bold=True
    )
    for n, value in points:
        outside = abs(value - level) > 1.96 * spread / math.sqrt(n)
        drawing.dot(x(n), y(value), INK if outside else AFTER, not outside, 2.4)
    for mark in x.ticks(6):
        drawing.text(x(mark), HEIGHT + 9, catalogue.numbers.number(mark), 6.6, QUIET, "middle")
    drawing.text((LEFT + full - 66) / 2, HEIGHT + 20, table.column_label("n"), 7, QUIET, "middle")
    return drawing.svg()
