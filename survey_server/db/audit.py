"""The audit chain: append-only rows, each of whose hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from survey_server.db.models import AuditHead, AuditRow, now

SERVER = 0
"""The chain of what belongs to no programme: logins, people, the making of programmes."""

_START = "0" * 64


def add_audit(session: Session, programme_id: int, actor: str, action: str, subject: str = "", **detail: Any) -> None:
    """Append one row to the programme's chain, in the caller's transaction.

    `actor` is "person:7", "device:12" or "command"; `action` is a word such as "sync" or "login"; `detail` holds
    counts and ids, never answers, names or tokens.
    """
    head = session.execute(
        select(AuditHead.number, AuditHead.hash).where(AuditHead.programme_id == programme_id).with_for_update()
    ).one_or_none()
    number, previous = (head.number + 1, head.hash) if head else (1, _START)
    at = now()
    digest = _hash(previous, programme_id, number, round(at.timestamp() * 1000), actor, action, subject, detail)
    session.execute(
        insert(AuditRow),
        [
            {
                "programme_id": programme_id,
                "number": number,
                "at": at,
                "actor": actor,
                "action": action,
                "subject": subject,
                "detail": detail,
                "hash": digest,
            }
        ],
    )
    if head:
        where = AuditHead.programme_id == programme_id
        session.execute(update(AuditHead).where(where).values(number=number, hash=digest))
    else:
        session.execute(insert(AuditHead), [{"programme_id": programme_id, "number": number, "hash": digest}])


def find_broken_link(session: Session, programme_id: int) -> int | None:
    """The number of the first row that doesn't fit the chain, or that is missing; None when the chain is whole."""
    expected, previous = 1, _START
    query = select(AuditRow).where(AuditRow.programme_id == programme_id).order_by(AuditRow.number)
    with session.scalars(query.execution_options(yield_per=1000)) as rows:
        for row in rows:
            if row.number != expected or row.hash != _hash_of(row, previous):
                return expected
            expected, previous = row.number + 1, row.hash
    head = session.get(AuditHead, programme_id)
    whole = (head.number, head.hash) == (expected - 1, previous) if head else expected == 1
    return None if whole else expected


def _hash_of(row: AuditRow, previous: str) -> str:
    at = round(row.at.timestamp() * 1000)
    return _hash(previous, row.programme_id, row.number, at, row.actor, row.action, row.subject, row.detail)


def _hash(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
