"""Odd bytes on the wire: chunks, gzip, large files, cut connections, addresses and names that must not be believed."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import socket
from contextlib import closing, suppress

import pytest

from tests.openrosa.field import BOUNDARY, OPENROSA, Answer, Collect, body_of, interview, new_id, part, upload
from tests.openrosa.stored import files, quarantine, submissions

PHOTO = b"\xff\xd8\xff\xe0" + os.urandom(60_000)


def raw(collect: Collect, request: bytes, *, shut: bool = True) -> Answer:
    """Send exactly these bytes."""
    with closing(socket.create_connection(("127.0.0.1", collect.server.port), timeout=30)) as connection:
        connection.sendall(request)
        if shut:
            connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return Answer(answer.status, answer.headers, answer.read())


def head_of(collect: Collect, method: str, *lines: str) -> bytes:
    first = f"{method} {collect.path}/submission?deviceID=x HTTP/1.1"
    return "\r\n".join([first, "Host: x", "X-OpenRosa-Version: 1.0", *lines, "", ""]).encode()


@pytest.mark.parametrize("size", [1, 7, 1000, 70_000])
def test_it_takes_an_upload_in_chunks_of_unknown_length(collect: Collect, size: int) -> None:
    instance_id = new_id()
    body = upload(interview(instance_id, photo="1.jpg"), ("1.jpg", PHOTO if size > 1 else b"tiny"))
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    told = OPENROSA | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Transfer-Encoding": "chunked"}
    answer = collect.ask("POST", f"{collect.path}/submission", chunks, told)
    assert answer.status == 201, answer.body
    [(name, row)] = files(collect, instance_id).items()
    assert (name, row.sha256) == ("1.jpg", hashlib.sha256(PHOTO if size > 1 else b"tiny").hexdigest())


def test_it_answers_head_without_length_date_or_anything_else(collect: Collect) -> None:
    answer = raw(collect, head_of(collect, "HEAD"), shut=False)
    assert (answer.status, answer.headers["X-OpenRosa-Version"]) == (204, "1.0")


@pytest.mark.parametrize("date", ["jue, 05 mar 2026 09:00:00 CST", "today", "", "Thu, 05 Mar 2026 09:99:00 GMT"])
def test_it_does_not_care_about_the_date_that_a_client_writes(collect: Collect, date: str) -> None:
    assert collect.post(upload(interview(new_id())), Date=date).status == 201


def test_it_waits_for_nothing_when_a_client_waits_for_continue(collect: Collect) -> None:
    body = upload(interview(new_id()))
    told = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", f"Content-Length: {len(body)}"]
    answer = raw(
        collect, head_of(collect, "POST", *told, "Expect: 100-continue", "Connection: close") + body, shut=False
    )
    assert answer.status == 201


def test_it_reads_gzip_bodies_and_notices_bombs_and_damage(collect: Collect) -> None:
    instance_id = new_id()
    body = gzip.compress(upload(interview(instance_id, photo="1.jpg"), ("1.jpg", PHOTO)))
    gzipped = {"Content-Encoding": "gzip"}
    assert collect.post(body, **gzipped).status == 201
    assert list(files(collect, instance_id)) == ["1.jpg"]
    assert collect.post(body[:-100], **gzipped).status == 400
    assert collect.post(b"no gzip at all", **gzipped).status == 400
    bomb = gzip.compress(upload(interview(new_id(), photo="1.jpg"), ("1.jpg", bytes(40 << 20))))
    assert len(bomb) < 100_000 and collect.post(bomb, **gzipped).status == 413
    assert collect.post(upload(interview(new_id())), **{"Content-Encoding": "br"}).status == 400
    assert len(submissions(collect)) == 1


def test_it_takes_a_file_as_large_as_allowed_and_tells_how_large_that_is_for_a_larger_one(collect: Collect) -> None:
    instance_id = new_id()
    xml = interview(instance_id, photo="1.jpg", sound="2.m4a")
    large = os.urandom(3 << 20)
    assert collect.send(xml, ("1.jpg", large)).status == 201
    assert files(collect, instance_id)["1.jpg"].sha256 == hashlib.sha256(large).hexdigest()
    answer = collect.send(xml, ("2.m4a", large + b"x"))
    assert answer.status == 413 and "3 MB" in answer.message
    with suppress(ConnectionError):
        assert collect.send(xml, ("2.m4a", large * 3)).status == 413
    assert list(files(collect, instance_id)) == ["1.jpg"]


def test_it_stores_nothing_of_an_upload_that_breaks_off_at_any_kilobyte(collect: Collect) -> None:
    instance_id = new_id()
    body = upload(interview(instance_id, photo="1.jpg"), ("1.jpg", PHOTO[:20_000]))
    told = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", f"Content-Length: {len(body)}"]
    for end in range(0, len(body), 1024):
        with closing(socket.create_connection(("127.0.0.1", collect.server.port), timeout=30)) as connection:
            connection.sendall(head_of(collect, "POST", *told) + body[:end])
    assert collect.post(body).status == 201
    assert (len(submissions(collect)), quarantine(collect)) == (1, [])


def test_it_finds_boundaries_only_where_they_are(collect: Collect) -> None:
    instance_id = new_id()
    tricky = b"".join(
        [b"\r\n--", BOUNDARY.encode()[:-1], b"\r\n\n--", BOUNDARY.encode(), b"--\n", bytes(70_000), b"\r\n-"]
    )
    assert collect.send(interview(instance_id, photo="1.jpg"), ("1.jpg", tricky)).status == 201
    assert files(collect, instance_id)["1.jpg"].sha256 == hashlib.sha256(tricky).hexdigest()


def test_it_reads_a_boundary_in_quotes_and_text_around_the_parts(collect: Collect) -> None:
    body = b"preamble\r\n" + body_of([part("xml_submission_file", interview(new_id()), "x")], "a b:c") + b"epilogue"
    told = OPENROSA | {"Content-Type": 'multipart/form-data; charset=utf-8; boundary="a b:c"'}
    assert collect.ask("POST", f"{collect.path}/submission", body, told).status == 201


def test_it_refuses_a_thousand_parts_and_endless_heads(collect: Collect) -> None:
    xml = part("xml_submission_file", interview(new_id()), "x")
    assert collect.post(body_of([xml, *[part("a", b"b")] * 1001])).status == 400
    endless = b"Content-Disposition: form-data; name=a" + b";x=y" * 10_000 + b"\r\n\r\nx"
    assert collect.post(body_of([xml, endless])).status == 400
    assert submissions(collect) == []


def test_it_writes_words_of_clients_into_its_answers_only_as_words(collect: Collect) -> None:
    answer = collect.send(interview(new_id(), form="&lt;script>&lt;/message>"))
    assert answer.status == 404 and "<script>" not in answer.text()
    assert answer.message


@pytest.mark.parametrize(
    ("language", "word"), [("", "guardó"), ("en-US,en;q=0.9", "kept"), ("fr", "guardó"), ("es", "guardó")]
)
def test_it_speaks_the_language_of_the_enumerator(collect: Collect, language: str, word: str) -> None:
    collect.language = language
    answer = collect.send(interview(new_id(), version="77"))
    assert word in answer.message.lower()
    assert answer.headers["Content-Language"] == ("en" if word == "kept" else "es")


def test_it_keeps_keys_passwords_and_answers_out_of_its_log(collect: Collect) -> None:
    collect.send(interview(new_id(), person="Secreto de Juana"))
    collect.send(b"Secreto")
    collect.get("/nothing-here")
    collect.ask("GET", f"/v1/key/{collect.key}x/projects/{collect.code}/formList")
    log = collect.server.log.read_text()
    assert "422 unreadable-instance" in log
    assert "403 key-not-valid" in log
    assert "Secreto" not in log
    assert collect.key.partition(".")[2] not in log
