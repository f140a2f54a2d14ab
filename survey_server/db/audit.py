"""The audit chain: append-only rows, each of whose hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from survey_server.db.models import AuditHead, AuditRow, now, table_of
from survey_server.db.prepared import Prepared

SERVER = 0
"""The chain of what belongs to no programme: logins, people, the making of programmes."""

ERASE, ERASED, ACCESS_LOG = "erase", "erased", "access-log"
_START = "0" * 64


def add_audit(session: Session, programme_id: int, actor: str, action: str, subject: str = "", **detail: Any) -> None:
    """Append one row to the programme's chain, in the caller's transaction.

    `actor` is "person:7", "device:12" or "command"; `action` is a word such as "sync" or "login"; `detail` holds
    counts and ids, never answers, names or tokens.
    """
    connection = session.connection()
    head = _HEAD.first(connection, {"of_programme": programme_id})
    number, previous = (head.number + 1, head.hash) if head else (1, _START)
    at = now()
    digest = _hash(previous, programme_id, number, round(at.timestamp() * 1000), actor, action, subject, detail)
    row = {"programme_id": programme_id, "number": number, "at": at, "actor": actor, "action": action}
    _ADD_ROW.run(connection, {**row, "subject": subject, "detail": detail, "hash": digest})
    if head:
        _MOVE_HEAD.run(connection, {"of_programme": programme_id, "number": number, "hash": digest})
    else:
        _ADD_HEAD.run(connection, {"programme_id": programme_id, "number": number, "hash": digest})


def find_broken_link(session: Session, programme_id: int) -> int | None:
    """The number of the first row that doesn't fit the chain, or that is missing; None when the chain is whole."""
    expected, previous = 1, _START
    erased_up_to = _erased_up_to(session, programme_id)
    query = select(AuditRow).where(AuditRow.programme_id == programme_id).order_by(AuditRow.number)
    with session.scalars(query.execution_options(yield_per=1000)) as rows:
        for row in rows:
            erased = row.action == ERASED and row.number <= erased_up_to
            if row.number != expected or not (erased or row.hash == _hash_of(row, previous)):
                return expected
            expected, previous = row.number + 1, row.hash
    head = session.get(AuditHead, programme_id)
    whole = (head.number, head.hash) == (expected - 1, previous) if head else expected == 1
    return None if whole else expected


def erase_old_rows(session: Session, programme_id: int, before: datetime, actor: str) -> int:
    """Blank the rows from before that instant; numbers and hashes stay, so that the chain can still be walked.

    How far it went is a row of the chain itself: a blank one beyond that is a broken link.
    """
    old = (AuditRow.programme_id == programme_id, AuditRow.at < before, AuditRow.action.not_in((ERASED, ERASE)))
    last = session.scalar(select(func.max(AuditRow.number)).where(*old))
    if last is None:
        return 0
    blank = update(AuditRow).where(*old).values(actor="", action=ERASED, subject="", detail={})
    count = int(session.execute(blank).rowcount)  # type: ignore[attr-defined]
    add_audit(session, programme_id, actor, ERASE, ACCESS_LOG, up_to=last, count=count)
    return count


def _erased_up_to(session: Session, programme_id: int) -> int:
    told = select(AuditRow.detail).where(
        AuditRow.programme_id == programme_id, AuditRow.action == ERASE, AuditRow.subject == ACCESS_LOG
    )
    return max((int(detail["up_to"]) for detail in session.scalars(told)), default=0)


def _hash_of(row: AuditRow, previous: str) -> str:
    at = round(row.at.timestamp() * 1000)
    return _hash(previous, row.programme_id, row.number, at, row.actor, row.action, row.subject, row.detail)


def _hash(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


_heads, _rows = table_of(AuditHead), table_of(AuditRow)
_of_programme = _heads.c.programme_id == bindparam("of_programme")
_HEAD = Prepared(select(_heads.c.number, _heads.c.hash).where(_of_programme).with_for_update())
_ADD_HEAD, _ADD_ROW = Prepared(insert(_heads)), Prepared(insert(_rows))
_MOVE_HEAD = Prepared(update(_heads).where(_of_programme).values(number=bindparam("number"), hash=bindparam("hash")))
