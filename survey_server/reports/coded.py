"""Coded: a column of answers as places in the list of its distinct codes, quick to ask of every row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import Scored
from survey_server.estimation.design import Bools, Floats

Codes: TypeAlias = NDArray[np.object_]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Coded:
    """A column as places in the list of its distinct codes; the last code is None, for blanks."""

    places: NDArray[np.integer[Any]]
    codes: tuple[str | None, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, name: str) -> Coded:
        """The column of a frame; of blanks when the frame hasn't got it. 1.0 and 1 and "1" are the code "1"."""
        if name not in frame.columns:
            return cls(np.zeros(len(frame), dtype=np.int8), (None,))
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            places, distinct = column.cat.codes.to_numpy(), column.cat.categories
        else:
            places, distinct = pd.factorize(column)
        return cls(places, (*map(_code, distinct), None))  # -1, for what is missing, is the place of the last: None

    def spread(self, values: NDArray[T]) -> NDArray[T]:
        """For every row what `values` has for its code; `values` are in the order of `codes`."""
        return np.take(values, self.places)

    @property
    def texts(self) -> Codes:
        """The code of every row."""
        return self.spread(np.array(self.codes, dtype=object))

    @property
    def given(self) -> Bools:
        """Which rows have an answer."""
        return self.where(lambda code: True)

    def where(self, is_so: Callable[[str], bool]) -> Bools:
        """Which rows have an answer of which this is so: asked once per distinct code."""
        return self.spread(np.array([code is not None and is_so(code) for code in self.codes], dtype=bool))

    def count(self, is_so: Callable[[str], bool]) -> int:
        """How many rows have an answer of which this is so."""
        return sum(
            int(n) for code, n in zip(self.codes, self._counts, strict=True) if n and code is not None and is_so(code)
        )

    @cached_property
    def _counts(self) -> NDArray[np.integer[Any]]:
        """How many rows have each code."""
        last = len(self.codes) - 1
        return np.bincount(np.where(self.places < 0, last, self.places), minlength=last + 1)

    def numbers(self, number: Callable[[str], float]) -> Floats:
        """A number for every row's code, NaN for blanks: asked once per distinct code."""
        return self.scored(number)()

    def scored(self, number: Callable[[str], float]) -> Scored:
        """The same, not yet spread over the rows."""
        values = [np.nan if code is None else number(code) for code in self.codes]
        return Scored(self.places, np.array(values, dtype=float))


def minutes_of(frame: pd.DataFrame) -> Floats:
    """The length of each interview in minutes, NaN where start or end isn't known."""
    if "_started" not in frame or "_ended" not in frame:
        return np.full(len(frame), np.nan)
    started, ended = (pd.to_datetime(frame[name], utc=True, errors="coerce") for name in ("_started", "_ended"))
    minutes: Floats = ((ended - started).dt.total_seconds() / 60).to_numpy(dtype=float)
    return minutes


def codes_of(frame: pd.DataFrame, name: str) -> Codes:
    """A column as text codes: 1.0 and 1 and "1" are "1"; blanks are None."""
    return Coded.of(frame, name).texts


def _code(value: object) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
