"""The one way in: interviews are stored once, each batch whole or not at all, and answered after the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from survey_server.db.intake.arrivals import Arrival, Interview, Unfit
from survey_server.db.intake.counter import counter_of
from survey_server.db.intake.fieldwork import Fieldwork, load_fieldwork
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.reading import Reader
from survey_server.db.intake.receipts import Known, Receipt
from survey_server.db.intake.seals import ClosedSeal, KnownSeal, open_seals
from survey_server.db.intake.sources import Source
from survey_server.db.intake.storing import Writer
from survey_server.db.models import Submission, SubmissionVersion, table_of
from survey_server.db.prepared import Prepared, in_one_go
from survey_server.db.session import Database
from survey_server.problems import QuarantinedFromRevoked

__all__ = ["Arrival", "Receipt", "Source", "take_in"]

_TRIES = 4

Item = Interview | Unfit | Known | KnownSeal | ClosedSeal


def take_in(
    database: Database,
    source: Source,
    arrivals: Sequence[Arrival],
    keyring: Keyring | None = None,
    *,
    open_again: bool = False,
    beside: Callable[[Session, Sequence[Receipt]], None] | None = None,
) -> list[Receipt]:
    """Store what is new, flag what is odd, keep what can't be read: one receipt per arrival, in their order.

    Sealed arrivals are opened with `keyring`; with `open_again` also those that were kept closed until now.
    `beside` writes what belongs to them, such as files, in the same transaction.
    All or nothing: when this raises, nothing of the batch is stored; when it returns, everything is on the disk.
    """
    receipts: list[Receipt] = counter_of(database, _store).hand_in(
        _Batch(source, arrivals, keyring, open_again, beside)
    )
    return receipts


@dataclass(frozen=True)
class _Batch:
    """What one request hands in."""

    source: Source
    arrivals: Sequence[Arrival]
    keyring: Keyring | None
    open_again: bool
    beside: Callable[[Session, Sequence[Receipt]], None] | None


def _store(database: Database, batches: Sequence[_Batch]) -> list[list[Receipt]]:
    """All of them in one transaction."""
    for tries_left in reversed(range(_TRIES)):
        with database.looking_up() as session:
            reads = [_read(session, batch) for batch in batches]
        try:
            with database.transaction() as session:
                return _write(session, batches, reads)
        except IntegrityError:
            # Another request stored one of these ids between our reading and our writing: look again.
            if not tries_left or len(batches) > 1:
                raise
    raise AssertionError("unreachable")


def _write(session: Session, batches: Sequence[_Batch], reads: Sequence[_Read]) -> list[list[Receipt]]:
    """The receipts of each batch. Rows that others wait for come last and in one order: devices, then audit chains."""
    writers = [Writer(session, batch.source, read.known) for batch, read in zip(batches, reads, strict=True)]
    receipts = [writer.write(read.items) for writer, read in zip(writers, reads, strict=True)]
    for batch, told in zip(batches, receipts, strict=True):
        if batch.beside is not None:
            batch.beside(session, told)
    with in_one_go(session.connection()):
        for writer in sorted(writers, key=_device_of):
            writer.note_contact()
        for writer, told in sorted(zip(writers, receipts, strict=True), key=_programme_of):
            writer.note_batch(len(told))
    return receipts


def _device_of(writer: Writer) -> int:
    return writer.source.device.id if writer.source.device else 0


def _programme_of(written: tuple[Writer, list[Receipt]]) -> int:
    return written[0].source.programme_id


@dataclass(frozen=True)
class _Read:
    """A batch as read: each arrival with what became of it, and the submissions whose ids are taken."""

    items: list[tuple[Arrival, Item]]
    known: dict[tuple[int, str], Known]


def _read(session: Session, batch: _Batch) -> _Read:
    source, arrivals, keyring = batch.source, batch.arrivals, batch.keyring
    device = source.device
    fieldwork = load_fieldwork(session, source.programme_id, device.field_revision if device else None)
    trusted = keyring is not None and not (device and device.revoked)
    judged = (
        open_seals(session, source.programme_id, keyring, arrivals, again=batch.open_again)
        if keyring is not None and trusted
        else list(arrivals)
    )
    readable = [one for one in judged if isinstance(one, Arrival)]
    known = _find_known(session, source.programme_id, _claimed_keys(fieldwork, readable))
    interviewer = device.interviewer if device else None
    reader = Reader(session, source.programme_id, source.received_at, interviewer, fieldwork)
    items: list[tuple[Arrival, Item]] = []
    for arrival, one in zip(arrivals, judged, strict=True):
        if isinstance(one, Arrival):
            items.append((one, _find_again(fieldwork, known, one) or _judge(source, reader, one)))
        else:
            items.append((arrival, one))
    read = [item for _, item in items if isinstance(item, Interview)]
    others = {(item.form_row, item.instance_id) for item in read if item.instance_id != item.arrival.id}
    others |= {(item.form_row, item.deprecated_id) for item in read if item.deprecated_id}
    return _Read(items, known | _find_known(session, source.programme_id, others))


def _judge(source: Source, reader: Reader, arrival: Arrival) -> Interview | Unfit:
    if source.device and source.device.revoked:
        return Unfit(arrival, arrival.digest, QuarantinedFromRevoked())
    return reader.read(arrival)


def _claimed_keys(fieldwork: Fieldwork, arrivals: Iterable[Arrival]) -> set[tuple[int, str]]:
    """Under what the readable of them claim to be stored already."""
    fit = [one for one in arrivals if one.problem is None and one.form in fieldwork.forms]
    return {(fieldwork.forms[one.form].form_row, one.id) for one in fit}


def _find_again(fieldwork: Fieldwork, known: Mapping[tuple[int, str], Known], arrival: Arrival) -> Known | None:
    """The stored document with the same id and the same bytes: no need to read it again."""
    form = fieldwork.forms.get(arrival.form)
    stored = known.get((form.form_row, arrival.id)) if form else None
    return stored if stored and stored.sha256 == arrival.digest else None


def _find_known(session: Session, programme_id: int, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Known]:
    """Which of these (form, instance id) are stored: a look-up by key, whatever the table's size."""
    connection = session.connection()
    known = {}
    for form_row, instance_id in keys:
        values = {"programme_id": programme_id, "form_row": form_row, "instance_id": instance_id}
        if row := _KNOWN.first(connection, values):
            current = row.number if row.number == row.current else None
            known[form_row, instance_id] = Known(row.submission_id, row.sha256, row.issue_count, current)
    return known


_submissions = table_of(Submission)
_versions = table_of(SubmissionVersion)
_KNOWN = Prepared(
    select(
        *(_versions.c.submission_id, _versions.c.sha256, _submissions.c.issue_count),
        *(_versions.c.number, _submissions.c.number.label("current")),
    )
    .join(
        _submissions,
        (_submissions.c.programme_id == _versions.c.programme_id) & (_submissions.c.id == _versions.c.submission_id),
    )
    .where(
        _versions.c.programme_id == bindparam("programme_id"),
        _versions.c.form_row == bindparam("form_row"),
        _versions.c.instance_id == bindparam("instance_id"),
    )
)
