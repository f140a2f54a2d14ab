"""What the office makes of submissions: notes, the words they are found by, decisions on questions that changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, WithId, now


class SubmissionNote(WithId, Base):
    """What somebody said or did about a submission: a comment, a review state, an edit. Never changed."""

    __tablename__ = "submission_note"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]),
        Index("ix_submission_note_of", "programme_id", "submission_id", "id"),
    )

    submission_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str]
    kind: Mapped[str]
    """comment, state, edit, duplicate or conflict."""
    state: Mapped[str | None]
    """The review state that it led to."""
    text: Mapped[str] = mapped_column(Text)


class SubmissionText(InProgramme, Base):
    """The words of a submission: who, where, case, the answers that were typed; each database indexes them its way."""

    __tablename__ = "submission_text"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]),
    )

    submission_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)


class ItemDecision(WithId, Base):
    """What an analyst decided of a question that two wordings ask; the newest about the same two wordings counts."""

    __tablename__ = "item_decision"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "form_row"], ["form.programme_id", "form.id"]),
        Index("ix_item_decision_form", "programme_id", "form_row", "id"),
    )

    form_row: Mapped[int]
    item: Mapped[str]
    """The question's name in the newer version."""
    item_before: Mapped[str]
    """Its name in the older one: another where it was renamed."""
    hash_before: Mapped[str]
    hash_after: Mapped[str]
    verdict: Mapped[str]
    """same, caution, break, or withdrawn."""
    choices: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Older code -> newer code, where a choice was renamed."""
    reason: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(default=now)
    decided_by: Mapped[str]
