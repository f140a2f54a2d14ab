"""Maps by department: classes that a grey printer keeps apart, hatching where too few were asked, codes as labels."""

from __future__ import annotations

from survey_server.outlines import Drawing as Map
from survey_server.outlines import draw_outlines, outlines_of
from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.palette import INK, QUIET, ordered_shades
from survey_server.reports.charts.svg import HATCHED, WIDTHS, Drawing
from survey_server.reports.value import Cell, Chart, Column

GAP, KEY, TITLE = 12.0, 42.0, 24.0
ALONE = 76.0
"""The width of a map that stands alone: its key and no more."""


def draw_map(chart: Chart, catalogue: Catalogue) -> str:
    """One small map for each column of the table, whose rows are departments; each map has classes of its own."""
    outlines = outlines_of((row.key.rpartition("=")[2] for row in chart.table.rows), chart.outlines)
    columns = list(enumerate(chart.table.columns))
    full, per_row = WIDTHS[chart.size], {"wide": 6, "full": 3, "half": 2}[chart.size]
    width = ALONE if len(columns) == 1 else (full - GAP * (per_row - 1)) / per_row
    shape = draw_outlines(outlines, width)
    lines = -(-len(columns) // per_row)
    deep = TITLE + shape.height + KEY
    drawing = Drawing(full, deep * lines)
    for number, (place, column) in enumerate(columns):
        line, across = divmod(number, per_row)
        cells = {row.key.rpartition("=")[2]: row.cells[place] for row in chart.table.rows if row.cells}
        _one(drawing, catalogue, shape, column, cells, across * (width + GAP), line * deep)
    return drawing.svg()


def _one(
    drawing: Drawing,
    catalogue: Catalogue,
    shape: Map,
    column: Column,
    cells: dict[str, Cell],
    left: float,
    top: float,
) -> None:
    room = drawing.width if shape.width == ALONE else shape.width
    drawing.paragraph(left, top + 8, column.label, room, 7.2, bold=True, lines=2)
    classes = classes_of([cell.value for cell in cells.values() if cell.value is not None])
    shades = ordered_shades(len(classes))
    drawing.open_group(left, top + TITLE)
    for part in shape.shapes:
        cell = cells.get(part.code)
        if cell is not None and cell.value is not None:
            fill = shades[_class_of(cell.value, classes)]
        else:
            fill = HATCHED if cell is not None and cell.flag == "suppressed" else "#ffffff"
        drawing.path(part.path, fill, QUIET, 0.35)
    drawing.close_group()
    _key(drawing, catalogue, classes, shades, left, top + TITLE + shape.height + 8, next(iter(cells.values())))


def _key(
    drawing: Drawing,
    catalogue: Catalogue,
    classes: list[tuple[float, float]],
    shades: tuple[str, ...],
    left: float,
    top: float,
    like: Cell,
) -> None:
    """What each shade stands for, with the two that are no number."""
    for number, ((low, high), shade) in enumerate(zip(classes, shades, strict=True)):
        x, y = left + number % 2 * 52, top + number // 2 * 10
        drawing.rect(x, y, 9, 7, shade, QUIET)
        drawing.text(x + 12, y + 6, f"{_edge(catalogue, low, like)}–{_edge(catalogue, high, like)}", 6.4, INK)
    y = top + 20
    for fill, key, x in ((HATCHED, "map.hidden", left), ("#ffffff", "map.nobody", left + 60)):
        drawing.rect(x, y, 9, 7, fill, QUIET)
        drawing.text(x + 12, y + 6, catalogue[key], 6.4, INK)


def _edge(catalogue: Catalogue, value: float, like: Cell) -> str:
    return catalogue.numbers.number(value, 1 if like.format == "mean" else 0)


def classes_of(values: list[float]) -> list[tuple[float, float]]:
    """Up to four classes of equal width over all the values, ends included."""
    if not values:
        return []
    low, high = min(values), max(values)
    number = min(4, len(set(values)))
    step = (high - low) / number if high > low else 1.0
    return [(low + step * place, low + step * (place + 1)) for place in range(number)]


def _class_of(value: float, classes: list[tuple[float, float]]) -> int:
    return next((place for place, (_, high) in enumerate(classes) if value <= high), len(classes) - 1)
