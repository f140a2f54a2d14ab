"""Quarantine: what could not be taken, listed, read, replayed or set aside; never thrown away."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.intake.arrivals import Interview, Unfit
from survey_server.db.intake.fieldwork import load_fieldwork
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.reading import Reader
from survey_server.db.intake.receipts import Receipt
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import Arrival, take_in
from survey_server.db.models import Quarantine, now
from survey_server.db.session import Database
from survey_server.problems import NotQuarantined, UnfitRepair
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
    arrival = replace(_as_kept(row), sealed=is_envelope(row.content))
    receipt = take_in(database, Source(programme_id, "replay", actor), [arrival], keyring)[0]
    if receipt.status in (200, 201):
        with database.transaction() as session:
            set_resolved(session, row, f"replayed as {receipt.receipt}", actor=actor)
    return receipt


def preview_repair(session: Session, programme_id: int, row: Quarantine, repair: Repair) -> Interview | Unfit:
    """What intake would say of the repaired document; nothing is written."""
    fieldwork = load_fieldwork(session, programme_id)
    return Reader(session, programme_id, row.received_at, None, fieldwork).read(repair.arrival(row))


def repair_quarantined(
    database: Database, programme_id: int, quarantine_id: int, repair: Repair, *, actor: str
) -> Receipt:
    """Let the repaired document in by the one way in; the bytes that came stay in quarantine, marked as repaired.

    Raises UnfitRepair while it is still no interview: a second row in quarantine would help nobody.
    """
    with database.reading() as session:
        row = get_quarantine(session, programme_id, quarantine_id)
        if row.resolved_at is not None:
            raise UnfitRepair("Somebody has dealt with this already.", why="settled")
        read = preview_repair(session, programme_id, row, repair)
    if isinstance(read, Unfit):
        raise UnfitRepair(read.problem.detail, why="unfit")
    arrival = replace(repair.arrival(row), id=read.instance_id)
    receipt = take_in(database, Source(programme_id, "replay", actor), [arrival])[0]
    if receipt.status not in (200, 201):
        raise UnfitRepair(receipt.problem.detail if receipt.problem else "", why="conflict")
    with database.transaction() as session:
        set_resolved(session, row, f"repaired as {receipt.receipt}", actor=actor)
    return receipt


@dataclass(frozen=True)
class Repair:
    """A document as somebody mended it, and the form that it is said to be of."""

    form: str
    body: bytes
    reason: str = ""

    def arrival(self, row: Quarantine) -> Arrival:
        """As it would arrive now: from the phone that sent it, at the time when it first came."""
        return replace(_as_kept(row), form=self.form, body=self.body, sealed=False, reason=self.reason)


def _as_kept(row: Quarantine) -> Arrival:
    return Arrival(
        row.claimed_id,
        row.claimed_form,
        row.claimed_version,
        row.content,
        device_id=row.device_id,
        received_at=row.received_at,
    )


def set_resolved(session: Session, row: Quarantine, resolution: str, *, actor: str) -> None:
    """Take the row off the waiting list, with what was done about it; the bytes stay."""
    session.execute(
        update(Quarantine)
        .where(Quarantine.programme_id == row.programme_id, Quarantine.id == row.id)
        .values(resolved_at=now(), resolution=resolution)
    )
    add_audit(session, row.programme_id, actor, "resolve-quarantine", str(row.id), resolution=resolution)
