"""Programmes, the people of the office, their roles and logins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, new_id, now

_SMALL_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only a plain INTEGER


class Programme(Base):
    """One programme: its people, forms, waves, sites and data are its own."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(_SMALL_ID, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    languages: Mapped[list[Any]] = mapped_column(default=lambda: ["es", "en"])
    demo: Mapped[bool] = mapped_column(default=False)
    time_zone: Mapped[str] = mapped_column(default="America/Guatemala")
    policies: Mapped[dict[str, Any]] = mapped_column(default=dict)
    field_revision: Mapped[int] = mapped_column(default=new_id)
    """Another number after every change of forms, waves or sites (`fieldwork.touch_fieldwork`)."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Person(Base):
    """Somebody who logs in to the office; what they may do is in their memberships."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(_SMALL_ID, primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    language: Mapped[str] = mapped_column(default="es")
    administrator: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    totp_secret: Mapped[str | None]
    totp_last_step: Mapped[int | None]
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Membership(InProgramme, Base):
    """One role of a person in a programme; a person may hold several."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_person", "person_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime] = mapped_column(default=now)
    scope: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What "own" means for this role: {"codes": staff codes on forms, "units": codes of units or sites}."""


class OfficeSession(Base):
    """A login in a browser, known by the digest of its cookie; ended by time, by logout or by a new password."""

    __tablename__ = "office_session"
    __table_args__ = (Index("ix_office_session_person", "person_id"),)

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id"))


class PersonLink(Base):
    """A link that works once, to accept an invitation or to choose a new password; only its digest is kept."""

    __tablename__ = "person_link"

    code_sha256: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that stands in once for a lost second factor; only its digest is kept."""

    __tablename__ = "recovery_code"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    code_sha256: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """Wrong passwords and codes of one address for one login, known by a digest of both; old ones are swept."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_last_at", "last_at"),)

    key_sha256: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
