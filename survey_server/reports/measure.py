"""Estimates of one form over one or two waves: what the pages ask of the estimators."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import pandas as pd

from survey_server.estimation.arrays import Scored
from survey_server.estimation.change import Change, Shared, change_of, estimate_did, shared_psus
from survey_server.estimation.change import DifferenceInDifferences as Did
from survey_server.estimation.cube import Domain, WaveColumns, build_cube
from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.estimate import Estimate, Kind
from survey_server.estimation.quantiles import linear_quantile
from survey_server.estimation.taylor import Linear, linear_ratios
from survey_server.reports.coded import Codes
from survey_server.reports.sample import Sample
from survey_server.reports.value import Cell, Format
from survey_server.xlsform.registry import Indicator

KINDS: Mapping[str, Kind] = {"share": "share", "mean": "mean"}
LINEARISED = ("ratio", "median")
PROGRAMME_ARM = frozenset({"programme", "program", "programa", "treated", "1"})
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Comparison:
    """One number in two waves and the change between them; a side without valid answers is None."""

    before: Estimate | None
    after: Estimate | None
    change: Change | None = None

    @property
    def difference(self) -> Estimate | None:
        """After less before."""
        return self.change.estimate if self.change else None

    @property
    def p(self) -> float:
        """The p value of the change; NaN when there is none."""
        return self.change.p_value if self.change else math.nan

    def scaled(self, factor: float) -> Comparison:
        """The same comparison in other units (0.37 to 37 %)."""
        before, after = (side.scaled(factor) if side else None for side in (self.before, self.after))
        if self.change is None or before is None or after is None:
            return Comparison(before, after)
        change = replace(
            self.change,
            estimate=self.change.estimate.scaled(factor),
            before=before,
            after=after,
            mde=self.change.mde * abs(factor),
        )
        return Comparison(before, after, change)


NO_COMPARISON = Comparison(None, None)


class Cube:
    """Comparisons by item, breakdown and level, read from one long table of estimates."""

    def __init__(self, table: pd.DataFrame) -> None:
        names = [field.name for field in fields(Estimate)]
        self._rows = {
            (row["item"], row["domain"], row["level"], row["row"], row["wave"]): row
            for row in table.to_dict(orient="records")
        }
        self._names = names

    def comparison(self, item: str, domain: str = "", level: str = "") -> Comparison:
        """The comparison of an item in a level of a breakdown; the empty breakdown is everybody."""
        key = (item, domain, level)
        before, after = (self._estimate((*key, "estimate", wave)) for wave in (BEFORE, AFTER))
        difference = self._estimate((*key, "change", AFTER))
        if before is None or after is None or difference is None:
            return Comparison(before, after)
        row = self._rows[*key, "change", AFTER]
        return Comparison(before, after, Change(difference, before, after, row["p_value"], row["mde"], row["overlap"]))

    def _estimate(self, key: tuple[str, str, str, str, str]) -> Estimate | None:
        row = self._rows.get(key)
        if row is None or not row["n"] or math.isnan(row["value"]):
            return None
        return Estimate(**{name: row[name] for name in self._names})


@dataclass(frozen=True)
class Columns:
    """What is to be estimated in one wave: items (NaN where not valid) and breakdowns (codes as text)."""

    items: Mapping[str, Floats | Scored | Callable[[], Floats]]
    breakdowns: Mapping[str, Codes]


class Pair:
    """One form in the wave after and, when there is one, the wave before."""

    def __init__(self, before: Sample | None, after: Sample) -> None:
        self.before, self.after = before, after
        self.form_id = after.data.form_id
        self.registry = after.data.registry

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The waves that there are, earlier first."""
        return (self.after,) if self.before is None else (self.before, self.after)

    @property
    def wave_keys(self) -> tuple[str, ...]:
        """ "before" and "after", or "after" alone: the keys of the samples."""
        return (AFTER,) if self.before is None else (BEFORE, AFTER)

    @cached_property
    def shared(self) -> Shared | None:
        """The PSUs that both waves visited; None with one wave."""
        return shared_psus(self.before.design, self.after.design) if self.before else None

    @cached_property
    def moved_sites(self) -> Mapping[str, tuple[str, str]]:
        """Sites of both waves that changed their stratum between them: they are taken for two different sites."""
        if self.before is None or not self.has_sites:
            return {}
        one, two = (
            dict(zip(map(str, design.psu_labels), design.psu_stratum.tolist(), strict=True))
            for design in (self.before.design, self.after.design)
        )
        names, later = (list(map(str, sample.design.stratum_labels)) for sample in (self.before, self.after))
        both = ((site, names[one[site]], later[two[site]]) for site in one if site in two)
        return {site: (first, second) for site, first, second in both if first != second}

    @property
    def is_observation(self) -> bool:
        """Whether the form records observed encounters: its design sheet names an observation mode."""
        return self.registry.role("mode") is not None

    @property
    def has_sites(self) -> bool:
        """Whether the design has PSUs at all: without them there is no overlap to speak of."""
        return self.after.role("psu") is not None

    def cube(self, columns: Sequence[Columns], kinds: Mapping[str, Kind], sensitive: Sequence[str] = ()) -> Cube:
        """All comparisons of the items in `columns` (one for each wave) by their breakdowns."""
        waves = [
            WaveColumns(
                key, sample.design, part.items, {name: _domain(codes) for name, codes in part.breakdowns.items()}
            )
            for key, sample, part in zip(self.wave_keys, self.samples, columns, strict=True)
        ]
        return Cube(build_cube(waves, kinds, sensitive))

    def compare(self, y: Sequence[Floats], kind: Kind = "mean") -> Comparison:
        """The comparison of one column, given for each wave."""
        return self.cube([Columns({"y": values}, {}) for values in y], {"y": kind}).comparison("y")

    def kind_of(self, indicator: Indicator) -> Kind:
        """A share where the values are 0 and 1; a share of something in between is estimated as a mean."""
        plain = all(sample.is_yes_or_no(indicator) for sample in self.samples)
        return KINDS[indicator.estimator] if plain else "mean"

    def compare_linear(self, indicator: Indicator) -> Comparison:
        """A ratio of sums, or a median, in both waves."""
        sides = [_linear(sample, indicator) for sample in self.samples]
        if len(sides) == 2 and sides[0] is not None and sides[1] is not None:
            change = change_of(sides[0], sides[1], shared=self.shared)
            return Comparison(change.before, change.after, change)
        estimates = [side.estimate(0) if side else None for side in sides]
        return Comparison(estimates[0] if self.before else None, estimates[-1])

    @cached_property
    def psus_per_arm(self) -> tuple[int, int]:
        """Programme and comparison PSUs, in the wave that has fewer; zeros without both arms in both waves."""
        arms = [programme_arm(sample) for sample in self.samples]
        if self.before is None or any(arm is None for arm in arms):
            return 0, 0
        counts = [
            [
                len(np.unique(sample.design.row_psu[arm == wanted]))
                for sample, arm in zip(self.samples, arms, strict=True)
            ]
            for wanted in (True, False)
        ]
        return min(counts[0]), min(counts[1])

    def did(self, indicator: Indicator) -> Did | None:
        """Programme against comparison areas; None without arms, an earlier wave or valid answers in all four cells."""
        if indicator.code not in self._dids:
            self._dids[indicator.code] = self._did(indicator)
        return self._dids[indicator.code]

    @cached_property
    def _dids(self) -> dict[str, Did | None]:
        return {}

    def _did(self, indicator: Indicator) -> Did | None:
        arms = [arm for sample in self.samples if (arm := programme_arm(sample)) is not None]
        if self.before is None or indicator.estimator not in KINDS or len(arms) < 2:
            return None
        columns = [sample.values(indicator) for sample in self.samples]
        valid = [~np.isnan(y) for y in columns]
        if not all((ok & arm).any() and (ok & ~arm).any() for ok, arm in zip(valid, arms, strict=True)):
            return None
        before, after = ((y, sample.design, ok) for y, sample, ok in zip(columns, self.samples, valid, strict=True))
        return estimate_did(before, after, *arms)


