"""Monthly returns of units as a report reads them: the last revision of each month, and a gap where none came."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from survey_server.estimation.counts import PercentChange, dispersion_of, percent_change
from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.justice import months_between
from survey_server.reports.measure import PROGRAMME_ARM
from survey_server.reports.plan import Plan
from survey_server.reports.questionnaire import text_in
from survey_server.reports.registers.forms import TRAINING
from survey_server.reports.sample import MISSING_NUMBERS, Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Note

YEAR = 12


@dataclass(frozen=True)
class Totals:
    """What the year before and the year after add up to, each with the unit-months that it rests on."""

    before: float
    after: float
    months_before: int
    months_after: int

    @property
    def known(self) -> bool:
        """Whether both years have any month at all."""
        return self.months_before > 0 and self.months_after > 0


class Returns:
    """The returns of one form by unit and month; `start` is the place in the span of the programme's first month."""

    def __init__(self, sample: Sample, started: str) -> None:
        self.sample = sample
        frame = sample.frame
        unit, month = sample.role("site"), sample.role("collected")
        assert unit is not None
        assert month is not None
        self.units_of = frame[unit].astype(str).to_numpy(dtype=object)
        self.months_of = frame[month].astype(str).str[:7].to_numpy(dtype=object)
        self.span = months_between(min(self.months_of), max(self.months_of))
        self.units = sorted(set(self.units_of))
        known = started in self.span
        self.start = self.span.index(started) if known else max(len(self.span) - YEAR, 0)

    @cached_property
    def _cells(self) -> tuple[np.ndarray, np.ndarray]:
        units = {unit: place for place, unit in enumerate(self.units)}
        months = {month: place for place, month in enumerate(self.span)}
        return (
            np.array([units[unit] for unit in self.units_of], dtype=np.intp),
            np.array([months[month] for month in self.months_of], dtype=np.intp),
        )

    def grid(self, name: str) -> Floats:
        """Units by months; NaN for a month that didn't come, or came without this number."""
        grid = np.full((len(self.units), len(self.span)), np.nan)
        if name in self.sample.frame.columns:
            grid[self._cells] = numbers_of(self.sample.frame, name)
        return grid

    def mask(self, column: str, wanted: Sequence[str]) -> Bools:
        """Which units have one of these values in a column of the site table (or of the form)."""
        found = np.zeros(len(self.units), dtype=bool)
        if column in self.sample.frame.columns:
            fit = self.sample.frame[column].astype(str).isin(list(wanted)).to_numpy(dtype=bool)
            found[self._cells[0][fit]] = True
        return found

    @cached_property
    def programme(self) -> Bools:
        """The units of the programme's areas."""
        return self.mask("site.arm", sorted(PROGRAMME_ARM))

    def whole(self, name: str, units: Bools | None = None) -> Bools:
        """The units whose every month of the span came with this number: only they make a series without jumps."""
        there: Bools = np.asarray(~np.isnan(self.grid(name)).any(axis=1))
        return there if units is None else there & units

    def series(self, name: str, units: Bools) -> Floats:
        """The sum over these units by month; NaN where one of them is missing: a gap is not 0."""
        grid = self.grid(name)[units]
        return grid.sum(axis=0) if len(grid) else np.full(len(self.span), np.nan)

    @property
    def year_before(self) -> slice:
        """The twelve months before the programme (fewer, when there are fewer)."""
        return slice(max(self.start - YEAR, 0), self.start)

    @property
    def year_after(self) -> slice:
        """The latest twelve months since it began."""
        return slice(max(self.start, len(self.span) - YEAR), len(self.span))

    def totals(self, name: str, units: Bools | None = None) -> Totals:
        """The sums of both years over the unit-months that came."""
        grid = self.grid(name) if units is None else self.grid(name)[units]
        before, after = grid[:, self.year_before], grid[:, self.year_after]
        return Totals(
            float(np.nansum(before)),
            float(np.nansum(after)),
            int((~np.isnan(before)).sum()),
            int((~np.isnan(after)).sum()),
        )

    def change(self, name: str, units: Bools | None = None) -> PercentChange | None:
        """The change of the count for each unit-month in percent; None without months in one of the years.

        The interval is Poisson's, wider where the units' own months before varied more than that.
        """
        totals = self.totals(name, units)
        if not totals.known:
            return None
        grid = self.grid(name) if units is None else self.grid(name)[units]
        spread = [dispersion_of(row) for row in grid[:, self.year_before] if np.nansum(row) > 0]
        dispersion = max(1.0, float(np.mean(spread))) if spread else 1.0
        return percent_change(totals.before, totals.after, totals.months_before, totals.months_after, dispersion)

    def ratio(self, top: str, bottom: str, year: slice) -> tuple[float, float]:
        """The sums of two numbers over the unit-months that have both."""
        above, below = self.grid(top)[:, year], self.grid(bottom)[:, year]
        both = ~np.isnan(above) & ~np.isnan(below)
        return float(above[both].sum()), float(below[both].sum())


