"""Restricted reports: listed for the integrity officer, counted for who runs the programme, hidden from all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import Reader, restricted_forms, visible_submissions
from survey_server.db.models import Sealed, Submission, SubmissionVersion, Wave, is_current_version

FEWEST = 3
"""A quarter with fewer reports shows no number: it could point at who wrote one."""


@dataclass(frozen=True)
class Report:
    """One restricted report in the list of the integrity officer."""

    submission_id: int
    received_at: datetime
    severity: str
    department: str


def list_restricted(session: Session, reader: Reader, programme_id: int, limit: int = 500) -> list[Report]:
    """The reports that the reader may open, the gravest first, then the newest; none for anybody else."""
    rows = session.execute(
        select(Submission.id, Submission.received_at, SubmissionVersion.answers)
        .join(SubmissionVersion, is_current_version())
        .where(
            visible_submissions(session, reader, programme_id),
            Submission.form_row.in_(restricted_forms(session, programme_id)),
        )
        .order_by(Submission.id.desc())
        .limit(limit)
    )
    reports = [Report(row.id, row.received_at, _code(row.answers, "l_sev"), _code(row.answers, "adm1")) for row in rows]
    return sorted(reports, key=lambda each: (each.severity or "9", -each.submission_id))


def list_severities(session: Session, programme_id: int, submission_ids: Sequence[int]) -> dict[int, str]:
    """How grave these reports say they are."""
    query = (
        select(Submission.id, SubmissionVersion.answers)
        .join(SubmissionVersion, is_current_version())
        .where(Submission.programme_id == programme_id, Submission.id.in_(submission_ids))
    )
    return {row.id: _code(row.answers, "l_sev") for row in session.execute(query)}


def count_restricted(session: Session, programme_id: int) -> list[tuple[str, int | None]]:
    """Quarter ("2026-3") -> how many were received, the newest first; None where there are too few to be said."""
    forms = restricted_forms(session, programme_id)
    rows = session.scalars(
        select(Submission.received_at).where(Submission.programme_id == programme_id, Submission.form_row.in_(forms))
    )
    counts = Counter(f"{at.year}-{(at.month + 2) // 3}" for at in rows)
    return [(quarter, n if n >= FEWEST else None) for quarter, n in sorted(counts.items(), reverse=True)]


def count_sealed(session: Session, programme_id: int) -> int:
    """How many came that only the integrity officer's own key opens."""
    waves: Sequence[int] = session.scalars(
        select(Wave.id).where(
            Wave.programme_id == programme_id, Wave.form_row.in_(restricted_forms(session, programme_id))
        )
    ).all()
    query = select(func.count()).where(
        Sealed.programme_id == programme_id, Sealed.wave_id.in_(waves), Sealed.opened_at.is_(None)
    )
    return session.scalar(query) or 0


def _code(answers: str, name: str) -> str:
    """A short answer out of the JSON text, without reading the rest of it into memory as values."""
    _, found, rest = answers.partition(f'"{name}":"')
    return rest.partition('"')[0] if found else ""
