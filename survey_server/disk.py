"""Files that are whole or not there at all, and that a power cut right after leaves as they are."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


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
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    put_in_place(part, path)


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
