"""One submission for a page: read only by those who may, and never told of to those who mayn't know of it."""

from __future__ import annotations

from flask import request

from survey_server.db.access.scopes import may_see_submission, restricted_forms
from survey_server.db.review.listings import Whole, get_submission
from survey_server.db.session import Session
from survey_server.problems import NotThere
from survey_server.web.office.frame import Visit


def read_case(visit: Visit, session: Session, submission_id: int) -> Whole:
    """The submission whole; raises NotAllowed, or NotThere where its form is nobody's business."""
    whole = get_submission(session, visit.here, submission_id)
    if may_see_submission(session, visit.reader, visit.here.id, submission_id):
        return whole
    if whole.submission.form_row in restricted_forms(session, visit.here.id):
        raise NotThere(f"This programme has no submission {submission_id}.")
    visit.need(False)
    return whole


def chosen_revisions(field: str = "chosen") -> dict[int, int]:
    """What was ticked: "id:revision" each, of at most a page."""
    found = {}
    for text in request.form.getlist(field)[:200]:
        number, _, revision = text.partition(":")
        if number.isascii() and number.isdigit() and revision.isascii() and revision.isdigit():
            found[int(number)] = int(revision)
    return found


def number_of(name: str) -> int | None:
    """A number of the address; None for anything else."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
