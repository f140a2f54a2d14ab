"""What the server has stored, read past it from its database."""

from __future__ import annotations

from sqlalchemy import select

from survey_server.db.models import (
    Conflict,
    Media,
    Quarantine,
    Submission,
    SubmissionIssue,
    SubmissionVersion,
    Wave,
)
from tests.openrosa.field import Collect


def submissions(collect: Collect) -> list[Submission]:
    with collect.database.reading() as session:
        return list(session.scalars(select(Submission).where(Submission.programme_id == collect.programme_id)))


def versions(collect: Collect) -> list[SubmissionVersion]:
    query = select(SubmissionVersion).where(SubmissionVersion.programme_id == collect.programme_id)
    with collect.database.reading() as session:
        return list(session.scalars(query.order_by(SubmissionVersion.submission_id, SubmissionVersion.number)))


def quarantine(collect: Collect) -> list[Quarantine]:
    with collect.database.reading() as session:
        return list(session.scalars(select(Quarantine).where(Quarantine.programme_id == collect.programme_id)))


def conflicts(collect: Collect) -> list[Conflict]:
    with collect.database.reading() as session:
        return list(session.scalars(select(Conflict).where(Conflict.programme_id == collect.programme_id)))


def issues(collect: Collect) -> list[str]:
    with collect.database.reading() as session:
        query = select(SubmissionIssue.kind).where(SubmissionIssue.programme_id == collect.programme_id)
        return sorted(session.scalars(query))


def files(collect: Collect, instance_id: str) -> dict[str, Media]:
    """Whole files of an interview by name."""
    query = select(Media).where(Media.programme_id == collect.programme_id, Media.instance_id == instance_id)
    with collect.database.reading() as session:
        return {row.name: row for row in session.scalars(query.order_by(Media.id)) if row.completed_at}


def wave_of(collect: Collect, submission: Submission) -> str | None:
    with collect.database.reading() as session:
        row = session.get(Wave, (submission.programme_id, submission.wave_id)) if submission.wave_id else None
        return row.name if row else None
