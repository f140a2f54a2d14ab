"""Single submissions, as far as the reader's role and the wave's state allow; every look is in the audit chain."""

from __future__ import annotations

from flask import request

from survey_server.db.listings import (
    Filter,
    get_submission,
    list_phones,
    list_quarantine,
    list_submissions,
)
from survey_server.db.progress import list_issue_counts, list_waves
from survey_server.db.receipts import receipt_code
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.media import read_attached
from survey_server.web.office.reading import read_submission
from survey_server.web.office.roles import Right, may_read_cases

WAVE_STATES: tuple[str | None, ...] = ("planned", "open", "closed", "locked", None)


@page("/p/<code>/submissions", Right.LOCKED_CASES)
def submissions_page(visit: Visit) -> Answer:
    """A page of the submissions that the reader may see, filtered by wave, issue and site."""
    issue = request.args.get("issue", "")
    chosen = Filter(
        states=frozenset(state for state in WAVE_STATES if may_read_cases(visit.rights, state)),
        wave_id=_number("wave"),
        issue=issue if issue not in ("", "any") else None,
        site=request.args.get("site", "").strip() or None,
        flagged=issue == "any",
        before=_number("before"),
    )
    with reading(visit) as session:
        waves = list_waves(session, visit.here)
        found = list_submissions(session, visit.here, chosen)
        issues = list_issue_counts(session, visit.here)
    visit.note("list-submissions", str(chosen.wave_id or ""), shown=len(found.items))
    return render(
        "submissions.html",
        page=found,
        chosen=chosen,
        waves=[wave for wave in waves if wave.state in chosen.states],
        issues=issues,
        titles={wave.form_id: visit.texts.title(wave.titles, wave.form_id) for wave in waves},
        asked={key: request.args[key] for key in ("wave", "issue", "site") if request.args.get(key)},
    )


@page("/p/<code>/submissions/<int:submission_id>", Right.LOCKED_CASES)
def submission_page(visit: Visit, submission_id: int) -> Answer:
    """One submission: questions and answers, issues, versions, receipt."""
    with reading(visit) as session:
        whole = get_submission(session, visit.here, submission_id)
        visit.need(may_read_cases(visit.rights, whole.wave.state if whole.wave else None))
        attached = read_attached(session, whole)
        parts = read_submission(session, whole, visit.texts.language)
    visit.note("read-submission", str(submission_id))
    titles = whole.form_version.titles if whole.form_version else {}
    return render(
        "submission.html",
        whole=whole,
        parts=parts,
        attached=attached,
        title=visit.texts.title(titles, whole.form_id),
        receipt=receipt_code(whole.submission.id),
    )


@page("/p/<code>/quarantine", Right.QUARANTINE)
def quarantine_page(visit: Visit) -> Answer:
    """What could not be read: when, from whom, why."""
    with reading(visit) as session:
        items = list_quarantine(session, visit.here)
        labels = {phone.device.id: phone.device.label for phone in list_phones(session, visit.here)}
    visit.note("list-quarantine", shown=len(items))
    return render("quarantine.html", items=items, labels=labels)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
