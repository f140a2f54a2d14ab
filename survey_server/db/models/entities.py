"""Entities: officers, households and other things that interviews create and update, and what OpenRosa needs beside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, WithId, now


class EntityList(WithId, Base):
    """A list that forms name as `NAME.csv`; `revision` is another number after every change of what devices get."""

    __tablename__ = "entity_list"
    __table_args__ = (UniqueConstraint("programme_id", "name"),)

    name: Mapped[str]
    properties: Mapped[list[Any]] = mapped_column(default=list)
    revision: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(default=now)


class Entity(WithId, Base):
    """One thing as it now stands. Deleted ones stay: devices ask which of theirs are gone."""

    __tablename__ = "entity"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "list_id"], ["entity_list.programme_id", "entity_list.id"]),
        UniqueConstraint("programme_id", "list_id", "uuid"),
    )

    list_id: Mapped[int]
    uuid: Mapped[str]
    version: Mapped[int]
    label: Mapped[str]
    data: Mapped[dict[str, Any]]
    conflict: Mapped[str | None]
    """"soft" when two people changed it from the same version, "hard" when they changed the same property."""
    changed_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class EntityVersion(InProgramme, Base):
    """One state of an entity, and the interview it comes from. Never overwritten."""

    __tablename__ = "entity_version"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "entity_id"], ["entity.programme_id", "entity.id"]),
        ForeignKeyConstraint(["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]),
        Index("ix_entity_version_branch", "programme_id", "entity_id", "branch_id"),
    )

    entity_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    data: Mapped[dict[str, Any]]
    changed: Mapped[list[Any]]
    base: Mapped[int]
    """The number it was made from."""
    branch_id: Mapped[str | None]
    branch_version: Mapped[int | None]
    """The version it had on the device that made it offline."""
    conflict: Mapped[str | None]
    submission_id: Mapped[int | None]
    actor: Mapped[str]
    made_at: Mapped[datetime]


class HeldChange(WithId, Base):
    """An offline change whose predecessor hasn't come yet; it is applied after that, or by itself after some days."""

    __tablename__ = "held_change"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "list_id"], ["entity_list.programme_id", "entity_list.id"]),
        Index("ix_held_change_uuid", "programme_id", "list_id", "uuid"),
    )

    list_id: Mapped[int]
    uuid: Mapped[str]
    change: Mapped[dict[str, Any]]
    submission_id: Mapped[int | None]
    actor: Mapped[str]
    held_at: Mapped[datetime]


class FormKey(WithId, Base):
    """An RSA key that Collect encrypts to. Without `wrapped` only its owner opens what was encrypted (profile 2)."""

    __tablename__ = "form_key"
    __table_args__ = (UniqueConstraint("programme_id", "kid"),)

    kid: Mapped[str]
    public: Mapped[str]
    wrapped: Mapped[bytes | None]
    made_at: Mapped[datetime] = mapped_column(default=now)


class Erased(InProgramme, Base):
    """The id of an interview that was erased, as a digest: a device that sends it again is told so."""

    __tablename__ = "erased"

    instance_sha256: Mapped[str] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(default=now)
