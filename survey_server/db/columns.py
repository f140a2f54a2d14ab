"""Columns of a frame, grown piece by piece: numbers as float64, anything else as text; missing is NaN or None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Column]:
    """The columns of these rows; a row that lacks a name has it missing."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: column_of([row.get(name) for row in rows]) for name in names}


def column_of(values: Sequence[Any]) -> Column:
    """One column: of numbers when there is nothing else in it, of text when there is text, else of objects."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float, bool}:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    if str in kinds and kinds & {int, float}:
        values = [_as_text(value) if isinstance(value, (int, float)) else value for value in values]
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def joined(old: Mapping[str, Column], new: Mapping[str, Column], size: int) -> dict[str, Column]:
    """`new` set below `old`, which has `size` rows; what one of them lacks is missing there."""
    added = len(next(iter(new.values()), ()))
    names = dict.fromkeys([*old, *new])
    return {name: _join(old.get(name), new.get(name), size, added) for name in names}


def without(columns: Mapping[str, Column], keep: NDArray[np.bool_]) -> dict[str, Column]:
    """The rows that `keep` marks."""
    return {name: column[keep] for name, column in columns.items()}


def _join(old: Column | None, new: Column | None, size: int, added: int) -> Column:
    above = np.full(size, np.nan) if old is None else old
    below = np.full(added, np.nan) if new is None else new
    if above.dtype != below.dtype:
        above, below = _as_objects(above), _as_objects(below)
    return np.concatenate((above, below))


def _as_objects(column: Column) -> Column:
    """A column of numbers that meets text becomes text itself: a question may change its type between versions."""
    if column.dtype == object:
        return column
    changed = np.empty(len(column), dtype=object)
    changed[:] = [None if np.isnan(value) else _as_text(value) for value in column.tolist()]
    return changed


def _as_text(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(number)
