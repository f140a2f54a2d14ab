"""Sufficient statistics: rows are summed once into cells (PSU x levels); everything after that is small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import Bools, Codes, Floats, Scored
from survey_server.estimation.calibration import Calibration
from survey_server.estimation.design import Design
from survey_server.estimation.taylor import linear_means
from survey_server.problems import BadEstimate

_DENSE = 1 << 22
_SPARSE = 4
"""Cells by places are counted in one array as long as it isn't many times as long as the rows are many."""
_NOT_A_SHARE = "a share needs 0 and 1 and nothing else"

Read: TypeAlias = Callable[[], Floats]
"""What gives an item's column; `Scored` is one that can be summed without being spread out."""


@dataclass(frozen=True, eq=False)
class SharedPsus:
    """Which PSUs of the frame two waves have in common, how many in each stratum, and what share of both that is."""

    psu: Bools
    n: NDArray[np.intp]
    overlap: float


class PsuFrame:
    """The PSUs of all waves under one numbering, so that a PSU visited twice is the same one."""

    def __init__(self, designs: Sequence[Design]) -> None:
        self.designs = designs
        ends = np.cumsum([design.n_psu for design in designs])[:-1]
        strata = [str(label) for design in designs for label in design.stratum_labels]
        stratum, names = pd.factorize(np.array(strata, dtype=object))
        self.stratum_of = np.split(stratum, np.cumsum([design.n_strata for design in designs])[:-1])
        own = np.concatenate([of[design.psu_stratum] for of, design in zip(self.stratum_of, designs, strict=True)])
        # rows that are their own PSUs are never the same twice: they get a number of their wave
        apart = [0 if design.named_psus else t + 1 for t, design in enumerate(designs)]
        tag = np.repeat(apart, [design.n_psu for design in designs])
        labels = np.array([str(label) for design in designs for label in design.psu_labels], dtype=object)
        label = pd.factorize(labels)[0]
        key = (tag * len(names) + own) * len(labels) + label
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
        self.psu_of: list[Codes] = np.split(place, ends)
        self.psu_stratum: Codes = own[first]
        self.n_psu, self.n_strata = len(first), len(names)
        self.drawn = [np.zeros(self.n_strata, dtype=np.intp) for _ in designs]
        self.fraction = [np.zeros(self.n_strata) for _ in designs]
        for t, design in enumerate(designs):
            self.drawn[t][self.stratum_of[t]] = design.psus_of_stratum
            self.fraction[t][self.stratum_of[t]] = design.fraction

    def shared(self, before: int, after: int) -> SharedPsus:
        """The PSUs that two waves both have."""
        here = np.zeros((2, self.n_psu), dtype=bool)
        here[0, self.psu_of[before]] = True
        here[1, self.psu_of[after]] = True
        both = here[0] & here[1]
        n = np.bincount(self.psu_stratum[both], minlength=self.n_strata)
        return SharedPsus(both, n, float(both.sum() / (here[0] | here[1]).sum()))


class Cells:
    """One wave's rows put into cells: rows that are alike in PSU, in breakdowns and in what weights were fitted to."""

    def __init__(self, frame: PsuFrame, wave: int, domains: Sequence[Codes]) -> None:
        self.frame, self.wave, self.domains = frame, wave, domains
        self.design = frame.designs[wave]
        calibration = self.design.calibration
        margins = () if calibration is None else calibration.margins
        psu = frame.psu_of[wave][self.design.row_psu]
        self.cell, first = _compress(psu, [*domains, *margins])
        self.size = len(first)
        self.psu = psu[first]
        self.levels = [codes[first] for codes in domains]
        self.base = None if calibration is None else Base(self.design, calibration, self.cell, first)

    def in_level(self, domain: int, level: int) -> Bools:
        """The rows of one level of a breakdown; of everybody for the breakdown -1."""
        if domain < 0:
            return np.ones(self.design.n_rows, dtype=bool)
        return np.asarray(self.domains[domain] == level)


class Base:
    """What calibrated weights need to know of the cells: their margins, and the weights before the fit."""

    def __init__(self, design: Design, calibration: Calibration, cell: Codes, first: Codes) -> None:
        self.weight = calibration.base_weight
        self.margins = [codes[first] for codes in calibration.margins]
        self.sizes = [int(codes.max()) + 1 for codes in calibration.margins]
        whole = np.bincount(cell, weights=design.weight, minlength=len(first))
        x = Calibration(tuple(self.margins), np.empty(0)).dummies
        before = np.bincount(cell, weights=self.weight, minlength=len(first))
        self.inverse = np.linalg.pinv((x.T * before) @ x, hermitian=True)
        self.weighted = x * whole[:, None]


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


