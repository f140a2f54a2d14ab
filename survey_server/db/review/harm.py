"""Harm to somebody who answered: a back-check that was told of a problem opens an incident with a day's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from survey_server.db.audit import add_audit
from survey_server.db.models import (
    Form,
    Incident,
    Programme,
    Submission,
    SubmissionVersion,
    is_current_version,
    now,
)
from survey_server.db.session import Database, Session

KIND = "respondent-harm"
FORM, SAID = "ssr_backcheck", '"felt_safe":"1"'
CLOCK = timedelta(hours=24)
LOOKED_BACK = timedelta(days=3)
"""A server that was off over the weekend opens them on Monday."""


def watch_harm(database: Database, at: datetime | None = None) -> int:
    """Open an incident for every new back-check that says so; how many. It names the check, never who answered."""
    at = at or now()
    with database.reading() as session:
        programmes = session.scalars(select(Programme.id)).all()
        new = {programme_id: found for programme_id in programmes if (found := _new(session, programme_id, at))}
    for programme_id, found in new.items():
        with database.transaction() as session:
            for submission_id, received_at in found:
                session.add(
                    Incident(
                        programme_id=programme_id,
                        kind=KIND,
                        subject=f"submission:{submission_id}",
                        exposed={"label": "", "until": (received_at + CLOCK).isoformat()},
                        note="",
                        opened_at=received_at,
                        opened_by="server",
                    )
                )
                add_audit(session, programme_id, "server", "open-incident", f"submission:{submission_id}", kind=KIND)
    return sum(len(found) for found in new.values())


def _new(session: Session, programme_id: int, at: datetime) -> list[tuple[int, datetime]]:
    """The back-checks that say so and have no incident yet."""
    known = select(Incident.subject).where(Incident.programme_id == programme_id, Incident.kind == KIND)
    query = (
        select(Submission.id, Submission.received_at)
        .join(Form, (Form.programme_id == Submission.programme_id) & (Form.id == Submission.form_row))
        .join(SubmissionVersion, is_current_version())
        .where(
            Submission.programme_id == programme_id,
            Form.form_id == FORM,
            Submission.received_at > at - LOOKED_BACK,
            SubmissionVersion.answers.contains(SAID, autoescape=True),
        )
    )
    opened = set(session.scalars(known))
    return [(row.id, row.received_at) for row in session.execute(query) if f"submission:{row.id}" not in opened]
