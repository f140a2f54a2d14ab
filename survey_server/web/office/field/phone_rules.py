"""How the programme's phones lock and how long they keep what they hold."""

from __future__ import annotations

from dataclasses import asdict

from flask import redirect, request, url_for

from survey_server.db.field.phone_lock import LEVELS, LockPolicy, get_lock_policy, set_lock_policy
from survey_server.db.field.policies import GPS_RULES, PhoneRules, phone_rules, set_phone_rules
from survey_server.db.models import Programme
from survey_server.db.session import Session
from survey_server.db.stamps import check_stamp, stamp_of_values
from survey_server.problems import EditedMeanwhile, Problem, UnfitPolicy
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import text


@page("/p/<code>/phone-rules", Right.POLICIES)
def phone_rules_page(visit: Visit) -> Answer:
    """The rules in force, in one form."""
    return _rules(visit)


@page("/p/<code>/phone-rules", Right.POLICIES, methods=("POST",))
def change_phone_rules(visit: Visit) -> Answer:
    """Set them; phones follow from their next contact on, and ask for a stronger secret where one is wanted now."""
    try:
        lock = LockPolicy(
            level=text("level"),
            lock_after=_number("lock_after"),
            lock_on_hide=request.form.get("lock_on_hide") == "yes",
            wipe_after=_number("wipe_after"),
            empty_pin=request.form.get("empty_pin") == "yes",
        )
        rules = PhoneRules(_number("keep_sent_days"), _number("draft_days"), text("gps"))
    except UnfitPolicy as problem:
        return _rules(visit, problem)
    try:
        with visit.database.transaction() as session:
            programme = session.get_one(Programme, visit.here.id, with_for_update=True)
            check_stamp(text("seen"), asdict(get_lock_policy(session, programme)), asdict(phone_rules(programme)))
            _set(session, programme, lock, rules, visit.login.actor)
    except EditedMeanwhile as problem:
        return _rules(visit, problem)
    return redirect(url_for("office.phone_rules_page", code=visit.here.code, saved="yes"), 303)


def _set(session: Session, programme: Programme, lock: LockPolicy, rules: PhoneRules, actor: str) -> None:
    """Write down what is new."""
    if lock != get_lock_policy(session, programme):
        set_lock_policy(session, programme, lock, actor=actor)
    if rules != phone_rules(programme):
        set_phone_rules(session, programme, rules, actor=actor)


def _number(name: str) -> int:
    try:
        return int(text(name))
    except ValueError:
        raise UnfitPolicy("Write the days, seconds and tries as whole numbers.") from None


def _rules(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        programme = session.get_one(Programme, visit.here.id)
        lock = get_lock_policy(session, programme)
    response = render(
        "phone_rules.html",
        lock=lock,
        rules=phone_rules(programme),
        seen=stamp_of_values(asdict(lock), asdict(phone_rules(programme))),
        levels=LEVELS,
        gps_rules=GPS_RULES,
        saved=request.args.get("saved") == "yes",
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response
