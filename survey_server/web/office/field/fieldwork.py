"""The room of the fieldwork: its index, teams, check-ins, stops of work, policies."""

from __future__ import annotations

from datetime import date, time

from flask import redirect, request, url_for

from survey_server.db.field.check_ins import list_check_ins
from survey_server.db.field.devices import list_devices
from survey_server.db.field.policies import check_in_times, referral_of, set_policies
from survey_server.db.field.progress import list_waves
from survey_server.db.field.sites import list_sites, stamp_of
from survey_server.db.field.stops import LEVELS, lift_stop, list_stops, order_stop
from survey_server.db.field.teams import (
    add_team,
    duress_digest,
    edit_team,
    get_team,
    list_supervisors,
    list_teams,
    set_supervisor,
)
from survey_server.db.models import Programme, now
from survey_server.db.stamps import check_stamp, stamp_of_values
from survey_server.outlines import department_names
from survey_server.problems import BadInput, CodeTaken, EditedMeanwhile, Problem, UnfitStop
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.programmes import by_form
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import several, text, whole

LONGEST_CARD = 4000


@page("/p/<code>/field", Right.PROGRESS)
def field_page(visit: Visit) -> Answer:
    """The way to everything about the fieldwork, with what needs somebody's eye."""
    with reading(visit) as session:
        stops = list_stops(session, visit.here.id, in_force=True)
        lines = list_check_ins(session, visit.here, visit.config.secret_key) if visit.may(Right.CHECK_INS) else []
        teams = list_teams(session, visit.here.id) if visit.may(Right.ASSIGN) else []
        sites = len(list_sites(session, visit.here.id)) if visit.may(Right.SITES) else 0
        groups = by_form(list_waves(session, visit.here))
    waves = [wave for group in groups for wave in group if wave.state in ("planned", "open")]
    late = [line for line in lines if line.state in ("overdue", "support") or _alarm(visit, line.state)]
    return render("field.html", stops=stops, late=late, teams=teams, sites=sites, waves=waves)


@page("/p/<code>/teams", Right.ASSIGN)
def teams_page(visit: Visit) -> Answer:
    """The teams with their phones; a form for another."""
    return _teams(visit)


@page("/p/<code>/teams", Right.ASSIGN, methods=("POST",))
def new_team(visit: Visit) -> Answer:
    """Another team."""
    code, name = text("code", 20), text("name", 80)
    try:
        if not code or not name:
            raise BadInput("A team needs a code and a name.", why="team")
        with visit.database.transaction() as session:
            team = add_team(session, visit.here.id, code, name, actor=visit.login.actor)
    except (BadInput, CodeTaken) as problem:
        return _teams(visit, problem)
    return redirect(url_for("office.team_page", code=visit.here.code, team_id=team.id), 303)


@page("/p/<code>/teams/<int:team_id>", Right.ASSIGN)
def team_page(visit: Visit, team_id: int) -> Answer:
    """One team: its name, phones, and the phrase that says that it is under pressure."""
    return _team(visit, team_id)


@page("/p/<code>/teams/<int:team_id>", Right.ASSIGN, methods=("POST",))
def change_team(visit: Visit, team_id: int) -> Answer:
    """Change a team; the second of two people is told. Who supervises can't give a team or a phone to themselves."""
    may_compose = visit.may(Right.WAVES)
    phrase = text("duress", 40)
    digest = duress_digest(visit.config.secret_key, visit.here.id, phrase) if phrase else None
    try:
        if not text("name", 80):
            raise BadInput("A team needs a name.", why="team")
        with visit.database.transaction() as session:
            edit_team(
                session,
                visit.here.id,
                team_id,
                name=text("name", 80),
                active=request.form.get("active") == "yes",
                device_ids=several("device") if may_compose else None,
                duress_sha256="" if request.form.get("forget") == "yes" else digest,
                seen=text("seen"),
                actor=visit.login.actor,
            )
            if may_compose and "supervisor" in request.form:
                set_supervisor(
                    session, visit.here.id, team_id, whole("supervisor", 0, 10**18) or None, actor=visit.login.actor
                )
    except (BadInput, EditedMeanwhile) as problem:
        return _team(visit, team_id, problem)
    return redirect(url_for("office.teams_page", code=visit.here.code), 303)


@page("/p/<code>/check-ins", Right.CHECK_INS)
def check_ins_page(visit: Visit) -> Answer:
    """Who is well, who is late. A silent alarm is shown to nobody but who answers for safety."""
    with reading(visit) as session:
        lines = list_check_ins(session, visit.here, visit.config.secret_key)
    visit.note("list-check-ins", shown=len(lines))
    shown = [(line, line.state if line.state != "alarm" or visit.may(Right.ALARMS) else "well") for line in lines]
    if not visit.may(Right.ALARMS):  # nothing in the order may tell either
        shown.sort(key=lambda pair: (pair[1] == "well", pair[0].team.code))
    return render("check_ins.html", lines=shown, at=now())


