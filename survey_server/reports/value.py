"""The parts of a report as values: cells in tables, tables and charts in pages. Nothing here knows how it is drawn.

Every number that any edition prints is a `Cell` in a `Table` or in a `Note`, so that the CSV pack, which walks over
both, holds all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from survey_server.outlines import Outline

Flag = Literal["", "bracketed", "suppressed", "not_asked"]
Audience = Literal["all", "full"]
"""Who may see a table: "full" ones (posts, units, interviewers) are in no other edition."""

Format = Literal["text", "count", "percent", "percent1", "mean", "index", "pp", "change", "p", "coefficient", "minutes"]


@dataclass(frozen=True)
class Cell:
    """One printed number with what it rests on; a suppressed cell carries no value at all."""

    value: float | None = None
    format: Format = "count"
    se: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    n_eff: float | None = None
    flag: Flag = ""
    text: str = ""
    mark: str = ""

    @property
    def shown(self) -> bool:
        """Whether there is a number to print or to draw."""
        return self.value is not None


def text_cell(text: str, mark: str = "") -> Cell:
    """A cell that holds words instead of a number; `mark` names a style (a verdict, a direction)."""
    return Cell(format="text", text=text, mark=mark)


BLANK = text_cell("")


@dataclass(frozen=True)
class Note:
    """A sentence by rule: a text of the catalogue with the cells that it quotes; `about` names what it is said of."""

    rule: str
    cells: Mapping[str, Cell] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True)
class Column:
    """The head of a column; columns of one `group` stand under one spanning head; `left` sets words flush left."""

    key: str
    label: str
    group: str = ""
    detail: str = ""
    left: bool = False


@dataclass(frozen=True)
class Spark:
    """How the plot of a headline row is scaled: ends of the axis, direction of good, smallest change that matters."""

    ends: tuple[float, float]
    good: int
    minimum_change: float


@dataclass(frozen=True)
class Row:
    """One line of a table; `kind` "section" is a heading inside it, "aside" what is not an answer."""

    key: str
    label: str
    cells: tuple[Cell, ...] = ()
    kind: Literal["", "section", "total", "aside"] = ""
    detail: str = ""
    spark: Spark | None = None


@dataclass(frozen=True)
class Table:
    """A table with its base line and the notes under it; `audience` "full" keeps it out of the other editions."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    base: Note | None = None
    notes: tuple[Note, ...] = ()
    layout: str = ""
    corner: str = ""
    audience: Audience = "all"

    def column(self, key: str) -> int:
        """The position of the column called `key`."""
        return next(place for place, column in enumerate(self.columns) if column.key == key)

    def column_label(self, key: str) -> str:
        """The head of the column called `key`."""
        return self.columns[self.column(key)].label

    def cell(self, row: str, column: str) -> Cell:
        """The cell at (`row`, `column`); raises KeyError when there is none."""
        place = self.column(column)
        for line in self.rows:
            if line.key == row and line.cells:
                return line.cells[place]
        raise KeyError((self.id, row, column))


@dataclass(frozen=True)
class Chart:
    """A plot of cells of one table: `kind` names the drawing (charts.DRAWINGS), `alt` says in words what it shows."""

    id: str
    kind: str
    table: Table
    alt: str
    more: tuple[Table, ...] = ()
    caption: Note | None = None
    size: Literal["half", "full", "wide"] = "full"
    outlines: tuple[Outline, ...] = field(default=(), repr=False)
    """A programme's own, of a map; they are no part of what the report says."""

    @property
    def heading(self) -> str:
        """The table's title over a plot that doesn't write it itself, as plots of one measure do."""
        titled = self.kind in ("parts", "stages", "funnel", "months")
        own = any(self.table.title in (column.group, column.label) for column in self.table.columns)
        return self.table.title if titled and not own else ""


@dataclass(frozen=True)
class Prose:
    """Paragraphs by rule; `style` is "lead" for the sentences that open a page."""

    notes: tuple[Note, ...]
    style: Literal["", "lead", "box", "small", "list", "digests"] = ""
    title: str = ""


@dataclass(frozen=True)
class Question:
    """The topline of one question: its wording, who was asked, and its table of answers by wave."""

    table: Table
    name: str
    wording: str
    lead_in: str = ""
    hint: str = ""
    section: str = ""
    """The heading of the part of the form that begins with this question; empty inside a part."""
    broken: bool = False
    scale: tuple[str, ...] = ()
    good_end: int = 1


@dataclass(frozen=True)
class Toplines:
    """The questions of a form, in the order in which they're asked, set in three narrow columns."""

    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Headlines:
    """The table of headline indicators, drawn with one small plot per row."""

    table: Table


Part = Table | Chart | Prose
"""What can stand in one of two columns."""


@dataclass(frozen=True)
class SideBySide:
    """Narrow tables, charts and paragraphs set in two columns, in reading order."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Paragraphs:
    """Short titled paragraphs set in two columns."""

    parts: tuple[Prose, ...]


@dataclass(frozen=True)
class Lines:
    """Blanks that people fill in by hand, each under its label, with room for so many lines."""

    id: str
    title: str
    labels: tuple[tuple[str, int], ...]


Block = Table | Chart | Prose | Toplines | Headlines | SideBySide | Paragraphs | Lines


@dataclass(frozen=True)
class Page:
    """One page, or chapter of pages: its name in the contents, the message that heads it, and its blocks."""

    id: str
    name: str
    message: Note
    blocks: tuple[Block, ...]
    wide: bool = False
    number: str = ""

    @property
    def parts(self) -> Iterator[Block]:
        """The blocks in reading order, those that stand side by side one by one."""
        for block in self.blocks:
            yield from block.parts if isinstance(block, SideBySide) else (block,)


@dataclass(frozen=True)
class LeftOut:
    """A page of the standard order that has no data, with the reason that is printed."""

    id: str
    name: str
    reason: Note
    number: str = ""


def tables_of(page: Page) -> Iterator[Table]:
    """Every table of a page, also those behind its charts and toplines, once each."""
    seen: set[str] = set()
    for table in _tables(page):
        if table.id not in seen:
            seen.add(table.id)
            yield table


def _tables(page: Page) -> Iterator[Table]:
    for block in page.parts:
        match block:
            case Table():
                yield block
            case Chart():
                yield from (block.table, *block.more)
            case Headlines():
                yield block.table
            case Toplines():
                for question in block.questions:
                    yield question.table


def notes_of(page: Page) -> Iterator[Note]:
    """Every sentence of a page that may quote cells."""
    yield page.message
    for block in page.parts:
        if isinstance(block, Prose):
            yield from block.notes
        if isinstance(block, Paragraphs):
            yield from (note for part in block.parts for note in part.notes)
        if isinstance(block, Chart) and block.caption:
            yield block.caption
    for table in tables_of(page):
        yield from (table.base,) if table.base else ()
        yield from table.notes
