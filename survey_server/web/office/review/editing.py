"""Editing an interview in its own form: the phone's engine and questions in the browser, a new version here."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request, url_for

from survey_server.db.compiled import load_version
from survey_server.db.forms import read_attachments
from survey_server.db.intake.receipts import receipt_code
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import take_in
from survey_server.db.models import SubmissionVersion
from survey_server.db.review.duplicates import edit_arrival, need_reason
from survey_server.db.review.listings import Whole
from survey_server.db.session import Session
from survey_server.problems import EditedMeanwhile, NotThere, Problem, StaleEdit, UnfitReview
from survey_server.web.access import get_keyring
from survey_server.web.assets import compressed, read_assets
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.review.cases import read_case
from survey_server.web.office.review.reading import may_show_places, places_of
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import text
from survey_server.xlsform.filling.instance import UnreadableInstance, check_instance
from survey_server.xlsform.received.edited import as_edit, with_places_of, without_places

_TEXTS = (".csv", ".xml", ".geojson")


@page("/p/<code>/submissions/<int:submission_id>/edit", Right.REVIEW)
def edit_page(visit: Visit, submission_id: int) -> Answer:
    """The interview in its form, with the answers as they stand."""
    return _edit(visit, submission_id)


@page("/p/<code>/submissions/<int:submission_id>/edit.json", Right.REVIEW)
def edit_data(visit: Visit, submission_id: int) -> Answer:
    """What the form engine needs: the form, its data sets, the document, the moment at which its clock stands still."""
    with reading(visit) as session:
        whole = read_case(visit, session, submission_id)
        current = _editable(whole)
        assert whole.form_version is not None
        hidden = frozenset[str]() if may_show_places(session, whole) else places_of(whole)
        files = read_attachments(session, visit.here.id, whole.form_version.id)
        told = {
            "form": json.loads(whole.form_version.phone),
            "datasets": {
                name: content.decode("utf-8-sig", "replace")
                for name, content in files.items()
                if name.lower().endswith(_TEXTS)
            },
            "instance": (without_places(current.xml, hidden) if hidden else current.xml).decode("utf-8", "replace"),
            "now": round((whole.submission.ended or whole.submission.received_at).timestamp() * 1000),
            "hidden": sorted(hidden),
            "issues": [issue.path for issue in whole.issues if issue.resolved_at is None and issue.path],
        }
    visit.note("open-to-edit", str(submission_id))
    return _json(told)


@page("/p/<code>/submissions/<int:submission_id>/edit", Right.REVIEW, methods=("POST",))
def save_edit(visit: Visit, submission_id: int) -> Answer:
    """Save another version; when somebody else was quicker, both are kept and the second is told."""
    try:
        number = _save(visit, submission_id)
    except (UnfitReview, EditedMeanwhile, StaleEdit) as problem:
        return _edit(visit, submission_id, problem)
    visit.note("edit-submission", str(submission_id), version=number)
    return redirect(
        url_for("office.submission_page", code=visit.here.code, submission_id=submission_id) + "#edits", 303
    )


def _save(visit: Visit, submission_id: int) -> int:
    reason, seen = text("reason", 500), text("seen", 300)
    need_reason(reason)
    with reading(visit) as session:
        whole = read_case(visit, session, submission_id)
        current = _editable(whole)
        before = next((each for each in whole.versions if each.instance_id == seen), None)
        if before is None:
            raise NotThere("This submission has no such version.")
        instance_id = f"uuid:{uuid.uuid4()}"
        body = _document(visit, session, whole, before, instance_id)
    arrival = edit_arrival(whole.form_id, whole.submission, instance_id, body, reason)
    source = Source(visit.here.id, "office", visit.login.actor)
    receipt = take_in(visit.database, source, [arrival], get_keyring())[0]
    if receipt.problem is not None:
        raise receipt.problem
    return current.number + 1


def _document(visit: Visit, session: Session, whole: Whole, before: SubmissionVersion, instance_id: str) -> bytes:
    """The document as the page sent it, fit to be the next version; raises UnfitReview."""
    assert whole.form_version is not None
    form = load_version(session, visit.here.id, whole.form_version.id).form
    try:
        body = request.form.get("xml", "").encode()
        if not may_show_places(session, whole):
            body = with_places_of(body, before.xml, places_of(whole))
        body = as_edit(body, instance_id, before.instance_id)
        answers = check_instance(form, body).answers
    except UnreadableInstance as problem:
        raise UnfitReview(problem.detail, why="unreadable") from problem
    if answers == json.loads(before.answers):
        raise UnfitReview("Nothing was changed.", why="same")
    return body


def _edit(visit: Visit, submission_id: int, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        whole = read_case(visit, session, submission_id)
        current = _editable(whole)
    titles = whole.form_version.titles if whole.form_version else {}
    response = render(
        "edit.html",
        whole=whole,
        seen=current.instance_id,
        receipt=receipt_code(submission_id),
        title=visit.texts.title(titles, whole.form_id),
        release=read_assets().hash,
        typed=request.form,
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _editable(whole: Whole) -> SubmissionVersion:
    """The version that counts; raises UnfitReview for a locked wave or a form that isn't here."""
    if whole.wave is not None and whole.wave.state == "locked":
        raise UnfitReview("Its wave is locked: what the analysis rests on stays as it is.", why="locked")
    if whole.form_version is None or whole.submission.version_id is None:
        raise UnfitReview("The server hasn't got the version of the form that it was filled in with.", why="no-form")
    return next(each for each in whole.versions if each.number == whole.submission.number)


def _json(told: Mapping[str, Any]) -> Response:
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    dense, encoding = compressed(body, request.headers.get("Accept-Encoding", ""))
    response = Response(dense, content_type="application/json; charset=utf-8")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response
