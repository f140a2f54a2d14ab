"""Single submissions, conflicts, quarantine and phones as the office lists them. Callers write the audit row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, undefer

from survey_server.db.access.scopes import restricted_forms
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


def find_titles(session: Session, programme: Programme) -> dict[str, tuple[int, dict[str, str]]]:
    """Form id -> its row, and the titles of the version that is in use; without restricted forms."""
    away = restricted_forms(session, programme.id)
    rows = session.execute(
        select(Form.id, Form.form_id, FormVersion.titles)
        .outerjoin(
            FormVersion,
            and_(FormVersion.programme_id == Form.programme_id, FormVersion.id == Form.current_version_id),
        )
        .where(Form.programme_id == programme.id, Form.id.not_in(away))
        .order_by(Form.form_id)
    )
    return {form_id: (row, titles or {}) for row, form_id, titles in rows}


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
