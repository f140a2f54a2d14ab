"""Sufficient statistics: rows are summed once into cells (PSU x levels); everything after that is small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import Bools, Codes, Floats
from survey_server.estimation.calibration import Calibration
from survey_server.estimation.design import Design
from survey_server.estimation.taylor import linear_means
from survey_server.problems import BadEstimate

_DENSE = 1 << 22


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
    """One wave's items summed over cells of rows that are alike in PSU and in every breakdown."""

    def __init__(
        self,
        frame: PsuFrame,
        wave: int,
        columns: Sequence[Callable[[], Floats] | None],
        domains: Sequence[Codes],
        shares: Bools,
    ) -> None:
        self.frame, self.wave, self.columns, self.domains = frame, wave, columns, domains
        self.shares = shares
        self.design = frame.designs[wave]
        calibration = self.design.calibration
        margins = () if calibration is None else calibration.margins
        psu = frame.psu_of[wave][self.design.row_psu]
        cell, first = _compress(psu, [*domains, *margins])
        self.n_cells = len(first)
        self.psu = psu[first]
        self.levels = [codes[first] for codes in domains]
        shape = (len(columns), self.n_cells)
        self.n, self.w, self.y, self.yy = (np.zeros(shape) for _ in range(4))
        self.base = None if calibration is None else BaseSums(self.design, calibration, cell, first, shape)
        for i, read in enumerate(columns):
            if read is None:
                continue
            column = read()
            add = _add_share if shares[i] else _add_numbers
            self.n[i], self.w[i], self.y[i], self.yy[i] = add(column, cell, self.design.weight, self.n_cells)
            if self.base is not None and calibration is not None:
                _, self.base.w[i], self.base.y[i], _ = add(column, cell, calibration.base_weight, self.n_cells)

    def in_level(self, domain: int, level: int) -> Bools:
        """The rows of one level of a breakdown; of everybody for the breakdown -1."""
        if domain < 0:
            return np.ones(self.design.n_rows, dtype=bool)
        return np.asarray(self.domains[domain] == level)


class BaseSums:
    """What calibrated weights need to know of the cells: their margins, and sums under the weights before the fit."""

    def __init__(
        self, design: Design, calibration: Calibration, cell: Codes, first: Codes, shape: tuple[int, int]
    ) -> None:
        self.margins = [codes[first] for codes in calibration.margins]
        self.sizes = [int(codes.max()) + 1 for codes in calibration.margins]
        self.w, self.y = np.zeros(shape), np.zeros(shape)
        whole = np.bincount(cell, weights=design.weight, minlength=shape[1])
        x = Calibration(tuple(self.margins), np.empty(0)).dummies
        before = np.bincount(cell, weights=calibration.base_weight, minlength=shape[1])
        self.inverse = np.linalg.pinv((x.T * before) @ x, hermitian=True)
        self.weighted = x * whole[:, None]


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
            level = np.zeros(cells.n_cells, dtype=np.intp) if domain < 0 else cells.levels[domain]
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

    def __init__(self, pairs: Pairs, cells: Cells) -> None:
        self.pairs, self.cells = pairs, cells
        place, inside = pairs.of_cell[cells.wave], pairs.inside[cells.wave]

        def gather(values: Floats) -> Floats:
            return _by_key(values if inside.all() else values[:, inside], place, pairs.size)

        def level_sums(values: Floats) -> Floats:
            return pairs.sum_levels(pairs.sum_groups(values))

        self.n, w, y = gather(cells.n), gather(cells.w), gather(cells.y)
        self.n_total, self.w_total = level_sums(self.n), level_sums(w)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mean = level_sums(y) / self.w_total
            squares = self.mean.copy()  # of shares, 0 and 1 are their own squares
            others = ~cells.shares
            squares[others] = level_sums(gather(cells.yy[others])) / self.w_total[others]
            spread = squares - self.mean**2
            self.spread = np.where(spread > 1e-13 * self.mean**2, spread, 0.0)
            z = (y - self.mean[:, pairs.pair_level] * w) / self.w_total[:, pairs.pair_level]
        self.z = np.where(self.w_total[:, pairs.pair_level] > 0, z, 0.0)
        self.extra = np.zeros_like(self.mean)
        if cells.design.second is not None:
            self._linearise_rows()
        elif cells.base is not None:
            self._calibrate(cells.base, inside)

    def _calibrate(self, base: BaseSums, inside: Bools) -> None:
        """Take out of the PSU totals what the margins explain: `Calibration.residuals` from sums of cells alone."""
        pairs, cells = self.pairs, self.cells
        level = np.zeros(cells.n_cells, dtype=np.intp) if pairs.domain < 0 else cells.levels[pairs.domain]
        parts: list[Floats] = []
        for place, (codes, size) in enumerate(zip(base.margins, base.sizes, strict=True)):
            key = (level * size + codes)[inside]
            shape = (len(self.mean), pairs.n_levels, size)
            y, w = (_by_key(sums[:, inside], key, pairs.n_levels * size).reshape(shape) for sums in (base.y, base.w))
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
        for i, read in enumerate(cells.columns):
            levels = np.flatnonzero(self.n_total[i])
            if read is None or not len(levels):
                continue
            linear = linear_means(read(), design, [cells.in_level(pairs.domain, int(level)) for level in levels])
            totals = np.zeros((design.n_psu + 1, pairs.n_levels))  # the last row is for PSUs of other waves
            totals[:-1, levels] = linear.totals
            self.z[i] = totals[place, pairs.pair_level]
            if design.second is not None:
                self.extra[i, levels] = np.diag(design.second.covariance(linear.residuals))


def _add_share(column: Floats, cell: Codes, weight: Floats, size: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases, weights, weighted sums and squares (the same, and left out) of 0 and 1, by cell."""
    missing, yes = np.isnan(column), column == 1.0
    if not (missing | yes | (column == 0.0)).all():
        raise BadEstimate("a share needs 0 and 1 and nothing else")
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
