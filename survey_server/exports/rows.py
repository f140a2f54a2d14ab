"""From stored submissions to the rows of the export's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
        self._layouts: dict[tuple[str, str], Mapping[str, int]] = {}

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
        cells: Cells = [None] * (len(self.plan.tables[table]) + 1)
        blank: list[str] = []
        for key, value in answers.items():
            place = layout.get(key)
            if place is None:
                if key in self.plan.tables and isinstance(value, list):
                    nested.append((key, value))
                else:
                    self.unknown[key] = self.unknown.get(key, 0) + 1
            elif value is None:
                blank.append(self.plan.tables[table][place].name)
            else:
                cells[place] = " ".join(value) if type(value) is list else value
        cells[-1] = " ".join(blank)
        return cells

    def _layout(self, version: str, table: str) -> Mapping[str, int]:
        key = (version, table)
        if key not in self._layouts:
            self._layouts[key] = self.plan.layout(version, table)
        return self._layouts[key]


def _facts(row: StoredRow) -> Cells:
    return [
        *(row.id, row.number, row.version, row.wave),
        *(row.collected_on, row.started, row.ended, row.received_at),
        *(row.interviewer, row.site, row.review_state, row.issues),
    ]
