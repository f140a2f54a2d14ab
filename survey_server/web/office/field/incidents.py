"""A phone that was lost or seized: what may be exposed, the revocation, the incident that follows."""

from __future__ import annotations

from datetime import datetime

from flask import redirect, request, url_for

from survey_server.db.field.devices import get_device_by_id
from survey_server.db.field.lost_phones import close_incident, list_incidents, report_lost_device, what_may_be_exposed
from survey_server.db.models import now
from survey_server.problems import BadInput, EditedMeanwhile, Problem
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import text


@page("/p/<code>/devices/<int:device_id>/lost", Right.INCIDENTS)
def lost_page(visit: Visit, device_id: int) -> Answer:
    """What may be exposed if this phone is in other hands; and the button."""
    with reading(visit) as session:
        device = get_device_by_id(session, visit.here.id, device_id)
        exposed = what_may_be_exposed(session, device)
    return render("lost.html", device=device, exposed=exposed, at=now())


@page("/p/<code>/devices/<int:device_id>/lost", Right.INCIDENTS, methods=("POST",))
def report_lost(visit: Visit, device_id: int) -> Answer:
    """Revoke the phone and open an incident."""
    with visit.database.transaction() as session:
        how, note = request.form.get("how", "lost"), text("note", 500)
        report_lost_device(session, visit.here.id, device_id, how, note, actor=visit.login.actor)
    return redirect(url_for("office.incidents_page", code=visit.here.code), 303)


@page("/p/<code>/incidents", Right.INCIDENTS)
def incidents_page(visit: Visit) -> Answer:
    """The incidents, open ones first."""
    return _incidents(visit)


@page("/p/<code>/incidents/<int:incident_id>", Right.INCIDENTS, methods=("POST",))
def close(visit: Visit, incident_id: int) -> Answer:
    """Say how an incident ended; the second of two people is told what the first wrote."""
    try:
        if not text("outcome", 500):
            raise BadInput("Write how it ended.", why="blank", field="outcome")
        with visit.database.transaction() as session:
            close_incident(session, visit.here.id, incident_id, text("outcome", 500), actor=visit.login.actor)
    except (BadInput, EditedMeanwhile) as problem:
        return _incidents(visit, problem)
    return redirect(url_for("office.incidents_page", code=visit.here.code), 303)


def _incidents(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        incidents = list_incidents(session, visit.here.id)
    visit.note("list-incidents", shown=len(incidents))
    response = render("incidents.html", incidents=incidents, moment=datetime.fromisoformat, at=now(), problem=problem)
    response.status_code = problem.status if problem else 200
    return response
