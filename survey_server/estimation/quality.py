"""What stands out in single interviews: marks for every row, from plain arrays. Their limits are data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.design import Bools, Floats

Codes = NDArray[np.int16]
EARTH_M = 6_371_008.8
ALL_PAIRS_UP_TO = 2500
_SIDE_BY_SIDE = 64
_LEAST_IN_COMMON = 20
_OUTLIER_CASES = 20


@dataclass(frozen=True)
class Thresholds:
    """From where on something is looked at; a programme may set its own. Shares are from 0 to 1."""

    fast_minutes: float = 9.0
    quick_minutes: float = 13.0
    fast_share: float = 0.40
    """Of the median, where the usual interview is too short for the limits in minutes."""
    quick_share: float = 0.60
    often: float = 0.10
    """An interviewer, or a wave, of which so many interviews are marked stands out."""
    alike: float = 0.85
    metres_urban: float = 500.0
    metres_rural: float = 2000.0
    missing: float = 0.15
    rho: float = 0.05
    largest: float = 0.08
    checked: float = 0.10
    mismatch: float = 0.05
    late_days: float = 5.0
    late: float = 0.05
    clock_minutes: float = 10.0
    not_observed: float = 0.25
    paired: float = 0.10
    substituted: float = 0.05
    outlier_iqr: float = 3.0
    first_hour: float = 6.0
    last_hour: float = 21.0
    """Interviews begin between these hours of the place."""
    fastest_kmh: float = 120.0
    least_km: float = 2.0
    """Nobody gets from one interview to the next faster than that, over at least so many kilometres."""
    heaped: float = 0.50
    """So much of the answers to a question must have been rounded to 0 and 5."""
    response: float = 0.40
    response_least: float = 0.25
    response_fall: float = 0.15
    """A response rate that is red, one that makes the wave a D, and a fall since the wave before that is red."""
    returns: float = 0.85
    returns_least: float = 0.60
    """The share of the unit-months due that came: red below the first, a D below the second."""
    jump_mads: float = 4.0
    other_person: float = 0.05
    draw: float = 3.0
    """Standard errors that the people drawn may be away from what fair draws give."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Thresholds:
        """Those that are told, the others as they are; what isn't a positive number is left aside."""
        names = {field.name for field in fields(cls)}
        fit = {
            name: float(value)
            for name, value in told.items()
            if name in names and isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        }
        return cls(**fit)

    def speed_limits(self, median: float) -> tuple[float, float]:
        """Red below the first, amber below the second, in minutes; relative where the form is a short one."""
        if median >= 1.5 * self.fast_minutes:
            return self.fast_minutes, self.quick_minutes
        return self.fast_share * median, self.quick_share * median


@dataclass(frozen=True)
class Likeness:
    """For each interview the other one that is most like it."""

    share: Floats
    """Of equal answers, over the questions that both were asked; 0 where there is nobody to compare with."""
    other: NDArray[np.intp]
    """The row of that one, -1 for nobody."""


def straight_lines(steps: Floats) -> Bools:
    """Which rows gave one and the same answer to every question of a battery; a missing answer is equal to nothing."""
    if steps.shape[1] < 2:
        return np.zeros(len(steps), dtype=bool)
    same: Bools = (steps == steps[:, :1]).all(axis=1)
    return same


def find_likeness(answers: Codes, groups: Sequence[Any] | None = None) -> Likeness:
    """The most similar other row of each; -1 among the answers is "not asked".

    Of a large wave only rows of one group (an interviewer's at one site) are set beside each other.
    """
    n, questions = answers.shape
    found = Likeness(np.zeros(n), np.full(n, -1, dtype=np.intp))
    if n < 2 or questions < 2:
        return found
    if n <= ALL_PAIRS_UP_TO or groups is None:
        parts = [np.arange(n)] if n <= ALL_PAIRS_UP_TO else []
    else:
        places = pd.Series(np.arange(n)).groupby(np.asarray(groups, dtype=object).astype(str), sort=False).indices
        parts = [np.asarray(rows) for rows in places.values() if 1 < len(rows) <= ALL_PAIRS_UP_TO]
    for rows in parts:
        share, other = _most_alike(answers[rows])
        found.share[rows] = share
        found.other[rows] = np.where(other >= 0, rows[other], -1)
    return found


