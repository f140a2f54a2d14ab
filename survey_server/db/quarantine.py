"""Quarantine: what could not be taken, listed, read, replayed or set aside; never thrown away."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.keys import Keyring
from survey_server.db.models import Quarantine, now
from survey_server.db.session import Database
from survey_server.db.storing import Receipt, Source
from survey_server.db.submissions import Arrival, take_in
from survey_server.problems import NotQuarantined
from survey_server.sealing import is_envelope


def list_quarantine(session: Session, programme_id: int, *, limit: int = 100) -> list[Quarantine]:
    """What waits in quarantine, the newest first."""
    waiting = select(Quarantine).where(Quarantine.programme_id == programme_id, Quarantine.resolved_at.is_(None))
    return list(session.scalars(waiting.order_by(Quarantine.id.desc()).limit(limit)))


def count_quarantine(session: Session, programme_id: int) -> int:
    """How many wait in quarantine."""
    query = select(func.count()).where(Quarantine.programme_id == programme_id, Quarantine.resolved_at.is_(None))
    return session.scalar(query) or 0


def get_quarantine(session: Session, programme_id: int, quarantine_id: int) -> Quarantine:
    """One row, with its bytes; raises NotQuarantined."""
    row = session.get(Quarantine, (programme_id, quarantine_id))
    if row is None:
        raise NotQuarantined()
    return row


def replay(
    database: Database, programme_id: int, quarantine_id: int, *, actor: str, keyring: Keyring | None = None
) -> Receipt:
    """Try again to take what was kept, by the same way in, after the cause was put right.

    When it is taken now, the row is marked as replayed; its bytes stay.
    """
    with database.reading() as session:
        row = get_quarantine(session, programme_id, quarantine_id)
    sealed = is_envelope(row.content)
    arrival = Arrival(row.claimed_id, row.claimed_form, row.claimed_version, row.content, sealed=sealed)
    receipt = take_in(database, Source(programme_id, "replay", actor), [arrival], keyring)[0]
    if receipt.status in (200, 201):
        with database.transaction() as session:
            set_resolved(session, row, f"replayed as {receipt.receipt}", actor=actor)
    return receipt


def set_resolved(session: Session, row: Quarantine, resolution: str, *, actor: str) -> None:
    """Take the row off the waiting list, with what was done about it; the bytes stay."""
    session.execute(
        update(Quarantine)
        .where(Quarantine.programme_id == row.programme_id, Quarantine.id == row.id)
        .values(resolved_at=now(), resolution=resolution)
    )
    add_audit(session, row.programme_id, actor, "resolve-quarantine", str(row.id), resolution=resolution)
