"""How tall the parts of a page will be on paper, roughly, and how to share them out over columns without gaps.

The estimate only decides what stands beside what: a part that turns out taller makes its band taller, nothing is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.svg import FULL, HALF, text_width, wrap
from survey_server.reports.value import Chart, Part, Prose, Question, Table

THIRD = (FULL - 2 * 16) / 3
TALLEST = 350.0
"""Parts taller than this stand alone over the whole width, where they can go on on the next page."""

MOST = 60
"""No band holds more parts than this."""

GAP = 5.0
"""Between bands."""

SHORT = 24
"""How many rows deep a folded table is laid that goes on over pages."""

PIECE = 7
"""The rows of a piece of a table that is shared out over columns."""

_STEP = 6
"""Places on a page are told apart by so many points."""


@dataclass(frozen=True)
class Band:
    """Neighbouring parts that share a strip of the page: the places of the parts of each column."""

    columns: tuple[tuple[int, ...], ...]
    height: float


def pack(
    heights: Sequence[float], columns: int, limit: float = TALLEST, page: float = math.inf, used: float = 0.0
) -> list[Band]:
    """The bands that take the least paper, in reading order: down a column, then the next, then the next band.

    No band is taller than `limit` unless one part alone is. A band never crosses from one `page` to the next, whose
    first has `used` points taken already: what stays blank at a page's foot counts as taken.
    """
    bands = {start: list(_bands(heights, start, columns, limit)) for start in range(len(heights))}
    known: dict[tuple[int, int], tuple[float, Band | None]] = {}

    def best(start: int, taken: int) -> tuple[float, Band | None]:
        if start == len(heights):
            return 0.0, None
        if (start, taken) not in known:
            found = (
                (cost + best(end, after)[0], band)
                for end, band in bands[start]
                for cost, after in (_placed(band.height, taken, page),)
            )
            known[start, taken] = min(found, key=lambda pair: pair[0])
        return known[start, taken]

    start, taken, chosen = 0, round(used), list[Band]()
    while (band := best(start, taken)[1]) is not None:
        chosen.append(band)
        taken = _placed(band.height, taken, page)[1]
        start = max(place for column in band.columns for place in column) + 1
    return chosen


def _placed(height: float, taken: int, page: float) -> tuple[float, int]:
    """What a band takes of the paper, and how much of its page is taken then."""
    if taken and taken + height > page:
        return page - taken + height, min(_STEP * math.ceil(height / _STEP), int(page))
    return height, 0 if page == math.inf else min(_STEP * math.ceil((taken + height) / _STEP), int(page))


def _bands(heights: Sequence[float], start: int, columns: int, limit: float) -> Iterator[tuple[int, Band]]:
    """Every band that may begin with this part, with the place where the next one begins."""
    for end in range(start + 1, min(start + MOST, len(heights)) + 1):
        band = _split(heights, start, end, columns)
        if band.height - GAP > max(limit, *heights[start:end], 0.0):
            return
        yield end, band


def _split(heights: Sequence[float], start: int, end: int, columns: int) -> Band:
    """The parts shared out in order so that the tallest column is as low as can be."""
    lowest = max(max(heights[start:end]), sum(heights[start:end]) / columns)
    highest = sum(heights[start:end])
    for _ in range(12):
        middle = (lowest + highest) / 2
        if len(_filled(heights, start, end, middle)) <= columns:
            highest = middle
        else:
            lowest = middle
    stacks = _filled(heights, start, end, highest)
    tallest = max(sum(heights[place] for place in stack) for stack in stacks)
    return Band(tuple(map(tuple, stacks)), tallest + GAP)


def _filled(heights: Sequence[float], start: int, end: int, limit: float) -> list[list[int]]:
    stacks: list[list[int]] = [[]]
    tall = 0.0
    for place in range(start, end):
        if stacks[-1] and tall + heights[place] > limit + 1e-6:
            stacks.append([])
            tall = 0.0
        stacks[-1].append(place)
        tall += heights[place]
    return stacks


def question_height(question: Question, catalogue: Catalogue) -> float:
    """A question of the toplines in one of three columns."""
    rows = question.table.rows
    labels = THIRD - 14 - 24 * (len(question.table.columns) - 1) - (14 if len(question.table.columns) > 1 else 0)
    tall = 9.5 + sum(7.75 * _lines(row.label, labels, 6.9) + 0.65 for row in rows)
    tall += 13.0 if question.section else 0.0
    tall += 8.2 * _lines(question.lead_in, THIRD, 7.0) + 8.9 * _lines(question.wording, THIRD, 7.5, bold=True)
    base = f" · {catalogue.write(question.table.base)}" if question.table.base else ""
    tall += 7.6 * _lines(question.name + base, THIRD, 6.4)
    tall += 11.0 if question.scale else 0.0
    tall += 8.0 if question.broken else 0.0
    tall += sum(7.6 * _lines(catalogue.write(note), THIRD, 6.4) for note in question.table.notes)
    return tall + 6.0


def part_height(part: Part, catalogue: Catalogue, drawn: float = 0.0) -> float:
    """A table, a chart (`drawn` is the height of its drawing) or a paragraph in one of two columns."""
    match part:
        case Chart():
            caption = catalogue.write(part.caption) if part.caption else ""
            return drawn + 9.0 * _lines(caption, HALF, 7.2) + 14 + (15.0 if part.heading else 0.0)
        case Prose():
            text = sum(10.6 * _lines(catalogue.write(note), HALF, 8.0) + 3 for note in part.notes)
            return text + (14.0 if part.title else 0.0)
        case Table():
            return _table_height(part, catalogue)


def _table_height(table: Table, catalogue: Catalogue) -> float:
    is_piece = "cut" in table.layout
    headed = any(column.label or column.detail for column in table.columns) and not (is_piece and not table.title)
    labels = max(HALF - 44.0 * len(table.columns), HALF * 0.34)
    tall = (15.0 if table.title else 0.0) + (20.0 if headed else 0.0)
    for row in table.rows:
        label = f"{row.label} {row.detail}" if row.detail else row.label
        tall += 9.4 * _lines(label, labels, 7.6) + 1.6
    under = " ".join(catalogue.write(note) for note in (*((table.base,) if table.base else ()), *table.notes))
    return tall + 9.0 * _lines(under, HALF, 7.0) + (0 if is_piece and not under else 16)


def folded(table: Table, rows: int = 56) -> Iterator[tuple[Table, ...]]:
    """A long narrow table as pieces to stand side by side, at most `rows` rows deep; headings stay with their rows."""
    start, rows = 0, SHORT if "short" in table.layout else rows
    while start < len(table.rows):
        left = len(table.rows) - start
        deep = rows if left > 2 * rows else -(-left // 2)
        pieces = []
        for _ in range(2):
            end = min(start + deep, len(table.rows))
            while end - start > 1 and end < len(table.rows) and table.rows[end - 1].kind == "section":
                end -= 1
            if end > start:
                pieces.append(replace(table, rows=table.rows[start:end]))
            start = end
        if 0 < len(table.rows) - start <= 2:  # headings pushed a last row over: it stays with the rest
            pieces[-1] = replace(table, rows=(*pieces[-1].rows, *table.rows[start:]))
            start = len(table.rows)
        yield tuple(pieces)


def cut(part: Part) -> Iterator[Part]:
    """A folded table beside other parts as pieces of a few rows, which `joined` puts together again in each column."""
    if not isinstance(part, Table) or "folded" not in part.layout:
        yield part
        return
    starts = [0]
    for place, row in enumerate(part.rows):
        if place - starts[-1] > 1 and (row.kind == "section" or place - starts[-1] == PIECE):
            starts.append(place)
    for start, end in zip(starts, [*starts[1:], len(part.rows)], strict=True):
        yield replace(
            part,
            title=part.title if start == 0 else "",
            rows=part.rows[start:end],
            base=part.base if end == len(part.rows) else None,
            notes=part.notes if end == len(part.rows) else (),
            layout=part.layout.replace("folded", "cut fixed"),
        )


def joined(parts: Iterable[Part]) -> list[Part]:
    """The parts of a column with neighbouring pieces of one table as one table under one head."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Table) and isinstance(last, Table) and part.id == last.id:
            found[-1] = replace(last, rows=(*last.rows, *part.rows), base=part.base, notes=part.notes)
        else:
            found.append(part)
    return found


@cache
def _lines(text: str, width: float, size: float, bold: bool = False) -> int:
    """How many lines a text takes; none when there is none."""
    if not text:
        return 0
    if text_width(text, size) < 0.9 * width:
        return 1
    return max(len(wrap(text, width, size, bold=bold)), math.ceil(text_width(text, size) / width))
