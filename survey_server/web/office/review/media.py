"""The files of one interview: which are here, on their way or missing; pictures redrawn, anything else a download."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app

from survey_server.db.media.pieces import get_media, list_media, list_owed, open_media
from survey_server.db.media.types import is_lying, is_raster
from survey_server.db.models import Media
from survey_server.db.review.listings import Whole
from survey_server.db.session import Session
from survey_server.problems import NotThere, Problem, UnknownMedia
from survey_server.web.media import get_store
from survey_server.web.office.frame import Answer, Visit, page, reading
from survey_server.web.office.review.cases import read_case
from survey_server.web.office.review.pictures import redraw
from survey_server.web.office.review.timeline import instance_ids
from survey_server.web.office.roles import Right
from survey_server.xlsform.received.attached import list_attached


@dataclass(frozen=True)
class Attached:
    """One line of the page."""

    name: str
    question: str
    state: str
    """"here", "arriving" or "missing"."""
    percent: int
    size: int
    id: int | None
    picture: bool
    lies: str
    """What its bytes are, where that isn't what it says."""
    sealed: bool


def read_attached(session: Session, whole: Whole) -> Sequence[Attached]:
    """The files that the interview names, and those that came for it without being named."""
    named = _named(whole)
    rows = _files(session, whole)
    return [
        _line(owed.name, named.get(owed.name, ""), owed.media, owed.arrived)
        for owed in list_owed(get_store(), rows, list(named))
    ]


def _files(session: Session, whole: Whole) -> list[Media]:
    """Files of every version, those of the newest first: an edit need not send again what is here."""
    found: dict[tuple[str, str], Media] = {}
    for instance_id in instance_ids(whole):
        for row in list_media(session, whole.submission.programme_id, instance_id):
            found.setdefault((row.name, row.sha256), row)
    return list(found.values())


def _named(whole: Whole) -> dict[str, str]:
    if whole.form_version is None:
        return {}
    form: dict[str, Any] = json.loads(whole.form_version.phone)
    current = next(each for each in whole.versions if each.number == whole.submission.number)
    return list_attached(form, current.xml)


def _line(name: str, question: str, row: Media | None, arrived: int) -> Attached:
    if row is None:
        return Attached(name, question, "missing", 0, 0, None, False, "", False)
    found = row.found_type
    return Attached(
        name=name,
        question=question,
        state="here" if row.completed_at else "arriving",
        percent=100 * arrived // row.size,
        size=row.size,
        id=row.id,
        picture=bool(row.completed_at) and is_raster(found),
        lies=found if found and is_lying(row.type, found) else "",
        sealed=row.sealed and found is None,
    )


@page("/p/<code>/submissions/<int:submission_id>/media/<int:media_id>", Right.CASES)
def media_file(visit: Visit, submission_id: int, media_id: int) -> Answer:
    """A file as it came, as a download: no browser is asked to run or show it."""
    row, content = _open(visit, submission_id, media_id)
    response = Response(content, content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=row.name)
    return _closed(response)


@page("/p/<code>/submissions/<int:submission_id>/media/<int:media_id>/picture", Right.CASES)
def media_picture(visit: Visit, submission_id: int, media_id: int) -> Answer:
    """A picture, decoded and drawn anew by the server: the only thing that is ever shown in the page."""
    row, content = _open(visit, submission_id, media_id)
    if not is_raster(row.found_type):
        raise NotThere("This file isn't a picture.")
    try:
        return _closed(Response(redraw(content), content_type="image/jpeg"))
    except UnknownMedia as problem:
        raise NotThere(problem.detail) from problem


def _open(visit: Visit, submission_id: int, media_id: int) -> tuple[Media, bytes]:
    """The file, if this person may read cases of that wave; noted before it goes out."""
    with reading(visit) as session:
        whole = read_case(visit, session, submission_id)
        try:
            of_it = next((one.instance_id for one in _files(session, whole) if one.id == media_id), "")
            row = get_media(session, visit.here.id, of_it, media_id)
            content = open_media(session, get_store(), row, current_app.extensions.get("keyring"))
        except Problem as problem:
            raise NotThere(problem.detail) from problem
    visit.note("read-media", str(submission_id), media=str(media_id))
    return row, content


def _closed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
