"""Columns of a frame, grown piece by piece: numbers, instants, and texts as small codes into their distinct values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Places: TypeAlias = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class Texts:
    """Text answers: for every row the place of its text in `distinct`, -1 where there is none."""

    places: Places
    distinct: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.places)


Column: TypeAlias = NDArray[Any] | Texts
"""float64, int64 (ids), datetime64[us] in UTC, or texts."""

_INSTANT = np.dtype("datetime64[us]")
_NO_INSTANT = np.array([np.datetime64("NaT")], dtype=_INSTANT)


def column_of(values: Sequence[Any]) -> Column:
    """One column: of numbers when there is nothing else in it, of instants when there are only those, else of text.

    Several choices are one text, with spaces between them.
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {int, float, bool}:
        return np.array(values, dtype=np.float64)
    if kinds <= {datetime, date}:
        return np.array([None if value is None else _naive(value) for value in values], dtype=_INSTANT)
    if kinds == {str}:
        return _texts(values)
    return _texts([None if value is None else as_text(value) for value in values])


def instants_of(milliseconds: Sequence[int | None]) -> NDArray[Any]:
    """Instants from the milliseconds that the database keeps; None is missing."""
    numbers = np.array(milliseconds, dtype=np.float64)
    known = ~np.isnan(numbers)
    instants = np.full(len(numbers), _NO_INSTANT[0])
    instants[known] = (numbers[known].astype(np.int64) * 1000).view(_INSTANT)
    return instants


def together(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """All parts one below the other, in their order."""
    below = [dict(part) for part in parts if part]
    while len(below) > 1:  # two and two, so that nothing is copied often
        twos = [below[start : start + 2] for start in range(0, len(below), 2)]
        below = [joined(two[0], two[1], _size(two[0])) if len(two) == 2 else two[0] for two in twos]
    return below[0] if below else {}


def _size(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values()), ()))


def joined(old: Mapping[str, Column], new: Mapping[str, Column], size: int) -> dict[str, Column]:
    """`new` set below `old`, which has `size` rows; what one of them lacks is missing there."""
    added = len(next(iter(new.values()), ()))
    names = dict.fromkeys([*old, *new])
    return {name: _join(old.get(name), new.get(name), size, added) for name in names}


def without(columns: Mapping[str, Column], keep: NDArray[np.bool_]) -> dict[str, Column]:
    """The rows that `keep` marks."""
    return {name: _each(column, lambda values: values[keep]) for name, column in columns.items()}


def taken(columns: Mapping[str, Column], rows: NDArray[np.intp]) -> dict[str, Column]:
    """These rows, in this order; -1 gives a row in which everything is missing."""
    return {name: picked(column, rows) for name, column in columns.items()}


def frame_of(columns: Mapping[str, Column]) -> pd.DataFrame:
    """A data frame: texts as categories in alphabetical order, instants in UTC."""
    return pd.DataFrame({name: _series(column) for name, column in columns.items()}, copy=False)


def smallest(texts: Texts) -> Texts:
    """The same texts with places as small as their number allows: a byte for most questions."""
    kind = np.min_scalar_type(-max(len(texts.distinct), 1))
    return Texts(texts.places.astype(kind, copy=False), texts.distinct)


def _series(column: Column) -> Any:
    if isinstance(column, Texts):
        order = np.argsort(column.distinct) if len(column.distinct) else np.array([], dtype=np.intp)
        ranks = np.append(np.argsort(order), -1)  # the last place, -1, stays missing
        ranks = ranks.astype(np.min_scalar_type(-max(len(order), 1)))
        distinct = pd.Index(column.distinct[order], dtype=object)
        return pd.Categorical.from_codes(ranks[column.places], categories=distinct)
    return pd.DatetimeIndex(column, tz="UTC") if column.dtype == _INSTANT else column


def _each(column: Column, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Column:
    return Texts(change(column.places), column.distinct) if isinstance(column, Texts) else change(column)


def picked(column: Column, rows: NDArray[np.signedinteger[Any]]) -> Column:
    """These values of a column, in this order; -1 gives a missing one."""
    if isinstance(column, Texts):
        return Texts(np.append(column.places, -1)[rows], column.distinct)
    if (rows < 0).any():  # only then: whole numbers stay whole
        column = np.concatenate((column, _NO_INSTANT if column.dtype == _INSTANT else [np.nan]))
    values: NDArray[Any] = column[rows]
    return values


def _join(old: Column | None, new: Column | None, size: int, added: int) -> Column:
    above = _missing(new, size) if old is None else old
    below = _missing(old, added) if new is None else new
    if isinstance(above, Texts) or isinstance(below, Texts):
        return _join_texts(_as_texts(above), _as_texts(below))
    if above.dtype != below.dtype and _INSTANT in (above.dtype, below.dtype):  # of nothing: it looked like numbers
        above, below = _instants(above), _instants(below)
    return np.concatenate((above, below))


def _instants(column: NDArray[Any]) -> NDArray[Any]:
    return column if column.dtype == _INSTANT else np.full(len(column), _NO_INSTANT[0])


def _missing(like: Column | None, size: int) -> Column:
    if isinstance(like, Texts):
        return Texts(np.full(size, -1, dtype=np.int32), np.array([], dtype=object))
    if like is not None and like.dtype == _INSTANT:
        return np.full(size, np.datetime64("NaT"), dtype=_INSTANT)
    return np.full(size, np.nan)


def _join_texts(above: Texts, below: Texts) -> Texts:
    known = {text: place for place, text in enumerate(above.distinct)}
    places = [known.setdefault(text, len(known)) for text in below.distinct]
    moved = np.append(np.array(places, dtype=np.int32), np.int32(-1))[below.places]
    distinct = np.empty(len(known), dtype=object)
    distinct[:] = list(known)
    return Texts(np.concatenate((above.places.astype(np.int32, copy=False), moved)), distinct)


def _as_texts(column: Column) -> Texts:
    """A column of numbers that meets text becomes text itself: a question may change its type between versions."""
    if isinstance(column, Texts):
        return column
    return _texts([None if np.isnan(value) else as_text(value) for value in column.tolist()])


def _texts(values: Sequence[str | None]) -> Texts:
    told = np.empty(len(values), dtype=object)
    told[:] = values
    places, distinct = pd.factorize(told)
    return Texts(places.astype(np.int32), distinct)


def as_text(value: Any) -> str:
    """An answer that is not text, as text; several choices with spaces between them."""
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _naive(value: date) -> date:
    """An instant in UTC without its zone, as numpy wants it; a date is its midnight."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
