"""Files that come whole with an interview: on the disk first, then noted in the interview's own transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from survey_server.db.media.files import MediaStore
from survey_server.db.media.pieces import MOST_PER_INTERVIEW, Hander
from survey_server.db.media.types import find_type
from survey_server.db.models import Media, new_id, now, table_of
from survey_server.db.prepared import Prepared

_HEAD = 512
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """A file whose bytes are on the disk."""

    name: str
    type: str
    found_type: str
    size: int
    sha256: str


def keep_file(store: MediaStore, programme_id: int, name: str, media_type: str, body: IO[bytes], size: int) -> Kept:
    """Put a file into the store, never more than a piece of it in memory. Raises MediaDiskFull."""
    body.seek(0)
    if size <= _BLOCK:
        content = body.read()
        sha256 = hashlib.sha256(content).hexdigest()
        if not store.has(programme_id, sha256):
            store.put(programme_id, sha256, content)
        return Kept(name, media_type, find_type(content[:_HEAD]), size, sha256)
    digest = hashlib.sha256()
    head = b""
    while piece := body.read(_BLOCK):
        head = head or piece[:_HEAD]
        digest.update(piece)
    sha256 = digest.hexdigest()
    if not store.has(programme_id, sha256):
        _append(store, programme_id, sha256, body, size)
    return Kept(name, media_type, find_type(head), size, sha256)


def _append(store: MediaStore, programme_id: int, sha256: str, body: IO[bytes], size: int) -> None:
    """What another request began of the same bytes is gone on with; whoever is quicker completes it."""
    arrived = store.arrived(programme_id, sha256)
    while arrived < size and not store.has(programme_id, sha256):
        body.seek(arrived)
        arrived = store.append(programme_id, sha256, arrived, body.read(_BLOCK))
    store.complete(programme_id, sha256)


def note_files(session: Session, hander: Hander, instance_id: str, files: Sequence[Kept]) -> None:
    """Note that these files of the interview are here, in the caller's transaction; those noted before stay so.

    What is more than an interview may have is left out: the interview itself is never refused for it.
    """
    if not files:
        return
    connection = session.connection()
    mine = {"programme_id": hander.programme_id, "instance_id": instance_id}
    known = {(row.name, row.sha256) for row in _KNOWN.fetch(connection, mine)}
    rows = list(_rows(hander, instance_id, files, known))
    if rows := rows[: max(0, MOST_PER_INTERVIEW - len(known))]:
        _INSERT.run(connection, *rows)


def _rows(
    hander: Hander, instance_id: str, files: Sequence[Kept], known: set[tuple[str, str]]
) -> Iterable[dict[str, Any]]:
    at = now()
    noted = set(known)
    for file in files:
        if (file.name, file.sha256) in noted:
            continue
        noted.add((file.name, file.sha256))
        yield {
            "programme_id": hander.programme_id,
            "id": new_id(),
            "instance_id": instance_id,
            "name": file.name,
            "type": file.type,
            "found_type": file.found_type,
            "size": file.size,
            "sha256": file.sha256,
            "sealed": False,
            "source": hander.door,
            "device_id": hander.device_id,
            "announced_at": at,
            "completed_at": at,
        }


_media = table_of(Media)
_INSERT = Prepared(insert(_media))
_KNOWN = Prepared(
    select(_media.c.name, _media.c.sha256).where(
        _media.c.programme_id == bindparam("programme_id"), _media.c.instance_id == bindparam("instance_id")
    )
)
