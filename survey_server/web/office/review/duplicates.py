"""Duplicates side by side: a person says which of two counts; the other is kept and left out of estimates."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, request, url_for

from survey_server.db.intake.receipts import receipt_code
from survey_server.db.review.duplicates import (
    choose_one,
    get_conflict,
    keep_first,
    list_conflicts,
    list_same_cases,
    take_other,
)
from survey_server.db.review.listings import Whole, find_titles
from survey_server.db.review.reviewing import names_of
from survey_server.db.session import Session
from survey_server.problems import EditedMeanwhile, NotThere, Problem, StaleEdit, UnfitReview
from survey_server.web.access import get_keyring
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.review.cases import chosen_revisions, read_case
from survey_server.web.office.review.reading import may_show_places, parts_of, places_of, plain_path
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import text
from survey_server.xlsform.received.reading import Answer as OneAnswer


@dataclass(frozen=True)
class Row:
    """One question with what both say."""

    label: str
    name: str
    left: str
    right: str
    differs: bool


@page("/p/<code>/duplicates", Right.REVIEW)
def duplicates_page(visit: Visit) -> Answer:
    """What came twice and waits for a decision."""
    with reading(visit) as session:
        conflicts = list_conflicts(session, visit.here, visit.reader)
        cases = list_same_cases(session, visit.here, visit.reader)
        titles = find_titles(session, visit.here)
    visit.note("list-duplicates", shown=len(conflicts) + len(cases))
    shown = {form_id: visit.texts.title(names, form_id) for form_id, (_, names) in titles.items()}
    forms = {row: shown[form_id] for form_id, (row, _) in titles.items()}
    return render("duplicates.html", conflicts=conflicts, cases=cases, titles=shown, forms=forms)


@page("/p/<code>/submissions/<int:submission_id>/beside/<int:other_id>", Right.CASES)
def beside_page(visit: Visit, submission_id: int, other_id: int) -> Answer:
    """Two submissions side by side."""
    return _beside(visit, submission_id, other_id)


@page("/p/<code>/submissions/<int:submission_id>/beside/<int:other_id>", Right.REVIEW, methods=("POST",))
def choose_counting(visit: Visit, submission_id: int, other_id: int) -> Answer:
    """Let one of the two count."""
    seen = chosen_revisions("seen")
    counts = submission_id if request.form.get("counts") == "left" else other_id
    other = other_id if counts == submission_id else submission_id
    try:
        with visit.database.transaction() as session:
            for one in (submission_id, other_id):
                read_case(visit, session, one)
            choose_one(
                session,
                visit.here,
                visit.reader,
                (counts, seen.get(counts, -1)),
                (other, seen.get(other, -1)),
                text("reason", 500),
                actor=visit.login.actor,
            )
    except (UnfitReview, EditedMeanwhile) as problem:
        return _beside(visit, submission_id, other_id, problem)
    return redirect(url_for("office.submission_page", code=visit.here.code, submission_id=counts), 303)


@page("/p/<code>/submissions/<int:submission_id>/conflicts/<int:conflict_id>", Right.CASES)
def conflict_page(visit: Visit, submission_id: int, conflict_id: int) -> Answer:
    """What came under a taken id, beside what is stored under it."""
    return _conflict(visit, submission_id, conflict_id)


@page("/p/<code>/submissions/<int:submission_id>/conflicts/<int:conflict_id>", Right.REVIEW, methods=("POST",))
def decide_conflict(visit: Visit, submission_id: int, conflict_id: int) -> Answer:
    """Go on with what is stored, or let the other become the version that counts."""
    reason, actor = text("reason", 500), visit.login.actor
    try:
        with visit.database.reading() as session:
            read_case(visit, session, submission_id)
            conflict = get_conflict(session, visit.here, submission_id, conflict_id)
        if request.form.get("counts") == "right":
            take_other(visit.database, get_keyring(), visit.here, conflict, reason, actor=actor)
        else:
            with visit.database.transaction() as session:
                keep_first(session, visit.here, conflict, reason, actor=actor)
    except (UnfitReview, EditedMeanwhile, StaleEdit) as problem:
        return _conflict(visit, submission_id, conflict_id, problem)
    return redirect(url_for("office.submission_page", code=visit.here.code, submission_id=submission_id), 303)


def _beside(visit: Visit, left_id: int, right_id: int, problem: Problem | None = None) -> Answer:
    if left_id == right_id:
        raise NotThere("These are one and the same.")
    with reading(visit) as session:
        left, right = (read_case(visit, session, each) for each in (left_id, right_id))
        rows = _rows(visit, session, left, _current(left), right, _current(right))
        titles = [visit.texts.title(one.form_version.titles, one.form_id) for one in (left, right) if one.form_version]
    visit.note("compare-submissions", str(left_id), other=str(right_id))
    locked = [one.wave is not None and one.wave.state == "locked" for one in (left, right)]
    return _page(
        "beside.html",
        problem,
        left=left,
        right=right,
        rows=rows,
        title=" / ".join(dict.fromkeys(titles)),
        receipts=[receipt_code(left_id), receipt_code(right_id)],
        may_choose=visit.may(Right.REVIEW) and not all(locked),
        locked=all(locked),
        sole="left" if locked[0] else "right" if locked[1] else "",
    )


def _conflict(visit: Visit, submission_id: int, conflict_id: int, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        whole = read_case(visit, session, submission_id)
        conflict = get_conflict(session, visit.here, submission_id, conflict_id)
        rows = _rows(visit, session, whole, _current(whole), whole, conflict.xml)
        names = names_of(session, [conflict.resolved_by])
    visit.note("read-conflict", str(submission_id), conflict=str(conflict_id))
    titles = whole.form_version.titles if whole.form_version else {}
    return _page(
        "conflict.html",
        problem,
        whole=whole,
        conflict=conflict,
        rows=rows,
        names=names,
        title=visit.texts.title(titles, whole.form_id),
        receipt=receipt_code(submission_id),
        may_choose=visit.may(Right.REVIEW)
        and conflict.resolved_at is None
        and not (whole.wave and whole.wave.state == "locked"),
    )


def _rows(visit: Visit, session: Session, left: Whole, ours: bytes, right: Whole, theirs: bytes) -> list[Row]:
    """The questions of both in the order of the form, with what each says."""
    language = visit.texts.language
    documents = [
        {one.path: one for part in parts_of(session, whole, xml, language) for one in part.answers}
        for whole, xml in ((left, ours), (right, theirs))
    ]
    hidden = set().union(
        *(places_of(whole) for whole in (left, right) if not may_show_places(session, whole)), frozenset[str]()
    )
    rows = []
    for path in dict.fromkeys([*documents[0], *documents[1]]):
        a, b = (found.get(path) for found in documents)
        one = a or b
        assert one is not None
        away = plain_path(path) in hidden
        differs = (a.value if a else "") != (b.value if b else "")
        words = ("•••", "•••") if away else (_said(a), _said(b))
        if any(words):
            rows.append(Row(one.label, one.name, *words, differs))
    return rows


def _said(one: OneAnswer | None) -> str:
    return one.value if one else ""


def _current(whole: Whole) -> bytes:
    return next(each for each in whole.versions if each.number == whole.submission.number).xml


def _page(template: str, problem: Problem | None, **values: object) -> Answer:
    response = render(template, problem=problem, typed=request.form, **values)
    response.status_code = problem.status if problem else 200
    return response
