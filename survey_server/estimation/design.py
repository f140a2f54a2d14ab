"""Design: how a sample was drawn (stratum, PSU, weight, finite population), checked once, then only summed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from survey_server.estimation.arrays import Bools, Codes, Floats
from survey_server.estimation.calibration import Calibration
from survey_server.problems import BadDesign, BadWeight, LonelyPsu, PsuInTwoStrata

__all__ = ["Bools", "Codes", "Design", "Floats", "Lonely", "SecondStage", "stack_designs"]

Lonely: TypeAlias = Literal["adjust", "average", "certainty", "fail"]


class Design:
    """A sample of rows: which PSU and stratum each is in, what it weighs, and how many PSUs there were to draw from.

    `lonely` says what a stratum with a single PSU adds to the variance: its distance from the mean of all PSUs
    (adjust, the default), the average of the other strata (average), nothing (certainty), or a Problem (fail).
    With `lonely_domains`, adjust and average treat so also a stratum of which a domain has rows in one PSU alone.
    `fpc` is the number of PSUs in the population of the row's stratum, or the share drawn (all values at most 1);
    `fpc2` is the same for the units inside the row's PSU, with `ssu` naming the unit (default: every row is one).
    Without a stratum all are in one, without a PSU each row is its own; without weights they follow from the finite
    population, or are 1.
    """

    def __init__(
        self,
        stratum: ArrayLike | None,
        psu: ArrayLike | None,
        weight: ArrayLike | None,
        fpc: ArrayLike | None = None,
        lonely: Lonely = "adjust",
        *,
        nest: bool = False,
        ssu: ArrayLike | None = None,
        fpc2: ArrayLike | None = None,
        calibration: Calibration | None = None,
        lonely_domains: bool = False,
    ) -> None:
        if lonely not in get_args(Lonely):
            raise BadDesign(f"'{lonely}' is no rule for lonely PSUs; use one of {', '.join(get_args(Lonely))}")
        self.n_rows = _common_length(
            {"stratum": stratum, "psu": psu, "weight": weight, "fpc": fpc, "ssu": ssu, "fpc2": fpc2}
        )
        self.lonely: Lonely = lonely
        self.lonely_domains = lonely_domains
        self.named_psus = psu is not None
        self.calibration = calibration
        self.weight = _check_weights(weight, self.n_rows)
        row_stratum, self.stratum_labels = _codes_of(stratum, self.n_rows, "stratum", default_one=True)
        row_psu, labels = _codes_of(psu, self.n_rows, "psu", default_one=False)
        self.row_psu, self.psu_stratum, self.psu_labels = _nest(row_psu, labels, row_stratum, self.stratum_labels, nest)
        self.n_strata, self.n_psu = len(self.stratum_labels), len(self.psu_labels)
        self.psus_of_stratum = np.bincount(self.psu_stratum, minlength=self.n_strata)
        self.fraction = self._fractions(fpc, row_stratum, self.psus_of_stratum, "stratum")
        self.second = None if fpc2 is None else SecondStage(self, ssu, fpc2)
        if weight is None and fpc is not None:
            self.weight = self._chances()
        self.alone: Bools = (self.psus_of_stratum == 1) & (self.fraction < 1 - 1e-7)
        self.lonely_strata = [self.stratum_labels[h] for h in np.flatnonzero(self.alone)]
        if lonely == "fail" and self.lonely_strata:
            raise LonelyPsu(
                f"only one PSU in {_list(self.lonely_strata)}: merge the stratum with its neighbour, or choose how "
                "a lonely PSU is treated",
                strata=[str(label) for label in self.lonely_strata],
            )

    def _fractions(self, fpc: ArrayLike | None, group: Codes, drawn: NDArray[np.intp], where: str) -> Floats:
        """The share that was drawn in every group; 0 without finite population."""
        fraction = np.zeros(len(drawn))
        if fpc is None:
            return fraction
        values = np.asarray(fpc, dtype=float)
        if np.isnan(values).any() or (values <= 0).any():
            raise BadDesign(f"the finite population is missing or not above 0 in {int((~(values > 0)).sum())} rows")
        size = np.zeros(len(drawn))
        size[group] = values
        if (size[group] != values).any():
            raise BadDesign(f"the finite population changes inside a {where}: it must be one number for each {where}")
        fraction = drawn / size if (values > 1).any() else size
        if (fraction > 1 + 1e-12).any():
            raise BadDesign(f"more were drawn than the finite population holds in {int((fraction > 1).sum())} places")
        return fraction

    def _chances(self) -> Floats:
        """Weights that follow from the finite population: one over the chance of the PSU and of the unit in it."""
        weights = 1 / self.fraction[self.psu_stratum[self.row_psu]]
        return weights if self.second is None else weights / self.second.fraction[self.row_psu]

    @property
    def df(self) -> int:
        """Degrees of freedom of the whole sample: PSUs less strata."""
        return self.n_psu - self.n_strata

    def df_of(self, rows: Bools) -> float:
        """Degrees of freedom of a domain: the PSUs less the strata in which it has rows."""
        here = np.zeros(self.n_psu, dtype=bool)
        here[self.row_psu[rows]] = True
        return float(here.sum() - len(np.unique(self.psu_stratum[here])))

    def strata_of(self, rows: Bools) -> Bools:
        """Which strata have rows in a domain."""
        here = np.zeros(self.n_strata, dtype=bool)
        here[self.psu_stratum[self.row_psu[rows]]] = True
        return here

    def by_psu(self, rows: Floats) -> Floats:
        """Sums over the rows of every PSU; one column for each column given."""
        if rows.ndim == 1:
            rows = rows[:, None]
        sums = [np.bincount(self.row_psu, weights=column, minlength=self.n_psu) for column in rows.T]
        return np.column_stack(sums) if sums else np.zeros((self.n_psu, 0))

    def covariance(self, influence: Floats, rows: Bools | None = None) -> Floats:
        """The covariance of estimates from the weighted influence of every row (n x k): Taylor linearisation.

        Rows outside a domain are zeros, never dropped. `rows` are those of the domains: only the average rule and
        `lonely_domains` ask.
        """
        if influence.ndim == 1:
            influence = influence[:, None]
        if self.calibration is not None:
            influence = self.calibration.residuals(influence, self.weight)
            rows = None
        variance = self.covariance_of_totals(self.by_psu(influence), rows)
        if self.second is not None:
            variance = variance + self.second.covariance(influence)
        return variance

    def covariance_of_totals(self, totals: Floats, rows: Bools | None = None) -> Floats:
        """The first stage of `covariance`, from PSU totals (P x k)."""
        n, thin = self.psus_of_stratum, self._thin_strata(rows)
        sums = np.stack([np.bincount(self.psu_stratum, weights=c, minlength=self.n_strata) for c in totals.T], axis=1)
        centre = sums / n[:, None]
        scale = (1.0 - self.fraction) * n / np.maximum(n - 1, 1)
        if self.lonely == "adjust":
            centre[self.alone] = totals.mean(axis=0)
            centre[thin] = 0.0
        elif self.lonely == "average":
            scale = np.where(thin, 0.0, scale)
        spread = (totals - centre[self.psu_stratum]) * np.sqrt(scale)[self.psu_stratum][:, None]
        variance: Floats = spread.T @ spread
        if self.lonely != "average":
            return variance
        return variance * self.average_factor(None if rows is None else self.strata_of(rows), thin)

    def average_factor(self, strata: Bools | None = None, thin: Bools | None = None) -> float:
        """Under the average rule: strata over strata with a spread of their own; 1 under every other rule."""
        if self.lonely != "average":
            return 1.0
        strata = np.ones(self.n_strata, dtype=bool) if strata is None else strata
        without = self.alone if thin is None else self.alone | thin
        able = int((strata & ~without).sum())
        return int(strata.sum()) / able if able else np.nan

    def _thin_strata(self, rows: Bools | None) -> Bools:
        """Strata of several PSUs of which a domain has rows in one alone; none unless `lonely_domains`."""
        if not self.lonely_domains or rows is None:
            return np.zeros(self.n_strata, dtype=bool)
        here = np.zeros(self.n_psu, dtype=bool)
        here[self.row_psu[rows]] = True
        met = np.bincount(self.psu_stratum[here], minlength=self.n_strata)
        return np.asarray((met == 1) & (self.psus_of_stratum > 1))

    def reweighted(self, weight: ArrayLike, calibration: Calibration | None) -> Design:
        """The same sample under other weights (post-stratified, raked), whose estimates know it."""
        twin = object.__new__(Design)
        twin.__dict__.update(self.__dict__)
        twin.weight = _check_weights(weight, self.n_rows)
        twin.calibration = calibration
        return twin


class SecondStage:
    """Units drawn inside PSUs from a finite number: their part of the variance."""

    def __init__(self, design: Design, ssu: ArrayLike | None, fpc2: ArrayLike) -> None:
        units, _ = _codes_of(ssu, design.n_rows, "ssu", default_one=False)
        key = design.row_psu * (units.max() + 1) + units
        _, first, self.row_unit = np.unique(key, return_index=True, return_inverse=True)
        self.unit_psu = design.row_psu[first]
        self.units_of_psu = np.bincount(self.unit_psu, minlength=design.n_psu)
        self.fraction = design._fractions(fpc2, design.row_psu, self.units_of_psu, "PSU")
        n = self.units_of_psu
        self.scale = design.fraction[design.psu_stratum] * (1.0 - self.fraction) * n / np.maximum(n - 1, 1)

    def covariance(self, influence: Floats) -> Floats:
        """What the drawing of units inside PSUs adds."""
        units, psus = len(self.unit_psu), len(self.units_of_psu)
        totals = np.column_stack([np.bincount(self.row_unit, weights=c, minlength=units) for c in influence.T])
        sums = np.column_stack([np.bincount(self.unit_psu, weights=c, minlength=psus) for c in totals.T])
        centre = sums / self.units_of_psu[:, None]
        spread = (totals - centre[self.unit_psu]) * np.sqrt(self.scale)[self.unit_psu][:, None]
        variance: Floats = spread.T @ spread
        return variance


def stack_designs(designs: Sequence[Design]) -> Design:
    """Waves one under the other as one sample: a PSU with the same stratum and name is the same PSU in each."""
    first = designs[0]
    if any(d.second is not None or d.fraction.any() or d.calibration is not None for d in designs):
        raise BadDesign("waves with a finite population or calibrated weights can't be stacked; compare them instead")
    stratum = np.concatenate([np.asarray(d.stratum_labels, dtype=object)[d.psu_stratum][d.row_psu] for d in designs])
    psu = np.concatenate([np.asarray(d.psu_labels, dtype=object)[d.row_psu] for d in designs])
    return Design(stratum, psu, np.concatenate([d.weight for d in designs]), lonely=first.lonely, nest=True)


def _common_length(columns: dict[str, ArrayLike | None]) -> int:
    lengths = {name: len(np.asarray(values)) for name, values in columns.items() if values is not None}
    if not lengths:
        raise BadDesign("a design needs at least one of stratum, psu and weight to know how many rows there are")
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise BadDesign(f"the columns of the design differ in length: {told}")
    if not (n := next(iter(lengths.values()))):
        raise BadDesign("the design has no rows: no submission of this wave can be counted")
    return n


def _check_weights(weight: ArrayLike | None, n_rows: int) -> Floats:
    if weight is None:
        return np.ones(n_rows)
    values = np.asarray(weight, dtype=float)
    bad = ~(values > 0) | np.isinf(values)
    if bad.any():
        missing, zero, below = np.isnan(values), values == 0, values < 0
        told = [
            f"{int(m.sum())} {word}"
            for m, word in ((missing, "missing"), (zero, "zero"), (below, "negative"))
            if m.any()
        ]
        rows = np.flatnonzero(bad)
        raise BadWeight(
            f"{', '.join(told) or 'infinite'} of {n_rows} weights; first in row {rows[0] + 1}. Correct the site table.",
            rows=[int(row) + 1 for row in rows[:20]],
        )
    return values


def _codes_of(values: ArrayLike | None, n_rows: int, role: str, default_one: bool) -> tuple[Codes, list[Any]]:
    """Small whole numbers for the labels of a column, and the labels in order."""
    if values is None:
        codes = np.zeros(n_rows, dtype=np.intp) if default_one else np.arange(n_rows)
        return codes, [""] if default_one else list(range(n_rows))
    codes, labels = pd.factorize(np.asarray(values), sort=True)
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0]) + 1
        raise BadDesign(f"{int((codes < 0).sum())} rows have no {role}; first is row {row}. Complete the site table.")
    return codes, list(labels)


def _nest(
    row_psu: Codes, labels: list[Any], row_stratum: Codes, strata: list[Any], nest: bool
) -> tuple[Codes, Codes, list[Any]]:
    """PSUs numbered inside strata, with the stratum of each; a PSU in two strata is a Problem unless nested."""
    keys, row_code = np.unique(row_stratum * len(labels) + row_psu, return_inverse=True)
    psu_stratum, label_of = keys // len(labels), keys % len(labels)
    if not nest and len(keys) > len(labels):
        twice = np.flatnonzero(np.bincount(label_of) > 1)
        where = [f"{labels[i]} ({', '.join(str(strata[h]) for h in psu_stratum[label_of == i])})" for i in twice[:5]]
        raise PsuInTwoStrata(
            f"{len(twice)} PSUs lie in more than one stratum: {'; '.join(where)}. Correct the site table, or say that "
            "PSU numbers start again in every stratum.",
            psus=[str(labels[i]) for i in twice[:20]],
        )
    return row_code, psu_stratum, [labels[i] for i in label_of]


def _list(labels: Sequence[Any], most: int = 5) -> str:
    told = ", ".join(str(label) for label in labels[:most])
    return told + (f" and {len(labels) - most} more" if len(labels) > most else "")
