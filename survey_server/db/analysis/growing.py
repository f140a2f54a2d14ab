"""Columns that grow by documents: each answer becomes its place among the distinct answers to its question."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from survey_server.db.analysis.columns import Column, as_text, column_of, picked

Instances: TypeAlias = list[tuple[int, list[dict[str, Any]]]]
"""The place of a document among those just added, and the instances of a repeat that it has."""


class GrowingColumns:
    """Columns of documents, added a few hundred at a time while they are in the processor's cache."""

    def __init__(self) -> None:
        self._columns: dict[str, _GrowingColumn] = {}
        self._size = 0

    def add(self, documents: Sequence[dict[str, Any]]) -> dict[str, Instances]:
        """Add a row for each document; gives back, by name, the instances inside repeats: they don't fit a cell."""
        orders = [tuple(document) for document in documents]
        names = tuple(dict.fromkeys(chain.from_iterable(dict.fromkeys(orders))))
        blank = dict.fromkeys(names)
        lines = [
            document.values() if order == names else (blank | document).values()
            for document, order in zip(documents, orders, strict=True)
        ]
        nested = {}
        for name, answers in zip(names, zip(*lines, strict=True), strict=True):
            column = self._columns.get(name) or _GrowingColumn()
            if instances := column.add(answers, self._size):
                nested[name] = instances
            if column.has_answers or not instances:
                self._columns[name] = column
        self._size += len(documents)
        return nested

    def columns(self) -> dict[str, Column]:
        """What was added, as columns."""
        return {name: column.column(self._size) for name, column in self._columns.items()}


class _Places(dict[Any, int]):
    """The place of each distinct answer in the order of first sight; a blank has -1."""

    def __missing__(self, answer: Any) -> int:
        self[answer] = place = len(self) - 1
        return place


class _GrowingColumn:
    def __init__(self) -> None:
        self._places = _Places({None: -1})
        self._parts: list[NDArray[np.int32]] = []
        self._size = 0

    @property
    def has_answers(self) -> bool:
        """Whether anything but blanks was added."""
        return len(self._places) > 1

    def add(self, answers: Sequence[Any], start: int) -> Instances:
        """The answers of the rows from `start` on; the instances inside a repeat are given back."""
        self._fill(start)
        try:
            self._append(answers)
        except TypeError:  # lists have no place: several choices, or the instances of a repeat
            nested = [(place, answer) for place, answer in enumerate(answers) if is_nested(answer)]
            self._append([_flat(answer) for answer in answers])
            return nested
        return []

    def column(self, size: int) -> Column:
        """What was added, and blanks up to this size."""
        self._fill(size)
        return picked(column_of(list(self._places)[1:]), np.concatenate(self._parts or [np.array([], dtype=np.int32)]))

    def _append(self, answers: Sequence[Any]) -> None:
        self._parts.append(np.fromiter(map(self._places.__getitem__, answers), dtype=np.int32, count=len(answers)))
        self._size += len(answers)

    def _fill(self, size: int) -> None:
        if size > self._size:
            self._parts.append(np.full(size - self._size, -1, dtype=np.int32))
            self._size = size


def _flat(answer: Any) -> Any:
    """An answer that fits a cell: several choices as one text, nothing instead of the instances of a repeat."""
    if type(answer) is not list:
        return answer
    return None if is_nested(answer) else as_text(answer)


def is_nested(answer: Any) -> bool:
    """Whether an answer is the instances of a repeat."""
    return type(answer) is list and bool(answer) and isinstance(answer[0], dict)
