"""Who goes where in a wave: assignments of teams, dwellings of a site, reserves that stand in."""

from __future__ import annotations

import secrets

from flask import redirect, request, url_for

from survey_server.db.field.dwellings import list_dwellings, release_dwelling
from survey_server.db.field.samples import (
    count_reserves,
    draw_site_dwellings,
    list_substitutions,
    substitute_site,
)
from survey_server.db.field.stops import find_stop, list_stops
from survey_server.db.field.teams import assign, list_assignments, list_teams, list_wave_sites, withdraw
from survey_server.db.models import Site, Wave, WaveSite
from survey_server.estimation.sampling import Take
from survey_server.problems import BadDesign, BadInput, NotThere, Problem, UnfitAssignment, UnfitRelease
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import need_day, need_id, need_whole, several, text, whole

MODES = ("1", "2", "3", "4")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@page("/p/<code>/waves/<int:wave_id>/assignments", Right.ASSIGN)
def assignments_page(visit: Visit, wave_id: int) -> Answer:
    """The assignments of a wave, and the sites that nobody goes to yet."""
    return _assignments(visit, wave_id)


@page("/p/<code>/waves/<int:wave_id>/assignments", Right.ASSIGN, methods=("POST",))
def assign_team(visit: Visit, wave_id: int) -> Answer:
    """Send a team to the ticked sites."""
    try:
        with visit.database.transaction() as session:
            wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
            assign(
                session,
                wave,
                several("site"),
                need_id("team"),
                need_day("starts"),
                need_day("ends"),
                target=whole("target", 1, 10_000),
                visit=_visit_plan(),
                actor=visit.login.actor,
            )
    except (UnfitAssignment, BadInput) as problem:
        return _assignments(visit, wave_id, problem)
    return redirect(url_for("office.assignments_page", code=visit.here.code, wave_id=wave_id), 303)


@page("/p/<code>/waves/<int:wave_id>/withdraw", Right.ASSIGN, methods=("POST",))
def withdraw_assignments(visit: Visit, wave_id: int) -> Answer:
    """Take assignments back."""
    with visit.database.transaction() as session:
        withdraw(session, visit.here.id, several("assignment"), actor=visit.login.actor)
    return redirect(url_for("office.assignments_page", code=visit.here.code, wave_id=wave_id), 303)


@page("/p/<code>/waves/<int:wave_id>/sites/<int:site_id>", Right.ASSIGN)
def wave_site_page(visit: Visit, wave_id: int, site_id: int) -> Answer:
    """One site in a wave: its dwellings, and the reserve that may stand in for it."""
    return _wave_site(visit, wave_id, site_id)


@page("/p/<code>/waves/<int:wave_id>/sites/<int:site_id>/dwellings", Right.ASSIGN, methods=("POST",))
def draw_dwellings(visit: Visit, wave_id: int, site_id: int) -> Answer:
    """Draw dwellings from the site's list, once."""
    try:
        with visit.database.transaction() as session:
            wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
            take = Take(need_whole("n", 1, 999), whole("reserve", 0, 999) or 0)
            seed = text("seed", 60) or secrets.token_hex(4)
            listed = need_whole("listed", 1, 999)
            draw_site_dwellings(session, wave, site_id, listed, take, seed, actor=visit.login.actor)
    except (UnfitRelease, BadDesign, BadInput) as problem:
        return _wave_site(visit, wave_id, site_id, problem)
    return _back(visit, wave_id, site_id)


@page("/p/<code>/waves/<int:wave_id>/sites/<int:site_id>/release", Right.ASSIGN, methods=("POST",))
def release(visit: Visit, wave_id: int, site_id: int) -> Answer:
    """Release the next reserve dwelling in the place of another, with a reason."""
    try:
        with visit.database.transaction() as session:
            wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
            number = need_whole("replaces", 1, 999)
            release_dwelling(session, wave, site_id, number, text("reason"), actor=visit.login.actor)
    except (UnfitRelease, BadInput) as problem:
        return _wave_site(visit, wave_id, site_id, problem)
    return _back(visit, wave_id, site_id)


@page("/p/<code>/waves/<int:wave_id>/sites/<int:site_id>/substitute", Right.ASSIGN, methods=("POST",))
def substitute(visit: Visit, wave_id: int, site_id: int) -> Answer:
    """Release the next reserve site of the draw in the place of this one, with a reason."""
    try:
        with visit.database.transaction() as session:
            wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
            substitute_site(session, wave, site_id, text("reason"), actor=visit.login.actor)
    except UnfitRelease as problem:
        return _wave_site(visit, wave_id, site_id, problem)
    return redirect(url_for("office.assignments_page", code=visit.here.code, wave_id=wave_id), 303)


def _visit_plan() -> dict[str, str]:
    """What the plan of an observation fixes: a code that both of a pair use, and the mode."""
    mode = request.form.get("mode", "")
    if mode not in MODES:
        return {}
    code = text("visit_code", 8).upper() or "".join(secrets.choice(_LETTERS) for _ in range(5))
    if not (4 <= len(code) <= 8 and code.isascii() and code.isalnum()):
        raise BadInput("A visit code has 4 to 8 capitals or digits.", why="visit", field="visit_code")
    return {"code": code, "mode": mode, "paired": "1" if request.form.get("paired") == "yes" else "0"}


def _assignments(visit: Visit, wave_id: int, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
        lines = list_assignments(session, visit.here.id, wave_id=wave_id)
        sites = list_wave_sites(session, wave)
        teams = [line for line in list_teams(session, visit.here.id) if line.team.active]
        stops = list_stops(session, visit.here.id, in_force=True)
        substitutions = list_substitutions(session, wave)
        reserves = count_reserves(session, wave)
    taken = {line.site.id for line in lines}
    response = render(
        "assignments.html",
        wave=wave,
        lines=lines,
        free=[(site, line.target or site.target) for site, line in sites if site.id not in taken],
        sites=len(sites),
        teams=teams,
        stopped={site.id for site, _ in sites if find_stop(stops, site)},
        substitutions=substitutions,
        reserves=reserves,
        modes=MODES,
        typed=request.form,
        ticked=set(several("site")),
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _wave_site(visit: Visit, wave_id: int, site_id: int, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        wave = _wave(session.get(Wave, (visit.here.id, wave_id)))
        site = session.get(Site, (visit.here.id, site_id))
        line = session.get(WaveSite, (visit.here.id, wave_id, site_id))
        if site is None or line is None:
            raise NotThere("That site isn't in the wave.")
        dwellings = list_dwellings(session, wave, site_id)
        replaced = next((each for each in list_substitutions(session, wave) if each.replaces.id == site_id), None)
        reserves = count_reserves(session, wave)
    response = render(
        "wave_site.html",
        wave=wave,
        site=site,
        dwellings=dwellings,
        shown=[each for each in dwellings if not each.reserve or each.released_at],
        left=sum(1 for each in dwellings if each.reserve and not each.released_at),
        replaced=replaced,
        reserves=reserves,
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _wave(wave: Wave | None) -> Wave:
    if wave is None:
        raise NotThere("This programme has no such wave.")
    return wave


def _back(visit: Visit, wave_id: int, site_id: int) -> Answer:
    return redirect(url_for("office.wave_site_page", code=visit.here.code, wave_id=wave_id, site_id=site_id), 303)
