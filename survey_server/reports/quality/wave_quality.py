"""The quality of a wave while it is in the field: checks with their limits, teams, interviewers, questions.

Built from a frame alone, without arms, strata or weights: whoever runs the fieldwork stays blind.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from survey_server.estimation.back_checks import BackChecks, compare_back_checks
from survey_server.estimation.design import Bools
from survey_server.estimation.interviewer import InterviewerEffect, interviewer_effect
from survey_server.estimation.quality import Thresholds, quantile, share_of
from survey_server.reports.coded import Coded
from survey_server.reports.quality.wave_habits import daily_of, days_of, heaped_items, lengths_of, week_of
from survey_server.reports.quality.wave_marks import Marks, QualityFacts
from survey_server.reports.quality.wave_observation import Observation, observe
from survey_server.reports.quality.wave_response import Response
from survey_server.reports.quality.wave_returns import read_returns
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import Sample
from survey_server.xlsform.registry import Indicator

PERSON_CHECKS = ("fast", "straight", "alike", "far", "same_point", "leap", "overlap", "hours", "late", "clock")
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
        self.week = week_of(self.marks)
        self.lengths = lengths_of(self.marks)
        self.heaped = tuple(heaped_items(self.marks))
        self.days = days_of(self.marks)
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
        known = sorted({code for code in codes.tolist() if code})
        median = quantile(self.marks.minutes, 0.5)
        by_person = codes is self.marks.interviewers
        for code in known:
            rows: Bools = codes == code
            team = next((team for team in self.marks.teams[rows].tolist() if team), "") if by_person else code
            yield self._group(code, team, rows, median, len(known) if by_person else 0)

    def _group(self, code: str, team: str, rows: Bools, median: float, colleagues: int) -> Group:
        n = int(rows.sum())
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
        days = daily_of(self.marks, rows, self.days)
        return Group(code, team, n, minutes, cases, share, checked, mismatched, tuple(flags), days)

    def _checked(self, rows: Bools) -> tuple[int, int]:
        if self.back is None:
            return 0, 0
        own = self.back.rows[rows[self.back.rows["row"].to_numpy(dtype=np.intp)]]
        return len(own), int(own["firm"].sum())

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
    who = Coded.of(marks.sample.frame, marks.sample.role("interviewer") or "_interviewer").texts
    if len({code for code in who.tolist() if code}) < _FEW:
        return
    column = marks.sample.role("psu") or marks.sample.role("site")
    area = Coded.of(marks.sample.frame, column).texts if column else None
    for indicator in registry.indicators:
        if not indicator.headline or indicator.formula is None or indicator.estimator == "contrast":
            continue
        values = marks.sample.values(indicator)
        if np.isnan(values).all():
            continue
        effect = interviewer_effect(values, _none_apart(who), None if area is None else _none_apart(area))
        if math.isnan(effect.rho):
            effect = interviewer_effect(values, _none_apart(who))
        yield Effect(indicator, effect)


def _none_apart(codes: np.ndarray) -> np.ndarray:
    """Unknown codes as missing, as factorising wants them."""
    found = np.empty(len(codes), dtype=object)
    found[:] = [np.nan if code is None else code for code in codes.tolist()]
    return found
