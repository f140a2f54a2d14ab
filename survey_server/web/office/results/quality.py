"""The quality of a wave, live: checks, teams, interviewers, questions; the cases behind each flag; the field sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from flask import Response, request
from numpy.typing import NDArray

from survey_server.db.access.scopes import devices_of, keep_visible, may_see_cases, restricted_forms
from survey_server.db.analysis.quality_facts import ids_of_instances, interviewers_of, logs_of_wave
from survey_server.db.models import Form, Wave, now
from survey_server.db.session import Session
from survey_server.outlines import department_names
from survey_server.problems import NotThere
from survey_server.reports.quality.field_sheet import FieldSheet, build_sheets, render_field_sheet
from survey_server.reports.quality.wave_checks import BLOCKS
from survey_server.reports.quality.wave_habits import LANGUAGE
from survey_server.reports.quality.wave_others import rows_with_others
from survey_server.reports.quality.wave_quality import Group
from survey_server.reports.quality.wave_quality_data import QualityView, read_wave_quality
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.review.timeline import AUDIT
from survey_server.web.office.roles import Right

MOST_CASES = 200
SHOWN_ITEMS, SHOWN_PEOPLE = 12, 200
PEOPLE_COLUMNS = ("fast", "straight", "alike", "far", "overlap", "late")


@dataclass(frozen=True)
class Case:
    """One interview that a check marks."""

    submission_id: int | None
    day: date | None
    interviewer: str
    team: str
    site: str
    value: str
    beside_id: int | None = None


@dataclass(frozen=True)
class Week:
    """The hours of the week in which work began, and how deep each is shaded."""

    counts: list[list[int]]
    hours: range
    most: int
    top: tuple[int, int]
    """The day and the hour in which most began."""

    @classmethod
    def of(cls, grid: NDArray[np.intp] | None) -> Week | None:
        """The grid from the first hour anything began in to the last, at least the working day."""
        if grid is None or not grid.sum():
            return None
        hours = np.flatnonzero(grid.sum(axis=0))
        day, hour = np.unravel_index(int(grid.argmax()), grid.shape)
        span = range(min(int(hours[0]), 7), max(int(hours[-1]), 18) + 1)
        return cls(grid.tolist(), span, int(grid.max()), (int(day), int(hour)))

    def shade(self, n: int) -> int:
        """From 0 for none to 4 for the most."""
        return 0 if not n else 1 + int(3 * n / self.most)


@page("/p/<code>/waves/<int:wave_id>/quality", Right.QUALITY)
def quality_page(visit: Visit, wave_id: int) -> Answer:
    """Everything that the checks find in the wave now."""
    with reading(visit) as session:
        form, wave = get_wave(session, visit, wave_id)
        view = read_wave_quality(session, visit.here, form, wave)
        cases = may_see_cases(session, visit.reader, wave)
        own = own_people(session, visit)
        timed = bool(logs_of_wave(session, wave, AUDIT, 1))
    if view is None:
        return render("quality.html", wave=wave, form=form, view=None, own=own, cases=cases)
    return render(
        "quality.html",
        wave=wave,
        form=form,
        view=view,
        own=own,
        cases=cases,
        title=visit.texts.title(view.title, form.form_id),
        blocks=[(block, [check for check in view.checks if check.block == block]) for block in BLOCKS],
        people=_shown(view.quality.people, own, by_person=True),
        teams=_shown(view.quality.teams, own, by_person=False, view=view),
        columns=[column for column in PEOPLE_COLUMNS if column in _checks_shown(view)],
        items=view.quality.missing[:SHOWN_ITEMS],
        outliers=view.quality.outlier_lines(),
        clocks=_wrong_clocks(view),
        week=Week.of(view.quality.week),
        spoken=_choices(visit, view, LANGUAGE),
        departments=department_names(),
        timed=timed,
        others=cases and bool(rows_with_others(view.quality.marks).any()),
    )


@page("/p/<code>/waves/<int:wave_id>/quality/<check>", Right.CASES)
def quality_cases_page(visit: Visit, wave_id: int, check: str) -> Answer:
    """The interviews that one check marks, of one interviewer or team if asked; only those that the reader may open."""
    who, team = request.args.get("interviewer", ""), request.args.get("team", "")
    with reading(visit) as session:
        form, wave = get_wave(session, visit, wave_id)
        visit.need(visit.may(Right.QUALITY) and may_see_cases(session, visit.reader, wave))
        view = read_wave_quality(session, visit.here, form, wave)
        if view is None or (check not in view.quality.marks.by_check and check != "mismatch"):
            raise NotThere("There is no such check.")
        rows = view.quality.rows_of(check, who, team)
        found = _cases(session, visit, view, check, rows[: 4 * MOST_CASES])
    visit.note("list-flagged", str(wave_id), check=check, shown=min(len(found), MOST_CASES))
    return render(
        "quality_cases.html",
        wave=wave,
        title=visit.texts.title(view.title, form.form_id),
        check=check,
        who=who,
        team=team,
        marked=len(rows),
        found=found[:MOST_CASES],
        ids=",".join(str(case.submission_id) for case in found[:MOST_CASES]),
    )


@page("/p/<code>/waves/<int:wave_id>/field-sheet", Right.QUALITY)
def field_sheet(visit: Visit, wave_id: int) -> Answer:
    """The week of each team on a page of paper, as PDF."""
    with reading(visit) as session:
        form, wave = get_wave(session, visit, wave_id)
        view = read_wave_quality(session, visit.here, form, wave)
        own = own_people(session, visit)
    if view is None:
        raise NotThere("This wave has no submissions yet.")
    sheets = build_sheets(view, _last_day(visit, view), visit.texts.language)
    team = request.args.get("team", "")
    chosen = [s for s in sheets if team in ("", s.team) and (own is None or any(p.code in own for p in s.people))]
    if not chosen:
        raise NotThere("There is no such team in this wave.")
    visit.note("field-sheet", str(wave_id), team=team, until=chosen[0].until.isoformat(), sheets=len(chosen))
    return _pdf(visit, view, chosen, team)


def _pdf(visit: Visit, view: QualityView, sheets: list[FieldSheet], team: str) -> Response:
    content = render_field_sheet(sheets, visit.here.name, visit.here.demo, visit.texts.language)
    response = Response(content, mimetype="application/pdf")
    name = "-".join(part for part in (view.form.form_id, view.wave.name, team, sheets[0].until.isoformat()) if part)
    clean = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    response.headers["Content-Disposition"] = f'inline; filename="{clean}.pdf"'
    return response


def _last_day(visit: Visit, view: QualityView) -> date:
    """The last day of the week that is told: the one asked for, else today, else the last day of work."""
    try:
        return date.fromisoformat(request.args.get("until", ""))
    except ValueError:
        today = now().astimezone(ZoneInfo(visit.here.time_zone)).date()
        last = view.last_day
        return min(today, last) if last else today


def get_wave(session: Session, visit: Visit, wave_id: int) -> tuple[Form, Wave]:
    """The wave with its form; one of a form with restricted reports looks like one that doesn't exist."""
    wave = session.get(Wave, (visit.here.id, wave_id))
    if wave is None or wave.form_row in restricted_forms(session, visit.here.id):
        raise NotThere(f"This programme has no wave {wave_id}.")
    return session.get_one(Form, (visit.here.id, wave.form_row)), wave