def _linear(sample: Sample, indicator: Indicator) -> Linear | None:
    """A ratio or a median with the influence of every row; None without valid answers."""
    values, below = sample.values(indicator), sample.denominator(indicator)
    rows = ~np.isnan(values) if below is None else ~np.isnan(values) & ~np.isnan(below)
    if not rows.any() or (below is not None and np.nansum(below[rows]) == 0):
        return None
    if below is None:
        return linear_quantile(values, sample.design, domain=rows)
    return linear_ratios(values, below, sample.design, [rows])


def programme_arm(sample: Sample) -> Bools | None:
    """True where a row is in a programme area; None when the design has no arms, or only one of them."""
    column = sample.role("arm")
    if column is None:
        return None
    arm = sample.coded(column).where(lambda code: code.lower() in PROGRAMME_ARM)
    return arm if arm.any() and not arm.all() else None


def estimate_cell(estimate: Estimate | None, form: Format, interval: bool = False, sensitive: bool = False) -> Cell:
    """An estimate as a cell under the small-cell rule: suppressed ones carry no value."""
    if estimate is None or math.isnan(estimate.value):
        return Cell(format=form)
    shown = estimate.flagged(sensitive) if sensitive else estimate
    if shown.flag == "suppressed":
        return Cell(format=form, n=shown.n, flag="suppressed")
    low, high = (_known(shown.low), _known(shown.high)) if interval else (None, None)
    return Cell(shown.value, form, _known(shown.se), low, high, shown.n, _known(shown.n_eff), shown.flag)


def count_cell(count: float | None) -> Cell:
    """A plain count; blank when it isn't known."""
    return Cell(None if count is None else float(count), "count")


def share_cell(part: float, whole: float, form: Format = "percent1") -> Cell:
    """A plain share of cases in percent; blank when there is no case."""
    return Cell(100 * part / whole if whole else None, form, n=int(whole))


def number_cell(value: float, form: Format) -> Cell:
    """A number as it is; blank when it isn't known."""
    return Cell(_known(value), form)


def _known(value: float) -> float | None:
    return None if math.isnan(value) or math.isinf(value) else float(value)


def _domain(codes: Codes) -> Domain:
    places, labels = pd.factorize(codes, sort=True)
    return Domain(places, [str(label) for label in labels])
