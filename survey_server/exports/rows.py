"""From stored submissions to the rows of the export's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from survey_server.db.stored_rows import StoredRow
from survey_server.exports.plan import BLANK, FACTS, KEYS, MAIN, Plan

Cells = list[Any]
"""Facts or keys, then a cell for every variable (None: no answer), then the names of the questions left blank."""


def headings(plan: Plan, table: str) -> list[str]:
    """The headings of a table."""
    return [*(FACTS if table == MAIN else KEYS), *(variable.name for variable in plan.tables[table]), BLANK]


class Splitter:
    """Splits submissions into the rows of the tables; what a version doesn't know is kept under no column but told."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.unknown: dict[str, int] = {}
        self._layouts: dict[tuple[str, str], _Layout] = {}

    def split(self, stored: Iterable[StoredRow]) -> Iterator[tuple[str, Cells]]:
        """(table, cells), the submission's own row before those of its repeats."""
        for row in stored:
            nested: list[tuple[str, list[Any]]] = []
            cells = self._cells(row.version, MAIN, row.answers, nested)
            yield MAIN, [*_facts(row), *cells]
            yield from self._repeats(row, nested, row.id)

    def _repeats(self, row: StoredRow, nested: list[tuple[str, list[Any]]], parent: str) -> Iterator[tuple[str, Cells]]:
        for table, instances in nested:
            for position, answers in enumerate(instances, 1):
                key = f"{parent}/{table.rsplit('/', 1)[-1]}[{position}]"
                inner: list[tuple[str, list[Any]]] = []
                yield table, [row.id, key, parent, position, *self._cells(row.version, table, answers, inner)]
                yield from self._repeats(row, inner, key)

    def _cells(
        self, version: str, table: str, answers: Mapping[str, Any], nested: list[tuple[str, list[Any]]]
    ) -> Cells:
        layout = self._layout(version, table)
        cells: Cells = list(map(answers.get, layout.keys))
        for place in layout.lists:
            if (value := cells[place]) is not None:
                cells[place] = " ".join(value) if type(value) is list else value
        blank = ""
        if None in answers.values():
            places = layout.places
            blank = " ".join(
                self.plan.tables[table][places[key]].name
                for key, value in answers.items()
                if value is None and key in places
            )
        if not answers.keys() <= layout.known:
            self._beside(answers, layout, nested)
        cells.append(blank)
        return cells

    def _beside(self, answers: Mapping[str, Any], layout: _Layout, nested: list[tuple[str, list[Any]]]) -> None:
        """What isn't in this table: the rows of repeats, and what no version knows."""
        for key, value in answers.items():
            if key not in layout.known:
                if key in self.plan.tables and isinstance(value, list):
                    nested.append((key, value))
                else:
                    self.unknown[key] = self.unknown.get(key, 0) + 1

    def _layout(self, version: str, table: str) -> _Layout:
        key = (version, table)
        if key not in self._layouts:
            self._layouts[key] = _Layout.of(self.plan, version, table)
        return self._layouts[key]


@dataclass(frozen=True)
class _Layout:
    """Where a row of one version has its answers, prepared so that a row is read without a loop over its questions."""

    keys: list[str]
    """For each column the key that answers have it under; one that no answers have where the version doesn't ask."""
    lists: list[int]
    """The columns that may hold lists of codes."""
    places: Mapping[str, int]
    known: frozenset[str]

    @classmethod
    def of(cls, plan: Plan, version: str, table: str) -> _Layout:
        """The layout of a version in a table of the plan."""
        places = plan.layout(version, table)
        keys = [_NOWHERE] * len(plan.tables[table])
        for key, place in places.items():
            keys[place] = key
        lists = [place for place, variable in enumerate(plan.tables[table]) if not variable.is_number]
        lists = [place for place in lists if plan.tables[table][place].kind in _LISTS]
        return cls(keys, lists, places, frozenset(places) | plan.hidden)


_NOWHERE = "\0"
_LISTS = frozenset({"many", "rank", "odk:rank"})


def _facts(row: StoredRow) -> Cells:
    return [
        *(row.id, row.number, row.version, row.wave),
        *(row.collected_on, row.started, row.ended, row.received_at),
        *(row.interviewer, row.site, row.review_state, row.issues),
    ]