def own_people(session: Session, visit: Visit) -> frozenset[str] | None:
    """The interviewers of whom a supervisor reads; None for who sees all of them."""
    if visit.may(Right.WAVES) or visit.may(Right.RESEARCH_FILES):
        return None
    devices = set(devices_of(session, visit.reader, visit.here.id))
    return interviewers_of(session, visit.here.id, devices)


def _shown(
    groups: tuple[Group, ...], own: frozenset[str] | None, *, by_person: bool, view: QualityView | None = None
) -> list[Group]:
    """The lines that the reader may see, those that stand out first."""
    if own is None:
        mine = list(groups)
    elif by_person:
        mine = [group for group in groups if group.code in own]
    else:
        teams = {person.team for person in view.quality.people if person.code in own} if view else set()
        mine = [group for group in groups if group.code in teams]
    return sorted(mine, key=lambda group: (-len(group.flags), group.code))[:SHOWN_PEOPLE]


def _wrong_clocks(view: QualityView) -> list[tuple[str, str, float]]:
    limit = 60 * view.quality.limits.clock_minutes
    return [clock for clock in view.quality.facts.clocks if abs(clock[2]) > limit][:SHOWN_PEOPLE]


def _choices(visit: Visit, view: QualityView, name: str) -> dict[str, str]:
    """What the choices of a question are called in the reader's language."""
    item = view.quality.sample.data.questionnaire.by_name.get(name)
    return {choice.code: visit.texts.of(choice.labels, choice.code) for choice in item.choices} if item else {}


def _checks_shown(view: QualityView) -> set[str]:
    return {check.key for check in view.checks}


def _cases(session: Session, visit: Visit, view: QualityView, check: str, rows: list[int]) -> list[Case]:
    marks = view.quality.marks
    frame, other = marks.frame, marks.likeness.other if check == "alike" else None
    beside = [int(other[row]) for row in rows] if other is not None else []
    instances = frame["_id"].to_numpy()
    wanted = {str(instances[row]) for row in (*rows, *beside) if row >= 0}
    ids = ids_of_instances(session, view.form, sorted(wanted))
    visible = keep_visible(session, visit.reader, visit.here.id, list(ids.values()))
    days = frame["_collected_on"].tolist()
    found = []
    for place, row in enumerate(rows):
        submission_id = ids.get(str(instances[row]))
        if submission_id not in visible:
            continue
        twin = ids.get(str(instances[beside[place]])) if beside and beside[place] >= 0 else None
        day = days[row]
        found.append(
            Case(
                submission_id,
                day.date() if day == day else None,
                marks.interviewers[row] or "",
                marks.teams[row] or "",
                marks.sites[row] or "",
                _value(visit, view, check, row),
                twin if twin in visible else None,
            )
        )
    return found


def _value(visit: Visit, view: QualityView, check: str, row: int) -> str:
    """What the check measured here, in words."""
    marks, t = view.quality.marks, visit.texts
    match check:
        case "fast" | "quick":
            return t("quality.value.minutes", value=f"{marks.minutes[row]:.1f}")
        case "alike":
            return t("quality.value.percent", value=f"{100 * marks.likeness.share[row]:.0f}")
        case "missing":
            return t("quality.value.percent", value=f"{100 * marks.missing[row]:.0f}")
        case "far":
            return t("quality.value.metres", value=f"{marks.metres[row]:,.0f}")
        case "late" | "clock":
            return t("quality.value.days", value=f"{marks.lag[row]:.1f}")
        case "outlier":
            return ", ".join(f"{name} = {_number(marks.frame[name].iloc[row])}" for name in _names(view, row))
        case "version":
            return str(marks.frame["_version"].iloc[row])
        case "mismatch":
            rows = view.quality.back.rows if view.quality.back else pd.DataFrame({"row": [], "differs": []})
            return ", ".join(name for names in rows[rows["row"] == row]["differs"] for name in names)
        case _:
            return ""


def _names(view: QualityView, row: int) -> list[str]:
    return [name for name, marks in view.quality.marks.outliers.items() if marks[row]]


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
