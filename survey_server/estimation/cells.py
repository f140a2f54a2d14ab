"""Sufficient statistics: rows are summed once into cells (PSU x levels); everything after that is small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import Bools, Codes, Floats
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
        keys: dict[tuple[object, object, object], int] = {}
        strata: dict[object, int] = {}
        self.psu_of: list[Codes] = []
        self.stratum_of: list[Codes] = []
        psu_stratum: list[int] = []
        for t, design in enumerate(designs):
            labels = [str(label) for label in design.stratum_labels]
            own = np.array([strata.setdefault(label, len(strata)) for label in labels], dtype=np.intp)
            apart = None if design.named_psus else t  # rows that are their own PSUs are never the same twice
            place = np.empty(design.n_psu, dtype=np.intp)
            for i, (h, label) in enumerate(zip(design.psu_stratum, design.psu_labels, strict=True)):
                key = (apart, labels[h], str(label))
                if key not in keys:
                    psu_stratum.append(int(own[h]))
                place[i] = keys.setdefault(key, len(keys))
            self.psu_of.append(place)
            self.stratum_of.append(own)
        self.n_psu, self.n_strata = len(keys), len(strata)
        self.psu_stratum = np.array(psu_stratum, dtype=np.intp)
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
        columns: Sequence[Floats | None],
        domains: Sequence[Codes],
        shares: Bools,
    ) -> None:
        self.frame, self.wave, self.columns, self.domains = frame, wave, columns, domains
        self.shares = shares
        self.design = frame.designs[wave]
        psu = frame.psu_of[wave][self.design.row_psu]
        cell, first = _compress(psu, domains)
        self.n_cells = len(first)
        self.psu = psu[first]
        self.levels = [codes[first] for codes in domains]
        shape = (len(columns), self.n_cells)
        self.n, self.w, self.y, self.yy = (np.zeros(shape) for _ in range(4))
        for i, column in enumerate(columns):
            if column is not None:
                self._sum_item(i, column, cell, bool(shares[i]))

    def in_level(self, domain: int, level: int) -> Bools:
        """The rows of one level of a breakdown; of everybody for the breakdown -1."""
        if domain < 0:
            return np.ones(self.design.n_rows, dtype=bool)
        return np.asarray(self.domains[domain] == level)

    def _sum_item(self, i: int, column: Floats, cell: Codes, share: bool) -> None:
        weight, size = self.design.weight, self.n_cells
        missing = np.isnan(column)
        if share:
            code = np.where(missing, 2.0, column).astype(np.intp)
            if ((code < 0) | (code > 2)).any() or (code != np.where(missing, 2.0, column)).any():
                raise BadEstimate("a share needs 0 and 1 and nothing else")
            key = cell * 3 + code
            n = np.bincount(key, minlength=3 * size).reshape(size, 3)
            w = np.bincount(key, weights=weight, minlength=3 * size).reshape(size, 3)
            self.n[i], self.w[i], self.y[i] = n[:, 0] + n[:, 1], w[:, 0] + w[:, 1], w[:, 1]
            return
        weighted = np.where(missing, 0.0, weight)
        filled = np.where(missing, 0.0, column)
        self.n[i] = np.bincount(cell, weights=~missing, minlength=size)
        self.w[i] = np.bincount(cell, weights=weighted, minlength=size)
        self.y[i] = np.bincount(cell, weights=weighted * filled, minlength=size)
        self.yy[i] = np.bincount(cell, weights=weighted * filled * filled, minlength=size)


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
            sums = np.empty((len(values), pairs.size))
            for i, row in enumerate(values if inside.all() else values[:, inside]):
                sums[i] = np.bincount(place, weights=row, minlength=pairs.size)
            return sums

        def level_sums(values: Floats) -> Floats:
            return pairs.sum_levels(pairs.sum_groups(values))

        self.n, w, y = gather(cells.n), gather(cells.w), gather(cells.y)
        self.n_total, self.w_total = level_sums(self.n), level_sums(w)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mean = level_sums(y) / self.w_total
            squares = self.mean.copy()  # of shares, 0 and 1 are their own squares
            others = ~cells.shares
            squares[others] = level_sums(gather(cells.yy[others])) / self.w_total[others]
            self.spread = np.maximum(squares - self.mean**2, 0.0)
            z = (y - self.mean[:, pairs.pair_level] * w) / self.w_total[:, pairs.pair_level]
        self.z = np.where(self.w_total[:, pairs.pair_level] > 0, z, 0.0)
        self.extra = np.zeros_like(self.mean)
        if cells.design.calibration is not None or cells.design.second is not None:
            self._linearise_rows()

    def _linearise_rows(self) -> None:
        """PSU totals under calibrated weights, and the variance of a second stage: both need the rows themselves."""
        pairs, cells, design = self.pairs, self.cells, self.cells.design
        own = np.full(pairs.frame.n_psu, -1, dtype=np.intp)
        own[pairs.frame.psu_of[cells.wave]] = np.arange(design.n_psu)
        place = own[pairs.psu]
        for i, column in enumerate(cells.columns):
            levels = np.flatnonzero(self.n_total[i])
            if column is None or not len(levels):
                continue
            linear = linear_means(column, design, [cells.in_level(pairs.domain, int(level)) for level in levels])
            totals = np.zeros((design.n_psu + 1, pairs.n_levels))  # the last row is for PSUs of other waves
            totals[:-1, levels] = linear.totals
            self.z[i] = totals[place, pairs.pair_level]
            if design.second is not None:
                self.extra[i, levels] = np.diag(design.second.covariance(linear.residuals))


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
