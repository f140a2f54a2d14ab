"""A disk that can lose its power: what was written but not flushed is gone, as it is on a phone whose battery dies."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZE = 400 * 1024 * 1024


@dataclass
class PowerCut:
    """A file system of its own in one file, mounted by a loop device.

    `cut` copies what has reached that file: data that only lies in the memory of the system isn't in it. `after` mounts
    the copy elsewhere, and the file system recovers from its journal as after any crash. Where there is no loop device
    (a container without privileges) the folder is copied as the frozen browser left it: it still proves that no answer
    depends on an orderly end, but not that it was flushed; `is_real` says which of the two it was.
    """

    folder: Path
    image: Path
    is_real: bool

    def cut(self) -> None:
        """The power goes now."""
        if self.is_real:
            _run("cp", "--sparse=always", str(self.image), str(self.image) + ".cut")
        else:
            shutil.copytree(self.folder, str(self.folder) + ".cut", symlinks=True)

    @contextmanager
    def after(self) -> Iterator[Path]:
        """What is there when the power is back."""
        if not self.is_real:
            yield Path(str(self.folder) + ".cut")
            return
        with _mounted(Path(str(self.image) + ".cut"), self.folder.parent / "after") as folder:
            yield folder


@contextmanager
def power_cuts(folder: Path) -> Iterator[PowerCut]:
    """A fresh disk below `folder`."""
    image, mounted = folder / "disk.img", folder / "disk"
    with image.open("wb") as file:
        file.truncate(SIZE)
    if not _can_mount(image):
        mounted.mkdir()
        yield PowerCut(mounted, image, False)
        return
    with _mounted(image, mounted):
        yield PowerCut(mounted, image, True)


@contextmanager
def _mounted(image: Path, place: Path) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    _run("mount", "-o", "loop,commit=300", str(image), str(place))
    try:
        yield place
    finally:
        _run("umount", "-l", str(place))


def _can_mount(image: Path) -> bool:
    """Make the file system, and see whether this machine lets us mount it."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        return False
    _run("mkfs.ext4", "-q", "-F", str(image))
    place = image.parent / "try"
    place.mkdir()
    if subprocess.run(["mount", "-o", "loop", str(image), str(place)], capture_output=True, check=False).returncode:
        return False
    _run("umount", str(place))
    return True


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
