"""The work in the field: samples and their dwellings, teams and what they are sent to, stops, papers, incidents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_server.db.models.base import Base, InProgramme, WithId, now


class Team(WithId, Base):
    """People who go to the field together; its phones are the devices that name it."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("programme_id", "code"),)

    code: Mapped[str]
    name: Mapped[str]
    supervisor_id: Mapped[int | None]
    duress_sha256: Mapped[str | None]
    """Of the phrase that says, in a check-in, that the team is under pressure; nobody can read it back."""
    active: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Assignment(WithId, Base):
    """A team is sent to a site of a wave from one day to another; `visit` is what the plan of an observation fixes."""

    __tablename__ = "assignment"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "wave_id"], ["wave.programme_id", "wave.id"]),
        ForeignKeyConstraint(["programme_id", "site_id"], ["site.programme_id", "site.id"]),
        ForeignKeyConstraint(["programme_id", "team_id"], ["team.programme_id", "team.id"]),
        UniqueConstraint("programme_id", "wave_id", "site_id", "team_id", "starts"),
        Index("ix_assignment_team", "programme_id", "team_id", "ends"),
    )

    wave_id: Mapped[int]
    site_id: Mapped[int]
    team_id: Mapped[int]
    starts: Mapped[date]
    ends: Mapped[date]
    target: Mapped[int | None]
    visit: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Sample(WithId, Base):
    """A draw as it was made: with its seed, method and frame it can be made again and must come out the same."""

    __tablename__ = "sample"
    __table_args__ = (ForeignKeyConstraint(["programme_id", "wave_id"], ["wave.programme_id", "wave.id"]),)

    wave_id: Mapped[int]
    method: Mapped[str]
    seed: Mapped[str]
    frame_sha256: Mapped[str]
    plan: Mapped[dict[str, Any]]
    """Stratum -> how many, how many in reserve, of how many and which total size."""
    drawn_at: Mapped[datetime] = mapped_column(default=now)
    drawn_by: Mapped[str]
    used_at: Mapped[datetime | None]


class SampleUnit(InProgramme, Base):
    """A site that was drawn, in the order of the draw; reserves wait until somebody releases them."""

    __tablename__ = "sample_unit"
    __table_args__ = (ForeignKeyConstraint(["programme_id", "sample_id"], ["sample.programme_id", "sample.id"]),)

    sample_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    site_code: Mapped[str]
    stratum: Mapped[str]
    size: Mapped[float]
    probability: Mapped[float]
    reserve: Mapped[bool] = mapped_column(default=False)


class Dwelling(InProgramme, Base):
    """A dwelling of the list of a site that was drawn for a wave; reserves are released one at a time."""

    __tablename__ = "dwelling"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id", "wave_id"], ["wave.programme_id", "wave.id"]),
        ForeignKeyConstraint(["programme_id", "site_id"], ["site.programme_id", "site.id"]),
    )

    wave_id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    reserve: Mapped[bool] = mapped_column(default=False)
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None]
    replaces: Mapped[int | None]
    reason: Mapped[str | None]


class StopWork(WithId, Base):
    """An area where nobody may work: phones show it at their next contact and begin no interview there."""

    __tablename__ = "stop_work"
    __table_args__ = (Index("ix_stop_work_lifted", "programme_id", "lifted_at"),)

    level: Mapped[str]
    """programme, country, department, municipality or site."""
    area: Mapped[str]
    message: Mapped[str]
    ordered_at: Mapped[datetime] = mapped_column(default=now)
    ordered_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lifted_reason: Mapped[str | None]


class WavePaper(WithId, Base):
    """A dated entry that a wave rests on: ethics approval, permission, agreement, or why it was opened without one."""

    __tablename__ = "wave_paper"
    __table_args__ = (ForeignKeyConstraint(["programme_id", "wave_id"], ["wave.programme_id", "wave.id"]),)

    wave_id: Mapped[int]
    kind: Mapped[str]
    reference: Mapped[str]
    dated: Mapped[date]
    until: Mapped[date | None]
    added_at: Mapped[datetime] = mapped_column(default=now)
    added_by: Mapped[str]


class Incident(WithId, Base):
    """Something that has to be followed up, such as a phone that was lost or seized, with what may be exposed."""

    __tablename__ = "incident"

    kind: Mapped[str]
    subject: Mapped[str]
    exposed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    opened_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    outcome: Mapped[str | None]
