"""Displacement (A23): whether incidents went up next to the programme's areas by more than they did elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from survey_server.estimation.counts import PercentChange, percent_change
from survey_server.estimation.design import Floats
from survey_server.reports.registers.forms import INCIDENTS
from survey_server.reports.registers.monthly import YEAR, plain, programme_start
from survey_server.reports.study import Study
from survey_server.reports.value import Cell

ZONES = ("inside", "near", "elsewhere")
NEAR_KM, EARTH_KM = 10.0, 6371.0
TREATED = "4"
"""The code of the areas in which border police are trained."""

FEWEST = 25
"""Fewer incidents than this in a zone and year say nothing about displacement."""

_CHUNK = 4000


@dataclass(frozen=True)
class Displacement:
    """Located incidents of the year before and the latest year, by zone."""

    before: tuple[int, int, int]
    after: tuple[int, int, int]

    def change(self, zone: int) -> PercentChange:
        """The change of one zone's count in percent."""
        return percent_change(self.before[zone], self.after[zone])

    @property
    def value(self) -> Cell:
        """By how many percent incidents near the areas changed more than elsewhere; blank with too few of them."""
        counts = (self.before[1], self.after[1], self.before[2], self.after[2])
        if min(counts) < FEWEST:
            return Cell(format="pp", n=min(counts))
        log = math.log(counts[1] / counts[0]) - math.log(counts[3] / counts[2])
        reach = 1.96 * math.sqrt(sum(1 / count for count in counts))
        value, low, high = (100 * (math.exp(end) - 1) for end in (log, log - reach, log + reach))
        return Cell(value, "pp", None, low, high, sum(counts))

    @property
    def reading(self) -> str:
        """What may be said: "few", "moved", "gained" (fewer incidents next door too) or "none" seen."""
        cell = self.value
        if cell.low is None or cell.high is None:
            return "few"
        return "moved" if cell.low > 0 else "gained" if cell.high < 0 else "none"


def find_displacement(study: Study) -> Displacement | None:
    """The counts by zone; None without located incidents, areas of the programme, or its first month."""
    sample, start = study.registers.get(INCIDENTS), programme_start(study)
    if sample is None or not start or not {"loc", "area_type", "t_event"} <= set(sample.frame.columns):
        return None
    frame = plain(sample.frame)[["loc", "area_type", "t_event"]].dropna()
    places = frame["loc"].astype(str).str.split(expand=True)
    if frame.empty or places.shape[1] < 2:
        return None
    point = np.column_stack([pd.to_numeric(places[at], errors="coerce").to_numpy(dtype=float) for at in (0, 1)])
    months = pd.PeriodIndex(frame["t_event"].astype(str).str[:7], freq="M")
    inside = (frame["area_type"].astype(str) == TREATED).to_numpy()
    known = ~np.isnan(point).any(axis=1)
    if not (inside & known).any():
        return None
    near = ~inside & (distance_to(point, point[inside & known]) <= NEAR_KM)
    zones = [inside & known, near & known, ~inside & ~near & known]
    first, last = pd.Period(start, "M"), max(months)
    spells = [(months >= first - YEAR) & (months < first), (months >= max(first, last - YEAR + 1)) & (months <= last)]
    before, after = ([int((zone & spell).sum()) for zone in zones] for spell in spells)
    return Displacement((before[0], before[1], before[2]), (after[0], after[1], after[2]))


def distance_to(points: Floats, others: Floats) -> Floats:
    """Kilometres from each point (latitude, longitude) to the nearest of the others, along the globe."""
    targets = np.radians(np.unique(np.round(others, 2), axis=0))
    nearest = np.full(len(points), np.nan)
    for start in range(0, len(points), _CHUNK):
        part = np.radians(points[start : start + _CHUNK])
        north = np.sin((part[:, None, 0] - targets[None, :, 0]) / 2) ** 2
        east = np.sin((part[:, None, 1] - targets[None, :, 1]) / 2) ** 2
        haversine = north + np.cos(part[:, None, 0]) * np.cos(targets[None, :, 0]) * east
        nearest[start : start + _CHUNK] = 2 * EARTH_KM * np.arcsin(np.sqrt(haversine.min(axis=1)))
    return nearest
