"""What is marked in the interviews of one wave while it is in the field: a row of flags for each check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.quality import (
    Likeness,
    Thresholds,
    distances,
    find_likeness,
    find_outliers,
    find_overlaps,
    lag_days,
    quantile,
    read_points,
    straight_lines,
)
from survey_server.reports.coded import Coded, Codes, minutes_of
from survey_server.reports.quality.wave_habits import habit_marks
from survey_server.reports.quality.wave_selection import Selection, check_selection
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import MISSING_CODES, MISSING_NUMBERS, Sample

BATTERY = 5
ALIKE_QUESTIONS = 15
"""With fewer questions two honest interviews may well be equal."""

_IMPORTED_DAYS = 366
_URBAN = frozenset({"1", "urban", "urbano", "urbana"})


@dataclass(frozen=True)
class QualityFacts:
    """What the frame of a wave can't hold: teams, phones, sites, what could not be taken as it came."""

    team_of_interviewer: Mapping[str, str] = field(default_factory=dict)
    team_of_site: Mapping[str, str] = field(default_factory=dict)
    gps_sites: frozenset[str] = frozenset()
    """Sites where a position may be taken."""
    clocks: tuple[tuple[str, str, float], ...] = ()
    """Phones of the programme that said what time it is: label, interviewer, seconds ahead of the server."""
    lost: int = 0
    conflicts: int = 0
    quarantined: int = 0
    planned_sites: int = 0
    substituted: int = 0
    modes: Mapping[str, int] = field(default_factory=dict)
    """Visits planned by mode of observation."""
    newest_version: str = ""
    time_zone: str = ""
    """Where the clock on the wall is that hours of the day are told by; "" leaves them out."""
    units: frozenset[str] = frozenset()
    """The sites of the wave: the units that monthly returns are due from."""
    sites_before: int = 0
    sites_kept: int = 0
    """How many sites the wave before had, and how many of this one's were among them."""


