"""Items summed over cells: cases, weights, weighted values and squares, several items in one walk over the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from survey_server.estimation.arrays import Bools, Codes, Floats, Scored
from survey_server.estimation.cells import Cells
from survey_server.problems import BadEstimate

_DENSE = 1 << 22
_SPARSE = 4
"""Cells by places are counted in one array as long as it isn't many times as long as the rows are many."""
_NOT_A_SHARE = "a share needs 0 and 1 and nothing else"

Read: TypeAlias = Callable[[], Floats]
"""What gives an item's column; `Scored` is one that can be summed without being spread out."""


class ItemSums:
    """Some items of one wave summed over its cells: cases, weights, weighted values and weighted squares."""

    def __init__(self, cells: Cells, columns: Sequence[Read | None], shares: Bools) -> None:
        self.cells, self.columns, self.shares = cells, columns, shares
        shape = (len(columns), cells.size)
        self.n, self.w, self.y, self.yy = (np.zeros(shape) for _ in range(4))
        base = cells.base
        self.base_w, self.base_y = (np.zeros(shape if base else (0, 0)) for _ in range(2))
        for together in _groups(columns):
            told = _add(cells, cells.design.weight, together, shares)
            self.n[together.rows], self.w[together.rows], self.y[together.rows], self.yy[together.rows] = told
            if base is not None:
                _, self.base_w[together.rows], self.base_y[together.rows], _ = _add(
                    cells, base.weight, together, shares
                )


@dataclass(frozen=True, eq=False)
class _Together:
    """Items that are summed in one walk over the rows: their places among all, and their columns."""

    rows: list[int]
    reads: list[Read]


def _groups(columns: Sequence[Read | None]) -> Iterator[_Together]:
    """Scored columns with the same places together, every other column by itself."""
    scored: dict[int, _Together] = {}
    for row, read in enumerate(columns):
        if isinstance(read, Scored):
            group = scored.setdefault(id(read.places), _Together([], []))
            group.rows.append(row)
            group.reads.append(read)
        elif read is not None:
            yield _Together([row], [read])
    yield from scored.values()


def _add(cells: Cells, weight: Floats, together: _Together, shares: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases, weights, weighted values and squares (left out for shares) of some items, by cell."""
    first = together.reads[0]
    wanted = shares[together.rows]
    if isinstance(first, Scored) and len(first.values) * cells.size <= max(_SPARSE * len(first.places), _DENSE):
        return _add_scored([read for read in together.reads if isinstance(read, Scored)], cells, weight, wanted)
    each = [
        _add_share(read(), cells, weight) if share else _add_numbers(read(), cells.cell, weight, cells.size)
        for read, share in zip(together.reads, wanted, strict=True)
    ]
    n, w, y, yy = (parts[0][None] if len(parts) == 1 else np.stack(parts) for parts in zip(*each, strict=True))
    return n, w, y, yy


def _add_scored(
    columns: Sequence[Scored], cells: Cells, weight: Floats, shares: Bools
) -> tuple[Floats, Floats, Floats, Floats]:
    """Columns over the same places: counted once by cell and place, then each value weighs its places."""
    places, width = columns[0].places, len(columns[0].values)
    key = cells.cell * width + np.where(places < 0, width - 1, places)
    shape = (cells.size, width)
    n = np.bincount(key, minlength=cells.size * width).reshape(shape).astype(float)
    w = np.bincount(key, weights=weight, minlength=cells.size * width).reshape(shape).astype(float, copy=False)
    values = np.stack([column.values for column in columns])
    missing = np.isnan(values)
    met = n.any(axis=0)
    if not (missing | (values == 0.0) | (values == 1.0) | ~met)[shares].all():
        raise BadEstimate(_NOT_A_SHARE)
    valid, filled = (~missing).astype(float), np.where(missing, 0.0, values)
    squares = filled * filled * ~shares[:, None]
    weighted = np.ascontiguousarray(w.T)
    return valid @ n.T, valid @ weighted, filled @ weighted, squares @ weighted


def _add_share(column: Floats, cells: Cells, weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases, weights, weighted sums and squares (the same, and left out) of 0 and 1, by cell."""
    missing, yes = np.isnan(column), column == 1.0
    if np.count_nonzero(missing) + np.count_nonzero(yes) + np.count_nonzero(column == 0.0) < len(column):
        raise BadEstimate(_NOT_A_SHARE)
    answer = missing.view(np.int8)  # one byte a row while it can be: 2 for none, 1 for yes
    key = np.add(cells.thrice, answer + answer + yes.view(np.int8), casting="unsafe")
    w = np.bincount(key, weights=weight, minlength=3 * cells.size).reshape(cells.size, 3).astype(float, copy=False)
    n: Floats = cells.n - np.bincount(cells.cell[missing], minlength=cells.size)
    return n, w[:, 0] + w[:, 1], w[:, 1], np.zeros(cells.size)


def _add_numbers(column: Floats, cell: Codes, weight: Floats, size: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases, weights, weighted sums and weighted squares of any numbers, by cell."""
    missing = np.isnan(column)
    weighted, filled = np.where(missing, 0.0, weight), np.where(missing, 0.0, column)
    columns = (~missing, weighted, weighted * filled, weighted * filled * filled)
    sums = [np.bincount(cell, weights=values, minlength=size).astype(float, copy=False) for values in columns]
    return sums[0], sums[1], sums[2], sums[3]
