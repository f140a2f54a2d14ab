"""Review: comments and states of single submissions, and of many at once."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.review.reviewing import Outcome, add_comment, set_states
from survey_server.problems import BadInput, EditedMeanwhile, NotThere, UnfitReview
from survey_server.web.office.frame import Answer, Visit, page
from survey_server.web.office.review.cases import chosen_revisions, read_case
from survey_server.web.office.review.submissions import one_submission, submissions_list
from survey_server.web.office.roles import Right


@page("/p/<code>/submissions", Right.REVIEW, methods=("POST",))
def review_many(visit: Visit) -> Answer:
    """Give a state to all that were ticked; what others changed meanwhile is left as it is, and named."""
    chosen = chosen_revisions()
    try:
        if not chosen:
            raise UnfitReview("Nothing is ticked.", why="nothing")
        outcome = _set(visit, chosen)
    except UnfitReview as problem:
        return submissions_list(visit, problem)
    return submissions_list(visit, outcome=outcome)


@page("/p/<code>/submissions/<int:submission_id>/review", Right.REVIEW, methods=("POST",))
def review_one(visit: Visit, submission_id: int) -> Answer:
    """Approve, reject or take back."""
    with visit.database.reading() as session:
        read_case(visit, session, submission_id)
    try:
        outcome = _set(visit, chosen_revisions() or {submission_id: -1})
        if outcome.changed:
            raise EditedMeanwhile("Somebody else changed this submission while the page was open.")
        if outcome.locked:
            raise UnfitReview("Its wave is locked: what the analysis rests on stays as it is.", why="locked")
        if submission_id not in outcome.done:
            raise NotThere("This submission is not here.")
    except (UnfitReview, EditedMeanwhile) as problem:
        return one_submission(visit, submission_id, problem)
    return redirect(_address(visit, submission_id), 303)


@page("/p/<code>/submissions/<int:submission_id>/comments", Right.REVIEW, methods=("POST",))
def comment(visit: Visit, submission_id: int) -> Answer:
    """Say something about a submission."""
    try:
        with visit.database.transaction() as session:
            whole = read_case(visit, session, submission_id)
            add_comment(session, whole.submission, request.form.get("text", ""), actor=visit.login.actor)
    except (UnfitReview, BadInput) as problem:
        return one_submission(visit, submission_id, problem)
    return redirect(_address(visit, submission_id) + "#notes", 303)


def _set(visit: Visit, chosen: dict[int, int]) -> Outcome:
    state, words = request.form.get("state", ""), request.form.get("text", "")
    with visit.database.transaction() as session:
        return set_states(session, visit.here, visit.reader, chosen, state, words, actor=visit.login.actor)


def _address(visit: Visit, submission_id: int) -> str:
    return url_for("office.submission_page", code=visit.here.code, submission_id=submission_id)
