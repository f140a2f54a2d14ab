"""Media of interviews: announced with their digest, taken in pieces, whole once the digest has been checked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.intake.keys import Keyring
from survey_server.db.media.files import MediaStore, keep_blob
from survey_server.db.media.types import find_type
from survey_server.db.models import Media, now
from survey_server.db.session import Database
from survey_server.problems import MediaNotAnnounced, Problem, SealTellsOtherwise, TooManyMedia, UnknownMedia
from survey_server.sealing import open_container, read_container_header

MOST_PER_INTERVIEW = 400
ABANDONED = timedelta(days=60)
"""A phone that hasn't gone on for so long may be in a drawer: what it sent is let go of, and sent again if it wakes."""
_HEAD = 512

logger = logging.getLogger("survey_server")


@dataclass(frozen=True)
class Announcement:
    """A file that somebody is about to hand over, as they describe it."""

    instance_id: str
    name: str
    type: str
    size: int
    sha256: str
    sealed: bool = False


@dataclass(frozen=True)
class Hander:
    """Who hands media over, and by which door: "phone", "openrosa" or "import"."""

    programme_id: int
    door: str
    actor: str
    device_id: int | None = None


@dataclass(frozen=True)
class Stand:
    """How far a file has come; `complete` means whole, checked and on the disk for good."""

    sha256: str
    size: int
    offset: int
    complete: bool


class MediaIntake:
    """The one way in for bytes beside the XML. Everything may be repeated; nothing is overwritten."""

    def __init__(self, database: Database, store: MediaStore, keyring: Keyring | None = None) -> None:
        self.database = database
        self.store = store
        self.keyring = keyring

    def announce(self, hander: Hander, told: Announcement) -> Stand:
        """Note that this file of this interview will come, and say how much of it is here. Raises TooManyMedia."""
        try:
            self._note(hander, told)
        except IntegrityError:  # another request has just noted the same
            self._note(hander, told)
        return self._stand(hander, told.sha256, told.size)

    def take(self, hander: Hander, sha256: str, offset: int, piece: bytes) -> Stand:
        """Add a piece. One for another place than the end is left, and the answer says where to go on.

        Raises MediaNotAnnounced, MediaDiskFull, and MediaDigestWrong when it is whole but not what was announced.
        """
        with self.database.reading() as session:
            query = select(func.min(Media.size)).where(_is_of_blob(hander.programme_id, sha256))
            size = session.scalar(query)
        if size is None:
            raise MediaNotAnnounced()
        if not self.store.has(hander.programme_id, sha256):
            self.store.append(hander.programme_id, sha256, offset, piece[: max(0, size - offset)])
        return self._stand(hander, sha256, size)

    def keep(self, hander: Hander, instance_id: str, name: str, media_type: str, body: bytes) -> Stand:
        """Store a file that is here whole, such as an attachment of an OpenRosa submission."""
        sha256 = keep_blob(self.store, hander.programme_id, body)
        return self.announce(hander, Announcement(instance_id, name, media_type, len(body), sha256))

    def _note(self, hander: Hander, told: Announcement) -> None:
        mine = {"programme_id": hander.programme_id, "instance_id": told.instance_id}
        with self.database.transaction() as session:
            same = select(Media.id).filter_by(**mine, name=told.name, sha256=told.sha256)
            if session.scalar(same) is not None:
                return
            known = session.scalar(select(func.count()).select_from(Media).filter_by(**mine)) or 0
            if known >= MOST_PER_INTERVIEW:
                raise TooManyMedia()
            session.add(
                Media(
                    **mine,
                    name=told.name,
                    type=told.type,
                    size=told.size,
                    sha256=told.sha256,
                    sealed=told.sealed,
                    source=hander.door,
                    device_id=hander.device_id,
                )
            )

    def _stand(self, hander: Hander, sha256: str, size: int) -> Stand:
        """How far it is; a file that has just become whole is checked, and noted as here."""
        if not self.store.has(hander.programme_id, sha256):
            arrived = self.store.arrived(hander.programme_id, sha256)
            if arrived < size:
                return Stand(sha256, size, arrived, complete=False)
            self.store.complete(hander.programme_id, sha256)
        self._settle(hander, sha256)
        self.store.drop_abandoned(hander.programme_id, now() - ABANDONED)
        return Stand(sha256, size, size, complete=True)

    def _settle(self, hander: Hander, sha256: str) -> None:
        waiting = select(Media).where(_is_of_blob(hander.programme_id, sha256), Media.completed_at.is_(None))
        with self.database.reading() as session:
            rows = list(session.scalars(waiting))
            found = self._found_type(session, rows[0]) if rows else None
        if not rows:
            return
        with self.database.transaction() as session:
            for row in rows:
                change = update(Media).where(Media.programme_id == row.programme_id, Media.id == row.id)
                session.execute(change.values(completed_at=now(), found_type=found))
                detail = {"name": row.name, "size": row.size}
                add_audit(session, row.programme_id, hander.actor, f"media-{hander.door}", row.instance_id, **detail)

    def _found_type(self, session: Session, row: Media) -> str | None:
        """What it is by its bytes; None while nobody here can open its seal."""
        try:
            return find_type(open_media(session, self.store, row, self.keyring)[:_HEAD])
        except Problem as problem:
            logger.info("A sealed file stays closed: %s", problem.code)
            return None


def open_media(session: Session, store: MediaStore, row: Media, keyring: Keyring | None) -> bytes:
    """The file as it was on the phone. Raises UnknownMedia, or what keeps its seal closed."""
    body = store.read(row.programme_id, row.sha256)
    if not row.sealed:
        return body
    header = read_container_header(body)
    key = keyring.find_private(session, row.programme_id, str(header["kid"])) if keyring else None
    if key is None:
        raise UnknownMedia("This file is sealed: only the key that its owner keeps opens it.")
    if (header.get("id"), header.get("name")) != (row.instance_id, row.name):
        raise SealTellsOtherwise()
    return open_container(body, key).content


def list_media(session: Session, programme_id: int, instance_id: str) -> list[Media]:
    """What was announced or has come for one interview, by name and time."""
    query = select(Media).where(Media.programme_id == programme_id, Media.instance_id == instance_id)
    return list(session.scalars(query.order_by(Media.name, Media.announced_at)))


def get_media(session: Session, programme_id: int, instance_id: str, media_id: int) -> Media:
    """One whole file of one interview; raises UnknownMedia."""
    row = session.get(Media, (programme_id, media_id))
    if row is None or row.instance_id != instance_id or row.completed_at is None:
        raise UnknownMedia()
    return row


@dataclass(frozen=True)
class Owed:
    """What an interview says that belongs to it, beside what is here: `media` is None while nothing of it has come."""

    name: str
    media: Media | None
    arrived: int


def list_owed(store: MediaStore, rows: Sequence[Media], names: Sequence[str]) -> list[Owed]:
    """Every file that the interview names and every other that came for it, in that order."""
    by_name: dict[str, list[Media]] = {name: [] for name in names}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    owed: list[Owed] = []
    for name, found in by_name.items():
        owed += [Owed(name, row, _arrived(store, row)) for row in found] or [Owed(name, None, 0)]
    return owed


def _arrived(store: MediaStore, row: Media) -> int:
    return row.size if row.completed_at else store.arrived(row.programme_id, row.sha256)


def _is_of_blob(programme_id: int, sha256: str) -> ColumnElement[bool]:
    return and_(Media.programme_id == programme_id, Media.sha256 == sha256)