@page("/p/<code>/stop-work", Right.STOP_WORK)
def stops_page(visit: Visit) -> Answer:
    """The stops in force and those before them; a form to order one."""
    return _stops(visit)


@page("/p/<code>/stop-work", Right.STOP_WORK, methods=("POST",))
def order(visit: Visit) -> Answer:
    """Stop work in an area from now on."""
    level = request.form.get("level", "")
    area = request.form.get("department", "") if level == "department" else text("area", 80)
    try:
        with visit.database.transaction() as session:
            order_stop(session, visit.here.id, level, area, text("message"), actor=visit.login.actor)
    except UnfitStop as problem:
        return _stops(visit, problem)
    return redirect(url_for("office.stops_page", code=visit.here.code), 303)


@page("/p/<code>/stop-work/<int:stop_id>", Right.STOP_WORK, methods=("POST",))
def lift(visit: Visit, stop_id: int) -> Answer:
    """Let work go on."""
    try:
        with visit.database.transaction() as session:
            lift_stop(session, visit.here.id, stop_id, text("reason"), actor=visit.login.actor)
    except (UnfitStop, EditedMeanwhile) as problem:
        return _stops(visit, problem)
    return redirect(url_for("office.stops_page", code=visit.here.code), 303)


@page("/p/<code>/policies", Right.POLICIES)
def policies_page(visit: Visit) -> Answer:
    """Hours of check-ins and the referral card."""
    return _policies(visit)


@page("/p/<code>/policies", Right.POLICIES, methods=("POST",))
def change_policies(visit: Visit) -> Answer:
    """Set the hours and the card; phones have them at their next contact. The second of two people is told."""
    try:
        hours = [f"{time.fromisoformat(part.strip()):%H:%M}" for part in text("hours").split(",") if part.strip()]
        if not hours:
            raise ValueError("no hour")
    except ValueError:
        return _policies(visit, BadInput("Write hours like 08:00, 18:00.", why="hours"))
    card = {language: request.form.get(f"card_{language}", "").strip()[:LONGEST_CARD] for language in ("es", "en")}
    referral = {**card, "dated": f"{now():%Y-%m-%d}"} if card["es"] else None
    try:
        with visit.database.transaction() as session:
            programme = session.get_one(Programme, visit.here.id, with_for_update=True)
            check_stamp(text("seen"), *_hours_and_card(programme))
            changes = {"check_in_times": sorted(set(hours)), "referral": referral}
            set_policies(session, programme, changes, actor=visit.login.actor)
    except EditedMeanwhile as problem:
        return _policies(visit, problem)
    return redirect(url_for("office.policies_page", code=visit.here.code, saved="yes"), 303)


def _alarm(visit: Visit, state: str) -> bool:
    return state == "alarm" and visit.may(Right.ALARMS)


def _teams(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        lines = list_teams(session, visit.here.id)
    response = render("teams.html", lines=lines, problem=problem, typed=request.form)
    response.status_code = problem.status if problem else 200
    return response


def _team(visit: Visit, team_id: int, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        team = get_team(session, visit.here.id, team_id)
        supervisors = list_supervisors(session, visit.here.id)
        devices = [device for device in list_devices(session, visit.here.id) if device.revoked_at is None]
        teams = {line.team.id: line.team.code for line in list_teams(session, visit.here.id)}
    response = render(
        "team.html",
        team=team,
        devices=devices,
        teams=teams,
        supervisors=[("", visit.texts("teams.nobody")), *supervisors],
        seen=stamp_of(team.changed_at),
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _stops(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        stops = list_stops(session, visit.here.id)
        sites = list_sites(session, visit.here.id)
    names = department_names()
    names |= {
        site.department: site.extra.get("department_name") or names.get(site.department, site.department)
        for site in sites
        if site.department
    }
    there = sorted({site.department for site in sites if site.department})
    response = render(
        "stops.html",
        stops=stops,
        levels=LEVELS,
        departments=[(key, names[key]) for key in there],
        names=names,
        problem=problem,
        typed=request.form,
    )
    response.status_code = problem.status if problem else 200
    return response


def _hours_and_card(programme: Programme) -> tuple[object, object]:
    return check_in_times(programme), referral_of(programme)


def _policies(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        programme = session.get_one(Programme, visit.here.id)
    card = referral_of(programme) or {}
    response = render(
        "policies.html",
        hours=", ".join(f"{hour:%H:%M}" for hour in check_in_times(programme)),
        card=card,
        dated=date.fromisoformat(card["dated"]) if card.get("dated") else None,
        seen=stamp_of_values(*_hours_and_card(programme)),
        saved=request.args.get("saved") == "yes",
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response
