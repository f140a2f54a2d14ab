"""What is kept beside the submissions: conflicts with a stored one, and what can't be an interview at all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from survey_server.db.intake.arrivals import Arrival, Interview, Unfit
from survey_server.db.intake.receipts import Known, Receipt, receipt_code
from survey_server.db.intake.sources import Source
from survey_server.db.models import Conflict, Quarantine, new_id, table_of
from survey_server.db.prepared import Prepared
from survey_server.problems import Problem, SubmissionConflict

_LONGEST_CLAIM = 255
_ADD_CONFLICT = Prepared(insert(table_of(Conflict)))
_ADD_QUARANTINE = Prepared(insert(table_of(Quarantine)))


class AsideWriter:
    """Gathers what one batch brings that is no new submission; the same bytes are kept once."""

    def __init__(self, session: Session, source: Source) -> None:
        self.session = session
        self.source = source
        self.conflicts: list[dict[str, Any]] = []
        self.quarantine: list[dict[str, Any]] = []
        self._kept_conflicts: dict[tuple[int, str], int] = {}
        self._kept_quarantine: dict[str, int] = {}

    def add_conflict(self, known: Known, item: Interview, problem: Problem | None = None) -> Receipt:
        """Another document with the id of a stored one."""
        key = (known.submission_id, item.digest)
        if key not in self._kept_conflicts:
            self._kept_conflicts[key] = self._find_conflict(*key) or self._new_conflict(*key, item.arrival)
        problem = problem or SubmissionConflict()
        code = receipt_code(self._kept_conflicts[key])
        return Receipt(item.arrival.id, item.sent_digest, problem.status, code, 0, problem)

    def add_quarantine(self, item: Unfit) -> Receipt:
        """What can't be an interview, as it came, until somebody looks at it."""
        digest = item.sent_digest
        if digest not in self._kept_quarantine:
            self._kept_quarantine[digest] = self._find_quarantine(digest) or self._new_quarantine(item)
        shown = item.problem if item.problem.status >= 400 else None
        return Receipt(
            item.arrival.id, digest, item.problem.status, receipt_code(self._kept_quarantine[digest]), 0, shown
        )

    def write(self, connection: Connection) -> None:
        """Write what was gathered, in the caller's transaction."""
        if self.conflicts:
            _ADD_CONFLICT.run(connection, *self.conflicts)
        if self.quarantine:
            _ADD_QUARANTINE.run(connection, *self.quarantine)

    def _find_conflict(self, submission_id: int, digest: str) -> int | None:
        return self.session.scalar(
            select(Conflict.id).where(
                Conflict.programme_id == self.source.programme_id,
                Conflict.submission_id == submission_id,
                Conflict.sha256 == digest,
            )
        )

    def _new_conflict(self, submission_id: int, digest: str, arrival: Arrival) -> int:
        conflict_id = new_id()
        row = {
            "programme_id": self.source.programme_id,
            "id": conflict_id,
            "submission_id": submission_id,
            "sha256": digest,
            "device_id": self.source.device_of(arrival.device_id),
            "received_at": self.source.received_at,
            "xml": arrival.body,
        }
        self.conflicts.append(row)
        return conflict_id

    def _find_quarantine(self, digest: str) -> int | None:
        return self.session.scalar(
            select(Quarantine.id).where(
                Quarantine.programme_id == self.source.programme_id, Quarantine.sha256 == digest
            )
        )

    def _new_quarantine(self, item: Unfit) -> int:
        quarantine_id = new_id()
        row = {
            "programme_id": self.source.programme_id,
            "id": quarantine_id,
            "sha256": item.sent_digest,
            "reason": item.problem.code,
            "detail": _claim(item.problem.detail),
            "source": self.source.door,
            "claimed_id": _claim(item.arrival.id),
            "claimed_form": _claim(item.arrival.form),
            "claimed_version": _claim(item.arrival.version),
            "device_id": self.source.device_of(item.arrival.device_id),
            "received_at": self.source.received_at,
            "content": item.arrival.sent,
        }
        self.quarantine.append(row)
        return quarantine_id


def _claim(text: str) -> str:
    """What a phone said, fit for every database: no NUL, no half characters, not too long."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:_LONGEST_CLAIM]
