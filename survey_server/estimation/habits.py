"""How the work was done: speed between two places, hours of the day, round numbers, cases that came twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.quality import distances

ROUND_CASES = 50
"""Fewer numbers than that say nothing about rounding."""
_ROUND_SPAN = 20.0
_ONE_IN_FIVE = 0.2


@dataclass(frozen=True)
class Rounded:
    """How many numbers of one question end in 0 or 5, of how many; by chance it is one in five."""

    numbers: int
    round: int

    @property
    def share(self) -> float:
        """The share that is round."""
        return self.round / self.numbers

    @property
    def heaped(self) -> float:
        """How much of the answers must have been rounded for such a share: 0 by chance, 1 when all are round."""
        return max(0.0, (self.share - _ONE_IN_FIVE) / (1 - _ONE_IN_FIVE))


def round_numbers(values: Floats) -> Rounded | None:
    """The heaping of whole numbers on 0 and 5; None among a few, or where they hardly vary."""
    known = values[~np.isnan(values)]
    if len(known) < ROUND_CASES or (known != np.round(known)).any():
        return None
    low, high = np.quantile(known, [0.05, 0.95])
    if high - low < _ROUND_SPAN:
        return None
    return Rounded(len(known), int((known % 5 == 0).sum()))


def find_twice(values: Sequence[Any]) -> Bools:
    """Which rows have a value that another row has too; blanks are equal to nothing."""
    column = pd.Series(list(values), dtype=object)
    twice: Bools = (column.notna() & column.duplicated(keep=False)).to_numpy(dtype=bool)
    return twice


def hours_of(moments: Any, time_zone: str) -> Floats:
    """The hour of the day on the clock of the place, NaN where it isn't known."""
    known = pd.to_datetime(pd.Series(moments).reset_index(drop=True), utc=True, errors="coerce")
    there = known.dt.tz_convert(ZoneInfo(time_zone))
    hours: Floats = (there.dt.hour + there.dt.minute / 60).to_numpy(dtype=float)
    return hours


def week_grid(moments: Any, time_zone: str) -> NDArray[np.intp]:
    """How many began on each day of the week (Monday first) and in each hour: 7 x 24."""
    known = pd.to_datetime(pd.Series(moments).reset_index(drop=True), utc=True, errors="coerce").dropna()
    there = known.dt.tz_convert(ZoneInfo(time_zone))
    grid = np.zeros((7, 24), dtype=np.intp)
    np.add.at(grid, (there.dt.day_of_week.to_numpy(), there.dt.hour.to_numpy()), 1)
    return grid


def find_leaps(
    who: Sequence[Any], started: Any, ended: Any, latitude: Floats, longitude: Floats, fastest: float, least: float
) -> Bools:
    """Which were reached from the same person's interview before faster than `fastest` km/h, as the crow flies.

    The time is that from the end of the one to the beginning of the other, at least a minute; moves of less than
    `least` kilometres are the receiver's error.
    """
    frame = pd.DataFrame({"who": np.asarray(who, dtype=object), "latitude": latitude, "longitude": longitude})
    for name, moments in (("start", started), ("end", ended)):
        frame[name] = pd.to_datetime(pd.Series(moments).reset_index(drop=True), utc=True, errors="coerce")
    order = frame.dropna().sort_values(["who", "start"], kind="stable")
    before = order.groupby("who", sort=False)[["latitude", "longitude", "end"]].shift()
    here, there = ([part[name].to_numpy(dtype=float) for name in ("latitude", "longitude")] for part in (order, before))
    kilometres = distances(*there, *here) / 1000
    hours = ((order["start"] - before["end"]).dt.total_seconds() / 3600).clip(lower=1 / 60).to_numpy(dtype=float)
    marks = np.zeros(len(frame), dtype=bool)
    with np.errstate(invalid="ignore"):
        marks[order.index.to_numpy()] = (kilometres / hours > fastest) & (kilometres >= least)
    return marks
