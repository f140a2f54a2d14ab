"""Single submissions, conflicts, quarantine and phones as the office lists them. Callers write the audit row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, undefer

from survey_server.db.models import (
    Conflict,
    Device,
    Enrolment,
    Form,
    FormVersion,
    Programme,
    Quarantine,
    Submission,
    SubmissionIssue,
    SubmissionVersion,
    Wave,
)
from survey_server.problems import NotThere

PAGE = 50


@dataclass(frozen=True)
class Filter:
    """Which submissions to list. `states` are the wave states that the reader may see; None stands for no wave."""

    states: frozenset[str | None]
    wave_id: int | None = None
    issue: str | None = None
    site: str | None = None
    flagged: bool = False
    before: int | None = None
    """Only submissions that came before this one: the next page."""


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


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    items: tuple[Listed, ...]
    total: int
    next_before: int | None


@dataclass(frozen=True)
class Whole:
    """One submission with everything that belongs to it."""

    submission: Submission
    form_id: str
    wave: Wave | None
    device: Device | None
    form_version: FormVersion | None
    versions: tuple[SubmissionVersion, ...]
    issues: tuple[SubmissionIssue, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def answers(self) -> dict[str, Any]:
        """The answers of the version that counts."""
        current = next(each for each in self.versions if each.number == self.submission.number)
        return dict(json.loads(current.answers))


@dataclass(frozen=True)
class Phone:
    """A phone as the office lists it."""

    device: Device
    submissions: int


def list_submissions(session: Session, programme: Programme, chosen: Filter) -> Page:
    """A page of submissions, the last received first."""
    where = _conditions(programme, chosen)
    total = session.scalar(select(func.count()).select_from(Submission).join(Wave, _WAVE, isouter=True).where(*where))
    if chosen.before is not None:
        where = [*where, Submission.id < chosen.before]
    rows = session.execute(
        select(Submission, Form.form_id, Wave.name)
        .join(Form, and_(Form.programme_id == Submission.programme_id, Form.id == Submission.form_row))
        .join(Wave, _WAVE, isouter=True)
        .where(*where)
        .order_by(Submission.id.desc())
        .limit(PAGE + 1)
    ).all()
    items = tuple(
        Listed(
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
        )
        for one, form_id, wave in rows[:PAGE]
    )
    return Page(items, total or 0, items[-1].submission_id if len(rows) > PAGE else None)


_WAVE = and_(Wave.programme_id == Submission.programme_id, Wave.id == Submission.wave_id)


def _conditions(programme: Programme, chosen: Filter) -> list[ColumnElement[bool]]:
    states = Wave.state.in_([state for state in chosen.states if state is not None])
    seen = or_(states, Submission.wave_id.is_(None)) if None in chosen.states else states
    where: list[ColumnElement[bool]] = [Submission.programme_id == programme.id, seen]
    if chosen.wave_id is not None:
        where.append(Submission.wave_id == chosen.wave_id)
    if chosen.site:
        where.append(Submission.site_code == chosen.site)
    if chosen.flagged:
        where.append(Submission.issue_count > 0)
    if chosen.issue:
        where.append(
            exists().where(
                SubmissionIssue.programme_id == Submission.programme_id,
                SubmissionIssue.submission_id == Submission.id,
                SubmissionIssue.kind == chosen.issue,
                SubmissionIssue.resolved_at.is_(None),
            )
        )
    return where


def get_submission(session: Session, programme: Programme, submission_id: int) -> Whole:
    """The submission with its versions, issues, conflicts and receipt; raises NotThere."""
    one = session.get(Submission, (programme.id, submission_id))
    if one is None:
        raise NotThere(f"This programme has no submission {submission_id}.")
    form = session.get_one(Form, (programme.id, one.form_row))
    mine = {"programme_id": programme.id, "submission_id": one.id}
    return Whole(
        submission=one,
        form_id=form.form_id,
        wave=session.get(Wave, (programme.id, one.wave_id)) if one.wave_id else None,
        device=session.get(Device, (programme.id, one.device_id)) if one.device_id else None,
        form_version=session.get(
            FormVersion,
            (programme.id, one.version_id or form.current_version_id),
            options=[undefer(FormVersion.phone), undefer(FormVersion.xform)],
        ),
        versions=tuple(session.scalars(select(SubmissionVersion).filter_by(**mine).order_by(SubmissionVersion.number))),
        issues=tuple(session.scalars(select(SubmissionIssue).filter_by(**mine).order_by(SubmissionIssue.ordinal))),
        conflicts=tuple(session.scalars(select(Conflict).filter_by(**mine).order_by(Conflict.received_at))),
    )


def list_quarantine(session: Session, programme: Programme, limit: int = 200) -> list[Quarantine]:
    """What could not be read and still waits, the newest first."""
    return list(
        session.scalars(
            select(Quarantine)
            .where(Quarantine.programme_id == programme.id, Quarantine.resolved_at.is_(None))
            .order_by(Quarantine.id.desc())
            .limit(limit)
        )
    )


def list_phones(session: Session, programme: Programme) -> list[Phone]:
    """The phones of the programme, the working ones first, then by label."""
    counts: dict[int | None, int] = dict(
        session.execute(
            select(Submission.device_id, func.count())
            .where(Submission.programme_id == programme.id)
            .group_by(Submission.device_id)
        ).all()
    )
    devices = session.scalars(select(Device).where(Device.programme_id == programme.id))
    phones = [Phone(device, counts.get(device.id, 0)) for device in devices]
    return sorted(phones, key=lambda phone: (phone.device.revoked_at is not None, phone.device.label))


def list_open_enrolments(session: Session, programme: Programme, at: datetime) -> list[Enrolment]:
    """Codes that were made and not used yet, the newest first."""
    return list(
        session.scalars(
            select(Enrolment)
            .where(Enrolment.programme_id == programme.id, Enrolment.used_at.is_(None), Enrolment.expires_at > at)
            .order_by(Enrolment.created_at.desc())
        )
    )
