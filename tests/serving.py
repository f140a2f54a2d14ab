"""A real server in its own process group, to be loaded, measured, stopped and killed."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_SERVE = "from survey_server.cli import cli; cli(['serve', *__import__('sys').argv[1:]])"
_PATIENCE_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")
_MARKS = {"door": b"survey_server.door", "office": b"survey_server.office_process"}


class Server:
    """`survey-server serve` on a free port that stays the same when it comes back."""

    def __init__(self, folder: Path, url: str, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = folder / "server.log"
        self.environment = {**os.environ, "SURVEY_DATA_DIR": str(folder), "SURVEY_DATABASE_URL": url}
        self.options = options
        self.begin: tuple[str, ...] = (_SERVE,)
        """The program that serves, and its first words."""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-c", *self.begin, "--port", str(self.port), *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> int:
        """Ask it to stop, as a service manager does, and wait: its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE_SECONDS)

    def reload(self) -> None:
        """Ask for new workers in the place of the old ones, as `systemctl reload` does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def workers(self) -> set[int]:
        """The process ids of those that take interviews."""
        return set(self.processes()["worker"])

    def processes(self) -> dict[str, list[int]]:
        """What the server has started, by what it is: worker, door, office."""
        found: dict[str, list[int]] = {"worker": [], "door": [], "office": []}
        for pid in self._pids()[1:]:
            command = _command(pid)
            kind = (
                "door" if b"survey_server.door" in command else "office" if b"office_process" in command else "worker"
            )
            found[kind].append(pid)
        return found

    def kill(self) -> None:
        """SIGKILL to the server and its workers: no goodbye, nothing flushed."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def send(self, what: signal.Signals) -> None:
        """A signal to the server and its workers."""
        assert self.process is not None
        os.killpg(self.process.pid, what)

    def cpu_seconds(self) -> float:
        """CPU time of the server's processes so far."""
        fields = [(Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split() for pid in self._pids()]
        return sum(int(one[11]) + int(one[12]) for one in fields) / _TICKS

    def resident_mb(self) -> float:
        """Memory of all processes that the server has started, shared pages counted once per process."""
        pages = [int((Path("/proc") / str(pid) / "statm").read_text().split()[1]) for pid in self._pids()[1:]]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def _pids(self) -> list[int]:
        """The server, what it has started, and what these have."""
        assert self.process is not None
        found = [self.process.pid]
        for pid in found:
            found += _children(pid)
        return found

    def _answers(self) -> bool:
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection,
        ):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        return False


def _children(pid: int) -> list[int]:
    """Those that live; none of one that has gone meanwhile."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _command(pid: int) -> bytes:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@contextlib.contextmanager
def running(folder: Path, url: str, *options: str) -> Iterator[Server]:
    """A server that is up, and is gone afterwards."""
    server = Server(folder, url, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def packed_batch(items: Sequence[dict[str, Any]]) -> bytes:
    """The gzip body of a batch, as phones send it."""
    return gzip.compress(json.dumps({"protocol": 1, "device": {}, "submissions": items}).encode(), 6)


def post_batch(connection: http.client.HTTPConnection, token: str, body: bytes) -> list[dict[str, Any]]:
    """Post a batch over an open connection: its receipts. Raises OSError or HTTPException when it breaks off."""
    headers = {"Authorization": f"Bearer {token}", "Content-Encoding": "gzip", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/sync", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    receipts: list[dict[str, Any]] = json.loads(content)["receipts"]
    return receipts
