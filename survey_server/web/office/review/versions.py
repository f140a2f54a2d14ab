"""Two versions of a form side by side: what changed in each question, what the report does of it, who decided so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from flask import redirect, request, url_for

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.forms import get_form, list_versions
from survey_server.db.models import Form, FormVersion, ItemDecision
from survey_server.db.review.comparing import (
    Decision,
    add_decision,
    decisions_in_force,
    list_decisions,
    versions_to_compare,
)
from survey_server.db.review.reviewing import names_of
from survey_server.db.session import Session
from survey_server.problems import EditedMeanwhile, NotThere, Problem, UnfitReview, UnknownForm
from survey_server.reports.decided import VERDICTS, Ruling, ruling_of
from survey_server.reports.questionnaire import Item, Questionnaire, questionnaire_of, text_in
from survey_server.reports.versions_compared import GONE, NEW, Compared, compare_versions
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import need_id, text


@dataclass(frozen=True)
class Line:
    """One question on the page, in the reader's language."""

    one: Compared
    before: str
    after: str
    seen: int
    decision: ItemDecision | None


@page("/p/<code>/forms/<form_id>/compare", Right.REPORTS)
def compare_page(visit: Visit, form_id: str) -> Answer:
    """The comparison of two versions; of the last two unless others are chosen."""
    return _compare(visit, form_id)


@page("/p/<code>/forms/<form_id>/compare", Right.COMPARE, methods=("POST",))
def decide_item(visit: Visit, form_id: str) -> Answer:
    """Map a question or a choice, or break it, with a reason."""
    try:
        with visit.database.transaction() as session:
            form = _form(visit, session, form_id)
            add_decision(session, form, _typed(visit, session, form), seen=need_id("seen"), actor=visit.login.actor)
    except (UnfitReview, EditedMeanwhile) as problem:
        return _compare(visit, form_id, problem)
    before, after = (request.values.get(name) or None for name in ("before", "after"))
    address = url_for("office.compare_page", code=visit.here.code, form_id=form_id, before=before, after=after)
    return redirect(f"{address}#item-{text('item', 100)}", 303)


def _typed(visit: Visit, session: Session, form: Form) -> Decision:
    """What was decided; the prints are worked out here, not taken from the page."""
    older, newer = _chosen(session, form)
    item, source = text("item", 100), text("source", 100) or text("item", 100)
    verdict, reason = text("verdict", 20), text("reason", 500)
    mapping = Ruling(item, source, "", "", "same")
    found = next((each for each in _pairs(older, newer, [mapping]) if each.name == item), None)
    if found is None or found.before is None or found.after is None:
        raise UnfitReview("Choose the question of the older version that it was.", why="source")
    codes = {choice.code: request.form.get(f"code:{choice.code}", "") for choice in found.gone_choices}
    known = {choice.code for choice in found.after.choices}
    choices = {old: new for old, new in codes.items() if new in known}
    return Decision(item, source, found.print_before, found.print_after, verdict, reason, choices)


def _pairs(older: FormVersion, newer: FormVersion, rulings: Iterable[Ruling]) -> list[Compared]:
    return compare_versions(_questionnaire(older), _questionnaire(newer), rulings)


def _questionnaire(version: FormVersion) -> Questionnaire:
    return questionnaire_of(json.loads(version.phone))


def _compare(visit: Visit, form_id: str, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        form = _form(visit, session, form_id)
        versions = list_versions(session, form)
        older, newer = _chosen(session, form)
        rows = list_decisions(session, form)
        found = _pairs(older, newer, map(ruling_of, decisions_in_force(session, form)))
        names = names_of(session, [row.decided_by for row in rows])
    t = visit.texts
    last = {(row.item, row.hash_before, row.hash_after): row for row in rows}
    lines = [
        Line(
            each,
            _words(each.before, t.language),
            _words(each.after, t.language),
            decided.id if (decided := last.get((each.name, each.print_before, each.print_after))) else 0,
            decided,
        )
        for each in found
    ]
    response = render(
        "compare.html",
        form_id=form_id,
        title=t.title(newer.titles, form_id),
        versions=[version.version for version in versions],
        older=older,
        newer=newer,
        changed=[line for line in lines if line.one.changes],
        same=[line for line in lines if not line.one.changes],
        gone=[(line.one.name, f"{line.one.name} · {line.before[:60]}") for line in lines if GONE in line.one.changes],
        effects={name: sum(line.one.effect == name for line in lines) for name in ("trend", "caution", "break")},
        fresh=sum(NEW in line.one.changes for line in lines),
        verdicts=VERDICTS,
        text_in=text_in,
        names=names,
        typed=request.form,
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _words(item: Item | None, language: str) -> str:
    return text_in(item.labels, language) if item else ""


def _form(visit: Visit, session: Session, form_id: str) -> Form:
    try:
        form = get_form(session, visit.here.id, form_id)
    except UnknownForm as problem:
        raise NotThere(problem.detail) from problem
    if form.id in restricted_forms(session, visit.here.id):
        raise NotThere(f"There is no form {form_id!r}.")
    return form


def _chosen(session: Session, form: Form) -> tuple[FormVersion, FormVersion]:
    """The two versions of the address, else the last two; both with what their phones know."""
    rows = versions_to_compare(session, form)
    if not rows:
        raise NotThere("This form has no version yet.")
    by_text = {row.version: row for row in reversed(rows)}
    others = list(by_text.values())
    newer = by_text.get(request.values.get("after", "")) or others[-1]
    earlier = [row for row in others if row.id < newer.id]
    older = by_text.get(request.values.get("before", "")) or (earlier[-1] if earlier else newer)
    return older, newer
