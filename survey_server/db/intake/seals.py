"""Interviews that come sealed: opened before they are read when the key is here, kept for their owner when it isn't."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from survey_server.db.intake.arrivals import Arrival, Encryption, Envelope, Unfit
from survey_server.db.intake.keys import Keyring
from survey_server.db.models import Media, Sealed, Submission, new_id, table_of
from survey_server.db.openrosa.form_keys import find_form_private
from survey_server.db.prepared import Prepared
from survey_server.problems import BrokenEncryption, BrokenSeal, DigestMismatch, ForeignSeal, SealTellsOtherwise
from survey_server.sealing import open_envelope, read_header

ENCRYPTED = "openrosa"
"""The door by which what ODK Collect encrypted comes."""
LONGEST_INTERVIEW = 16 * 1024 * 1024


@dataclass(frozen=True)
class KnownSeal:
    """The very same sealed bytes came before."""

    sealed_id: int
    sha256: str
    submission_id: int | None
    issues: int


@dataclass(frozen=True)
class ClosedSeal:
    """A seal that only its owner opens: it is kept as it is."""

    arrival: Arrival
    envelope: Envelope


Judged = Arrival | Unfit | KnownSeal | ClosedSeal


def open_seals(
    session: Session, programme_id: int, keyring: Keyring, arrivals: Sequence[Arrival], *, again: bool = False
) -> list[Judged]:
    """Each arrival as it can be read on: sealed ones opened, known ones recognised, others as they are.

    With `again` seals that are stored unopened are opened too, if the keyring has their key by now.
    """
    sealed = [one for one in arrivals if one.sealed and one.problem is None]
    if not sealed:
        return list(arrivals)
    known = _find_known(session, programme_id, {one.digest for one in sealed})
    return [_judge(session, programme_id, keyring, one, known, again=again) for one in arrivals]


def _judge(
    session: Session,
    programme_id: int,
    keyring: Keyring,
    arrival: Arrival,
    known: Mapping[str, KnownSeal],
    *,
    again: bool,
) -> Judged:
    if not arrival.sealed or arrival.problem is not None:
        return arrival
    digest = arrival.digest
    stored = known.get(digest)
    if stored is not None and not ((again or arrival.encryption) and stored.submission_id is None):
        return stored
    try:
        if arrival.encryption is not None:
            stored_id = stored.sealed_id if stored else None
            return _open_encrypted(session, programme_id, keyring, arrival, arrival.encryption, stored_id)
        if arrival.sha256 and arrival.sha256 != digest:
            raise DigestMismatch()
        header = read_header(arrival.body)
        _compare(header, arrival)
        envelope = Envelope(arrival.body, digest, str(header["kid"]), stored.sealed_id if stored else None)
        key = keyring.find_private(session, programme_id, envelope.kid)
        if key is None:
            return ClosedSeal(arrival, envelope)
        opened = open_envelope(arrival.body, key, LONGEST_INTERVIEW)
    except (BrokenEncryption, BrokenSeal, ForeignSeal, SealTellsOtherwise, DigestMismatch) as problem:
        return Unfit(arrival, digest, problem)
    return replace(arrival, body=opened.content, sha256="", sealed=False, envelope=envelope)


def _open_encrypted(
    session: Session,
    programme_id: int,
    keyring: Keyring,
    arrival: Arrival,
    encryption: Encryption,
    stored_id: int | None,
) -> Arrival | ClosedSeal:
    """One that ODK Collect encrypted: opened when the key and all its files are here, kept closed until then."""
    envelope = Envelope(arrival.body, arrival.digest, encryption.kid, stored_id)
    private = find_form_private(session, keyring, programme_id, encryption.kid)
    xml = encryption.open(private) if private else None
    if xml is None:
        return ClosedSeal(arrival, envelope)
    return replace(arrival, body=xml, sha256="", sealed=False, envelope=envelope, encryption=None)


def _compare(header: Mapping[str, Any], arrival: Arrival) -> None:
    """The words on the seal can't be changed without breaking it: what the sender says beside it must be the same."""
    said = {"id": arrival.id, "form": arrival.form, "version": arrival.version}
    for name, value in said.items():
        if name in header and header[name] != value:
            raise SealTellsOtherwise()
    if header.get("wave") is not None and arrival.wave is not None and str(header["wave"]) != str(arrival.wave):
        raise SealTellsOtherwise()


def _find_known(session: Session, programme_id: int, digests: Iterable[str]) -> dict[str, KnownSeal]:
    found = [_KNOWN.first(session.connection(), {"programme_id": programme_id, "sha256": each}) for each in digests]
    return {row.sha256: KnownSeal(row.id, row.sha256, row.submission_id, row.issue_count or 0) for row in found if row}


