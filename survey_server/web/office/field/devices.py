"""The phones of a programme: enrol one by a code that works once, see when each called last, revoke."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.field.devices import CODE_LIVES, add_enrolment, enrol_link, get_device_by_id, set_device_revoked
from survey_server.db.field.phone_lock import list_alarms, set_alarm_seen
from survey_server.db.field.teams import list_teams
from survey_server.db.intake.keys import get_office_key
from survey_server.db.models import now
from survey_server.db.review.listings import list_open_enrolments, list_phones
from survey_server.web.access import get_keyring
from survey_server.web.office.field.qr import draw_qr
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right

LONGEST_NAME = 60


@page("/p/<code>/devices", Right.DEVICES)
def devices_page(visit: Visit) -> Answer:
    """The phones, with their last contact and what they still hold."""
    return _devices(visit)


@page("/p/<code>/devices", Right.ENROL, methods=("POST",))
def enrol(visit: Visit) -> Answer:
    """A one-time code, shown once: as a picture to scan and as a link."""
    label, interviewer = (request.form.get(name, "").strip()[:LONGEST_NAME] for name in ("label", "interviewer"))
    wrong = [name for name, value in (("label", label), ("interviewer", interviewer)) if not value]
    if wrong:
        response = _devices(visit, wrong=wrong, label=label, interviewer=interviewer)
        response.status_code = 422
        return response
    team = request.form.get("team", "")
    team_id = int(team) if team.isdecimal() and len(team) < 19 and visit.may(Right.ASSIGN) else None
    with visit.database.transaction() as session:
        code = add_enrolment(session, visit.here.id, label, interviewer, team_id=team_id, actor=visit.login.actor)
        office_kid = get_office_key(session, get_keyring(), visit.here.id).kid
    link = enrol_link(visit.config.base_url, code, office_kid)
    return render("enrol.html", label=label, interviewer=interviewer, link=link, qr=draw_qr(link), days=CODE_LIVES.days)


@page("/p/<code>/devices/<int:device_id>/revoke", Right.ENROL, methods=("POST",))
def revoke(visit: Visit, device_id: int) -> Answer:
    """The phone downloads nothing from now on."""
    reason = request.form.get("reason", "")
    with visit.database.transaction() as session:
        device = get_device_by_id(session, visit.here.id, device_id)
        set_device_revoked(session, device, reason if reason == "lost" else "revoked", actor=visit.login.actor)
    return redirect(url_for("office.devices_page", code=visit.here.code), 303)


@page("/p/<code>/alarms/<int:alarm_id>/seen", Right.ENROL, methods=("POST",))
def see_alarm(visit: Visit, alarm_id: int) -> Answer:
    """Somebody looks after who carried the phone."""
    with visit.database.transaction() as session:
        set_alarm_seen(session, visit.here.id, alarm_id, actor=visit.login.actor)
    return redirect(url_for("office.devices_page", code=visit.here.code), 303)


def _devices(visit: Visit, wrong: list[str] | None = None, label: str = "", interviewer: str = "") -> Answer:
    at = now()
    with reading(visit) as session:
        phones = list_phones(session, visit.here)
        waiting = list_open_enrolments(session, visit.here, at)
        alarms = list_alarms(session, visit.here.id)
        teams = [line.team for line in list_teams(session, visit.here.id) if line.team.active]
    return render(
        "devices.html",
        phones=phones,
        waiting=waiting,
        alarms=alarms,
        teams=teams if visit.may(Right.ASSIGN) else [],
        at=at,
        wrong=wrong or [],
        label=label,
        interviewer=interviewer,
    )
