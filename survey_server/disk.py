"""Files that are whole or not there at all, that a power cut right after leaves as they are, and that don't outlive
who needed them for a while only."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_JUST_MADE_SECONDS = 60


def write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads; raises FileExistsError where one is. Nothing half is left behind."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def write_in_place(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, in the place of what was: readers see the old content or the new."""
    number, part = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-", suffix=".part")  # two may write at once
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        put_in_place(Path(part), path)
    finally:
        Path(part).unlink(missing_ok=True)


def put_in_place(part: Path, path: Path) -> None:
    """Let `part`, which is written to its end, be `path` from now on."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def make_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a file that only its owner reads; made by whoever comes first, and others wait until it is whole.

    One that an interrupted start left empty is made as if it weren't there; one that we may only read is read.
    """
    if path.exists() and not os.access(path, os.W_OK):
        return path.read_bytes()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        content = file.read()
        if not content:
            content = make()
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            sync_folder(path.parent)
    return content


def sync_folder(path: Path) -> None:
    """Let the disk know which files the folder has."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def working_folder(prefix: str, place: Path | None = None) -> Iterator[Path]:
    """A folder below `place` (or the system's own for such) for as long as the block runs.

    Folders of this prefix that a process left behind which died are deleted first: they may hold answers.
    """
    place = place or Path(tempfile.gettempdir())
    for left in place.glob(f"{prefix}*"):
        with suppress(OSError):
            _drop_left(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place) as name:
        held = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(held)


def _drop_left(folder: Path) -> None:
    """Delete the folder if nobody holds it, and nobody is just about to; raises OSError if somebody does."""
    told = folder.lstat()
    if told.st_uid != os.getuid() or told.st_mtime > time.time() - _JUST_MADE_SECONDS:
        return
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(held)
