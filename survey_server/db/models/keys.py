"""Keys and seals: who vouches, what phones seal to, what came sealed, and how the phones lock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, WithId, now


class OfficeKey(WithId, Base):
    """The key that vouches for sealing keys, pinned by phones. Without `wrapped` it is not on the server."""

    __tablename__ = "office_key"
    __table_args__ = (UniqueConstraint("programme_id", "kid"),)

    kid: Mapped[str]
    x: Mapped[str]
    y: Mapped[str]
    wrapped: Mapped[bytes | None]
    made_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]


class SealingKey(WithId, Base):
    """A public key that phones seal to. Without `wrapped` only its owner opens what was sealed (profile 2)."""

    __tablename__ = "sealing_key"
    __table_args__ = (UniqueConstraint("programme_id", "kid"),)

    kid: Mapped[str]
    x: Mapped[str]
    y: Mapped[str]
    wrapped: Mapped[bytes | None]
    statements: Mapped[list[Any]]
    made_at: Mapped[datetime] = mapped_column(default=now)
    destroyed_at: Mapped[datetime | None]


class WaveKey(InProgramme, Base):
    """Which key a wave's interviews are sealed to now; wave 0 stands for interviews without a wave."""

    __tablename__ = "wave_key"
    __table_args__ = (ForeignKeyConstraint(["programme_id", "key_id"], ["sealing_key.programme_id", "sealing_key.id"]),)

    wave_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_id: Mapped[int]
    since: Mapped[datetime] = mapped_column(default=now)


class Sealed(WithId, Base):
    """An interview as it came, sealed; `submission_id` once somebody with the key has opened it."""

    __tablename__ = "sealed"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "device_id"], ["device.programme_id", "device.id"]),
        ForeignKeyConstraint(["programme_id", "submission_id"], ["submission.programme_id", "submission.id"]),
        UniqueConstraint("programme_id", "sha256"),
        Index("ix_sealed_wave", "programme_id", "wave_id", "submission_id"),
    )

    sha256: Mapped[str]
    kid: Mapped[str]
    claimed_id: Mapped[str]
    claimed_form: Mapped[str]
    claimed_version: Mapped[str]
    wave_id: Mapped[int | None]
    device_id: Mapped[int | None]
    source: Mapped[str]
    received_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    submission_id: Mapped[int | None]
    content: Mapped[bytes | None]


class PhoneLock(Base):
    """How the phones of a programme lock; without a row the defaults of `db/intake/keys.py` hold."""

    __tablename__ = "phone_lock"
    __table_args__ = (ForeignKeyConstraint(["programme_id"], ["programme.id"]),)

    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    level: Mapped[str]
    lock_after: Mapped[int]
    lock_on_hide: Mapped[bool]
    wipe_after: Mapped[int]
    empty_pin: Mapped[bool]


class PhoneAlarm(WithId, Base):
    """A phone was opened with its emergency PIN, as it told when it next had a signal."""

    __tablename__ = "phone_alarm"
    __table_args__ = (ForeignKeyConstraint(["programme_id", "device_id"], ["device.programme_id", "device.id"]),)

    device_id: Mapped[int]
    happened_at: Mapped[datetime]
    told_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime | None]
