"""Write one batch that was read: submissions, conflicts, quarantine, and one row of the audit chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.devices import set_device_contact
from survey_server.db.intake.arrivals import Arrival, Interview, Unfit
from survey_server.db.intake.aside import AsideWriter
from survey_server.db.intake.editing import add_version, is_locked
from survey_server.db.intake.fieldwork import load_fieldwork
from survey_server.db.intake.receipts import Known, Receipt, receipt_code
from survey_server.db.intake.seals import ClosedSeal, KnownSeal, SealWriter
from survey_server.db.intake.sources import Source
from survey_server.db.models import (
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
from survey_server.problems import StaleEdit, UnknownEdited, WasErased
from survey_server.xlsform.entities import EntityChange

_TABLES = (Submission, SubmissionVersion, SubmissionIssue, SubmissionText)
_INSERTS = [Prepared(insert(table_of(model))) for model in _TABLES]
_submissions = table_of(Submission)
_COUNT_REPEAT = Prepared(
    update(_submissions)
    .where(_submissions.c.programme_id == bindparam("of_programme"), _submissions.c.id == bindparam("of_id"))
    .values(repeats=_submissions.c.repeats + 1, changed_at=bindparam("changed_at"))
)


class Writer:
    """Gathers the rows of one batch and writes each table once, in the caller's transaction."""

    def __init__(self, session: Session, source: Source, known: Mapping[tuple[int, str], Known]) -> None:
        self.session = session
        self.source = source
        self.received_at = source.received_at
        self.changed_at = now()  # frames look for changes by this: always the true time of the writing
        self.known = dict(known)
        self.aside = AsideWriter(session, source)
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

    def write(
        self, items: Iterable[tuple[Arrival, Interview | Unfit | Known | KnownSeal | ClosedSeal]]
    ) -> list[Receipt]:
        """Write the batch; one receipt per item, in their order. `note_contact` and `note_batch` are still to come."""
        receipts = [self._take(arrival, item) for arrival, item in items]
        tables = (self.submissions, self.versions, self.issues, self.texts)
        with in_one_go(self.session.connection()):
            for statement, rows in zip(_INSERTS, tables, strict=True):
                if rows:
                    statement.run(self.session.connection(), *rows)
            self.aside.write(self.session.connection())
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
            return self._refuse(item) if isinstance(item.problem, WasErased) else self.aside.add_quarantine(item)
        key = (item.form_row, item.instance_id)
        known = self.known.get(key)
        if known is None:
            return self._add_edit(key, item) if item.deprecated_id else self._add_submission(key, item)
        if known.sha256 == item.digest:
            return self._repeat(arrival, known)
        return self.aside.add_conflict(known, item)

    def _add_edit(self, key: tuple[int, str], item: Interview) -> Receipt:
        """The next version of a submission, if what was edited is the version that counts."""
        before = self.known.get((item.form_row, item.deprecated_id))
        if before is None:
            return self.aside.add_quarantine(Unfit(item.arrival, item.digest, UnknownEdited()))
        if before.number is None or is_locked(self.session, self.source.programme_id, before.submission_id):
            return self.aside.add_conflict(before, item, StaleEdit())
        number = before.number + 1
        add_version(self.session, self.source, before.submission_id, number, item, self.changed_at)
        self.edited += 1
        self.told_edits.append(Told(item.form_row, item.instance_id, before.submission_id))
        self.known[item.form_row, item.deprecated_id] = replace(before, number=None)
        self.known[key] = Known(before.submission_id, item.digest, len(item.issues), number)
        self._keep_seal(item.arrival, before.submission_id)
        return _new(item, before.submission_id)

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
                "device_id": self.source.device_of(item.arrival.device_id),
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
        return _new(item, submission_id)

    def _refuse(self, item: Unfit) -> Receipt:
        """What was erased isn't kept again, not even in quarantine."""
        self.refused += 1
        return Receipt(item.arrival.id, item.arrival.sent_digest, item.problem.status, "", 0, item.problem)

    def note_batch(self, items: int) -> None:
        """Write the batch's row of the audit chain."""
        told: dict[str, Any] = {"edited": self.edited} if self.edited else {}
        told |= {"refused": self.refused} if self.refused else {}
        stored = len(self.submissions) + sum(row["submission_id"] is None for row in self.seals.rows)
        conflicts, quarantined = len(self.aside.conflicts), len(self.aside.quarantine)
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


def _new(item: Interview, submission_id: int) -> Receipt:
    return Receipt(
        item.arrival.id,
        item.sent_digest,
        201,
        receipt_code(submission_id),
        len(item.issues),
        None,
        submission_id,
    )
