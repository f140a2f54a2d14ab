"""One file with everything of a server: database, media, reports, secret; made while it runs, proven when it's read.

The file is a tar in a sealed stream (sealed_stream.py): `survey.db` (a SQLite file, whatever the server's own database
is), `secret.key`, `files/...` (media, reports and exports), and at its end `manifest.json` with the
SHA-256 of each file before it and the sum of every table.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import select

from survey_server.db.audit import SERVER, find_broken_link
from survey_server.db.keeping.moving import copy_everything, sum_tables
from survey_server.db.media.files import MediaStore
from survey_server.db.media.shelves import Shelf
from survey_server.db.migrate import migrate
from survey_server.db.models import Media, Programme, now
from survey_server.db.session import Database, open_database, open_sqlite_file
from survey_server.disk import working_folder
from survey_server.problems import BrokenBackup
from survey_server.sealed_stream import OpeningReader, SealingWriter

DATABASE, SECRET, MANIFEST, FILES = "survey.db", "secret.key", "manifest.json", "files"
FOLDERS = ("reports", "exports")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class BackupTold:
    """What a backup holds, as it was counted while it was made or proven."""

    made_at: str
    tables: dict[str, int]
    files: int
    bytes: int
    missing_media: int
    """Files that the database says are here and that were not; 0 unless the media folder was damaged before."""


def write_backup(
    file: IO[bytes],
    passphrase: str,
    database: Database,
    store: MediaStore,
    shelf: Shelf,
    place: Path,
    secret: str,
) -> BackupTold:
    """Write everything, of one moment, to `file`; the server goes on, and what comes meanwhile is in the next one.

    `place` has room for a copy of the database while this goes on.
    """
    made_at = now().isoformat()
    with (
        working_folder("survey-backup-", place) as folder,
        closing(SealingWriter(file, passphrase)) as sealed,
    ):
        copy = folder / DATABASE
        _copy_database(database, copy)
        archive = _Archive(sealed)
        archive.add_file(DATABASE, copy)
        archive.add_bytes(SECRET, secret.encode())
        snapshot = open_database(f"sqlite:///{copy}")
        with snapshot.reading() as session:
            tables = sum_tables(session)
            missing = _add_media(archive, session, store)
        snapshot.close()
        for key, size in [found for under in FOLDERS for found in shelf.sizes(under).items()]:
            with shelf.open(key) as opened:
                archive.add(f"{FILES}/{key}", opened, size)
        told = BackupTold(
            made_at, {name: one.rows for name, one in tables.items()}, len(archive.digests), archive.size, missing
        )
        sums = {name: asdict(one) for name, one in tables.items()}
        archive.end({"told": asdict(told), "state": _state(copy), "tables": sums, "files": archive.digests})
    return told


def restore_backup(file: IO[bytes], passphrase: str, folder: Path) -> BackupTold:
    """Bring a backup into the new, empty `folder`, and prove it: digests, tables, SQLite's own check, audit chains.

    Raises NotABackup or BrokenBackup; then `folder` isn't there. The database is `folder/survey.db`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with working_folder("survey-restore-", folder.parent) as temporary:
        place = temporary / "data"
        place.mkdir(mode=0o700)
        manifest = _unpack(file, passphrase, place)
        _prove_database(place / DATABASE, manifest)
        if folder.exists():
            folder.rmdir()  # fails unless it is empty: nothing is ever overwritten
        os.sync()  # who is told that it is there may throw the backup away
        place.rename(folder)
    return BackupTold(**manifest["told"])


