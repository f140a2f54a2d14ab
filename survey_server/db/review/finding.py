"""Submissions as somebody looks for them: by words and filters, newest first, as quick among 300,000 as among ten.

The way to the rows is chosen here: the narrowest filter leads along its index in the order of arrival, the others are
looked up for each row that it gives. So a page costs as much as it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    and_,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from survey_server.db.access.matrix import OPENING, RESTRICTED, Grant, grants_of
from survey_server.db.access.scopes import Reader, letters_of
from survey_server.db.models import Form, Programme, Submission, Wave
from survey_server.db.review.ways import Filter, Way, Ways

PAGE = 50
COUNTED = 1000
"""More than this are not counted one by one: nobody pages through them."""
STATES = ("received", "has-issues", "edited", "approved", "rejected")


@dataclass(frozen=True)
class Listed:
    """One line of the list."""

    submission_id: int
    instance_id: str
    form_id: str
    version: str
    wave: str | None
    site: str | None
    interviewer: str | None
    collected_on: date | None
    received_at: datetime
    issues: int
    review_state: str
    revision: int
    case_id: str | None
    files: int


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    items: tuple[Listed, ...]
    total: int
    """How many there are in all, up to COUNTED + 1."""
    next_before: int | None


def list_submissions(session: Session, programme: Programme, chosen: Filter) -> Page:
    """A page of submissions, the last received first."""
    ways = Ways(session, programme, chosen).choose()
    total = session.scalar(select(func.count()).select_from(_some(ways, COUNTED + 1).subquery())) or 0
    ids = list(session.scalars(_newest(ways, PAGE + 1, chosen.before))) if total else []
    rows = session.execute(
        select(Submission, Form.form_id, Wave.name)
        .join(Form, and_(Form.programme_id == Submission.programme_id, Form.id == Submission.form_row))
        .join(Wave, and_(Wave.programme_id == Submission.programme_id, Wave.id == Submission.wave_id), isouter=True)
        .where(Submission.programme_id == programme.id, Submission.id.in_(ids[:PAGE]))
        .order_by(Submission.id.desc())
    ).all()
    items = tuple(_listed(one, form_id, wave) for one, form_id, wave in rows)
    return Page(items, total, items[-1].submission_id if len(ids) > PAGE else None)


def list_readable_waves(session: Session, programme: Programme, reader: Reader) -> list[Wave]:
    """The waves in which the reader may open any single submission, by form and order."""
    letters = letters_of(session, programme.id)
    query = select(Wave).where(Wave.programme_id == programme.id).order_by(Wave.form_row, Wave.ordinal)
    return [
        wave
        for wave in session.scalars(query)
        if (grants := grants_of(reader.roles, letters.get(wave.form_row, RESTRICTED)) & OPENING)
        and (grants - {Grant.LOCKED} or wave.state == "locked")
    ]


def _listed(one: Submission, form_id: str, wave: str | None) -> Listed:
    return Listed(
        submission_id=one.id,
        instance_id=one.instance_id,
        form_id=form_id,
        version=one.version,
        wave=wave,
        site=one.site_code,
        interviewer=one.interviewer,
        collected_on=one.collected_on,
        received_at=one.received_at,
        issues=one.issue_count,
        review_state=one.review_state,
        revision=one.revision,
        case_id=one.case_id,
        files=one.files,
    )


def _newest(ways: Sequence[Way], limit: int, before: int | None) -> Any:
    if len(ways) == 1:
        return ways[0].newest(limit, before)
    parts = union_all(*(select(way.newest(limit, before).subquery().c.id) for way in ways)).subquery()
    return select(parts.c.id).order_by(parts.c.id.desc()).limit(limit)


def _some(ways: Sequence[Way], limit: int) -> Any:
    """Any of them, to be counted."""
    if len(ways) == 1:
        return ways[0].query.limit(limit)
    parts = union_all(*(select(way.query.subquery().c.id) for way in ways)).subquery()
    return select(parts.c.id).limit(limit)