class Marks:
    """The checks of each interview with consent (or encounter), in the order of the frame."""

    def __init__(self, sample: Sample, facts: QualityFacts, limits: Thresholds) -> None:
        self.sample, self.facts, self.limits = sample, facts, limits
        self.frame = sample.consenting
        self.n = len(self.frame)

    @cached_property
    def items(self) -> list[Item]:
        """The questions put to respondents that have choices or numbers: those after consent."""
        items = self.sample.data.questionnaire.items
        names = [item.name for item in items]
        consent = self.sample.data.registry.role("consent")
        asked = items[names.index(consent) + 1 :] if consent in names else items
        return [item for item in asked if item.kind in ("integer", "decimal") or (item.kind == "one" and item.choices)]

    @cached_property
    def coded(self) -> dict[str, Coded]:
        """The answers to the questions with choices, by name."""
        return {item.name: Coded.of(self.frame, item.name) for item in self.items if item.kind == "one"}

    @cached_property
    def interviewers(self) -> Codes:
        """Who made each interview."""
        return self._texts(self.sample.role("interviewer") or "_interviewer")

    @cached_property
    def sites(self) -> Codes:
        """Where each interview was made."""
        return self._texts(self.sample.role("site") or self.sample.role("psu") or "_site")

    @cached_property
    def teams(self) -> Codes:
        """The team of each interview: that of its interviewer's phone, else the one sent to its site."""
        people, places = self.facts.team_of_interviewer, self.facts.team_of_site
        pairs = zip(self.interviewers, self.sites, strict=True)
        found = np.empty(self.n, dtype=object)
        found[:] = [people.get(who or "") or places.get(where or "") for who, where in pairs]
        return found

    @cached_property
    def minutes(self) -> Floats:
        """The length of each, NaN where it wasn't timed."""
        minutes = np.asarray(minutes_of(self.frame), dtype=float)
        known: Floats = np.where(minutes < 0, np.nan, minutes)
        return known

    @cached_property
    def speed_limits(self) -> tuple[float, float]:
        """Red and amber, in minutes; nothing is too short where observers count encounters."""
        observed = self.sample.role("mode") is not None
        return (0.0, 0.0) if observed else self.limits.speed_limits(quantile(self.minutes, 0.5))

    @cached_property
    def battery(self) -> list[Item]:
        """The longest run of questions with one rating scale: where straight-lining would show."""
        best: list[Item] = []
        run: list[Item] = []
        for item in self.items:
            codes = [choice.code for choice in item.choices]
            same = run and len(codes) > 3 and [choice.code for choice in run[-1].choices] == codes
            run = [*run, item] if same else [item]
            best = max(best, run, key=len)
        return best if len(best) >= BATTERY and self.sample.role("mode") is None else []

    @cached_property
    def likeness(self) -> Likeness:
        """The interview most like each one; encounters are alike by nature and aren't compared."""
        enough = len(self.coded) >= ALIKE_QUESTIONS and self.sample.role("mode") is None
        columns = [_places(coded) for coded in self.coded.values()] if enough else []
        answers = np.column_stack(columns) if columns else np.zeros((self.n, 0), dtype=np.int16)
        groups = [f"{who}\n{where}" for who, where in zip(self.interviewers, self.sites, strict=True)]
        return find_likeness(answers, groups)

    @cached_property
    def metres(self) -> Floats:
        """How far from the site's own point each position was taken."""
        column, there = self.sample.role("gps"), {"site.latitude", "site.longitude"} <= set(self.frame.columns)
        if column is None or not there or column not in self.frame:
            return np.full(self.n, np.nan)
        point = read_points(self._texts(column).tolist())
        site = [pd.to_numeric(self.frame[f"site.{name}"], errors="coerce") for name in ("latitude", "longitude")]
        return distances(*point, *(values.to_numpy(dtype=float) for values in site))

    @cached_property
    def captured(self) -> tuple[int, int]:
        """Positions that were taken, of those that might have been."""
        column = self.sample.role("gps")
        if column is None or not self.facts.gps_sites:
            return 0, 0
        allowed = np.array([site in self.facts.gps_sites for site in self.sites], dtype=bool)
        return int((allowed & Coded.of(self.frame, column).given).sum()), int(allowed.sum())

    @cached_property
    def lag(self) -> Floats:
        """Days from the end of each interview, or the day it was made on, to its arrival; not of imports."""
        when = self.frame["_ended"] if "_ended" in self.frame else pd.Series(pd.NaT, index=self.frame.index)
        ended = pd.to_datetime(when, utc=True).fillna(pd.to_datetime(self.frame["_collected_on"], utc=True))
        lag = lag_days(ended, self.frame["_received_at"])
        known: Floats = np.where(lag > _IMPORTED_DAYS, np.nan, lag)
        return known

    @cached_property
    def missing(self) -> Floats:
        """Each interview's share of don't know and refused among the questions with choices it was asked."""
        asked, missing = np.zeros(self.n), np.zeros(self.n)
        for coded in self.coded.values():
            asked += coded.given
            missing += coded.where(lambda code: code in ("88", "99"))
        shares: Floats = np.divide(missing, asked, out=np.full(self.n, np.nan), where=asked > 0)
        return shares

    @cached_property
    def outliers(self) -> dict[str, Bools]:
        """By numeric question, the answers far outside the others'."""
        found = {}
        for item in self.items:
            if item.kind != "one" and item.name in self.frame:
                values = pd.to_numeric(self.frame[item.name], errors="coerce").to_numpy(dtype=float).copy()
                values[np.isin(values, list(MISSING_NUMBERS))] = np.nan
                marks = find_outliers(values, self.limits.outlier_iqr)
                if marks.any():
                    found[item.name] = marks
        return found

    @cached_property
    def selection(self) -> Selection | None:
        """Whether who was drawn in each dwelling is who answered."""
        return check_selection(self.sample, self.frame)

    @cached_property
    def by_check(self) -> Mapping[str, Bools]:
        """Every check that single interviews can fail, by its key."""
        red, amber = self.speed_limits
        minutes = np.nan_to_num(self.minutes, nan=np.inf)
        limits = self.limits
        return {
            "fast": minutes < red,
            "quick": (minutes >= red) & (minutes < amber),
            "straight": self._straight(),
            "alike": self.likeness.share >= limits.alike,
            "missing": np.nan_to_num(self.missing) > limits.missing,
            "outlier": np.any(list(self.outliers.values()) or [np.zeros(self.n, dtype=bool)], axis=0),
            "far": np.nan_to_num(self.metres) > self._far_limits(),
            "overlap": self._overlaps(),
            "late": np.nan_to_num(self.lag) > limits.late_days,
            "clock": self._wrong_clock(),
            "version": self._old_version(),
            "other_person": self.selection.others if self.selection else np.zeros(self.n, dtype=bool),
            **habit_marks(self),
        }

    def _straight(self) -> Bools:
        if not self.battery:
            return np.zeros(self.n, dtype=bool)
        order = {choice.code: float(place) for place, choice in enumerate(self.battery[0].choices)}
        valid = {code: place for code, place in order.items() if code not in MISSING_CODES}
        steps = [self.coded[item.name].numbers(lambda code: valid.get(code, np.nan)) for item in self.battery]
        return straight_lines(np.column_stack(steps))

    def _far_limits(self) -> Floats:
        urban = Coded.of(self.frame, "site.area").where(lambda code: code.casefold() in _URBAN)
        limits: Floats = np.where(urban, self.limits.metres_urban, self.limits.metres_rural)
        return limits

    def _overlaps(self) -> Bools:
        if self.sample.role("mode") is not None or not {"_started", "_ended"} <= set(self.frame.columns):
            return np.zeros(self.n, dtype=bool)
        return find_overlaps(self.interviewers.tolist(), self.frame["_started"], self.frame["_ended"])

    def _wrong_clock(self) -> Bools:
        """It ended before it began, or after it had arrived."""
        marks = np.nan_to_num(self.lag) < -self.limits.clock_minutes / 1440
        if {"_started", "_ended"} <= set(self.frame.columns):
            with np.errstate(invalid="ignore"):
                marks |= np.asarray(minutes_of(self.frame), dtype=float) < 0
        return marks

    def _old_version(self) -> Bools:
        """Of a version that is no longer the newest, where there are several in the wave."""
        versions = self._texts("_version")
        newest = self.facts.newest_version
        if newest not in set(versions.tolist()):
            return np.zeros(self.n, dtype=bool)
        old: Bools = versions != newest
        return old

    def _texts(self, name: str) -> Codes:
        return Coded.of(self.frame, name).texts


def _places(coded: Coded) -> Any:
    places = np.array([-1 if code is None else place for place, code in enumerate(coded.codes)], dtype=np.int16)
    return coded.spread(places)
