"""What isn't a request of ours gets a problem document, is logged once, and leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import logging

import pytest
from sqlalchemy import event, func, select

from survey_server.db.models import AuditRow, Quarantine, Submission
from survey_server.db.session import Database, open_database
from tests.web.field import Phone, new_item

BATCH = b'{"protocol": 1, "device": {}, "submissions": []}'


def kept(database: Database) -> int:
    with database.reading() as session:
        return sum(session.scalar(select(func.count()).select_from(model)) or 0 for model in (Submission, Quarantine))


@pytest.mark.parametrize(
    ("body", "headers", "status", "problem"),
    [
        (b"", {}, 400, "bad-request"),
        (b"\xff\xfe garbage", {}, 400, "bad-request"),
        (BATCH[:-1], {}, 400, "bad-request"),
        (b"[" * 100_000, {}, 400, "bad-request"),
        (b'{"a": ' + b"9" * 5000 + b"}", {}, 400, "bad-request"),
        (gzip.compress(BATCH)[:-1], {"Content-Encoding": "gzip"}, 400, "bad-request"),
        (gzip.compress(BATCH)[:20], {"Content-Encoding": "gzip"}, 400, "bad-request"),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400, "bad-request"),
        (gzip.compress(BATCH) + b"more", {"Content-Encoding": "gzip"}, 400, "bad-request"),
        (BATCH, {"Content-Encoding": "compress"}, 400, "bad-request"),
        (b'{"protocol": 2, "submissions": []}', {}, 426, "old-app"),
        (b'{"protocol": 1, "submissions": {}}', {}, 422, "bad-fields"),
        (b'{"protocol": 1, "submissions": [' + b"1," * 500 + b"1]}", {}, 422, "bad-fields"),
        (b"[]", {}, 422, "bad-fields"),
        (b"null", {}, 422, "bad-fields"),
        (b"x" * (2 << 20), {}, 413, "body-too-large"),
        (gzip.compress(b"0" * (200 << 20)), {"Content-Encoding": "gzip"}, 413, "body-too-large"),
    ],
    ids=lambda value: f"{len(value)}B" if isinstance(value, bytes) else None,
)
def test_it_refuses_what_is_no_batch(
    phone: Phone, database: Database, body: bytes, headers: dict[str, str], status: int, problem: str
) -> None:
    answer = phone.post(body, **headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    document = json.loads(answer.data)
    assert document["type"] == f"urn:survey-server:problem:{problem}"
    assert document["status"] == status
    assert kept(database) == 0


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer x", "Basic x", "Bearer 1." + "A" * 300]
)
def test_it_refuses_who_has_no_token(phone: Phone, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = phone.app.test_client().post("/api/v1/sync", data=BATCH, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.get_json()["type"] == "urn:survey-server:problem:bad-token"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/v1/sync", 405), ("GET", "/api/v1/nothing", 404)])
def test_it_answers_wrong_addresses_in_the_same_way(phone: Phone, method: str, path: str, status: int) -> None:
    answer = phone.app.test_client().open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_it_answers_a_wrong_address_of_a_page_with_a_page(phone: Phone) -> None:
    answer = phone.app.test_client().get("/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_it_logs_each_problem_once_and_nothing_of_what_was_sent(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    phone.post(b'{"secret answer": ')
    lines = [line.getMessage() for line in caplog.records if line.name == "survey_server"]
    assert lines == ["POST /api/v1/sync: 400 bad-request caused by JSONDecodeError"]
    assert phone.token not in caplog.text


def test_it_says_that_the_disk_is_full_and_keeps_nothing_half(sqlite_phone: Phone) -> None:
    database = open_database(sqlite_phone.app.config["SURVEY"].database_url)
    sqlite_phone.receipts(new_item())

    def limit(connection, *_) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA max_page_count=1").close()

    event.listen(database.engine, "checkout", limit)
    answer = sqlite_phone.send(*[new_item(remark="x" * 5000) for _ in range(100)])
    event.remove(database.engine, "checkout", limit)
    assert (answer.status_code, answer.get_json()["type"]) == (503, "urn:survey-server:problem:database-full")
    assert int(answer.headers["Retry-After"]) > 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1
        assert session.scalar(select(func.count()).where(AuditRow.action == "phone")) == 1


def test_it_takes_the_batch_when_the_disk_has_room_again(sqlite_phone: Phone) -> None:
    database = open_database(sqlite_phone.app.config["SURVEY"].database_url)

    def limit(connection, *_) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA max_page_count=1").close()

    items = [new_item(remark="x" * 5000) for _ in range(100)]
    event.listen(database.engine, "checkout", limit)
    assert sqlite_phone.send(*items).status_code == 503
    event.remove(database.engine, "checkout", limit)
    database.close()
    assert {receipt["status"] for receipt in sqlite_phone.receipts(*items)} == {201}
