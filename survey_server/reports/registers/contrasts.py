"""Indicators of registers that no formula over one submission can give: each is counted by the page that shows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from survey_server.estimation.change import difference
from survey_server.reports.measure import count_cell, estimate_cell, number_cell
from survey_server.reports.pages.admin import on_time
from survey_server.reports.pages.community import Voice, kept_commitments
from survey_server.reports.pages.followup import Asked, use_of_taught
from survey_server.reports.pages.presence import checkpoints, precincts
from survey_server.reports.pages.strands import activities_of
from survey_server.reports.pages.training import certified, per_lead, still_in_duty
from survey_server.reports.registers.courses import Courses
from survey_server.reports.registers.displacement import find_displacement
from survey_server.reports.registers.forms import ADMIN, COMMITTEES, FOLLOW_UP, JOINT, TRAINING
from survey_server.reports.registers.monthly import plan_of, returns_of
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study
from survey_server.reports.value import Cell


@dataclass(frozen=True)
class Counted:
    """A value up to the end of the earlier wave (blank where the register can't tell) and one up to now."""

    before: Cell
    after: Cell
    target: float | None = None


def count_contrast(study: Study, code: str, sample: Sample) -> Counted | None:
    """The indicator called `code`; None for one that we don't know how to count, or without the data for it."""
    made = CONTRASTS.get(code)
    return made(study, sample) if made is not None else None


def _now(cell: Cell, target: float | None = None) -> Counted:
    return Counted(Cell(format=cell.format), cell, target)


def _courses(study: Study, sample: Sample) -> Courses | None:
    courses = study.once(f"courses of {sample.data.form_id}", lambda: Courses(sample, plan_of(study)))
    return courses if sample.data.form_id == TRAINING and len(courses.held) else None


def _trained(study: Study, sample: Sample) -> Counted | None:
    """T01: people who attended every required module; the target is the plan's."""
    courses = _courses(study, sample)
    if courses is None:
        return None
    wave, months = study.before_wave, courses.finished["_month"].astype(str)
    known = wave is not None and wave.ends is not None
    before = int((months <= f"{wave.ends:%Y-%m}").sum()) if known and wave else None
    return Counted(count_cell(before), count_cell(len(courses.finished)), courses.plan.target)


def _of_courses(value: Callable[[Study, Courses], Cell]) -> Callable[[Study, Sample], Counted | None]:
    def counted(study: Study, sample: Sample) -> Counted | None:
        courses = _courses(study, sample)
        return _now(value(study, courses)) if courses is not None else None

    return counted


def _behind_plan(study: Study, courses: Courses) -> Cell:
    known = [month.variance for month in courses.taper if not math.isnan(month.variance)]
    return Cell(100 * known[-1], "pp") if known else Cell(format="pp")


def _per_retained(study: Study, courses: Courses) -> Cell:
    duty = still_in_duty(study)
    people = len(courses.finished) * duty if duty else 0.0
    return number_cell(courses.spent / people if people else math.nan, "count")


def _burn(study: Study, courses: Courses) -> Cell:
    if not courses.plan.budget:
        return Cell(format="pp")
    return number_cell(100 * (courses.spent / courses.plan.budget - courses.elapsed), "pp")


def _gap(study: Study, sample: Sample) -> Counted | None:
    """F02: what officers say they use of what was taught less what observers saw used there (O09)."""
    if sample.data.form_id != FOLLOW_UP:
        return None
    said = use_of_taught(Asked(study, sample), plan_of(study))
    seen = next((r.comparison.after for r in study.results if r.indicator.code == "O09"), None)
    if said is None or seen is None:
        return None
    value, se = said.value - seen.value, math.hypot(said.se, seen.se)
    return _now(estimate_cell(difference(value, se, min(said.df, seen.df), [said, seen]), "pp", interval=True))


def _voice(value: Callable[[Voice], Cell]) -> Callable[[Study, Sample], Counted | None]:
    def counted(study: Study, sample: Sample) -> Counted | None:
        if sample.data.form_id != COMMITTEES or not {"cmt_id", "m_date"} <= set(sample.frame.columns):
            return None
        return _now(value(Voice(sample)))

    return counted


def _in_time(voice: Voice) -> Cell:
    due, done = voice.due()
    return Cell(100 * done / due if due else None, "percent1", n=due)


def _commitments(study: Study, sample: Sample) -> Counted | None:
    return _now(kept_commitments(sample)) if sample.data.form_id == JOINT else None


def _strands(study: Study, sample: Sample) -> Counted | None:
    found = activities_of(study)
    return _now(count_cell(len(found))) if found else None


def _moved_next_door(study: Study, sample: Sample) -> Counted | None:
    found = find_displacement(study)
    return _now(found.value) if found is not None else None


CONTRASTS: Mapping[str, Callable[[Study, Sample], Counted | None]] = {
    "T01": _trained,
    "T05": _of_courses(_behind_plan),
    "T07": _of_courses(lambda study, courses: count_cell(certified(courses))),
    "T08": _of_courses(lambda study, courses: number_cell(per_lead(courses), "index")),
    "T15": _of_courses(_per_retained),
    "T16": _of_courses(_burn),
    "F02": _gap,
    "A21": lambda study, sample: _now(checkpoints(study)),
    "A23": _moved_next_door,
    "A26": lambda study, sample: _now(on_time(returns)) if (returns := returns_of(study, ADMIN)) else None,
    "A27": lambda study, sample: _now(precincts(study)),
    "C02": _voice(_in_time),
    "C05": _voice(lambda voice: Cell(100 * voice.active() / len(voice.committees), "percent1")),
    "C06": _strands,
    "J16": _commitments,
}
"""How each is counted, by its code."""