def _most_alike(answers: Codes) -> tuple[Floats, NDArray[np.intp]]:
    asked = (answers >= 0).astype(np.float32)
    common = asked @ asked.T
    least = min(_LEAST_IN_COMMON, max(2.0, 0.5 * float(asked.sum(axis=1).max(initial=0))))
    equal = _equal(answers)
    shares = np.divide(equal, common, out=np.zeros(common.shape, dtype=np.float64), where=common >= least)
    np.fill_diagonal(shares, -1.0)
    other = shares.argmax(axis=1)
    best = shares[np.arange(len(shares)), other]
    return np.maximum(best, 0.0), np.where(best > 0, other, -1)


def _equal(answers: Codes) -> NDArray[Any]:
    """How many questions each two rows answered alike: beside each other when few, else as a product of matrices."""
    if len(answers) <= _SIDE_BY_SIDE:
        both = (answers[:, None, :] == answers[None, :, :]) & (answers >= 0)
        return np.asarray(both.sum(axis=2), dtype=np.float64)
    chosen = np.hstack([column[:, None] == np.arange(column.max(initial=-1) + 1) for column in answers.T])
    places = chosen.astype(np.float32)
    return np.asarray(places @ places.T, dtype=np.float64)


def find_outliers(values: Floats, times: float) -> Bools:
    """Which numbers lie further than `times` the quartiles' distance outside the quartiles; none among a few."""
    known = values[~np.isnan(values)]
    if len(known) < _OUTLIER_CASES:
        return np.zeros(len(values), dtype=bool)
    low, high = np.quantile(known, [0.25, 0.75])
    reach = times * (high - low)
    if reach <= 0:
        return np.zeros(len(values), dtype=bool)
    with np.errstate(invalid="ignore"):
        outside: Bools = (values < low - reach) | (values > high + reach)
    return outside


def find_overlaps(who: Sequence[Any], started: Any, ended: Any) -> Bools:
    """Which interviews began before the same interviewer's earlier one had ended."""
    frame = pd.DataFrame(
        {
            "who": np.asarray(who, dtype=object),
            "start": pd.to_datetime(pd.Series(started).reset_index(drop=True), utc=True, errors="coerce"),
            "end": pd.to_datetime(pd.Series(ended).reset_index(drop=True), utc=True, errors="coerce"),
        }
    )
    known = frame[
        frame["who"].notna() & frame["start"].notna() & frame["end"].notna() & (frame["end"] > frame["start"])
    ]
    order = known.sort_values(["who", "start", "end"], kind="stable")
    until = order.groupby("who", sort=False)["end"].cummax().groupby(order["who"], sort=False).shift()
    marks = np.zeros(len(frame), dtype=bool)
    marks[order.index[(order["start"] < until).fillna(False).to_numpy(dtype=bool)]] = True
    return marks


def read_points(texts: Sequence[Any]) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of geopoints as they are stored ("14.6 -90.5 1500 8"); NaN where there is none."""
    latitudes, longitudes = np.full(len(texts), np.nan), np.full(len(texts), np.nan)
    for place, text in enumerate(texts):
        parts = text.split() if isinstance(text, str) else []
        try:
            latitudes[place], longitudes[place] = float(parts[0]), float(parts[1])
        except (IndexError, ValueError):
            continue
    outside = (np.abs(latitudes) > 90) | (np.abs(longitudes) > 180)
    latitudes[outside] = longitudes[outside] = np.nan
    return latitudes, longitudes


def distances(latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats) -> Floats:
    """Metres along the ground from each point to the other; NaN where one of them isn't known."""
    a, b, c, d = (np.radians(values) for values in (latitude, longitude, other_latitude, other_longitude))
    half = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    metres: Floats = 2 * EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return metres


def lag_days(collected: Any, received: Any) -> Floats:
    """Days from the end of an interview to its arrival; NaN where one isn't known."""
    then, now = (pd.to_datetime(pd.Series(values), utc=True, errors="coerce") for values in (collected, received))
    days: Floats = ((now - then).dt.total_seconds() / 86400).to_numpy(dtype=float)
    return days


def quantile(values: Floats, share: float) -> float:
    """A quantile of what is known; NaN of nothing."""
    known = values[~np.isnan(values)]
    return float(np.quantile(known, share)) if len(known) else math.nan


def share_of(marks: Bools, rows: Bools | None = None) -> float:
    """The share of marked rows among `rows`; NaN among none."""
    chosen = marks if rows is None else marks[rows]
    return float(chosen.mean()) if len(chosen) else math.nan
