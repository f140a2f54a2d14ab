"""Fieldwork: waves, sites, and the phones that go there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, WithId, now


class OutlineSet(InProgramme, Base):
    """Outlines of a programme's own for its maps: of its departments, or of its municipalities."""

    __tablename__ = "outline_set"

    level: Mapped[str] = mapped_column(primary_key=True)
    areas: Mapped[int]
    content: Mapped[str]
    """The code, the name and the rings of every area, as JSON."""
    added_at: Mapped[datetime] = mapped_column(default=now)
    added_by: Mapped[str]


class Wave(WithId, Base):
    """One round of fieldwork of a form: planned, open, closed or locked."""

    __tablename__ = "wave"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "form_row"], ["form.programme_id", "form.id"]),
        UniqueConstraint("programme_id", "form_row", "ordinal"),
    )

    form_row: Mapped[int]
    ordinal: Mapped[int]
    name: Mapped[str]
    starts: Mapped[date]
    ends: Mapped[date]
    state: Mapped[str] = mapped_column(default="planned")
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Site(WithId, Base):
    """A sampling point, as the office knows it: stratum, arm and weight never leave the server for a phone."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("programme_id", "code"),)

    code: Mapped[str]
    name: Mapped[str]
    country: Mapped[str | None]
    department: Mapped[str | None]
    municipality: Mapped[str | None]
    stratum: Mapped[str | None]
    arm: Mapped[str | None]
    area: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    population: Mapped[float | None]
    target: Mapped[int | None]
    probability: Mapped[float | None]
    weight: Mapped[float | None]
    risk_tier: Mapped[int | None]
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    policies: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What differs here from the policies of its risk tier: gps, night, pairs."""
    changed_at: Mapped[datetime] = mapped_column(default=now)


class WaveSite(InProgramme, Base):
    """A site that is to be visited in a wave, with what the wave changes about it."""

    __tablename__ = "wave_site"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "wave_id"], ["wave.programme_id", "wave.id"]),
        ForeignKeyConstraint(["programme_id", "site_id"], ["site.programme_id", "site.id"]),
    )

    wave_id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[int | None]
    weight: Mapped[float | None]
    reserve: Mapped[bool] = mapped_column(default=False)
    replaces_id: Mapped[int | None]
    reason: Mapped[str | None]


class Device(WithId, Base):
    """A phone that was enrolled. Its token is known only by its digest."""

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("programme_id", "token_sha256"),)

    kind: Mapped[str] = mapped_column(default="phone")
    """"phone" for our app, "collect" for ODK Collect, KoboCollect or Enketo, whose token is in the address."""
    label: Mapped[str]
    interviewer: Mapped[str]
    team_id: Mapped[int | None]
    token_sha256: Mapped[str]
    enrolled_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]
    seen_at: Mapped[datetime | None]
    app_version: Mapped[str | None]
    queue_length: Mapped[int | None]
    clock_offset_seconds: Mapped[float | None]
    storage: Mapped[dict[str, Any] | None]


class Enrolment(InProgramme, Base):
    """A one-time code that turns a phone into a device; only its digest is kept."""

    __tablename__ = "enrolment"
    __table_args__ = (Index("ix_enrolment_device", "programme_id", "device_id"),)

    code_sha256: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    interviewer: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    device_id: Mapped[int | None]
    team_id: Mapped[int | None]
    """The team that the phone belongs to from its first contact on."""
