"""Cells: rows that are alike in PSU and breakdowns, summed once; everything after that is small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import Bools, Codes
from survey_server.estimation.calibration import Calibration
from survey_server.estimation.design import Design

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
    """One wave's rows put into cells: rows that are alike in PSU, in breakdowns and in what weights were fitted to."""

    def __init__(self, frame: PsuFrame, wave: int, domains: Sequence[Codes]) -> None:
        self.frame, self.wave, self.domains = frame, wave, domains
        self.design = frame.designs[wave]
        calibration = self.design.calibration
        margins = () if calibration is None else calibration.margins
        psu = frame.psu_of[wave][self.design.row_psu]
        self.cell, first = _compress(psu, [*domains, *margins])
        self.thrice = 3 * self.cell
        self.size = len(first)
        self.n = np.bincount(self.cell, minlength=self.size).astype(float)
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


def _compress(psu: Codes, domains: Sequence[Codes]) -> tuple[Codes, Codes]:
    """The number of each row's cell and a first row of every cell."""
    key = psu
    for codes in domains:
        width = int(codes.max(initial=0)) + 2
        key = key * width + (codes + 1)
        if int(key.max(initial=0)) > _DENSE:
            key = pd.factorize(key)[0]
    met = np.zeros(int(key.max(initial=-1)) + 1, dtype=bool)
    met[key] = True
    cell = (np.cumsum(met) - 1)[key]  # in the order of PSUs, so that neighbours are summed into neighbours
    first = np.zeros(int(cell.max(initial=-1)) + 1, dtype=np.intp)
    first[cell[::-1]] = np.arange(len(cell) - 1, -1, -1)
    return cell, first
