"""The office as a process of its own, behind its door (door.py): it ends when nobody has needed it for a while."""

from __future__ import annotations

import logging
import logging.config
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO
from wsgiref.handlers import BaseCGIHandler
from wsgiref.types import WSGIApplication

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.jobs import has_work
from survey_server.db.session import Database
from survey_server.field_app import in_turn
from survey_server.logs import logging_setup
from survey_server.problems import Problem
from survey_server.work import start_workers

logger = logging.getLogger(__name__)

IDLE_SECONDS = 900.0
_LONGEST_HEAD = 1 << 20


class Answering(BaseCGIHandler):
    """One request, with nothing of this process's own environment."""

    os_environ: dict[str, str] = {}  # noqa: RUF012 - so it is declared where it comes from

    def log_exception(self, exc_info: Any) -> None:
        """The kind of fault alone: what was asked stays out of the log."""
        logger.error("a request ended with %s", exc_info[0].__name__ if exc_info and exc_info[0] else "a fault")


class Office:
    """Answers what comes through the door, each in a thread."""

    def __init__(self, listener: socket.socket, app: WSGIApplication, is_needed: Callable[[], bool]) -> None:
        self.listener, self.app, self.is_needed = listener, app, is_needed
        self.stopping = threading.Event()
        self.in_hand: set[threading.Thread] = set()
        self.used_at = time.monotonic()

    def serve(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Until a signal says stop, or nobody has needed it for so long; then what is in hand is ended."""
        self.listener.settimeout(1.0)
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except TimeoutError:
                if self._is_idle(idle_seconds):
                    break
                continue
            thread = threading.Thread(target=self._answer, args=(connection,), daemon=True)
            self.in_hand.add(thread)
            thread.start()
        for thread in list(self.in_hand):
            thread.join()

    def _is_idle(self, seconds: float) -> bool:
        return not self.in_hand and time.monotonic() - self.used_at > seconds and not self.is_needed()

    def _answer(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(None)
            with connection, connection.makefile("rb") as asked, connection.makefile("wb") as answer:
                environ = read_head(asked)
                Answering(asked, answer, sys.stderr, environ, multithread=True).run(self.app)
        except (OSError, ValueError):  # who asked has gone
            return
        finally:
            self.used_at = time.monotonic()
            self.in_hand.discard(threading.current_thread())


def read_head(asked: BinaryIO) -> dict[str, str]:
    """What is told of a request; raises ValueError when it isn't SCGI."""
    digits = b"".join(iter(lambda: asked.read(1).strip(b":"), b""))
    length = int(digits)
    if length > _LONGEST_HEAD:
        raise ValueError("The head of a request is too long.")
    told = asked.read(length).decode("latin-1").split("\0")
    if asked.read(1) != b",":
        raise ValueError("The head of a request doesn't end.")
    return dict(zip(told[::2], told[1::2], strict=False))


def main(descriptor: int) -> None:
    """Answer at this door."""
    config = Config.from_environment()
    logging.config.dictConfig(logging_setup(config.log))
    app = create_app(config)
    database: Database = app.extensions["database"]

    def is_needed() -> bool:
        try:
            return config.jobs_in_server and has_work(database)
        except Problem:
            return False

    office = Office(socket.socket(fileno=descriptor), in_turn(app), is_needed)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: office.stopping.set())
    if config.jobs_in_server:
        start_workers(config, office.stopping)
    office.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
