"""Decisions: the evidence that a report printed, what was decided on it and why, and the two people who sign."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.analysis.decisions import (
    READINGS,
    SIGNATURES,
    TEXTS,
    Ruling,
    find_decision,
    get_decision,
    list_rulings,
    sign_decision,
    withdraw_decision,
    write_decision,
)
from survey_server.db.media.shelves import open_shelf
from survey_server.db.models import MadeReport
from survey_server.problems import NotAllowed, Problem, UnfitDecision
from survey_server.reports.make import LANGUAGES
from survey_server.web.office.access.proving import prove_again
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.results.made_reports import get_made
from survey_server.web.office.results.report_files import ReportFiles
from survey_server.web.office.roles import Right

ELIGIBILITY = ("lives", "agreed", "harm", "safe", "funds", "evidence")
"""What has to hold before a programme is widened; people answer each with yes, no or unclear."""
ANSWERS = ("yes", "no", "unclear")


@page("/p/<code>/decisions", Right.DECISIONS)
def decisions_page(visit: Visit) -> Answer:
    """Every decision that was written down, and the reports that wait for one."""
    with reading(visit) as session:
        rulings = list_rulings(session, visit.here.id)
    decided = {each.report_sha256 for each in rulings if each.withdrawn_at is None}
    kept = _kept(visit)
    ready = [each for each in kept.list_all() if each.state == "ready" and each.edition == "full" and not each.interim]
    waiting = [(each, get_made(visit.database, visit.here.id, kept, each.id)) for each in ready[:20]]
    return render(
        "decisions.html",
        rulings=rulings,
        waiting=[(report, made) for report, made in waiting if made.sha256 not in decided],
        report_languages=LANGUAGES,
        needed=SIGNATURES,
    )


@page("/p/<code>/reports/<report>/decision", Right.DECISIONS)
def decision_page(visit: Visit, report: str) -> Answer:
    """The evidence of one report, and the decision on it or the form to write one."""
    return _decision(visit, report)


@page("/p/<code>/reports/<report>/decision", Right.DECIDE, methods=("POST",))
def write_down(visit: Visit, report: str) -> Answer:
    """Write a decision down; it counts once two people have signed."""
    made = _made(visit, report)
    answers = {key: request.form.get(f"eligibility-{key}", "") for key in ELIGIBILITY}
    content: dict[str, object] = {
        "reading": request.form.get("reading", ""),
        **{name: request.form.get(name, "") for name in TEXTS},
        "eligibility": {key: answer for key, answer in answers.items() if answer in ANSWERS},
    }
    try:
        with visit.database.transaction() as session:
            fresh = session.get_one(MadeReport, (visit.here.id, made.id))
            write_decision(session, fresh, content, person_id=visit.login.person_id, actor=visit.login.actor)
    except UnfitDecision as problem:
        return _decision(visit, report, problem, typed=content)
    return redirect(url_for("office.decision_page", code=visit.here.code, report=report), 303)


@page("/p/<code>/decisions/<int:decision_id>/sign", Right.DECISIONS, methods=("POST",))
def sign(visit: Visit, decision_id: int) -> Answer:
    """Sign a decision as it was read, with password and, where there is one, the code of the second factor."""
    with reading(visit) as session:
        found = get_decision(session, visit.here.id, decision_id)
        report = session.get_one(MadeReport, (visit.here.id, found.made_report_id)).report
    try:
        proof = _prove(visit)
        with visit.database.transaction() as session:
            sign_decision(
                session,
                visit.here.id,
                decision_id,
                person_id=visit.login.person_id,
                proof=proof,
                dissent=request.form.get("dissent", ""),
                seen=request.form.get("seen", ""),
            )
    except UnfitDecision as problem:
        return _decision(visit, report, problem)
    return redirect(url_for("office.decision_page", code=visit.here.code, report=report), 303)


@page("/p/<code>/decisions/<int:decision_id>/withdraw", Right.DECIDE, methods=("POST",))
def withdraw_the_decision(visit: Visit, decision_id: int) -> Answer:
    """Take a decision back before it counts; it stays to be read."""
    with visit.database.transaction() as session:
        found = get_decision(session, visit.here.id, decision_id)
        withdraw_decision(session, visit.here.id, decision_id, person_id=visit.login.person_id)
        report = session.get_one(MadeReport, (visit.here.id, found.made_report_id)).report
    return redirect(url_for("office.decision_page", code=visit.here.code, report=report), 303)


def _prove(visit: Visit) -> str:
    """How the person proved that it is them; raises UnfitDecision."""
    proof = prove_again(visit)
    if proof == "wrong-password":
        raise UnfitDecision("The password isn't right.", why="password")
    if proof == "wrong-code":
        raise UnfitDecision("The code isn't right, or was used already.", why="code")
    return proof


def _decision(
    visit: Visit, report_id: str, problem: Problem | None = None, typed: dict[str, object] | None = None
) -> Answer:
    made = _made(visit, report_id)
    with reading(visit) as session:
        ruling = find_decision(session, visit.here.id, made.sha256)
        earlier = [each for each in list_rulings(session, visit.here.id, made.sha256) if each.withdrawn_at]
    response = render(
        "decision.html",
        made=made,
        evidence=made.evidence,
        ruling=ruling,
        earlier=earlier,
        signed=_has_signed(visit, ruling),
        readings=READINGS,
        eligibility=ELIGIBILITY,
        answers=ANSWERS,
        needed=SIGNATURES,
        problem=problem,
        typed=typed or {},
    )
    response.status_code = problem.status if problem else 200
    return response


def _has_signed(visit: Visit, ruling: Ruling | None) -> bool:
    return ruling is not None and any(each.person_id == visit.login.person_id for each in ruling.signatures)


def _made(visit: Visit, report_id: str) -> MadeReport:
    """The row of the report; who may not see preliminary figures doesn't see them here either."""
    made = get_made(visit.database, visit.here.id, _kept(visit), report_id)
    if made.interim and not visit.may(Right.INTERIM_REPORTS):
        raise NotAllowed(visit.texts("problem.not-allowed.detail"))
    return made


def _kept(visit: Visit) -> ReportFiles:
    return ReportFiles(open_shelf(visit.config), visit.here.code)
