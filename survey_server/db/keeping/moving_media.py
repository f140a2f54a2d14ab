"""Copy media from one store to another, each read back: what is there already is left, nothing is deleted."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from survey_server.db.media.files import MediaStore
from survey_server.db.models import Media
from survey_server.db.session import Database
from survey_server.problems import MoveIncomplete


def copy_media(database: Database, source: MediaStore, target: MediaStore) -> tuple[int, int]:
    """How many files were copied, and how many are in `target` already or not in `source`. Raises MoveIncomplete."""
    whole = select(Media.programme_id, Media.sha256).where(Media.completed_at.is_not(None)).distinct()
    with database.reading() as session:
        wanted = [(int(programme_id), str(sha256)) for programme_id, sha256 in session.execute(whole)]
    copied = sum(_copy(source, target, programme_id, sha256) for programme_id, sha256 in wanted)
    return copied, len(wanted) - copied


def _copy(source: MediaStore, target: MediaStore, programme_id: int, sha256: str) -> bool:
    if target.has(programme_id, sha256) or not source.has(programme_id, sha256):
        return False
    target.put(programme_id, sha256, source.read(programme_id, sha256))
    if hashlib.sha256(target.read(programme_id, sha256)).hexdigest() != sha256:
        raise MoveIncomplete(f"The file {sha256} came back from the store as something else. Run it again.")
    return True
