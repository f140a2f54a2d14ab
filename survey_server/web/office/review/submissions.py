"""Submissions: found by words and filters, read one by one, as far as one may; every look is in the audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, request

from survey_server.db.field.teams import TeamLine, list_teams
from survey_server.db.intake.receipts import receipt_code
from survey_server.db.models import Wave
from survey_server.db.review.finding import COUNTED, STATES, list_readable_waves, list_submissions
from survey_server.db.review.listings import find_titles
from survey_server.db.review.reviewing import GIVEN_STATES, Outcome, list_notes, names_of, state_undecided
from survey_server.db.review.ways import Filter
from survey_server.db.session import Session
from survey_server.problems import NotThere, Problem
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.review.cases import chosen_revisions, number_of, read_case
from survey_server.web.office.review.media import read_attached
from survey_server.web.office.review.reading import may_show_places, read_changes, read_submission
from survey_server.web.office.review.timeline import read_timeline
from survey_server.web.office.roles import Right
from survey_server.web.office.texts import read_catalogue

_MOST_IDS = 200
_TEXT_FILTERS = ("q", "site", "interviewer")
_ASKED = (*_TEXT_FILTERS, "ids", "wave", "form", "state", "issue", "team", "first", "last", "media")
_KINDS = "issue.kinds."


@page("/p/<code>/submissions", Right.CASES)
def submissions_page(visit: Visit) -> Answer:
    """A page of the submissions that the reader may see, by words and filters."""
    return submissions_list(visit)


def submissions_list(visit: Visit, problem: Problem | None = None, outcome: Outcome | None = None) -> Answer:
    """The list as the address asks for it, with what became of a review in bulk."""
    with reading(visit) as session:
        chosen = _filter(visit, session)
        found = list_submissions(session, visit.here, chosen)
        readable = list_readable_waves(session, visit.here, visit.reader)
        titles = find_titles(session, visit.here)
        teams = list_teams(session, visit.here.id)
    visit.note("list-submissions", str(chosen.wave_id or ""), shown=len(found.items))
    known = {row: form_id for form_id, (row, _) in titles.items()}
    shown = {form_id: visit.texts.title(names, form_id) for form_id, (_, names) in titles.items()}
    response = render(
        "submissions.html",
        page=found,
        counted=COUNTED,
        chosen=chosen,
        form_id=known.get(chosen.form_row or 0, ""),
        titles=shown,
        given=GIVEN_STATES if visit.may(Right.REVIEW) else (),
        options=_options(visit, [(wave, known.get(wave.form_row, "")) for wave in readable], shown, teams),
        asked={key: request.args[key] for key in _ASKED if request.args.get(key)},
        typed=request.form if problem else {},
        ticked=chosen_revisions() if problem else {},
        problem=problem,
        outcome=outcome,
    )
    response.status_code = problem.status if problem else 200
    return response


def _options(
    visit: Visit, waves: list[tuple[Wave, str]], titles: Mapping[str, str], teams: list[TeamLine]
) -> dict[str, list[tuple[object, str]]]:
    """What the filters offer, each with a first line that asks for nothing."""
    t = visit.texts
    kinds = [key.removeprefix(_KINDS) for key in read_catalogue() if key.startswith(_KINDS)]
    return {
        "waves": [
            ("", t("submissions.any_wave")),
            *((wave.id, f"{wave.name} · {titles.get(form_id, form_id)}") for wave, form_id in waves),
        ],
        "forms": [("", t("find.any_form")), *titles.items()],
        "states": [("", t("find.any_state")), *((state, t(f"review.state.{state}")) for state in STATES)],
        "issues": [
            ("", t("submissions.any_issue")),
            ("any", t("submissions.flagged")),
            *((kind, t(f"{_KINDS}{kind}")) for kind in kinds),
        ],
        "teams": [("", t("find.any_team")), *((one.team.id, f"{one.team.code} · {one.team.name}") for one in teams)],
        "given": [(state, t(f"review.make_it.{state}")) for state in GIVEN_STATES],
    }


def _filter(visit: Visit, session: Session) -> Filter:
    """What the address asks for; what makes no sense is left out."""
    told = {name: request.args.get(name, "").strip()[:200] for name in (*_TEXT_FILTERS, "state", "issue", "form")}
    forms = find_titles(session, visit.here)
    ids = [part for part in request.args.get("ids", "").split(",") if part.isascii() and part.isdigit()][:_MOST_IDS]
    return Filter(
        reader=visit.reader,
        words=told["q"],
        ids=tuple(int(part) for part in ids if len(part) < 19),
        wave_id=number_of("wave"),
        form_row=forms[told["form"]][0] if told["form"] in forms else None,
        site=told["site"] or None,
        team_id=number_of("team"),
        interviewer=told["interviewer"] or None,
        state=told["state"] if told["state"] in STATES else None,
        issue=told["issue"] if told["issue"] not in ("", "any") else None,
        flagged=told["issue"] == "any",
        media=request.args.get("media") == "1",
        first=_day("first"),
        last=_day("last"),
        before=number_of("before"),
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


@page("/p/<code>/submissions/<int:submission_id>", Right.CASES)
def submission_page(visit: Visit, submission_id: int) -> Answer:
    """One submission: questions and answers, issues, time, files, what was said and done about it."""
    return one_submission(visit, submission_id)


def one_submission(visit: Visit, submission_id: int, problem: Problem | None = None) -> Answer:
    """The page of one submission, with what was wrong with a review of it."""
    with reading(visit) as session:
        whole = read_case(visit, session, submission_id)
        places = may_show_places(session, whole)
        values: Mapping[str, Any] = {
            "attached": read_attached(session, whole),
            "parts": read_submission(session, whole, visit.texts.language, places=places),
            "changes": read_changes(session, whole, visit.texts.language, places=places),
            "timeline": read_timeline(session, whole, visit.texts.language),
            "notes": (notes := list_notes(session, visit.here.id, submission_id)),
            "names": names_of(session, [*(n.actor for n in notes), *(v.actor for v in whole.versions)]),
        }
    visit.note("read-submission", str(submission_id))
    titles = whole.form_version.titles if whole.form_version else {}
    closed = bool(whole.wave and whole.wave.state == "locked")
    response = render(
        "submission.html",
        whole=whole,
        title=visit.texts.title(titles, whole.form_id),
        receipt=receipt_code(whole.submission.id),
        may_review=visit.may(Right.REVIEW) and not closed,
        may_comment=visit.may(Right.REVIEW),
        may_edit=visit.may(Right.REVIEW) and not closed and whole.submission.version_id is not None,
        given=GIVEN_STATES,
        decided=state_undecided(whole.submission) != whole.submission.review_state,
        typed=request.form,
        problem=problem,
        **values,
    )
    response.status_code = problem.status if problem else 200
    return response


@page("/p/<code>/submissions/<int:submission_id>/versions/<int:number>.xml", Right.RAW)
def submission_xml(visit: Visit, submission_id: int, number: int) -> Answer:
    """One version as the XML that it is, as a download."""
    with reading(visit) as session:
        whole = read_case(visit, session, submission_id)
    found = next((each for each in whole.versions if each.number == number), None)
    if found is None:
        raise NotThere(f"This submission has no version {number}.")
    visit.note("read-xml", str(submission_id), version=number)
    response = Response(found.xml, content_type="application/xml; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"{receipt_code(submission_id)}-{number}.xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
