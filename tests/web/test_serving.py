"""A real server under load: what it acknowledged is there after SIGKILL, and a stop loses and refuses nothing."""

from __future__ import annotations

import http.client
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from survey_server.db.audit import find_broken_link
from survey_server.db.field.devices import add_device
from survey_server.db.models import Submission
from survey_server.db.programmes import add_programme
from survey_server.db.session import Database, open_database
from survey_server.web.turns import TURNS
from tests.serving import Server, packed_batch, post_batch, running
from tests.web.conftest import publish_mini
from tests.web.field import new_item

SENDERS = 4


class Load:
    """Phones that send batches until they are told to stop, and keep their receipts."""

    def __init__(self, server: Server, token: str, batch: int) -> None:
        self.server, self.token, self.batch = server, token, batch
        self.acknowledged: dict[str, str] = {}
        self.enough = threading.Event()
        self.refused: list[object] = []
        self.notice: Callable[[Exception], object] = lambda error: None
        self.threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def run_until(self, is_time: Callable[[], bool], then: Callable[[], object]) -> None:
        """Send until `is_time`, do `then` in the middle of it, and stop."""
        for thread in self.threads:
            thread.start()
        while not is_time():
            assert any(thread.is_alive() for thread in self.threads), self.refused
        then()
        self.enough.set()
        for thread in self.threads:
            thread.join()

    def _send(self) -> None:
        while not self.enough.is_set():
            items = [new_item() for _ in range(self.batch)]
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            try:
                with closing(connection):
                    self._keep(items, post_batch(connection, self.token, packed_batch(items)))
            except (OSError, http.client.HTTPException) as error:  # a phone without an answer tries again later
                self.notice(error)

    def _keep(self, items: list[dict[str, Any]], receipts: list[dict[str, Any]]) -> None:
        for item, receipt in zip(items, receipts, strict=True):
            if receipt["status"] != 201 or receipt["sha256"] != item["sha256"]:
                self.refused.append(receipt)
            self.acknowledged[item["id"]] = item["sha256"]


@pytest.fixture
def field(sqlite_url: str) -> tuple[Database, str]:
    """A database with the small form in the field, and the token of a phone."""
    database = open_database(sqlite_url)
    with database.transaction() as session:
        programme = add_programme(session, "frontera", "Frontera")
        token = add_device(session, programme.id, "Equipo", "EN001")[1]
    publish_mini(database, programme)
    return database, token


def stored(url: str) -> dict[str, str]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute("SELECT instance_id, sha256 FROM submission_version").fetchall()
        assert len(rows) == len(dict(rows)) == connection.execute("SELECT count(*) FROM submission").fetchone()[0]
    return dict(rows)


