"""Where finished reports and exports lie, with their state: the data folder, or the object store that servers share.

A key is a path such as `reports/PROGRAMME/ID/NAME`. Readers see the old content of a key or the new one, never half.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from survey_server.config import Config
from survey_server.db.media.stores import Bucket, open_bucket
from survey_server.disk import put_in_place, working_folder, write_in_place
from survey_server.problems import NotThere

_PART = ".part"


class Shelf(Protocol):
    """Keeps what was made for as long as somebody may fetch it."""

    def sizes(self, under: str) -> dict[str, int]:
        """The keys below a folder, in order, with how many bytes each has."""

    def open(self, key: str) -> BinaryIO:
        """The content, to be read in blocks and closed; raises NotThere."""

    def write(self, key: str, content: bytes) -> None:
        """Put it there, in the place of what was."""

    def making(self, key: str) -> AbstractContextManager[Path]:
        """A path to write a large file at; it is on the shelf once the block has ended well."""

    def drop(self, under: str) -> None:
        """Delete everything below a folder."""


def open_shelf(config: Config) -> Shelf:
    """The shelf of this server: its data folder, or the object store at SURVEY_MEDIA_URL."""
    return ObjectShelf(open_bucket(config.media_url)) if config.media_url else FolderShelf(config.data_dir)


def read_whole(shelf: Shelf, key: str) -> bytes:
    """The content of a key; raises NotThere."""
    with shelf.open(key) as opened:
        return opened.read()


def copy_shelf(source: Shelf, target: Shelf, under: str) -> int:
    """Bring over what `target` hasn't; how many files that were."""
    missing = source.sizes(under).keys() - target.sizes(under).keys()
    for key in missing:
        target.write(key, read_whole(source, key))
    return len(missing)


class FolderShelf:
    """Keys are files below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sizes(self, under: str) -> dict[str, int]:
        """The keys below a folder, in order, with how many bytes each has."""
        found = sorted(path for path in self._path(under).rglob("*") if path.is_file() and path.suffix != _PART)
        return {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in found}

    def open(self, key: str) -> BinaryIO:
        """The content, to be read in blocks and closed; raises NotThere."""
        try:
            return self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotThere(f"There is no file {PurePosixPath(key).name}.") from error

    def write(self, key: str, content: bytes) -> None:
        """Put it there, in the place of what was."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_in_place(path, content)

    @contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """A path to write a large file at; it is on the shelf once the block has ended well."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(path.name + _PART)
        try:
            yield part
            put_in_place(part, path)
        finally:
            part.unlink(missing_ok=True)

    def drop(self, under: str) -> None:
        """Delete everything below a folder."""
        folder = self._path(under)
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        if folder.is_dir():
            folder.rmdir()

    def _path(self, key: str) -> Path:
        return self.folder / _inside(key)


class ObjectShelf:
    """Keys are objects `[PREFIX/]made/KEY`, beside the media of the programmes."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._home = f"{bucket.prefix}made/"

    def sizes(self, under: str) -> dict[str, int]:
        """The keys below a folder, in order, with how many bytes each has."""
        found = self._bucket.sizes(f"{self._home}{under}/")
        return {name.removeprefix(self._home): size for name, size in sorted(found.items())}

    def open(self, key: str) -> BinaryIO:
        """The content, to be read in blocks and closed; raises NotThere."""
        opened = self._bucket.open(self._home + _inside(key))
        if opened is None:
            raise NotThere(f"There is no file {PurePosixPath(key).name}.")
        return cast(BinaryIO, opened)

    def write(self, key: str, content: bytes) -> None:
        """Put it there, in the place of what was."""
        self._bucket.write(self._home + key, io.BytesIO(content), len(content))

    @contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """A path to write a large file at; it is on the shelf once the block has ended well."""
        with working_folder("survey-making-") as folder:
            path = folder / PurePosixPath(key).name
            yield path
            with path.open("rb") as written:
                self._bucket.write(self._home + key, written, path.stat().st_size)

    def drop(self, under: str) -> None:
        """Delete everything below a folder."""
        for name in self._bucket.sizes(f"{self._home}{under}/"):
            self._bucket.remove(name)


def _inside(key: str) -> str:
    """The key, which leads nowhere else, whoever calls."""
    if ".." in PurePosixPath(key).parts or key.startswith("/"):
        raise NotThere("There is no such file.")
    return key
