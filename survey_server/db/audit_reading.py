"""The audit chain read: searched by who, what and when, the newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_server.db.audit import find_broken_link
from survey_server.db.models import AuditHead, AuditRow, Person, Programme

PAGE = 100
_ACTOR = re.compile(r"(?:person|device|token):\d+|command|demo")
"""An actor as the chain writes it: found by index, and person:1 isn't person:10."""


@dataclass(frozen=True)
class AuditSearch:
    """What to look for; blank or None means anything."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    first: date | None = None
    last: date | None = None
    before: int | None = None
    """Only rows before this number: the next page."""


@dataclass(frozen=True)
class AuditPage:
    """One page of rows, and the number to go on before; None at the end."""

    rows: tuple[AuditRow, ...]
    next_before: int | None


@dataclass(frozen=True)
class Chain:
    """The state of one chain: how many rows, the last hash, and the first row that doesn't fit, if any."""

    programme: str
    rows: int
    last_hash: str
    broken_at: int | None


def search_audit(session: Session, programme: Programme, wanted: AuditSearch) -> AuditPage:
    """The rows of a programme's chain that fit, the newest first."""
    query = select(AuditRow).where(AuditRow.programme_id == programme.id)
    if wanted.action:
        query = query.where(AuditRow.action == wanted.action)
    if wanted.actor:
        whole = _ACTOR.fullmatch(wanted.actor)
        query = query.where(
            AuditRow.actor == wanted.actor if whole else AuditRow.actor.contains(wanted.actor, autoescape=True)
        )
    if wanted.subject:
        query = query.where(AuditRow.subject.contains(wanted.subject, autoescape=True))
    zone = ZoneInfo(programme.time_zone)
    if wanted.first:
        query = query.where(AuditRow.at >= _start(wanted.first, zone))
    if wanted.last and wanted.last < date.max:
        query = query.where(AuditRow.at < _start(wanted.last + timedelta(days=1), zone))
    if wanted.before is not None:
        query = query.where(AuditRow.number < wanted.before)
    rows = list(session.scalars(query.order_by(AuditRow.number.desc()).limit(PAGE + 1)))
    return AuditPage(tuple(rows[:PAGE]), rows[PAGE - 1].number if len(rows) > PAGE else None)


def list_actions(session: Session, programme_id: int) -> list[str]:
    """Every action that the chain knows."""
    query = select(AuditRow.action).where(AuditRow.programme_id == programme_id)
    return list(session.scalars(query.group_by(AuditRow.action).order_by(AuditRow.action)))


def names_of_people(session: Session, rows: tuple[AuditRow, ...]) -> dict[str, str]:
    """Who the actors "person:7" are."""
    numbers = {int(row.actor.split(":")[1]) for row in rows if row.actor.startswith("person:")}
    people = session.scalars(select(Person).where(Person.id.in_(numbers)))
    return {f"person:{person.id}": person.name for person in people}


def check_chain(session: Session, programme_id: int, name: str) -> Chain:
    """Walk one chain from its first row to its head."""
    head = session.get(AuditHead, programme_id)
    rows = session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.programme_id == programme_id)) or 0
    return Chain(name, rows, head.hash if head else "", find_broken_link(session, programme_id))


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
