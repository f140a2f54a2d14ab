"""What is read from the data: revisions of indicators, reports as they were made, decisions and who signed them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, WithId, now


class IndicatorRevision(WithId, Base):
    """What the office changed about an indicator of a form's `indicators` sheet, or added to it; never overwritten.

    The newest revision of a code counts, over whatever the form's versions say.
    """

    __tablename__ = "indicator_revision"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "form_row"], ["form.programme_id", "form.id"]),
        UniqueConstraint("programme_id", "form_row", "code", "number"),
    )

    form_row: Mapped[int]
    code: Mapped[str]
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    """The fields that differ from the sheet; empty takes the indicator back to it."""
    reason: Mapped[str]
    after_wave: Mapped[str | None]
    """The newest wave that had opened by then and had this indicator among its locked headlines."""
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by: Mapped[str]


class MadeReport(WithId, Base):
    """A report as it left the server: what a decision rests on can be known again by its digest."""

    __tablename__ = "made_report"
    __table_args__ = (UniqueConstraint("programme_id", "report"),)

    report: Mapped[str]
    """The name of its folder among the reports."""
    sha256: Mapped[str]
    edition: Mapped[str]
    language: Mapped[str]
    waves: Mapped[list[Any]]
    interim: Mapped[bool]
    asked_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=now)
    files: Mapped[dict[str, Any]]
    """File name -> SHA-256 of its bytes."""
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The rows of its decision page, as the report printed them."""


class Decision(WithId, Base):
    """What was decided on a report, in whose words; it counts once two people have signed it."""

    __tablename__ = "decision"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "made_report_id"], ["made_report.programme_id", "made_report.id"]),
    )

    made_report_id: Mapped[int]
    report_sha256: Mapped[str]
    content: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    """Of content, report and evidence: what the signatures cover."""
    written_at: Mapped[datetime] = mapped_column(default=now)
    written_by: Mapped[int]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None]


class DecisionSignature(InProgramme, Base):
    """One person stands by a decision, having proved with password and code that it is them."""

    __tablename__ = "decision_signature"
    __table_args__ = (ForeignKeyConstraint(["programme_id", "decision_id"], ["decision.programme_id", "decision.id"]),)

    decision_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    proof: Mapped[str]
    """password, or password+code."""
    dissent: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(default=now)