def returns_of(study: Study, form: str) -> Returns | None:
    """The returns of a form of the study; None when none came."""
    sample = study.registers.get(form)
    if sample is None or sample.role("site") is None or sample.role("collected") is None:
        return None
    return Returns(sample, programme_start(study))


def plan_of(study: Study) -> Plan:
    """What was planned."""
    return Plan.of(study.programme.plan)


def years_note(returns: Returns) -> Note:
    """Which months the year before and the year after are."""
    spans = [returns.span[year] for year in (returns.year_before, returns.year_after)]
    before, after = (f"{months[0]} – {months[-1]}" if months else "–" for months in spans)
    return note("year.span", before=before, after=after)


def programme_start(study: Study) -> str:
    """The month in which the programme began: the plan's, else that of the first session held; "" when unknown."""
    plan = plan_of(study)
    if plan.started:
        return plan.started
    sessions = study.registers.get(TRAINING)
    if sessions is None or not {"held", "s_date"} <= set(sessions.frame.columns):
        return ""
    held = sessions.frame.loc[np.isin(sessions.codes("held").astype(str), ("1", "2")), "s_date"]
    return min(held.dropna().astype(str), default="")[:7]


def percent_cell(change: PercentChange | None) -> Cell:
    """A change in percent with its interval; blank where there was nothing before."""
    if change is None or not math.isfinite(change.value):
        return Cell(format="pp")
    low, high = (end if math.isfinite(end) else None for end in (change.low, change.high))
    return Cell(change.value, "pp", None, low, high, round(change.before + change.after))


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its coded columns as texts: registers are small, and texts can be sorted, joined and grouped."""
    coded = [name for name, kind in frame.dtypes.items() if isinstance(kind, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(coded, object))


def numbers_of(frame: pd.DataFrame, name: str) -> Floats:
    """A column as numbers: blanks, words and the codes for missing numbers are NaN, and so is a column not there."""
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float)
    known: Floats = np.where(np.isin(values, list(MISSING_NUMBERS)), np.nan, values)
    return known


def number(value: float) -> float | None:
    """A number, or None where it isn't one."""
    return None if math.isnan(value) or math.isinf(value) else float(value)


def moved(change: PercentChange | None) -> str:
    """ "up", "down" or "flat": what the interval of a change in percent says."""
    if change is None or math.isnan(change.value):
        return "unknown"
    return "up" if change.low > 0 else "down" if change.high < 0 else "flat"


def label_of(study: Study, sample: Sample, code: str) -> str:
    """The name of an indicator of a register's form in the report's language."""
    for indicator in sample.data.registry.indicators:
        if indicator.code == code:
            return indicator.label(study.t.language)
    return code


def choice_labels(study: Study, sample: Sample, name: str) -> Mapping[str, str]:
    """The choices of a question with their labels, in the order of the form."""
    item = sample.data.item(name)
    return {choice.code: text_in(choice.labels, study.t.language) for choice in item.choices} if item else {}
