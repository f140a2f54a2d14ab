"""The quality of a wave while it is in the field: checks with their limits, teams, interviewers, questions.

Built from a frame alone, without arms, strata or weights: whoever runs the fieldwork stays blind.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.back_checks import BackChecks, compare_back_checks
from survey_server.estimation.design import Floats
from survey_server.estimation.interviewer import InterviewerEffect, interviewer_effect
from survey_server.estimation.quality import Thresholds, quantile, share_of
from survey_server.reports.coded import Coded
from survey_server.reports.quality.wave_habits import days_of, heaped_items, lengths_of, places_of_days, week_of
from survey_server.reports.quality.wave_marks import Marks, QualityFacts
from survey_server.reports.quality.wave_observation import Observation, observe
from survey_server.reports.quality.wave_response import Response
from survey_server.reports.quality.wave_returns import read_returns
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import Sample
from survey_server.xlsform.registry import Indicator

Places: TypeAlias = NDArray[np.intp]
PERSON_CHECKS = (
    *("fast", "straight", "alike", "far", "same_point", "leap", "overlap", "hours", "late", "clock", "other_person"),
)
"""The checks whose shares are told of every interviewer and team."""

_HURRIED = 0.60
_FEW, _COLLEAGUES, _CHECKS = 5, 25, 3


@dataclass(frozen=True)
class Group:
    """The work of one interviewer or team; `flags` name what stands out."""

    code: str
    team: str
    interviews: int
    minutes: float
    cases: Mapping[str, int]
    """How many interviews fail each check."""
    missing: float
    checked: int
    mismatched: int
    flags: tuple[str, ...]
    days: tuple[int, ...] = ()
    """Interviews on each day of the fieldwork."""

    def share(self, check: str) -> float:
        """The share of the interviews that fail a check."""
        return self.cases[check] / self.interviews


@dataclass(frozen=True)
class MissingItem:
    """One question: how many were asked it, and which shares don't know or refuse."""

    item: Item
    asked: int
    unknown: float
    refused: float

    @property
    def share(self) -> float:
        """Both."""
        return self.unknown + self.refused


@dataclass(frozen=True)
class Effect:
    """How much interviewers make of one headline indicator."""

    indicator: Indicator
    effect: InterviewerEffect


class WaveQuality:
    """Everything that the page and the field sheet tell of one wave."""

    def __init__(
        self,
        sample: Sample,
        facts: QualityFacts,
        limits: Thresholds | None = None,
        checks: Sample | None = None,
        response: Response | None = None,
    ) -> None:
        self.sample, self.facts, self.limits = sample, facts, limits or Thresholds()
        self.marks = Marks(sample, facts, self.limits)
        self.back = _back_checks(self.marks, checks)
        self.missing = tuple(_missing(self.marks))
        self.effects = tuple(_effects(self.marks))
        self.observation: Observation | None = observe(self.marks) if sample.role("mode") else None
        self.versions = dict(sorted(Counter(str(v) for v in sample.everyone.get("_version", [])).items()))
        self.response = response
        self.returns = read_returns(self.marks, facts.units)
        self.selection = self.marks.selection
        self.week = week_of(self.marks)
        self.lengths = lengths_of(self.marks)
        self.heaped = tuple(heaped_items(self.marks))
        self.days = days_of(self.marks)
        self._day_places = places_of_days(self.marks, self.days)
        self.people = tuple(self._groups(self.marks.interviewers))
        self.teams = tuple(self._groups(self.marks.teams))

    def rows_of(self, check: str, interviewer: str = "", team: str = "") -> list[int]:
        """The rows that fail a check, of one interviewer or team if told; `mismatch` are those of back-checks."""
        if check == "mismatch":
            marks = np.zeros(self.marks.n, dtype=bool)
            if self.back is not None:
                marks[self.back.rows[self.back.rows["firm"]]["row"].to_numpy(dtype=np.intp)] = True
        else:
            marks = self.marks.by_check[check].copy()
        if interviewer:
            marks &= self.marks.interviewers == interviewer
        if team:
            marks &= self.marks.teams == team
        return [int(row) for row in np.flatnonzero(marks)]

    def _groups(self, codes: np.ndarray) -> Iterator[Group]:
        median = quantile(self.marks.minutes, 0.5)
        by_person = codes is self.marks.interviewers
        places, known = pd.factorize(codes, sort=True)
        ends = np.cumsum(np.bincount(places[places >= 0], minlength=len(known)))
        in_order = np.argsort(places, kind="stable")[int((places < 0).sum()) :]
        starts = ends - np.diff(ends, prepend=0)
        for code, start, end in zip(known.tolist(), starts, ends, strict=True):
            rows = in_order[start:end]
            team = next((team for team in self.marks.teams[rows].tolist() if team), "") if by_person else code
            if code:
                yield self._group(code, team, rows, median, len(known) if by_person else 0)

    def _group(self, code: str, team: str, rows: Places, median: float, colleagues: int) -> Group:
        n = len(rows)
        cases = {name: int(marks[rows].sum()) for name, marks in self.marks.by_check.items()}
        minutes = quantile(self.marks.minutes[rows], 0.5)
        missing = self.marks.missing[rows]
        known = missing[~np.isnan(missing)]
        checked, mismatched = self._checked(rows)
        flags = [name for name in PERSON_CHECKS if n >= _FEW and cases[name] / n > self.limits.often]
        if n >= _FEW and minutes < _HURRIED * median and self.marks.speed_limits[1] > 0:
            flags.insert(0, "hurried")
        if len(known) >= _FEW and known.mean() > self.limits.missing:
            flags.append("missing")
        if colleagues > _COLLEAGUES and n > self.limits.largest * self.marks.n:
            flags.append("dominant")
        if checked >= _CHECKS and mismatched >= 2 and mismatched > self.limits.often * checked:
            flags.append("mismatch")
        share = float(known.mean()) if len(known) else math.nan
        made = self._day_places[rows]
        days = tuple(np.bincount(made[made >= 0], minlength=len(self.days)).tolist())
        return Group(code, team, n, minutes, cases, share, checked, mismatched, tuple(flags), days)

    def _checked(self, rows: Places) -> tuple[int, int]:
        """How many of these interviews were checked, and how many of them differed."""
        found = self._check_marks[rows]
        return int((found >= 0).sum()), int((found > 0).sum())

    @cached_property
    def _check_marks(self) -> NDArray[np.int8]:
        """Of every interview: -1 where nobody checked it, else whether a firm answer differed."""
        marks = np.full(self.marks.n, -1, dtype=np.int8)
        if self.back is not None:
            marks[self.back.rows["row"].to_numpy(dtype=np.intp)] = self.back.rows["firm"].to_numpy(dtype=np.int8)
        return marks

    def outlier_lines(self) -> list[tuple[Item, int]]:
        """The questions with numbers far outside the others', and how many."""
        items = {item.name: item for item in self.marks.items}
        return [(items[name], int(marks.sum())) for name, marks in self.marks.outliers.items()]

    def share(self, check: str) -> float:
        """The share of all interviews that fail a check."""
        return share_of(self.marks.by_check[check])


