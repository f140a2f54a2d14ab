"""The files of interviews for the ZIP of an export, one after the other, and a table that says what became of each."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass

from survey_server.db.analysis.stored_rows import Rows, read_media
from survey_server.db.intake.keys import Keyring
from survey_server.db.media.files import MediaStore
from survey_server.db.media.pieces import open_media
from survey_server.db.models import Media
from survey_server.db.session import Session
from survey_server.exports.cells import harmless
from survey_server.exports.pictures import without_marks
from survey_server.problems import Problem

TABLE = "media.csv"
_HEADING = ("_id", "name", "file", "state", "bytes", "sha256")


@dataclass(frozen=True)
class Files:
    """Where the files of interviews lie, and the keys that open those that were sealed."""

    store: MediaStore
    keyring: Keyring | None = None


def write_attached(archive: zipfile.ZipFile, session: Session, rows: Rows, files: Files) -> None:
    """Every file into `media/`, pictures without what the camera wrote beside them; then the table."""
    told = io.StringIO()
    lines = csv.writer(told)
    lines.writerow(_HEADING)
    taken: set[str] = set()
    for instance_id, row in read_media(session, rows):
        content, state = _open(session, files, row)
        name = ""
        if content is not None:
            name = _free_name(f"media/{_safe(instance_id)}/{_safe(row.name)}", taken)
            archive.writestr(zipfile.ZipInfo(name), content)
        digest = hashlib.sha256(content).hexdigest() if content is not None else ""
        size = len(content) if content is not None else row.size
        lines.writerow([harmless(instance_id), harmless(row.name), name, state, size, digest])
    archive.writestr(TABLE, b"\xef\xbb\xbf" + told.getvalue().encode())


def _open(session: Session, files: Files, row: Media) -> tuple[bytes | None, str]:
    if row.completed_at is None:
        return None, "arriving"
    try:
        return without_marks(open_media(session, files.store, row, files.keyring)), "here"
    except Problem as problem:  # sealed to a key that isn't here, or gone from the disk: the table says so
        return None, problem.code


def _safe(text: str) -> str:
    """A name for a file on any system."""
    return re.sub(r"[^\w.-]", "_", text).strip(".")[:120] or "_"


def _free_name(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{stem}-{number}{dot}{ending}"
    taken.add(found)
    return found