class Pairs:
    """The (PSU, level) pairs of one breakdown that occur in any wave, sorted by level, stratum and PSU.

    So every sum over a stratum's PSUs or a level's strata is over a run of neighbours.
    """

    def __init__(self, frame: PsuFrame, waves: Sequence[Cells], domain: int, n_levels: int) -> None:
        self.frame, self.domain, self.n_levels = frame, domain, n_levels
        keys, self.inside = [], []
        everywhere = np.empty(0, dtype=np.intp)
        if any(cells.design.calibration is not None for cells in waves):  # then every PSU has a residual in every level
            strata = np.arange(n_levels)[:, None] * frame.n_strata + frame.psu_stratum
            everywhere = (strata * frame.n_psu + np.arange(frame.n_psu)).ravel()
        for cells in waves:
            level = np.zeros(cells.size, dtype=np.intp) if domain < 0 else cells.levels[domain]
            inside = level >= 0
            stratum = frame.psu_stratum[cells.psu]
            keys.append(((level * frame.n_strata + stratum) * frame.n_psu + cells.psu)[inside])
            self.inside.append(inside)
        unique, place = np.unique(np.concatenate([*keys, everywhere]), return_inverse=True)
        self.of_cell = np.split(place, np.cumsum([len(key) for key in keys]))[:-1]
        self.size = len(unique)
        self.psu = unique % frame.n_psu
        group, self.group_start = np.unique(unique // frame.n_psu, return_index=True)
        self.group_stratum = group % frame.n_strata
        self.levels, self.level_start = np.unique(group // frame.n_strata, return_index=True)
        self.pair_level = unique // (frame.n_psu * frame.n_strata)

    def sum_groups(self, pairs: Floats) -> Floats:
        """Sums over the PSUs of every stratum and level (items x groups)."""
        return _runs(pairs, self.group_start)

    def sum_levels(self, groups: Floats) -> Floats:
        """Sums of groups over the strata of every level (items x levels); 0 for a level that never occurs."""
        done = np.zeros((len(groups), self.n_levels))
        done[:, self.levels] = _runs(groups, self.level_start)
        return done


class DomainSums:
    """One wave's items by PSU and level of one breakdown, linearised: means, and PSU totals of their influence."""

    def __init__(self, pairs: Pairs, items: ItemSums) -> None:
        cells = items.cells
        self.pairs, self.items, self.cells = pairs, items, cells
        place, inside = pairs.of_cell[cells.wave], pairs.inside[cells.wave]

        def gather(values: Floats) -> Floats:
            return _by_key(values if inside.all() else values[:, inside], place, pairs.size)

        def level_sums(values: Floats) -> Floats:
            return pairs.sum_levels(pairs.sum_groups(values))

        self.n, w, y = gather(items.n), gather(items.w), gather(items.y)
        self.n_total, self.w_total = level_sums(self.n), level_sums(w)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mean = level_sums(y) / self.w_total
            squares = self.mean.copy()  # of shares, 0 and 1 are their own squares
            others = ~items.shares
            squares[others] = level_sums(gather(items.yy[others])) / self.w_total[others]
            spread = squares - self.mean**2
            self.spread = np.where(spread > 1e-13 * self.mean**2, spread, 0.0)
            z = (y - self.mean[:, pairs.pair_level] * w) / self.w_total[:, pairs.pair_level]
        self.z = np.where(self.w_total[:, pairs.pair_level] > 0, z, 0.0)
        self.extra = np.zeros_like(self.mean)
        if cells.design.second is not None:
            self._linearise_rows()
        elif cells.base is not None:
            self._calibrate(cells.base, inside)

    def _calibrate(self, base: Base, inside: Bools) -> None:
        """Take out of the PSU totals what the margins explain: `Calibration.residuals` from sums of cells alone."""
        pairs, cells, items = self.pairs, self.cells, self.items
        level = np.zeros(cells.size, dtype=np.intp) if pairs.domain < 0 else cells.levels[pairs.domain]
        parts: list[Floats] = []
        for place, (codes, size) in enumerate(zip(base.margins, base.sizes, strict=True)):
            key = (level * size + codes)[inside]
            shape = (len(self.mean), pairs.n_levels, size)
            y, w = (
                _by_key(sums[:, inside], key, pairs.n_levels * size).reshape(shape)
                for sums in (items.base_y, items.base_w)
            )
            with np.errstate(invalid="ignore", divide="ignore"):
                part = (y - self.mean[:, :, None] * w) / self.w_total[:, :, None]
            parts.append(np.where(self.w_total[:, :, None] > 0, part, 0.0)[:, :, 1 if place else 0 :])
        coefficients = np.concatenate(parts, axis=2) @ base.inverse
        totals = np.stack([np.bincount(cells.psu, weights=x, minlength=pairs.frame.n_psu) for x in base.weighted.T])
        for k, total in enumerate(totals):
            self.z -= coefficients[:, pairs.pair_level, k] * total[pairs.psu]

    def _linearise_rows(self) -> None:
        """PSU totals and the variance of a second stage, for which the rows themselves are needed."""
        pairs, cells, design = self.pairs, self.cells, self.cells.design
        own = np.full(pairs.frame.n_psu, -1, dtype=np.intp)
        own[pairs.frame.psu_of[cells.wave]] = np.arange(design.n_psu)
        place = own[pairs.psu]
        for i, read in enumerate(self.items.columns):
            levels = np.flatnonzero(self.n_total[i])
            if read is None or not len(levels):
                continue
            linear = linear_means(read(), design, [cells.in_level(pairs.domain, int(level)) for level in levels])
            totals = np.zeros((design.n_psu + 1, pairs.n_levels))  # the last row is for PSUs of other waves
            totals[:-1, levels] = linear.totals
            self.z[i] = totals[place, pairs.pair_level]
            if design.second is not None:
                self.extra[i, levels] = np.diag(design.second.covariance(linear.residuals))


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
        (_add_share if share else _add_numbers)(read(), cells.cell, weight, cells.size)
        for read, share in zip(together.reads, wanted, strict=True)
    ]
    n, w, y, yy = (np.stack(parts) for parts in zip(*each, strict=True))
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


def _add_share(column: Floats, cell: Codes, weight: Floats, size: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases, weights, weighted sums and squares (the same, and left out) of 0 and 1, by cell."""
    missing, yes = np.isnan(column), column == 1.0
    if not (missing | yes | (column == 0.0)).all():
        raise BadEstimate(_NOT_A_SHARE)
    key = cell * 3 + (2 * missing.astype(np.intp) + yes)
    n = np.bincount(key, minlength=3 * size).reshape(size, 3).astype(float)
    w = np.bincount(key, weights=weight, minlength=3 * size).reshape(size, 3).astype(float, copy=False)
    return n[:, 0] + n[:, 1], w[:, 0] + w[:, 1], w[:, 1], np.zeros(size)


def _add_numbers(column: Floats, cell: Codes, weight: Floats, size: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases, weights, weighted sums and weighted squares of any numbers, by cell."""
    missing = np.isnan(column)
    weighted, filled = np.where(missing, 0.0, weight), np.where(missing, 0.0, column)
    columns = (~missing, weighted, weighted * filled, weighted * filled * filled)
    sums = [np.bincount(cell, weights=values, minlength=size).astype(float, copy=False) for values in columns]
    return sums[0], sums[1], sums[2], sums[3]


def _by_key(values: Floats, key: Codes, size: int) -> Floats:
    """Sums of every row of `values` over the keys."""
    sums = np.empty((len(values), size))
    for i, row in enumerate(values):
        sums[i] = np.bincount(key, weights=row, minlength=size)
    return sums


def _runs(values: Floats, start: Codes) -> Floats:
    if not values.shape[1]:
        return np.zeros((len(values), 0))
    return np.add.reduceat(values, start, axis=1)


def _compress(psu: Codes, domains: Sequence[Codes]) -> tuple[Codes, Codes]:
    """The number of each row's cell and a first row of every cell."""
    key = psu
    for codes in domains:
        width = int(codes.max(initial=0)) + 2
        key = key * width + (codes + 1)
        if int(key.max(initial=0)) > _DENSE:
            key = pd.factorize(key)[0]
    cell, _ = pd.factorize(key)
    first = np.zeros(int(cell.max(initial=-1)) + 1, dtype=np.intp)
    first[cell[::-1]] = np.arange(len(cell) - 1, -1, -1)
    return cell, first
