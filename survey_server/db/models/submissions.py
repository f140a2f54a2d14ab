"""What came in: submissions with their versions and issues, conflicts, quarantine, and the audit chain."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, WithId, now


def _where(condition: str) -> dict[str, Any]:
    """An index of the few rows for which this is so."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Submission(WithId, Base):
    """One interview as it now stands; its documents, first and edited, are its versions."""

    __tablename__ = "submission"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "form_row"], ["form.programme_id", "form.id"]),
        ForeignKeyConstraint(["programme_id", "version_id"], ["form_version.programme_id", "form_version.id"]),
        ForeignKeyConstraint(["programme_id", "wave_id"], ["wave.programme_id", "wave.id"]),
        ForeignKeyConstraint(["programme_id", "device_id"], ["device.programme_id", "device.id"]),
        Index("ix_submission_wave_changed", "programme_id", "wave_id", "changed_at"),
        Index("ix_submission_wave_id", "programme_id", "wave_id", "id"),
        Index("ix_submission_site", "programme_id", "site_code", "id"),
        Index("ix_submission_interviewer", "programme_id", "interviewer", "id"),
        Index("ix_submission_device", "programme_id", "device_id", "id"),
        Index("ix_submission_state", "programme_id", "review_state", "id"),
        Index("ix_submission_case", "programme_id", "form_row", "case_id", "id"),
        Index("ix_submission_form", "programme_id", "form_row", "id"),
        Index("ix_submission_collected", "programme_id", "collected_on", "wave_id", "id"),
        Index("ix_submission_flagged", "programme_id", "wave_id", "id", **_where("issue_count > 0")),
        Index("ix_submission_files", "programme_id", "wave_id", "id", **_where("files > 0")),
        Index("ix_submission_form_changed", "programme_id", "form_row", "changed_at", "id"),
        Index(
            "ix_submission_progress",
            *("programme_id", "wave_id", "site_code", "collected_on"),
            *("device_id", "version_id", "issue_count", "received_at"),
        ),
    )

    form_row: Mapped[int]
    version_id: Mapped[int | None]
    version: Mapped[str]
    wave_id: Mapped[int | None]
    instance_id: Mapped[str]
    number: Mapped[int] = mapped_column(default=1)
    collected_on: Mapped[date | None]
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    device_id: Mapped[int | None]
    interviewer: Mapped[str | None]
    site_code: Mapped[str | None]
    review_state: Mapped[str] = mapped_column(default="received")
    issue_count: Mapped[int] = mapped_column(default=0)
    repeats: Mapped[int] = mapped_column(default=0)
    case_id: Mapped[str | None]
    files: Mapped[int] = mapped_column(default=0)
    """How many photos, recordings and other files it names."""
    revision: Mapped[int] = mapped_column(default=0)
    """One more after every change by the office: who changes what another has changed meanwhile is told."""


class SubmissionVersion(InProgramme, Base):
    """One document of a submission: 1 is what arrived first, later numbers are edits. Never overwritten."""

    __tablename__ = "submission_version"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]),
        UniqueConstraint("programme_id", "form_row", "instance_id"),
    )

    submission_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    form_row: Mapped[int]
    instance_id: Mapped[str]
    sha256: Mapped[str]
    source: Mapped[str]
    received_at: Mapped[datetime]
    answers: Mapped[str]
    xml: Mapped[bytes]
    client: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What an OpenRosa client said of itself: its deviceID, its user agent."""
    actor: Mapped[str | None]
    """Who edited, and why; nobody for what came from the field."""
    reason: Mapped[str | None]


def is_current_version(version: type[SubmissionVersion] = SubmissionVersion) -> ColumnElement[bool]:
    """Joins every submission with the one document that counts now; `version` may be an alias of the table."""
    return (
        (version.programme_id == Submission.programme_id)
        & (version.submission_id == Submission.id)
        & (version.number == Submission.number)
    )


class SubmissionIssue(InProgramme, Base):
    """Something for the office to look at in a submission that was accepted all the same."""

    __tablename__ = "submission_issue"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]),
        Index("ix_submission_issue_kind", "programme_id", "kind", "submission_id", **_where("resolved_at IS NULL")),
    )

    submission_id: Mapped[int] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str]
    path: Mapped[str]
    detail: Mapped[str]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None]


class Conflict(WithId, Base):
    """Other bytes under an id that was already taken; kept beside the submission for the office to decide."""

    __tablename__ = "conflict"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]),
        UniqueConstraint("programme_id", "submission_id", "sha256"),
    )

    submission_id: Mapped[int]
    sha256: Mapped[str]
    device_id: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(default=now)
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
    resolved_by: Mapped[str | None]
    xml: Mapped[bytes]


class Quarantine(WithId, Base):
    """Bytes that could not be taken as a submission, kept as they came with the reason."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("programme_id", "sha256"),)

    sha256: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]
    source: Mapped[str]
    claimed_id: Mapped[str]
    claimed_form: Mapped[str]
    claimed_version: Mapped[str]
    device_id: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(default=now)
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
    content: Mapped[bytes]


class AuditHead(Base):
    """The last link of a programme's audit chain; 0 is the chain of the server itself."""

    __tablename__ = "audit_head"

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str]


class AuditRow(Base):
    """One link of the append-only audit chain: its hash covers its content and the hash before it."""

    __tablename__ = "audit_row"
    __table_args__ = (
        Index("ix_audit_row_action", "programme_id", "action", "number"),
        Index("ix_audit_row_actor", "programme_id", "actor", "number"),
        Index("ix_audit_row_at", "programme_id", "at"),
    )

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
    hash: Mapped[str]
