"""Sums by PSU and level of a breakdown, linearised: all that variances and changes need, whatever the rows were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survey_server.estimation.arrays import Bools, Codes, Floats
from survey_server.estimation.cells import Base, Cells, PsuFrame
from survey_server.estimation.item_sums import ItemSums, Read
from survey_server.estimation.taylor import linear_means


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


@dataclass(eq=False)
class DomainSums:
    """One wave's items by PSU and level of one breakdown, linearised: means, and PSU totals of their influence."""

    pairs: Pairs
    cells: Cells
    columns: Sequence[Read | None]
    met: Bools
    """Whether an item has cases in a (PSU, level) pair (items x pairs), as `z` has their influence."""
    z: Floats
    n_total: Floats
    """By item and level, as all that follow."""
    w_total: Floats
    mean: Floats
    spread: Floats
    extra: Floats
    """The variance of a second stage."""
    variance: Floats | None = None
    """Once table.py has worked it out."""

    @classmethod
    def of(cls, pairs: Pairs, items: ItemSums) -> DomainSums:
        """The sums of cells as sums of one breakdown."""
        cells = items.cells
        place, inside = pairs.of_cell[cells.wave], pairs.inside[cells.wave]
        everywhere = bool(inside.all())

        def gather(values: Floats) -> Floats:
            return _by_key(values if everywhere else values[:, inside], place, pairs.size)

        def level_sums(values: Floats) -> Floats:
            return pairs.sum_levels(pairs.sum_groups(values))

        n, w, y = gather(items.n), gather(items.w), gather(items.y)
        n_total, w_total = level_sums(n), level_sums(w)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = level_sums(y) / w_total
            squares = mean.copy()  # of shares, 0 and 1 are their own squares
            others = ~items.shares
            if others.any():
                squares[others] = level_sums(gather(items.yy[others])) / w_total[others]
            spread = squares - mean**2
            spread = np.where(spread > 1e-13 * mean**2, spread, 0.0)
        met = w_total > 0
        middle, scale = np.where(met, mean, 0.0), np.divide(1.0, w_total, out=np.zeros_like(w_total), where=met)
        z = (y - middle[:, pairs.pair_level] * w) * scale[:, pairs.pair_level]
        sums = cls(pairs, cells, items.columns, n > 0, z, n_total, w_total, mean, spread, np.zeros_like(mean))
        if cells.design.second is not None:
            sums._linearise_rows()
        elif cells.base is not None:
            sums._calibrate(cells.base, items, inside)
        return sums

    @classmethod
    def together(cls, parts: Sequence[DomainSums]) -> DomainSums:
        """The sums of several groups of items as one."""
        if len(parts) == 1:
            return parts[0]
        columns = [column for part in parts for column in part.columns]
        names = ("met", "z", "n_total", "w_total", "mean", "spread", "extra")
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return cls(parts[0].pairs, parts[0].cells, columns, **joined)

    def _calibrate(self, base: Base, items: ItemSums, inside: Bools) -> None:
        """Take out of the PSU totals what the margins explain: `Calibration.residuals` from sums of cells alone."""
        pairs, cells = self.pairs, self.cells
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
        for i, read in enumerate(self.columns):
            levels = np.flatnonzero(self.n_total[i])
            if read is None or not len(levels):
                continue
            linear = linear_means(read(), design, [cells.in_level(pairs.domain, int(level)) for level in levels])
            totals = np.zeros((design.n_psu + 1, pairs.n_levels))  # the last row is for PSUs of other waves
            totals[:-1, levels] = linear.totals
            self.z[i] = totals[place, pairs.pair_level]
            if design.second is not None:
                self.extra[i, levels] = np.diag(design.second.covariance(linear.residuals))


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
