"""Where the bytes of media lie: files named by their digest, complete or not there at all.

`MediaStore` is what the rest knows; an object store can come beside `FolderStore` by giving the same methods.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from survey_server.disk import sync_folder
from survey_server.problems import MediaDigestWrong, MediaDiskFull, UnknownMedia

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BLOCK = 1024 * 1024


class MediaStore(Protocol):
    """Keeps blobs of a programme under their SHA-256; a blob that arrives in pieces isn't there until it is whole."""

    def has(self, programme_id: int, sha256: str) -> bool:
        """Whether the blob is here, whole and checked."""

    def arrived(self, programme_id: int, sha256: str) -> int:
        """How many bytes of a blob that isn't whole yet have arrived."""

    def append(self, programme_id: int, sha256: str, offset: int, piece: bytes) -> int:
        """Put `piece` behind what has arrived if that ends at `offset`; how many bytes have arrived then."""

    def complete(self, programme_id: int, sha256: str) -> None:
        """Make what has arrived a blob, on the disk for good; MediaDigestWrong drops it and begins anew."""

    def put(self, programme_id: int, sha256: str, body: bytes) -> None:
        """Make `body`, whose digest has been taken, a blob at once."""

    def read(self, programme_id: int, sha256: str) -> bytes:
        """The whole blob; raises UnknownMedia."""

    def drop(self, programme_id: int, sha256: str) -> None:
        """Delete the blob; one that isn't there is no mistake."""

    def drop_abandoned(self, programme_id: int, before: datetime) -> int:
        """Let go of what began to arrive and has not grown since `before`; how many. A sender begins those anew."""


class FolderStore:
    """Files below `<folder>/<programme>/<first two digits>/<sha256>`; what arrives lies in `<programme>/arriving/`."""

    def __init__(self, folder: Path, reserve: int = 0) -> None:
        self.folder = folder
        self.reserve = reserve
        """Bytes of the disk that media leave free, so that interviews can still be stored."""

    def has(self, programme_id: int, sha256: str) -> bool:
        """Whether the blob is here, whole and checked."""
        return self._blob(programme_id, sha256).exists()

    def arrived(self, programme_id: int, sha256: str) -> int:
        """How many bytes of a blob that isn't whole yet have arrived."""
        try:
            return self._part(programme_id, sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, programme_id: int, sha256: str, offset: int, piece: bytes) -> int:
        """Put `piece` behind what has arrived if that ends at `offset`; how many bytes have arrived then.

        A piece for another place isn't written: the sender goes on from where we are. Raises MediaDiskFull.
        """
        part = self._part(programme_id, sha256)
        _make_folder(part.parent)
        if shutil.disk_usage(part.parent).free < self.reserve + len(piece):
            raise MediaDiskFull()
        with _locked(part) as file:
            end = os.fstat(file).st_size
            if offset != end or not piece:
                return end
            try:
                _write_all(file, piece, end)
            except OSError as error:
                os.ftruncate(file, end)
                if error.errno in _FULL:
                    raise MediaDiskFull() from error
                raise
            return end + len(piece)

    def complete(self, programme_id: int, sha256: str) -> None:
        """Make what has arrived a blob, on the disk for good; MediaDigestWrong drops it and begins anew."""
        part, blob = self._part(programme_id, sha256), self._blob(programme_id, sha256)
        if blob.exists():
            return
        _make_folder(blob.parent)
        with _locked(part) as file:
            if blob.exists():  # another request was quicker
                part.unlink(missing_ok=True)
                return
            if _digest(file) != sha256:
                os.ftruncate(file, 0)
                raise MediaDigestWrong(offset=0)
            os.fsync(file)
            part.rename(blob)
        sync_folder(blob.parent)
        sync_folder(part.parent)

    def put(self, programme_id: int, sha256: str, body: bytes) -> None:
        """Make `body`, whose digest has been taken, a blob at once."""
        part, blob = self._part(programme_id, sha256), self._blob(programme_id, sha256)
        _make_folder(part.parent)
        _make_folder(blob.parent)
        if shutil.disk_usage(part.parent).free < self.reserve + len(body):
            raise MediaDiskFull()
        with _locked(part) as file:
            if blob.exists():  # another request was quicker
                part.unlink(missing_ok=True)
                return
            os.ftruncate(file, 0)  # what another sender began of it is no use any more
            try:
                _write_all(file, body, 0)
                os.fsync(file)
            except OSError as error:
                os.ftruncate(file, 0)
                if error.errno in _FULL:
                    raise MediaDiskFull() from error
                raise
            part.rename(blob)
        sync_folder(blob.parent)

    def read(self, programme_id: int, sha256: str) -> bytes:
        """The whole blob; raises UnknownMedia."""
        try:
            return self._blob(programme_id, sha256).read_bytes()
        except FileNotFoundError as error:
            raise UnknownMedia() from error

    def drop(self, programme_id: int, sha256: str) -> None:
        """Delete the blob; one that isn't there is no mistake."""
        self._blob(programme_id, sha256).unlink(missing_ok=True)

    def drop_abandoned(self, programme_id: int, before: datetime) -> int:
        """Let go of what began to arrive and has not grown since `before`; how many. A sender begins those anew."""
        dropped = 0
        for part in (self.folder / str(int(programme_id)) / "arriving").glob("*"):
            try:
                if part.stat().st_mtime < before.timestamp():
                    part.unlink()
                    dropped += 1
            except FileNotFoundError:  # it has just become whole
                continue
        return dropped

    def _blob(self, programme_id: int, sha256: str) -> Path:
        return self._home(programme_id, sha256) / sha256[:2] / sha256

    def _part(self, programme_id: int, sha256: str) -> Path:
        return self._home(programme_id, sha256) / "arriving" / sha256

    def _home(self, programme_id: int, sha256: str) -> Path:
        """The programme's folder. A name that isn't a digest never becomes a path, whoever calls."""
        if not _SHA256.match(sha256):
            raise UnknownMedia()
        return self.folder / str(int(programme_id))


def keep_blob(store: MediaStore, programme_id: int, body: bytes) -> str:
    """Store bytes that are here already, at once; their SHA-256."""
    sha256 = hashlib.sha256(body).hexdigest()
    if not store.has(programme_id, sha256):
        store.put(programme_id, sha256, body)
    return sha256


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file at `path`, for this process alone: two requests with the same bytes take turns."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_still(file, path):
                yield file
                return
        finally:
            os.close(file)


def _is_still(file: int, path: Path) -> bool:
    """Whether nobody has moved the file away while we waited for it."""
    try:
        return os.fstat(file).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _write_all(file: int, piece: bytes, offset: int) -> None:
    view = memoryview(piece)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def _digest(file: int) -> str:
    digest = hashlib.sha256()
    offset = 0
    while block := os.pread(file, _BLOCK, offset):
        digest.update(block)
        offset += len(block)
    return digest.hexdigest()


def _make_folder(path: Path) -> None:
    """The folder and those above it, each known to the disk before anything is put into it."""
    if path.exists():
        return
    _make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)
