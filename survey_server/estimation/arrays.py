"""The kinds of array that estimates are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Codes: TypeAlias = NDArray[np.intp]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scored:
    """A column of few distinct values: for every row the place of its value in `values` (-1 is the last place).

    Columns that share one and the same array of places are summed together, in one walk over the rows.
    """

    places: NDArray[np.integer[Any]]
    values: Floats

    def __call__(self) -> Floats:
        """The value of every row."""
        return np.take(self.values, self.places)


_YES_OR_NO = np.array([0.0, 1.0, np.nan])


def packed(values: Floats) -> Scored | Floats:
    """Zeros, ones and blanks as bytes; anything else as it is."""
    yes, missing = values == 1.0, np.isnan(values)
    if not (yes | missing | (values == 0.0)).all():
        return values
    return Scored(yes.view(np.int8) - missing.view(np.int8), _YES_OR_NO)


def means_by(values: Floats, places: NDArray[np.integer[Any]], size: int) -> Floats:
    """The mean of what is known, by place (0 to size - 1); NaN where nothing is."""
    known = ~np.isnan(values)
    n = np.bincount(places[known], minlength=size)
    sums = np.bincount(places[known], values[known], minlength=size)
    means: Floats = np.divide(sums, n, out=np.full(size, np.nan), where=n > 0)
    return means


def medians_by(values: Floats, places: NDArray[np.integer[Any]], size: int) -> Floats:
    """The median of what is known, by place (0 to size - 1); NaN where nothing is."""
    ordered = values[np.lexsort((values, places))]  # within a place the unknown are last
    counts = np.bincount(places, minlength=size)
    start, n = np.cumsum(counts) - counts, np.bincount(places[~np.isnan(values)], minlength=size)
    medians, some = np.full(size, np.nan), n > 0
    medians[some] = (ordered[(start + (n - 1) // 2)[some]] + ordered[(start + n // 2)[some]]) / 2
    return medians
