"""Another version of a submission: the old one stays, what counts follows the new one, its issues are found anew."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session

from survey_server.db.intake.arrivals import Interview
from survey_server.db.intake.sources import Source
from survey_server.db.models import (
    Submission,
    SubmissionIssue,
    SubmissionNote,
    SubmissionText,
    SubmissionVersion,
    Wave,
)
from survey_server.db.review.words import with_phone

LOCKED = "locked"


def is_locked(session: Session, programme_id: int, submission_id: int) -> bool:
    """Whether the submission's wave is locked: what the analysis rests on is not edited any more."""
    query = (
        select(Wave.state)
        .join(Submission, and_(Submission.programme_id == Wave.programme_id, Submission.wave_id == Wave.id))
        .where(Submission.programme_id == programme_id, Submission.id == submission_id)
    )
    return session.scalar(query) == LOCKED


def add_version(
    session: Session, source: Source, submission_id: int, number: int, item: Interview, changed_at: datetime
) -> None:
    """Write `item` as version `number`, which counts from now on; the one before stays as it was."""
    programme_id = source.programme_id
    one = session.get_one(Submission, (programme_id, submission_id), with_for_update=True)
    session.add(
        SubmissionVersion(
            programme_id=programme_id,
            submission_id=submission_id,
            number=number,
            form_row=item.form_row,
            instance_id=item.instance_id,
            sha256=item.digest,
            source=source.door,
            received_at=source.received_at,
            answers=item.answers,
            xml=item.arrival.body,
            client=dict(item.arrival.client) if item.arrival.client else None,
            actor=source.actor,
            reason=item.arrival.reason or None,
        )
    )
    session.flush()  # two that edit at once meet here, at the key of the version
    one.number = number
    one.version_id, one.version, one.wave_id = item.version_id, item.version, item.wave_id
    one.collected_on, one.started, one.ended = item.collected_on, item.started, item.ended
    one.site_code, one.case_id, one.files = item.site_code, item.case_id, item.files
    one.interviewer = item.interviewer or one.interviewer
    one.issue_count, one.review_state = len(item.issues), "edited"
    one.revision += 1
    one.changed_at = changed_at
    _renew_issues(session, programme_id, submission_id, number, item, changed_at)
    words = with_phone(item.words, one.device_id)
    session.merge(SubmissionText(programme_id=programme_id, submission_id=submission_id, words=words))
    session.add(
        SubmissionNote(
            programme_id=programme_id,
            submission_id=submission_id,
            actor=source.actor,
            kind="edit",
            state="edited",
            text=item.arrival.reason,
        )
    )
    session.flush()


def _renew_issues(
    session: Session, programme_id: int, submission_id: int, number: int, item: Interview, at: datetime
) -> None:
    """The issues of the version before are settled; those of this one are new."""
    mine = and_(SubmissionIssue.programme_id == programme_id, SubmissionIssue.submission_id == submission_id)
    session.execute(update(SubmissionIssue).where(mine, SubmissionIssue.resolved_at.is_(None)).values(resolved_at=at))
    last = session.scalar(select(func.max(SubmissionIssue.ordinal)).where(mine)) or 0
    rows = [
        {
            "programme_id": programme_id,
            "submission_id": submission_id,
            "ordinal": last + place,
            "number": number,
            "kind": issue.kind,
            "path": issue.path,
            "detail": issue.detail,
        }
        for place, issue in enumerate(item.issues, 1)
    ]
    if rows:
        session.execute(insert(SubmissionIssue), rows)
