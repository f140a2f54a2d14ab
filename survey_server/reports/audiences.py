"""Editions: one value cut down for partners and for the public, so that holding several says no more than the fullest.

A more public edition is always cut from the same figures and never shows what a fuller one hides. What it hides beyond
that can't be worked out from the totals that it shows: a lone hidden cell of a group takes a second one with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from survey_server.estimation.suppression import BRACKETED_BELOW, Flag, complementary
from survey_server.problems import UnknownEdition
from survey_server.reports.catalogue import Catalogue
from survey_server.reports.study import note
from survey_server.reports.value import (
    Block,
    Cell,
    Chart,
    LeftOut,
    Note,
    Page,
    Paragraphs,
    Part,
    Prose,
    Row,
    SideBySide,
    Table,
)

EDITIONS: Final = ("full", "us", "partner", "public")
INTEGRITY: Final = frozenset({"O10"})
"""Indicators of integrity flags: in the full edition only."""

_NAMED: Final = {
    "quality.interviewer": "quality.marked",
    **dict.fromkeys(("caution.weights", "caution.strata", "caution.moved"), "caution.unnamed"),
}
"""Sentences that name a person's code or sampling points, and what is said instead."""
_PUBLIC_PAGES: Final = ("glance", "breakdown-")
_PUBLIC_HELP: Final = ("guide.n", "guide.interval", "guide.unclear", "public.small")


@dataclass(frozen=True)
class Cut:
    """How an edition is cut: which department column there is, and which indicators are sensitive."""

    edition: str
    catalogue: Catalogue
    sensitive: Collection[str]
    departments: Collection[str]


def cut_pages(built: Sequence[Page | LeftOut], cut: Cut) -> list[Page | LeftOut]:
    """The pages of the edition; raises UnknownEdition. Pages that don't belong to it are left out, and say so."""
    if cut.edition not in EDITIONS:
        raise UnknownEdition(f"There is no edition {cut.edition!r}; there are {', '.join(EDITIONS)}.")
    if cut.edition == "full":
        return list(built)
    pages = [_shared(page) if isinstance(page, Page) else page for page in built]
    if cut.edition == "us":
        return pages
    pages = [_partner(page) if isinstance(page, Page) else page for page in pages]
    if cut.edition == "public":
        pages = [_public(page, cut) if isinstance(page, Page) else page for page in pages]
    return pages


def _shared(page: Page) -> Page:
    """Without tables of posts, units and people, and without the codes of people in sentences."""
    blocks = tuple(block for one in page.blocks for block in _without_places(one))
    return replace(page, message=_unnamed(page.message), blocks=blocks)


def _partner(page: Page) -> Page:
    """Without integrity flags as well."""
    blocks: list[Block] = []
    for block in page.blocks:
        match block:
            case Table():
                blocks.append(_without_flags(block))
            case Chart():
                blocks.append(_chart_without_flags(block))
            case SideBySide():
                blocks.append(replace(block, parts=tuple(_part_without_flags(part) for part in block.parts)))
            case _:
                blocks.append(block)
    return replace(page, blocks=tuple(blocks))


def _part_without_flags(part: Part) -> Part:
    match part:
        case Table():
            return _without_flags(part)
        case Chart():
            return _chart_without_flags(part)
    return part


def _chart_without_flags(chart: Chart) -> Chart:
    more = tuple(_without_flags(table) for table in chart.more)
    return replace(chart, table=_without_flags(chart.table), more=more)


def _without_places(block: Block) -> Iterator[Block]:
    match block:
        case Table():
            if block.audience != "full":
                yield block
        case Chart():
            if block.table.audience != "full":
                yield replace(block, more=tuple(table for table in block.more if table.audience != "full"))
        case SideBySide():
            yield replace(block, parts=tuple(_kept_parts(block.parts)))
        case Prose():
            yield replace(block, notes=_unnamed_all(block.notes))
        case Paragraphs():
            yield replace(block, parts=tuple(replace(part, notes=_unnamed_all(part.notes)) for part in block.parts))
        case _:
            yield block