def test_it_has_every_interview_that_it_acknowledged_before_it_was_killed(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    random = Random(7)
    database, token = field
    server = Server(tmp_path, sqlite_url)
    acknowledged: dict[str, str] = {}
    for batch in (1, 5, 20):
        server.start()
        load = Load(server, token, batch)
        enough = random.randrange(20, 60)
        load.run_until(lambda load=load, enough=enough: len(load.acknowledged) >= enough, server.kill)  # type: ignore[misc]
        assert load.refused == []
        acknowledged |= load.acknowledged
        assert acknowledged.items() <= stored(sqlite_url).items()
    with database.reading() as session:
        assert find_broken_link(session, session.query(Submission).first().programme_id) is None  # type: ignore[union-attr]


def test_it_ends_what_it_has_in_hand_when_it_is_asked_to_stop(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    server = Server(tmp_path, sqlite_url)
    server.start()
    load = Load(server, field[1], 5)
    load.run_until(lambda: len(load.acknowledged) >= 50, server.stop)
    assert load.refused == []
    assert stored(sqlite_url) == load.acknowledged


def test_it_goes_on_where_it_was_after_a_kill(sqlite_url: str, field: tuple[Database, str], tmp_path: Path) -> None:
    item = new_item()
    with running(tmp_path, sqlite_url) as server, closing(_connect(server)) as connection:
        [first] = post_batch(connection, field[1], packed_batch([item]))
    with running(tmp_path, sqlite_url) as server, closing(_connect(server)) as connection:
        [again] = post_batch(connection, field[1], packed_batch([item]))
    assert again == {**first, "status": 200}


def test_it_refuses_a_body_of_fifty_megabytes_and_serves_on(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    with running(tmp_path, sqlite_url) as server:
        with closing(_connect(server)) as connection, suppress(ConnectionError):
            headers = {"Authorization": f"Bearer {field[1]}", "Content-Type": "application/json"}
            connection.request("POST", "/api/v1/sync", b" " * (50 << 20), headers)
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("Content-Type")) == (413, "application/problem+json")
        with closing(_connect(server)) as connection:
            assert post_batch(connection, field[1], packed_batch([new_item()]))[0]["status"] == 201


def test_it_lets_a_stranger_end_before_it_answers(sqlite_url: str, field: tuple[Database, str], tmp_path: Path) -> None:
    with running(tmp_path, sqlite_url) as server, closing(_connect(server)) as connection:
        for _ in range(20):
            connection.request("POST", "/api/v1/sync", b"x" * 500_000, {"Authorization": "Bearer 1.unknown"})
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("Content-Type")) == (401, "application/problem+json")
            answer.read()


def test_it_stores_nothing_of_a_request_that_breaks_off(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    body = packed_batch([new_item() for _ in range(50)])
    with running(tmp_path, sqlite_url) as server:
        for end in range(0, len(body), 1024):
            with closing(_connect(server)) as connection:
                connection.putrequest("POST", "/api/v1/sync")
                connection.putheader("Authorization", f"Bearer {field[1]}")
                connection.putheader("Content-Encoding", "gzip")
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body[:end])
        with closing(_connect(server)) as connection:
            receipts = post_batch(connection, field[1], body)
    assert [receipt["status"] for receipt in receipts] == [201] * 50, "none of them was there already"
    assert len(stored(sqlite_url)) == 50


def test_it_answers_at_once_while_slow_phones_are_still_sending(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    """More of them than it works on at once; what they send in the end is taken too."""
    body = packed_batch([new_item()])
    told = f"Authorization: Bearer {field[1]}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n"
    with running(tmp_path, sqlite_url) as server, ExitStack() as stack:
        slow = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(3 * TURNS)]
        for phone in slow:
            stack.enter_context(phone)
            phone.sendall(f"POST /api/v1/sync HTTP/1.1\r\nHost: a\r\n{told}\r\n".encode() + body[:100])
        with closing(_connect(server)) as connection:
            assert post_batch(connection, field[1], packed_batch([new_item()]))[0]["status"] == 201
        for phone in slow:
            phone.sendall(body[100:])
            assert phone.recv(12) == b"HTTP/1.1 200"
    assert len(stored(sqlite_url)) == 2


def test_it_takes_a_body_in_chunks_of_unknown_length(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    body = packed_batch([new_item()])
    with running(tmp_path, sqlite_url) as server, closing(_connect(server)) as connection:
        headers = {"Authorization": f"Bearer {field[1]}", "Content-Encoding": "gzip"}
        connection.request("POST", "/api/v1/sync", iter([body[:100], body[100:]]), headers, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, len(stored(sqlite_url))) == (200, 1), answer.read()


def test_it_keeps_tokens_and_answers_out_of_its_log(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    with running(tmp_path, sqlite_url) as server, closing(_connect(server)) as connection:
        post_batch(connection, field[1], packed_batch([new_item(remark="Secreto de Juana"), {"xml": "Secreto"}]))
        connection.request("POST", "/api/v1/sync", b"Secreto", {"Authorization": f"Bearer {field[1]}"})
        assert connection.getresponse().status == 400
        server.stop()
    log = server.log.read_text()
    assert "400 bad-request" in log
    assert "Secreto" not in log
    assert field[1].partition(".")[2] not in log


def _connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)


def test_it_takes_on_new_code_without_losing_or_refusing_an_interview(
    sqlite_url: str, field: tuple[Database, str], tmp_path: Path
) -> None:
    server = Server(tmp_path, sqlite_url)
    server.start()
    before = server.workers()
    load = Load(server, field[1], 5)
    broken: list[Exception] = []
    load.notice = broken.append

    def reload() -> None:
        server.reload()
        goal = len(load.acknowledged) + 100
        while server.workers() & before or len(load.acknowledged) < goal:
            assert any(thread.is_alive() for thread in load.threads), load.refused

    load.run_until(lambda: len(load.acknowledged) >= 50, reload)
    server.stop()
    assert (load.refused, broken) == ([], [])
    assert stored(sqlite_url) == load.acknowledged
