"""How long the programme keeps what, what is due, and interviews that people take back."""

from __future__ import annotations

from dataclasses import asdict

from flask import current_app, redirect, request, url_for

from survey_server.db.keeping.erasure import drop_blobs
from survey_server.db.keeping.retention import MOST_DAYS, RULES, Retention, apply_retention, list_due, set_retention
from survey_server.db.keeping.retention import get_retention as chosen_by
from survey_server.db.keeping.withdrawals import withdraw
from survey_server.db.models import Programme
from survey_server.db.stamps import check_stamp, stamp_of_values
from survey_server.problems import EditedMeanwhile, Problem
from survey_server.web.access import get_keyring
from survey_server.web.media import get_store
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import day, text, whole


@page("/p/<code>/retention", Right.RETENTION)
def retention_page(visit: Visit) -> Answer:
    """The rules with what each would take today; the form of a withdrawal."""
    return _retention(visit)


@page("/p/<code>/retention", Right.RETENTION, methods=("POST",))
def change_retention(visit: Visit) -> Answer:
    """Set the rules. Switched on, the server applies them every day."""
    try:
        days = {rule.name: whole(f"days_{rule.name}", 0, MOST_DAYS) for rule in RULES}
        chosen = Retention(request.form.get("on") == "yes", days, day("ends"))
    except Problem as problem:
        return _retention(visit, problem)
    try:
        with visit.database.transaction() as session:
            programme = session.get_one(Programme, visit.here.id, with_for_update=True)
            check_stamp(text("seen"), asdict(chosen_by(programme)))
            set_retention(session, programme, chosen, actor=visit.login.actor)
    except EditedMeanwhile as problem:
        return _retention(visit, problem)
    return redirect(url_for("office.retention_page", code=visit.here.code, done="saved"), 303)


@page("/p/<code>/retention/apply", Right.RETENTION, methods=("POST",))
def apply_rules(visit: Visit) -> Answer:
    """Take what is due now."""
    with visit.database.transaction() as session:
        programme = session.get_one(Programme, visit.here.id)
        taken, blobs = apply_retention(session, programme, get_keyring(), actor=visit.login.actor)
    drop_blobs(get_store(), blobs)
    count = sum(due.count for due in taken)
    return redirect(url_for("office.retention_page", code=visit.here.code, done="taken", n=count), 303)


@page("/p/<code>/retention/withdraw", Right.RETENTION, methods=("POST",))
def withdraw_interview(visit: Visit) -> Answer:
    """Erase the interview whose person has this code. The code is kept nowhere."""
    try:
        with visit.database.transaction() as session:
            programme = session.get_one(Programme, visit.here.id)
            count, blobs = withdraw(session, programme, text("code", 20), actor=visit.login.actor)
    except Problem as problem:
        current_app.logger.info("a withdrawal code wasn't found")
        return _retention(visit, problem)
    drop_blobs(get_store(), blobs)
    return redirect(url_for("office.retention_page", code=visit.here.code, done="withdrawn", n=count), 303)


def _retention(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        programme = session.get_one(Programme, visit.here.id)
        due = list_due(session, programme)
    told = request.args.get("done", "")
    response = render(
        "retention.html",
        due=due,
        waiting=sum(one.count for one in due),
        chosen=chosen_by(programme),
        seen=stamp_of_values(asdict(chosen_by(programme))),
        most=MOST_DAYS,
        done=told if told in ("saved", "taken", "withdrawn") else "",
        count=int(number) if (number := request.args.get("n", "0")).isdecimal() and len(number) < 10 else 0,
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response
