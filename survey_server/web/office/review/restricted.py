"""Restricted reports: the integrity officer's list with clock, states and alerts; for others a count a quarter."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.models import now
from survey_server.db.review.integrity import list_followups, set_followup, stamp_of
from survey_server.db.review.restricted import count_restricted, count_sealed, list_restricted
from survey_server.db.webhooks import (
    OVERDUE,
    WAITING,
    add_ping,
    add_webhook,
    get_webhook,
    list_webhooks,
    set_webhook_stopped,
)
from survey_server.problems import BadInput, EditedMeanwhile, Problem, UnfitWebhook
from survey_server.sending import check_url
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import need_id, text


@page("/p/<code>/restricted", Right.RESTRICTED)
def restricted_page(visit: Visit) -> Answer:
    """The reports that the reader may open, which are none but for the integrity officer, and the counts."""
    return _restricted(visit)


@page("/p/<code>/restricted/<int:incident_id>", Right.INTEGRITY, methods=("POST",))
def follow_report(visit: Visit, incident_id: int) -> Answer:
    """Take a report on to its next state, or add to its story; the second of two officers is told."""
    try:
        with visit.database.transaction() as session:
            set_followup(
                *(session, visit.here.id, incident_id, text("state", 20), text("text", 1000)),
                seen=text("seen", 40),
                actor=visit.login.actor,
            )
    except (BadInput, EditedMeanwhile) as problem:
        return _restricted(visit, problem)
    return redirect(url_for("office.restricted_page", code=visit.here.code), 303)


@page("/p/<code>/restricted/alerts", Right.INTEGRITY, methods=("POST",))
def change_alerts(visit: Visit) -> Answer:
    """Add an address that is alerted, try one, or stop it; nobody but integrity officers sees that there are any."""
    do, who = text("do", 10), visit.login.person_id
    try:
        if do == "add":
            check_url(url := text("url", 500), lan=visit.config.webhooks_in_lan)
            event = OVERDUE if text("when", 10) == "second" else WAITING
            with visit.database.transaction() as session:
                add_webhook(session, visit.here.id, text("label", 80), url, [event], person_id=who, private=True)
        else:
            with visit.database.transaction() as session:
                hook = get_webhook(session, visit.here.id, need_id("hook"), private=True)
                if do == "try":
                    add_ping(session, hook)
                elif do in ("stop", "start"):
                    set_webhook_stopped(session, visit.here.id, hook.id, do == "stop", person_id=who, private=True)
    except UnfitWebhook as problem:
        return _restricted(visit, problem)
    return redirect(url_for("office.restricted_page", code=visit.here.code), 303)


def _restricted(visit: Visit, problem: Problem | None = None) -> Answer:
    officer = visit.may(Right.INTEGRITY)
    with reading(visit) as session:
        reports = {each.submission_id: each for each in list_restricted(session, visit.reader, visit.here.id)}
        quarters = count_restricted(session, visit.here.id)
        sealed = count_sealed(session, visit.here.id)
        stories = list_followups(session, visit.here.id) if officer else []
        alerts = list_webhooks(session, visit.here.id, private=True) if officer else []
    if officer:
        visit.note("list-restricted", shown=len(reports))
    told = {story.submission_id for story in stories}
    response = render(
        "restricted.html",
        reports=reports,
        stories=stories,
        new=[report for number, report in reports.items() if number not in told],
        stamp=stamp_of,
        alerts=alerts,
        first=WAITING,
        quarters=quarters,
        sealed=sealed,
        officer=officer,
        problem=problem,
        asked=request.form if problem else {},
        at=now(),
    )
    response.status_code = problem.status if problem else 200
    return response
