"""A server's data to keep: a programme with interviews, a photo, a report; and a store that really speaks S3."""

from __future__ import annotations

import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey_server.db.media.files import FolderStore
from survey_server.db.media.pieces import Hander, MediaIntake
from survey_server.db.models import Programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from tests.keeping.interviews import PHOTO, add_interviews
from tests.web.field import FORM


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data folder of a server, with a photo and a report in it."""
    folder = tmp_path / "data"
    (folder / "reports" / "frontera").mkdir(parents=True)
    (folder / "reports" / "frontera" / "report.pdf").write_bytes(b"%PDF-1.7 nothing real")
    return folder


@pytest.fixture
def store(data_dir: Path) -> FolderStore:
    return FolderStore(data_dir / "media")


@pytest.fixture
def filled(database: Database, programme: Programme, store: FolderStore) -> Database:
    """Thirty interviews and a photo."""
    publish_form(database, programme.id, "mini.md", FORM.encode())
    add_interviews(database, programme, range(30))
    MediaIntake(database, store).keep(
        Hander(programme.id, "phone", "device:1"), "uuid:1", "plaza.jpg", "image/jpeg", PHOTO
    )
    return database


@pytest.fixture(scope="session")
def object_store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 server of its own process (rclone's), with an empty bucket."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "survey").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        str(Path(sysconfig.get_path("scripts")) / "rclone"),
        "serve",
        "s3",
        str(folder),
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        "key,secret/key",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        _wait_for(port)
        yield f"s3+http://key:secret%2Fkey@127.0.0.1:{port}/survey/media"
        server.kill()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.05)
