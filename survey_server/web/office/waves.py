"""One wave: progress by site and day, issues, and its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import redirect, request, url_for

from survey_server.db.access.scopes import may_see_cases
from survey_server.db.field.own_outlines import Level, OwnOutlines, own_outlines
from survey_server.db.field.progress import (
    DayProgress,
    SiteProgress,
    WaveProgress,
    list_days,
    list_issue_counts,
    list_sites,
    list_waves,
)
from survey_server.db.field.teams import AssignmentLine, list_assignments
from survey_server.db.intake.keys import find_key_of_wave
from survey_server.db.intake.seals import count_closed
from survey_server.db.models import Wave, now
from survey_server.db.opening import headlines_still_locked
from survey_server.db.waves import set_wave_state
from survey_server.outlines import draw_outlines, outlines_of
from survey_server.problems import NotThere, UnfitWave
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right

NEXT_STATES = {"planned": ("open",), "open": ("closed",), "closed": ("open", "locked"), "locked": ()}
_WIDTH, _HEIGHT, _FOOT = 736, 132, 22


@dataclass(frozen=True)
class Bar:
    """One day of the chart, in the coordinates of its picture."""

    x: float
    y: float
    width: float
    height: float
    day: date
    received: int
    labelled: bool


@dataclass(frozen=True)
class DayChart:
    """The days of a wave as a picture, days without fieldwork included."""

    bars: tuple[Bar, ...]
    most: int
    width: int = _WIDTH
    height: int = _HEIGHT
    base: int = _HEIGHT - _FOOT


@page("/p/<code>/waves/<int:wave_id>", Right.PROGRESS)
def wave_page(visit: Visit, wave_id: int) -> Answer:
    """How far one wave is, by site and by day, with the issues that wait."""
    with reading(visit) as session:
        wave = _find(list_waves(session, visit.here), wave_id)
        sites = list_sites(session, visit.here, wave_id)
        days = list_days(session, visit.here, wave_id)
        issues = list_issue_counts(session, visit.here, wave_id)
        teams = _by_team(list_assignments(session, visit.here.id, wave_id=wave_id))
        row = session.get_one(Wave, (visit.here.id, wave_id))
        same = headlines_still_locked(session, row)
        cases = may_see_cases(session, visit.reader, row)
        seal = find_key_of_wave(session, visit.here.id, wave_id)
        closed = count_closed(session, visit.here.id, wave_id)
        own = own_outlines(session, visit.here.id)
    return render(
        "wave.html",
        teams=teams,
        seal=seal,
        closed=closed,
        map=build_map(sites, own),
        lock=(lock := row.plan.get("headlines")),
        locked_at=datetime.fromisoformat(lock["at"]) if lock else None,
        same_headlines=same,
        wave=wave,
        sites=sites,
        days=days,
        chart=build_chart(days),
        issues=issues,
        next_states=NEXT_STATES[wave.state] if visit.may(Right.WAVES) else (),
        cases=cases,
        at=now(),
    )


@page("/p/<code>/waves/<int:wave_id>/state", Right.WAVES, methods=("POST",))
def change_wave_state(visit: Visit, wave_id: int) -> Answer:
    """Open, close or lock the wave."""
    state = request.form.get("state", "")
    with visit.database.transaction() as session:
        wave = session.get(Wave, (visit.here.id, wave_id))
        if wave is None:
            raise NotThere(f"This programme has no wave {wave_id}.")
        if state == "open" and wave.state == "planned":
            return redirect(url_for("office.opening_page", code=visit.here.code, wave_id=wave_id), 303)
        if state not in NEXT_STATES[wave.state]:
            raise UnfitWave(f"A wave that is {wave.state} can't become {state or 'nothing'}.")
        set_wave_state(session, wave, state, actor=visit.login.actor)
    return redirect(url_for("office.wave_page", code=visit.here.code, wave_id=wave_id), 303)


def build_chart(days: Sequence[DayProgress]) -> DayChart | None:
    """A bar for each day from the first to the last; None when there is nothing to draw, or more than fits."""
    dated = {each.day: each.received for each in days if each.day}
    if not dated:
        return None
    first, last = min(dated), max(dated)
    span = (last - first).days + 1
    if span > 370:
        return None
    step, most = _WIDTH / max(span, 14), max(dated.values())
    labels = set(range(0, span, max(1, round(span / 6)))) if span > 7 else set(range(span))
    bars = []
    for index in range(span):
        day = first + timedelta(days=index)
        n = dated.get(day, 0)
        height = (_HEIGHT - _FOOT - 18) * n / most
        bars.append(
            Bar(
                round(index * step, 1),
                round(_HEIGHT - _FOOT - height, 1),
                round(step * 0.72, 1),
                round(height, 1),
                day,
                n,
                index in labels,
            )
        )
    return DayChart(tuple(bars), most)


def build_map(sites: Sequence[SiteProgress], own: OwnOutlines) -> dict[str, Any] | None:
    """The areas with how far each is, in four steps; None when no site lies in one that we can draw.

    By municipality where the programme has outlines of them, else by department.
    """
    level: Level = "municipality" if "municipality" in own else "department"
    by_area: dict[str, list[SiteProgress]] = {}
    for site in sites:
        by_area.setdefault(site.municipality if level == "municipality" else site.department_code, []).append(site)
    outlines = outlines_of(by_area, own.get(level, ()))
    known = {outline.code for outline in outlines} & by_area.keys()
    if not known:
        return build_map(sites, {"department": own.get("department", ())}) if level == "municipality" else None
    drawing = draw_outlines(outlines, 420)
    shares = {code: _share(by_area[code]) for code in known}
    steps = {code: _step(*share) for code, share in shares.items()}
    return {"drawing": drawing, "shares": shares, "steps": steps, "level": level}


def _share(sites: Sequence[SiteProgress]) -> tuple[int, int]:
    """Received and wanted; where no target is set a site counts as one."""
    if any(site.target for site in sites):
        return sum(min(site.received, site.target or site.received) for site in sites), sum(
            s.target or 0 for s in sites
        )
    return sum(site.done for site in sites), len(sites)


def _step(done: int, wanted: int) -> int:
    """0 nothing, 1 under a third, 2 under two thirds, 3 under all, 4 all."""
    if not done:
        return 0
    return 4 if done >= wanted else 1 + min(2, 3 * done // wanted)


@dataclass(frozen=True)
class TeamProgress:
    """What a team was sent for and what it has brought."""

    code: str
    name: str
    sites: int
    target: int
    received: int


def _by_team(lines: Sequence[AssignmentLine]) -> list[TeamProgress]:
    teams: dict[int, list[AssignmentLine]] = {}
    for line in lines:
        teams.setdefault(line.team.id, []).append(line)
    return [
        TeamProgress(
            of_team[0].team.code,
            of_team[0].team.name,
            len({line.site.id for line in of_team}),
            sum(line.target or 0 for line in of_team),
            sum({line.site.id: line.received for line in of_team}.values()),
        )
        for of_team in teams.values()
    ]


def _find(waves: Sequence[WaveProgress], wave_id: int) -> WaveProgress:
    for wave in waves:
        if wave.wave_id == wave_id:
            return wave
    raise NotThere(f"This programme has no wave {wave_id}.")