def _copy_database(database: Database, copy: Path) -> None:
    """A SQLite file of one moment: SQLite writes it by itself, from PostgreSQL it is copied row by row."""
    if database.is_sqlite:
        with closing(open_sqlite_file(Path(str(database.engine.url.database)), timeout=60)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        return
    migrate(f"sqlite:///{copy}")
    target = open_database(f"sqlite:///{copy}")
    with database.reading(one_state=True) as session:
        copy_everything(session, target)
    target.close()
    with closing(open_sqlite_file(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # so that the file alone holds everything


class _Archive:
    """A tar in the making, with the digest of each of its files."""

    def __init__(self, sealed: SealingWriter) -> None:
        self._tar = tarfile.open(fileobj=sealed, mode="w|", bufsize=_BLOCK)  # noqa: SIM115 - `end` closes it
        self.digests: dict[str, str] = {}
        self.size = 0

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as opened:
            self.add(name, opened, path.stat().st_size)

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def end(self, manifest: dict[str, Any]) -> None:
        self.add_bytes(MANIFEST, json.dumps(manifest, indent=1).encode())
        self._tar.close()

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        noting = _Noting(content)
        self._tar.addfile(entry, noting)  # of which it needs `read` alone
        self.digests[name] = noting.digest.hexdigest()
        self.size += size


class _Noting:
    """Hands bytes on and remembers their digest."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(size)
        self.digest.update(data)
        return data


def _add_media(archive: _Archive, session: Any, store: MediaStore) -> int:
    """Every file that is whole, once; how many the store doesn't have."""
    missing = 0
    whole = select(Media.programme_id, Media.sha256).where(Media.completed_at.is_not(None)).distinct()
    for programme_id, sha256 in session.execute(whole.order_by(Media.programme_id, Media.sha256)):
        if store.has(programme_id, sha256):
            archive.add_bytes(f"{FILES}/media/{programme_id}/{sha256[:2]}/{sha256}", store.read(programme_id, sha256))
        else:
            missing += 1
    return missing


def _unpack(file: IO[bytes], passphrase: str, place: Path) -> dict[str, Any]:
    """All files into `place`; the manifest, which every file has been compared with."""
    digests: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    reader = io.BufferedReader(OpeningReader(file, passphrase), _BLOCK)
    try:
        with tarfile.open(fileobj=reader, mode="r|", bufsize=_BLOCK) as tar:
            for entry in tar:
                content = tar.extractfile(entry) if entry.isfile() else None  # a link would lead elsewhere
                if content is None:
                    raise BrokenBackup(f"{entry.name!r} in the backup isn't a file.")
                if entry.name == MANIFEST:
                    manifest = json.load(content)
                else:
                    digests[entry.name] = _write(_target(place, entry.name), content)
    except (tarfile.TarError, EOFError) as error:
        raise BrokenBackup("The backup ends before its end.") from error
    if manifest is None or manifest["files"] != digests:
        raise BrokenBackup("What is in the backup isn't what its list says.")
    return manifest


def _target(place: Path, name: str) -> Path:
    """Where a file of the archive goes; names that lead anywhere else are refused."""
    parts = PurePosixPath(name).parts
    if len(parts) > 1 and parts[0] == FILES and ".." not in parts:
        return place.joinpath(*parts[1:])
    if name in (DATABASE, SECRET):
        return place / name
    raise BrokenBackup(f"{name!r} is no place in a data folder.")


def _write(path: Path, content: IO[bytes]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    noting = _Noting(content)
    with path.open("xb") as written:
        path.chmod(0o600)
        shutil.copyfileobj(noting, written, _BLOCK)
    return noting.digest.hexdigest()


def _state(path: Path) -> str:
    """The migration that a database is at."""
    with closing(open_sqlite_file(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _prove_database(path: Path, manifest: dict[str, Any]) -> None:
    with closing(open_sqlite_file(path)) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise BrokenBackup(f"SQLite finds the database in the backup damaged: {said}")
    if manifest["state"] != _state(path):
        raise BrokenBackup("The database in the backup isn't at the migration that its list says.")
    migrate(f"sqlite:///{path}")  # a backup of an earlier version is brought to this one
    database = open_database(f"sqlite:///{path}")
    try:
        with database.reading() as session:
            found = sum_tables(session)
            if any(name in found and found[name].rows != told["rows"] for name, told in manifest["tables"].items()):
                raise BrokenBackup("The tables in the backup don't have the rows that its list says.")
            for programme_id in (SERVER, *session.scalars(select(Programme.id))):
                if (number := find_broken_link(session, programme_id)) is not None:
                    raise BrokenBackup(f"The audit log of programme {programme_id} is broken at row {number}.")
    finally:
        database.close()