def _back_checks(marks: Marks, checks: Sample | None) -> BackChecks | None:
    """The wave's back-checks; None where the programme makes none, or the form has no case ids."""
    case = marks.sample.role("case_id")
    if checks is None or case is None or marks.sample.role("mode") or "case_id" not in checks.frame.columns:
        return None
    names = [name for name in checks.frame.columns if not name.startswith(("_", "site.")) and name != "case_id"]
    said = {name: Coded.of(checks.frame, name).texts.tolist() for name in names}
    said["case"] = Coded.of(checks.frame, "case_id").texts.tolist()
    said["by"] = Coded.of(checks.frame, checks.role("interviewer") or "_interviewer").texts.tolist()
    then = {name: Coded.of(marks.frame, name).texts.tolist() for name in names if name in marks.frame}
    then["case"] = Coded.of(marks.frame, case).texts.tolist()
    return compare_back_checks(then, said)


def _missing(marks: Marks) -> Iterator[MissingItem]:
    """The questions with most don't know and refused, worst first."""
    found = []
    for item in marks.items:
        if item.kind != "one":
            continue
        coded = marks.coded[item.name]
        asked = int(coded.given.sum())
        if asked:
            unknown, refused = (int(coded.where(code.__eq__).sum()) / asked for code in ("88", "99"))
            if unknown + refused > 0:
                found.append(MissingItem(item, asked, unknown, refused))
    yield from sorted(found, key=lambda line: (-line.share, line.item.name))


def _effects(marks: Marks) -> Iterator[Effect]:
    """Rho of the headline indicators; within sites where several interviewers work at one, else over all."""
    registry = marks.sample.data.registry
    people = marks.sample.coded(marks.sample.role("interviewer") or "_interviewer")
    column = marks.sample.role("psu") or marks.sample.role("site")
    who, area = _numbered(people), _numbered(marks.sample.coded(column)) if column else None
    if len(np.unique(who[~np.isnan(who)])) < _FEW:
        return
    for indicator in registry.indicators:
        if not indicator.headline or indicator.formula is None or indicator.estimator == "contrast":
            continue
        values = marks.sample.values(indicator)
        if np.isnan(values).all():
            continue
        effect = interviewer_effect(values, who, area)
        if math.isnan(effect.rho):
            effect = interviewer_effect(values, who)
        yield Effect(indicator, effect)


def _numbered(coded: Coded) -> Floats:
    """A number for every code, NaN for none: quicker to sort by than texts."""
    order = np.arange(len(coded.codes), dtype=float)
    return coded.spread(np.where([code is None for code in coded.codes], np.nan, order))
