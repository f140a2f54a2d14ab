"""From stored submissions to the rows of the export's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from survey_server.db.analysis.stored_rows import FACTS, Batch
from survey_server.exports.plan import BLANK, KEYS, MAIN, Plan

Cells = list[str]
"""Facts or keys, then a cell for every variable ("": no answer), then the names of the questions left blank."""

POSITIONS = frozenset({"geopoint", "geotrace", "geoshape"})
NUMBERS = ("_number", "_issues", "_position")
"""The facts and keys that are numbers."""


@dataclass(frozen=True, slots=True)
class Nested:
    """The repeats of one row, with whose they are."""

    instance_id: str
    version: str
    shown: bool
    """Whether positions are."""
    beside: list[tuple[str, Any]]


def headings(plan: Plan, table: str) -> list[str]:
    """The headings of a table."""
    return [*first_headings(table), *(variable.name for variable in plan.tables[table]), BLANK]


def first_headings(table: str) -> Sequence[str]:
    """The headings before those of the questions."""
    return FACTS if table == MAIN else KEYS


class Splitter:
    """Splits submissions into the rows of the tables; what a version doesn't know is kept under no column but told."""

    def __init__(self, plan: Plan, open_sites: frozenset[str]) -> None:
        """Positions are those of `open_sites` alone: elsewhere the policy keeps them from everybody."""
        self.plan, self.open_sites = plan, open_sites
        self.unknown: dict[str, int] = {}
        self._layouts: dict[tuple[str, str], _Layout] = {}

    def split(self, stored: Iterable[Batch]) -> Iterator[tuple[str, Iterable[Cells]]]:
        """(table, some of its rows), the submissions' own rows before those of their repeats: take them in turn."""
        for batch in stored:
            nested: list[Nested] = []
            yield MAIN, self._rows(batch, nested)
            tables: dict[str, list[Cells]] = {}
            for each in nested:
                self._repeats(each, each.instance_id, tables)
            yield from tables.items()

    def _rows(self, batch: Batch, nested: list[Nested]) -> Iterator[Cells]:
        facts = zip(*(batch.facts[name] for name in FACTS), strict=True)
        for fact, answers, text in zip(facts, batch.answers(), batch.texts, strict=True):
            shown = fact[_SITE] in self.open_sites
            yield [*fact, *self._cells(fact[_VERSION], MAIN, answers, text, fact, shown, nested)]

    def _cells(
        self,
        version: str,
        table: str,
        answers: dict[str, Any],
        text: str,
        fact: Sequence[str],
        shown: bool,
        nested: list[Nested],
    ) -> Cells:
        """The cells of the questions; `text` is what the answers were read from: quick to search for what is rare."""
        layout = self._layout(version, table)
        merged = layout.template | answers
        cells: list[Any] = list(merged.values())
        if len(merged) > layout.size:
            del cells[layout.size :]
            if beside := [pair for pair in answers.items() if pair[0] not in layout.known]:
                nested.append(Nested(fact[0], version, shown, beside))
        if layout.positions and not shown:
            for place in layout.positions:
                cells[place] = ""
        if "[" in text:
            for place in layout.lists:
                if type(value := cells[place]) is list:
                    cells[place] = " ".join(value)
        blank = ""
        if "null" in text:
            asked = [key for key, value in answers.items() if value is None and key in layout.places]
            blank = " ".join(layout.names[layout.places[key]] for key in asked)
            for key in asked:
                cells[layout.places[key]] = ""
        cells.append(blank)
        return cells

    def _repeats(self, nested: Nested, parent: str, tables: dict[str, list[Cells]]) -> None:
        """The rows of repeats, each before those inside it; what no version knows is counted."""
        for table, instances in nested.beside:
            if table not in self.plan.tables or not isinstance(instances, list):
                self.unknown[table] = self.unknown.get(table, 0) + 1
                continue
            rows = tables.setdefault(table, [])
            for position, answers in enumerate(instances, 1):
                key = f"{parent}/{table.rsplit('/', 1)[-1]}[{position}]"
                inner: list[Nested] = []
                keys = (nested.instance_id, key, parent, str(position))
                cells = self._cells(nested.version, table, answers, "[null]", keys, nested.shown, inner)
                rows.append([*keys, *cells])
                for each in inner:
                    self._repeats(each, key, tables)

    def _layout(self, version: str, table: str) -> _Layout:
        key = (version, table)
        if key not in self._layouts:
            self._layouts[key] = _Layout.of(self.plan, version, table)
        return self._layouts[key]


_VERSION, _SITE = FACTS.index("_version"), FACTS.index("_site")


@dataclass(frozen=True)
class _Layout:
    """Where a row of one version has its answers, prepared so that a row is read without a loop over its questions."""

    template: dict[str, str]
    """For each column the key that answers have it under; one that no answers have where the version doesn't ask."""
    size: int
    lists: list[int]
    """The columns that may hold lists of codes."""
    positions: list[int]
    places: Mapping[str, int]
    names: Sequence[str]
    known: frozenset[str]

    @classmethod
    def of(cls, plan: Plan, version: str, table: str) -> _Layout:
        """The layout of a version in a table of the plan."""
        variables, places = plan.tables[table], plan.layout(version, table)
        keys = [f"\0{place}" for place in range(len(variables))]
        for key, place in places.items():
            keys[place] = key
        lists = [place for place, variable in enumerate(variables) if variable.kind in _LISTS]
        names = [variable.name for variable in variables]
        known = frozenset(places) | plan.hidden
        positions = [place for place, variable in enumerate(variables) if variable.kind in POSITIONS]
        return cls(dict.fromkeys(keys, ""), len(keys), lists, positions, places, names, known)


_LISTS = frozenset({"many", "rank", "odk:rank"})
