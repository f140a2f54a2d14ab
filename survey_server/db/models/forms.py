"""Forms, their versions as published, and the data sets attached to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, WithId, now


class Form(WithId, Base):
    """A form of a programme, known by its XForms id; its content is in its versions."""

    __tablename__ = "form"
    __table_args__ = (UniqueConstraint("programme_id", "form_id"),)

    form_id: Mapped[str]
    current_version_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="open")
    created_at: Mapped[datetime] = mapped_column(default=now)


class FormVersion(WithId, Base):
    """A form as published once. Never changed: phones and submissions refer to it for ever.

    Two rows share a version text only when their XForm is the same and their data sets differ.
    """

    __tablename__ = "form_version"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "form_row"], ["form.programme_id", "form.id"]),
        UniqueConstraint("programme_id", "form_row", "hash", "registry_sha256"),
        Index("ix_form_version_text", "programme_id", "form_row", "version"),
        Index("ix_form_version_hash", "programme_id", "hash"),
    )

    form_row: Mapped[int]
    version: Mapped[str]
    hash: Mapped[str]
    xform_sha256: Mapped[str]
    registry_sha256: Mapped[str]
    titles: Mapped[dict[str, Any]]
    registry_sheets: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    source_name: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(default=now)
    source: Mapped[bytes] = mapped_column(deferred=True)
    xform: Mapped[bytes] = mapped_column(deferred=True)
    phone: Mapped[bytes] = mapped_column(deferred=True)
    phone_br: Mapped[bytes] = mapped_column(deferred=True)
    phone_gz: Mapped[bytes] = mapped_column(deferred=True)


class DataSet(WithId, Base):
    """The content of one attached file, kept once per digest."""

    __tablename__ = "data_set"
    __table_args__ = (UniqueConstraint("programme_id", "sha256"),)

    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(deferred=True)
    content_br: Mapped[bytes] = mapped_column(deferred=True)
    content_gz: Mapped[bytes] = mapped_column(deferred=True)
    added_at: Mapped[datetime] = mapped_column(default=now)


class FormDataSet(WithId, Base):
    """Which content a form version carries under which file name."""

    __tablename__ = "form_data_set"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "version_id"], ["form_version.programme_id", "form_version.id"]),
        ForeignKeyConstraint(["programme_id", "data_set_id"], ["data_set.programme_id", "data_set.id"]),
        UniqueConstraint("programme_id", "version_id", "filename"),
    )

    version_id: Mapped[int]
    data_set_id: Mapped[int]
    filename: Mapped[str]