def _kept_parts(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        for kept in _without_places(part):
            assert isinstance(kept, Table | Chart | Prose)
            yield kept


def _without_flags(table: Table) -> Table:
    return replace(table, rows=tuple(row for row in table.rows if row.key not in INTEGRITY))


def _unnamed_all(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The sentences without people's codes, none of them twice."""
    kept: list[Note] = []
    for one in map(_unnamed, notes):
        if one not in kept:
            kept.append(one)
    return tuple(kept)


def _unnamed(one: Note) -> Note:
    if one.rule not in _NAMED:
        return one
    words = {key: text for key, text in one.words.items() if key in ("form", "wave")}
    return Note(_NAMED[one.rule], {}, words, one.about)


def _public(page: Page, cut: Cut) -> Page | LeftOut:
    """The first page, and the headlines by department with help to read them; everything else is left out."""
    if not page.id.startswith(_PUBLIC_PAGES):
        return LeftOut(page.id, page.name, note("left_out.edition"), page.number)
    if not page.id.startswith("breakdown-"):
        return page
    tables = [_by_department(block, cut) for block in page.blocks if isinstance(block, Table)]
    tables = [table for table in tables if any(_says(row) for row in table.rows)]
    if not tables:
        return LeftOut(page.id, page.name, note("left_out.edition"), page.number)
    drawn = [_map_of(block, tables[0]) for block in page.blocks if isinstance(block, Chart) and block.kind == "map"]
    maps = [chart for chart in drawn if chart.table.columns]
    return replace(page, message=note("public.departments"), blocks=(*maps, *tables, _help(cut)))


def _help(cut: Cut) -> Paragraphs:
    """What the numbers mean, in the words of the reader's guide."""
    parts = (Prose((note(rule),), title=cut.catalogue[".title.".join(rule.split("."))]) for rule in _PUBLIC_HELP)
    return Paragraphs(tuple(parts))


def _says(row: Row) -> bool:
    """Whether a department has any estimate to show."""
    return not row.kind and any(cell.shown for cell in row.cells if cell.format != "count")


def _by_department(table: Table, cut: Cut) -> Table:
    """Everybody and the departments, without sensitive indicators; 50 cases or nothing."""
    shown = [place for place, column in enumerate(table.columns) if _code(column.key) not in cut.sensitive]
    rows: list[Row] = []
    inside = False
    for row in table.rows:
        inside = row.key in cut.departments if row.kind == "section" else inside
        if inside or row.kind == "total":
            rows.append(replace(row, cells=tuple(row.cells[place] for place in shown if row.cells)))
    notes = tuple(note("public.small_cells") if one.rule == "note.small_cells" else one for one in table.notes)
    slim = replace(table, columns=tuple(table.columns[place] for place in shown), rows=tuple(rows), notes=notes)
    return protected(slim, BRACKETED_BELOW)


def _code(column_key: str) -> str:
    return column_key.partition(".")[0]


def _map_of(chart: Chart, table: Table) -> Chart:
    """The map of the same cells as the table, hidden ones hidden; an indicator without any isn't drawn."""
    by_key = {row.key: row for row in table.rows if row.cells}
    known = {
        c.key: [row.cells[place].shown for row in by_key.values() if not row.kind]
        for place, c in enumerate(table.columns)
    }
    keys = [column.key for column in chart.table.columns if any(known.get(column.key, ()))]
    rows = tuple(
        replace(row, cells=tuple(by_key[row.key].cells[table.column(key)] for key in keys))
        for row in chart.table.rows
        if row.key in by_key
    )
    columns = tuple(column for column in chart.table.columns if column.key in keys)
    return replace(chart, table=replace(chart.table, columns=columns, rows=rows))


def protected(table: Table, least: int) -> Table:
    """The table with estimates on fewer than `least` cases hidden, and with them what would give them away.

    Rows under one heading make up the whole that the table's total row shows.
    """
    groups: list[list[int]] = [[]]
    for place, row in enumerate(table.rows):
        if row.kind == "section":
            groups.append([])
        elif row.cells and row.kind != "total":
            groups[-1].append(place)
    hide = {
        (place, column)
        for group in groups
        for column in range(len(table.columns))
        for place in _hidden([table.rows[place].cells[column] for place in group], group, least)
    }
    rows = tuple(
        replace(row, cells=tuple(_masked(cell) if (place, at) in hide else cell for at, cell in enumerate(row.cells)))
        for place, row in enumerate(table.rows)
    )
    return replace(table, rows=rows)


def _hidden(cells: Sequence[Cell], places: Sequence[int], least: int) -> Iterator[int]:
    """The places of the cells of one column and group that are not shown."""
    able = [cell.format not in ("text", "count") and cell.n is not None for cell in cells]
    if not any(able):
        return
    flags: list[Flag] = [
        "suppressed" if ok and (cell.flag == "suppressed" or (cell.n or 0) < least) else ""
        for ok, cell in zip(able, cells, strict=True)
    ]
    sizes = [float(cell.n or 0) if ok else 0.0 for ok, cell in zip(able, cells, strict=True)]
    for place, flag in zip(places, complementary(flags, sizes), strict=True):
        if flag == "suppressed":
            yield place


def _masked(cell: Cell) -> Cell:
    return Cell(format=cell.format, n=cell.n, flag="suppressed") if cell.format != "text" else cell