class SealWriter:
    """Gathers the seals of one batch; its writer says what became of each."""

    def __init__(self, programme_id: int, door: str, device_id: int | None, received_at: datetime) -> None:
        self.programme_id = programme_id
        self.door = door
        self.device_id = device_id
        self.received_at = received_at
        self.rows: list[dict[str, Any]] = []
        self.opened: list[dict[str, Any]] = []
        self._kept: dict[str, int] = {}

    def keep(self, arrival: Arrival, envelope: Envelope, submission_id: int | None) -> int:
        """Keep the sealed bytes once, with the submission that was in them; the id under which they are kept."""
        if envelope.stored_id is not None:
            self.opened.append(
                {
                    "of_programme": self.programme_id,
                    "of_id": envelope.stored_id,
                    "submission_id": submission_id,
                    "opened_at": self.received_at,
                }
            )
            return envelope.stored_id
        if envelope.sha256 not in self._kept:
            self._kept[envelope.sha256] = new_id()
            self.rows.append(self._row(arrival, envelope, submission_id))
        return self._kept[envelope.sha256]

    def _row(self, arrival: Arrival, envelope: Envelope, submission_id: int | None) -> dict[str, Any]:
        return {
            "programme_id": self.programme_id,
            "id": self._kept[envelope.sha256],
            "sha256": envelope.sha256,
            "kid": envelope.kid,
            "claimed_id": arrival.id,
            "claimed_form": arrival.form,
            "claimed_version": arrival.version,
            "wave_id": arrival.wave,
            "device_id": self.device_id,
            "source": self.door,
            "received_at": self.received_at,
            "opened_at": None if submission_id is None else self.received_at,
            "submission_id": submission_id,
            "content": envelope.content,
        }

    def write(self, session: Session) -> None:
        """Write what was gathered, in the caller's transaction."""
        if self.rows:
            _INSERT.run(session.connection(), *self.rows)
        if self.opened:
            _SET_OPENED.run(session.connection(), *self.opened)


def count_closed(session: Session, programme_id: int, wave_id: int | None = None) -> int:
    """How many interviews wait for the owner of the key."""
    query = select(func.count()).where(Sealed.programme_id == programme_id, Sealed.submission_id.is_(None))
    if wave_id is not None:
        query = query.where(Sealed.wave_id == wave_id)
    return session.scalar(query) or 0


def list_closed(
    session: Session,
    programme_id: int,
    wave_id: int | None,
    *,
    after: int = 0,
    limit: int = 200,
    encrypted: bool = False,
) -> list[Sealed]:
    """Unopened seals in the order in which they came, `limit` at a time from `after` on.

    With `encrypted` those that ODK Collect encrypted, else those of our own phones.
    """
    query = select(Sealed).where(
        Sealed.programme_id == programme_id,
        Sealed.submission_id.is_(None),
        Sealed.content.is_not(None),
        Sealed.source == ENCRYPTED if encrypted else Sealed.source != ENCRYPTED,
        Sealed.id > after,
    )
    if wave_id is not None:
        query = query.where(Sealed.wave_id == wave_id)
    return list(session.scalars(query.order_by(Sealed.id).limit(limit)))


def list_sealed_media(session: Session, programme_id: int) -> list[Media]:
    """The whole files of the programme that came sealed."""
    query = select(Media).where(Media.programme_id == programme_id, Media.sealed, Media.completed_at.is_not(None))
    return list(session.scalars(query.order_by(Media.id)))


def arrival_of(sealed: Sealed) -> Arrival:
    """A stored seal as it arrived, to be taken in again by somebody with the key."""
    return Arrival(
        sealed.claimed_id,
        sealed.claimed_form,
        sealed.claimed_version,
        sealed.content or b"",
        sha256=sealed.sha256,
        wave=sealed.wave_id,
        sealed=True,
        device_id=sealed.device_id,
        received_at=sealed.received_at,
    )


_sealed = table_of(Sealed)
_submissions = table_of(Submission)
_INSERT = Prepared(insert(_sealed))
_SET_OPENED = Prepared(
    update(_sealed)
    .where(_sealed.c.programme_id == bindparam("of_programme"), _sealed.c.id == bindparam("of_id"))
    .values(submission_id=bindparam("submission_id"), opened_at=bindparam("opened_at"))
)
_KNOWN = Prepared(
    select(_sealed.c.id, _sealed.c.sha256, _sealed.c.submission_id, _submissions.c.issue_count)
    .join(
        _submissions,
        (_submissions.c.programme_id == _sealed.c.programme_id) & (_submissions.c.id == _sealed.c.submission_id),
        isouter=True,
    )
    .where(
        _sealed.c.programme_id == bindparam("programme_id"),
        _sealed.c.sha256 == bindparam("sha256"),
    )
)
