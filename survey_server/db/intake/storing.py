"""Write one batch that was read: submissions, conflicts, quarantine, and one row of the audit chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.devices import set_device_contact
from survey_server.db.intake.arrivals import Arrival, Interview, Unfit
from survey_server.db.intake.editing import add_version, is_locked
from survey_server.db.intake.fieldwork import load_fieldwork
from survey_server.db.intake.receipts import receipt_code
from survey_server.db.intake.seals import ClosedSeal, KnownSeal, SealWriter
from survey_server.db.intake.sources import Source
from survey_server.db.models import (
    Conflict,
    Quarantine,
    Submission,
    SubmissionIssue,
    SubmissionText,
    SubmissionVersion,
    new_id,
    now,
    table_of,
)
from survey_server.db.openrosa.entity_intake import apply_interviews
from survey_server.db.prepared import Prepared, in_one_go
from survey_server.db.review.words import with_phone
from survey_server.db.webhooks import Told, add_event
from survey_server.problems import Problem, StaleEdit, SubmissionConflict, UnknownEdited, WasErased
from survey_server.xlsform.entities import EntityChange

_LONGEST_CLAIM = 255

_TABLES = (Submission, SubmissionVersion, SubmissionIssue, SubmissionText, Conflict, Quarantine)
_INSERTS = [Prepared(insert(table_of(model))) for model in _TABLES]
_submissions = table_of(Submission)
_COUNT_REPEAT = Prepared(
    update(_submissions)
    .where(_submissions.c.programme_id == bindparam("of_programme"), _submissions.c.id == bindparam("of_id"))
    .values(repeats=_submissions.c.repeats + 1, changed_at=bindparam("changed_at"))
)


@dataclass(frozen=True)
class Receipt:
    """The answer for one arrival: what was kept, under which number, and what to look at."""

    id: str
    sha256: str
    status: int
    receipt: str
    issues: int = 0
    problem: Problem | None = None
    submission_id: int | None = None
    """The submission that it is now, or that it was before."""


@dataclass(frozen=True)
class Known:
    """A document that is stored already."""

    submission_id: int
    sha256: str
    issues: int
    number: int | None = 1
    """Its number if it is the version that counts; None once it was edited."""


class Writer:
    """Gathers the rows of one batch and writes each table once, in the caller's transaction."""

    def __init__(self, session: Session, source: Source, known: Mapping[tuple[int, str], Known]) -> None:
        self.session = session
        self.source = source
        self.received_at = source.received_at
        self.changed_at = now()  # frames look for changes by this: always the true time of the writing
        self.known = dict(known)
        self.kept_conflicts: dict[tuple[int, str], int] = {}
        self.kept_quarantine: dict[str, int] = {}
        device_id = source.device.id if source.device else None
        self.seals = SealWriter(source.programme_id, source.door, device_id, source.received_at)
        self.repeated: list[int] = []
        self.edited = 0
        self.told_edits: list[Told] = []
        self.refused = 0
        self.submissions: list[dict[str, Any]] = []
        self.entities: list[tuple[int, Sequence[EntityChange]]] = []
        self.versions: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.texts: list[dict[str, Any]] = []
        self.conflicts: list[dict[str, Any]] = []
        self.quarantine: list[dict[str, Any]] = []

    def write(
        self, items: Iterable[tuple[Arrival, Interview | Unfit | Known | KnownSeal | ClosedSeal]]
    ) -> list[Receipt]:
        """Write the batch; one receipt per item, in their order. `note_contact` and `note_batch` are still to come."""
        receipts = [self._take(arrival, item) for arrival, item in items]
        tables = (self.submissions, self.versions, self.issues, self.texts, self.conflicts, self.quarantine)
        with in_one_go(self.session.connection()):
            for statement, rows in zip(_INSERTS, tables, strict=True):
                if rows:
                    statement.run(self.session.connection(), *rows)
            self.seals.write(self.session)
            if self.repeated:
                self._count_repeats()
        if self.entities:
            actor, at = self.source.actor, self.changed_at
            apply_interviews(self.session, self.source.programme_id, actor, at, self.entities)
        self._tell()
        return receipts

    def note_contact(self) -> None:
        """Note what the phone said of itself, in its row of the list of devices."""
        if self.source.device is not None and self.source.door == "phone":
            set_device_contact(self.session, self.source.device, self.source.report or {}, self.received_at)

    def _tell(self) -> None:
        """Tell whoever asked to be told, after the commit: ids alone."""
        device = self.source.device
        wanted = load_fieldwork(self.session, self.source.programme_id, device.field_revision if device else None).told
        new = [Told(row["form_row"], row["instance_id"], row["id"]) for row in self.submissions]
        for event, told in (("submission.received", new), ("submission.edited", self.told_edits)):
            if told and event in wanted:
                add_event(self.session, self.source.programme_id, event, told)

    def _take(self, arrival: Arrival, item: Interview | Unfit | Known | KnownSeal | ClosedSeal) -> Receipt:
        if isinstance(item, KnownSeal):
            return self._repeat_seal(arrival, item)
        if isinstance(item, ClosedSeal):
            return self._keep_closed(item)
        if isinstance(item, Known):
            return self._repeat(arrival, item)
        if isinstance(item, Unfit):
            return self._refuse(item) if isinstance(item.problem, WasErased) else self._add_quarantine(item)
        key = (item.form_row, item.instance_id)
        known = self.known.get(key)
        if known is None:
            return self._add_edit(key, item) if item.deprecated_id else self._add_submission(key, item)
        if known.sha256 == item.digest:
            return self._repeat(arrival, known)
        return self._add_conflict(known, item)

    def _add_edit(self, key: tuple[int, str], item: Interview) -> Receipt:
        """The next version of a submission, if what was edited is the version that counts."""
        before = self.known.get((item.form_row, item.deprecated_id))
        if before is None:
            return self._add_quarantine(Unfit(item.arrival, item.digest, UnknownEdited()))
        if before.number is None or is_locked(self.session, self.source.programme_id, before.submission_id):
            return self._add_conflict(before, item, StaleEdit())
        number = before.number + 1
        add_version(self.session, self.source, before.submission_id, number, item, self.changed_at)
        self.edited += 1
        self.told_edits.append(Told(item.form_row, item.instance_id, before.submission_id))
        self.known[item.form_row, item.deprecated_id] = replace(before, number=None)
        self.known[key] = Known(before.submission_id, item.digest, len(item.issues), number)
        self._keep_seal(item.arrival, before.submission_id)
        digest = item.arrival.envelope.sha256 if item.arrival.envelope else item.digest
        return Receipt(
            item.arrival.id,
            digest,
            201,
            receipt_code(before.submission_id),
            len(item.issues),
            None,
            before.submission_id,
        )

    def _repeat(self, arrival: Arrival, known: Known) -> Receipt:
        self.repeated.append(known.submission_id)
        self._keep_seal(arrival, known.submission_id)
        digest = arrival.envelope.sha256 if arrival.envelope else known.sha256
        return Receipt(
            arrival.id, digest, 200, receipt_code(known.submission_id), known.issues, None, known.submission_id
        )

    def _repeat_seal(self, arrival: Arrival, known: KnownSeal) -> Receipt:
        if known.submission_id is not None:
            self.repeated.append(known.submission_id)
        code = receipt_code(known.submission_id or known.sealed_id)
        return Receipt(arrival.id, known.sha256, 200, code, known.issues, None, known.submission_id)

    def _keep_closed(self, item: ClosedSeal) -> Receipt:
        """Only its owner opens it: kept as it came, and as safe as any other."""
        known = item.envelope.stored_id is not None
        sealed_id = item.envelope.stored_id or self.seals.keep(item.arrival, item.envelope, None)
        return Receipt(item.arrival.id, item.envelope.sha256, 200 if known else 201, receipt_code(sealed_id))

    def _keep_seal(self, arrival: Arrival, submission_id: int) -> None:
        if arrival.envelope is not None:
            self.seals.keep(arrival, arrival.envelope, submission_id)

    def _count_repeats(self) -> None:
        """How often the same bytes came again, for the quality page: a phone that repeats itself is a sign."""
        own = {"of_programme": self.source.programme_id, "changed_at": self.changed_at}
        _COUNT_REPEAT.run(self.session.connection(), *({**own, "of_id": known} for known in sorted(set(self.repeated))))

    def _add_submission(self, key: tuple[int, str], item: Interview) -> Receipt:
        submission_id = new_id()
        programme_id = self.source.programme_id
        own = {"programme_id": programme_id, "submission_id": submission_id, "number": 1}
        self.submissions.append(
            {
                "programme_id": programme_id,
                "id": submission_id,
                "form_row": item.form_row,
                "version_id": item.version_id,
                "version": item.version,
                "wave_id": item.wave_id,
                "instance_id": item.instance_id,
                "number": 1,
                "collected_on": item.collected_on,
                "started": item.started,
                "ended": item.ended,
                "received_at": item.arrival.received_at or self.received_at,
                "changed_at": self.changed_at,
                "device_id": self._device_of(item.arrival),
                "interviewer": item.interviewer,
                "site_code": item.site_code,
                "review_state": "has-issues" if item.issues else "received",
                "issue_count": len(item.issues),
                "repeats": 0,
                "case_id": item.case_id,
                "files": item.files,
                "revision": 0,
            }
        )
        self.versions.append(
            {
                **own,
                "form_row": item.form_row,
                "instance_id": item.instance_id,
                "sha256": item.digest,
                "source": self.source.door,
                "received_at": item.arrival.received_at or self.received_at,
                "answers": item.answers,
                "xml": item.arrival.body,
                "client": dict(item.arrival.client) if item.arrival.client else None,
            }
        )
        words = with_phone(item.words, self.submissions[-1]["device_id"])
        self.texts.append({"programme_id": programme_id, "submission_id": submission_id, "words": words})
        for ordinal, issue in enumerate(item.issues, 1):
            self.issues.append(
                {**own, "ordinal": ordinal, "kind": issue.kind, "path": issue.path, "detail": issue.detail}
            )
        self.known[key] = Known(submission_id, item.digest, len(item.issues))
        if item.entities:
            self.entities.append((submission_id, item.entities))
        self._keep_seal(item.arrival, submission_id)
        digest = item.arrival.envelope.sha256 if item.arrival.envelope else item.digest
        code = receipt_code(submission_id)
        return Receipt(item.arrival.id, digest, 201, code, len(item.issues), None, submission_id)

    def _add_conflict(self, known: Known, item: Interview, problem: Problem | None = None) -> Receipt:
        key = (known.submission_id, item.digest)
        if key not in self.kept_conflicts:
            self.kept_conflicts[key] = self._find_conflict(*key) or self._new_conflict(*key, item.arrival)
        problem = problem or SubmissionConflict()
        code = receipt_code(self.kept_conflicts[key])
        digest = item.arrival.envelope.sha256 if item.arrival.envelope else item.digest
        return Receipt(item.arrival.id, digest, problem.status, code, 0, problem)

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
            "device_id": self._device_of(arrival),
            "received_at": self.received_at,
            "xml": arrival.body,
        }
        self.conflicts.append(row)
        return conflict_id

    def _add_quarantine(self, item: Unfit) -> Receipt:
        digest = item.arrival.envelope.sha256 if item.arrival.envelope else item.digest
        if digest not in self.kept_quarantine:
            self.kept_quarantine[digest] = self._find_quarantine(digest) or self._new_quarantine(item, digest)
        code = receipt_code(self.kept_quarantine[digest])
        shown = item.problem if item.problem.status >= 400 else None
        return Receipt(item.arrival.id, digest, item.problem.status, code, 0, shown)

    def _refuse(self, item: Unfit) -> Receipt:
        """What was erased isn't kept again, not even in quarantine."""
        self.refused += 1
        return Receipt(item.arrival.id, item.arrival.sent_digest, item.problem.status, "", 0, item.problem)

    def _device_of(self, arrival: Arrival) -> int | None:
        """The phone that brought it, whoever hands it over now."""
        return arrival.device_id or (self.source.device.id if self.source.device else None)

    def _find_quarantine(self, digest: str) -> int | None:
        return self.session.scalar(
            select(Quarantine.id).where(
                Quarantine.programme_id == self.source.programme_id, Quarantine.sha256 == digest
            )
        )

    def _new_quarantine(self, item: Unfit, digest: str) -> int:
        quarantine_id = new_id()
        row = {
            "programme_id": self.source.programme_id,
            "id": quarantine_id,
            "sha256": digest,
            "reason": item.problem.code,
            "detail": _claim(item.problem.detail),
            "source": self.source.door,
            "claimed_id": _claim(item.arrival.id),
            "claimed_form": _claim(item.arrival.form),
            "claimed_version": _claim(item.arrival.version),
            "device_id": self._device_of(item.arrival),
            "received_at": self.received_at,
            "content": item.arrival.sent,
        }
        self.quarantine.append(row)
        return quarantine_id

    def note_batch(self, items: int) -> None:
        """Write the batch's row of the audit chain."""
        told: dict[str, Any] = {"edited": self.edited} if self.edited else {}
        told |= {"refused": self.refused} if self.refused else {}
        closed = sum(row["submission_id"] is None for row in self.seals.rows)
        stored, conflicts, quarantined = len(self.submissions) + closed, len(self.conflicts), len(self.quarantine)
        add_audit(
            self.session,
            self.source.programme_id,
            self.source.actor,
            self.source.door,
            stored=stored,
            conflicts=conflicts,
            quarantined=quarantined,
            repeated=items - stored - conflicts - quarantined - self.edited - self.refused,
            **told,
        )


def _claim(text: str) -> str:
    """What a phone said, fit for every database: no NUL, no half characters, not too long."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:_LONGEST_CLAIM]
