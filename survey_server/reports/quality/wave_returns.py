"""The quality of a form that units hand in every month: what came, what was sent again, what doesn't add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.justice import months_between, read_pipeline, sudden_jumps
from survey_server.reports.coded import Coded, Codes
from survey_server.reports.quality.wave_marks import Marks
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import MISSING_NUMBERS

_FLOW = ("incoming", "disposed", "open_start", "open_end")
_MOST = 40
_LEAST_JUMP = 5
"""Counts that move by less are chance."""


@dataclass(frozen=True)
class Odd:
    """A number of one unit and month that should be asked about."""

    unit: str
    month: str
    item: Item | None
    value: float


@dataclass(frozen=True)
class ReturnsQuality:
    """Unit-months of a wave; `gaps` are those that didn't come."""

    units: int
    months: tuple[str, ...]
    came: int
    revised: int
    blank: int
    """Numbers that were left blank or said not to be known, where a zero would have been a number."""
    numbers: int
    gaps: tuple[tuple[str, str], ...]
    jumps: tuple[Odd, ...]
    flow: tuple[Odd, ...]
    """Months whose open cases at the start, what came and what was settled don't make those at the end."""

    @property
    def due(self) -> int:
        """Unit-months that should have come."""
        return self.units * len(self.months)


def read_returns(marks: Marks, planned: frozenset[str]) -> ReturnsQuality | None:
    """The monthly returns of a wave; None for a form that has no revisions. `planned`: the units it is due from."""
    sample = marks.sample
    unit, month = sample.role("site"), sample.role("collected")
    if sample.role("revision") is None or unit is None or month is None or sample.frame.empty:
        return None
    grid = _Grid.of(sample.frame, Coded.of(sample.frame, unit).texts, sample.frame[month], planned)
    if grid is None:
        return None
    items = [item for item in marks.items if item.kind != "one"]
    numbers = {item.name: grid.of_column(sample.frame[item.name]) for item in items}
    there = grid.of_column(pd.Series(1, index=sample.frame.index)) == 1
    return ReturnsQuality(
        units=len(grid.units),
        months=tuple(grid.span),
        came=int(there.sum()),
        revised=sample.superseded,
        blank=sum(int((np.isnan(values) & there).sum()) for values in numbers.values()),
        numbers=int(there.sum()) * len(numbers),
        gaps=tuple((grid.units[row], grid.span[at]) for row, at in np.argwhere(~there)[:_MOST]),
        jumps=tuple(_jumps(grid, items, numbers, marks.limits.jump_mads))[:_MOST],
        flow=tuple(_flow(grid, numbers))[:_MOST],
    )


@dataclass(frozen=True)
class _Grid:
    """Where the row of each unit and month lies."""

    units: list[str]
    span: list[str]
    rows: Bools
    """Which rows of the frame have a place."""
    places: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, frame: pd.DataFrame, units: Codes, days: pd.Series, planned: frozenset[str]) -> _Grid | None:
        months = pd.to_datetime(days.astype(str).str[:7], format="%Y-%m", errors="coerce").dt.strftime("%Y-%m")
        due = sorted(planned or {code for code in units.tolist() if code})
        rows: Bools = (months.notna() & pd.Series(units, index=frame.index).isin(due)).to_numpy(dtype=bool)
        if not rows.any():
            return None
        span = months_between(str(months[rows].min()), str(months[rows].max()))
        place, at = {code: n for n, code in enumerate(due)}, {month: n for n, month in enumerate(span)}
        where = ([place[code] for code in units[rows]], [at[month] for month in months[rows]])
        return cls(due, span, rows, (np.array(where[0], dtype=np.intp), np.array(where[1], dtype=np.intp)))

    def of_column(self, column: pd.Series) -> Floats:
        """Units by months; NaN where nothing came, and for what isn't a number."""
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float).copy()
        values[np.isin(values, list(MISSING_NUMBERS))] = np.nan
        found = np.full((len(self.units), len(self.span)), np.nan)
        found[self.places] = values[self.rows]
        return found


def _jumps(grid: _Grid, items: list[Item], numbers: Mapping[str, Floats], mads: float) -> Iterator[Odd]:
    for item in items:
        for row, series in enumerate(numbers[item.name]):
            for at in sudden_jumps(series, mads):
                if abs(series[at] - np.nanmedian(series)) >= _LEAST_JUMP:
                    yield Odd(grid.units[row], grid.span[at], item, float(series[at]))


def _flow(grid: _Grid, numbers: Mapping[str, Floats]) -> Iterator[Odd]:
    if not set(_FLOW) <= set(numbers):
        return
    for row, unit in enumerate(grid.units):
        pipeline = read_pipeline(*(numbers[name][row] for name in _FLOW))
        for at in pipeline.stock_flow_gaps:
            yield Odd(unit, grid.span[at], None, float(numbers["open_end"][row, at]))
