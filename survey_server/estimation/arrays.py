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
