"""Files on their way: servers that die in mid-piece, portals that answer for them, browsers that are killed."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route
from sqlalchemy import select

from survey_server.db.models import Media, SubmissionVersion
from survey_server.db.session import Database
from tests.browser.diary import publish_diary, write
from tests.browser.field import Phone, Server, wait_until
from tests.browser.interviewing import finish, unsent
from tests.browser.media.conftest import Arrived, photo
from tests.browser.media.steps import begin, choose, enrol, go_to, go_to_end, here, is_sent, saved

pytestmark = pytest.mark.browser

PAPER = random.Random(11).randbytes(900_000)
NOW = "dispatchEvent(new Event('online'))"


def interview(page: Page) -> None:
    """An interview with one large file and a small one, finished."""
    begin(page, "media")
    question = go_to(page, "paper")
    choose(question, PAPER, "acta.bin", "application/octet-stream")
    saved(question)
    go_to_end(page)
    finish(page)


def answer_photo(page: Page) -> None:
    """An interview whose one photo is small."""
    begin(page, "one_photo")
    question = here(page, "photo")
    choose(question, photo(160, 120))
    saved(question)
    go_to_end(page)
    finish(page)


def body_of(request: Request) -> Any:
    sent = request.post_data_buffer or b""
    return json.loads(gzip.decompress(sent) if request.headers.get("content-encoding") == "gzip" else sent)


def until(page: Page, true: Callable[[], bool], what: str) -> None:
    """Wait while the page's requests go on being answered by the test."""
    wait_until(lambda: bool(page.evaluate("true")) and true(), what)


def is_whole(got: Arrived) -> bool:
    return got.files[got.answers["paper"]] == PAPER


def test_it_goes_on_where_a_killed_server_stopped(
    server: Server, phone: Phone, link: str, arrived: Callable[[], Arrived], database: Database
) -> None:
    page = phone.open()
    enrol(page, link)
    pieces: list[int] = []

    def watch(route: Route) -> None:
        offset = int(route.request.url.rsplit("=", 1)[1])
        pieces.append(offset)
        if len(pieces) in (4, 8):
            server.kill()
        route.continue_()

    page.route("**/api/v1/media/*", watch)
    interview(page)
    for deaths in (1, 2):
        until(page, lambda: server.process is None, "the server to die in the middle of a piece")
        until(page, lambda: unsent(page) != "Todo enviado", "the phone to say so")
        server.start()
        page.evaluate(NOW)
        assert deaths
    is_sent(page)
    assert is_whole(arrived())
    assert len(pieces) <= 15 + 2, "each death costs one piece"
    assert pieces == sorted(pieces), "nothing is sent twice from the beginning"


def test_it_sends_the_interviews_of_all_forms_in_one_batch_then_their_files_and_a_new_one_before_the_next_piece(
    phone: Phone, link: str, stored: Callable[[], list[SubmissionVersion]], database: Database
) -> None:
    publish_diary(database)
    page = phone.open()
    enrol(page, link)
    sending = re.compile(r"/api/v1/(sync|media)")

    def refuse(route: Route) -> None:
        route.abort()

    page.route(sending, refuse)
    answer_photo(page)
    interview(page)
    write(page, "Alfa")
    answer_photo(page)
    items = sorted(facts(page), key=lambda item: item["finished_at"])
    assert [item["form"] for item in items] == ["one_photo", "media", "diary", "one_photo"]
    order: list[str] = []
    sent: list[str] = []
    held: list[Route] = []

    def watch(route: Route) -> None:
        request = route.request
        body = body_of(request) if request.method == "POST" else {}
        batch = [each["id"] for each in body.get("submissions", [])]
        sent.extend(batch)
        order.extend([f"batch of {len(batch)}"] if batch else [body["submission"]] if "submission" in body else [])
        if "offset=65536" in request.url and not held:
            held.append(route)
            return  # in the middle of the large file
        route.continue_()

    page.route(sending, watch)  # asked first from now on: nothing goes out between the two
    page.unroute(sending, refuse)
    page.evaluate(NOW)
    until(page, lambda: len(held) == 1, "the large file to be on its way")
    assert order == ["batch of 4", items[0]["id"], items[1]["id"]], "interviews first, then files, the oldest first"
    assert sent == [item["id"] for item in items]
    write(page, "Beta")
    held[0].continue_()
    is_sent(page)
    [latest] = [item["id"] for item in facts(page) if item["id"] not in sent[:4]]
    assert sent[4] == latest
    assert order[3:5] == ["batch of 1", items[1]["id"]], "the new interview before the rest of the file"
    files = [each for each in order if each.startswith("uuid:")]
    assert list(dict.fromkeys(files)) == [items[0]["id"], items[1]["id"], items[3]["id"]]
    assert len(stored()) == 5
    with database.reading() as session:
        rows = session.scalars(select(Media).where(Media.instance_id.in_([*sent]))).all()
        assert len(rows) == 3 and all(row.completed_at for row in rows)


def test_it_goes_on_after_the_browser_was_killed_and_while_the_phone_is_locked(
    phone: Phone, link: str, arrived: Callable[[], Arrived]
) -> None:
    page = phone.open()
    enrol(page, link)
    seen: list[str] = []

    def stop(route: Route) -> None:
        seen.append(route.request.url)
        if len(seen) > 3:
            return  # never answered: a line that has gone silent
        route.continue_()

    page.route("**/api/v1/media/*", stop)
    interview(page)
    until(page, lambda: len(seen) > 3, "some pieces to be sent")
    phone.kill()
    page = phone.open()
    is_sent(page)
    assert is_whole(arrived())


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", "<html>Bienvenido al wifi</html>"),
        (200, "application/json", '{"sha256": "0", "offset": 3, "complete": true}'),
        (200, "application/json", '{"complete": true}'),
        (503, "application/problem+json", "{}"),
        (507, "application/problem+json", '{"title": "full"}'),
        (401, "application/problem+json", "{}"),
    ],
)
def test_it_believes_nobody_but_the_office(
    phone: Phone, link: str, arrived: Callable[[], Arrived], status: int, kind: str, body: str
) -> None:
    page = phone.open()
    enrol(page, link)
    answered: list[int] = []

    def portal(route: Route) -> None:
        if len(answered) < 2:
            answered.append(status)
            route.fulfill(status=status, content_type=kind, body=body)
        else:
            route.continue_()

    page.route("**/api/v1/media**", portal)
    interview(page)
    until(page, lambda: len(answered) >= 1, "the portal to be asked")
    until(page, lambda: unsent(page) != "Todo enviado", "the phone to wait")
    page.evaluate(NOW)
    until(page, lambda: len(answered) >= 2, "it to be asked again")
    page.evaluate(NOW)
    is_sent(page)
    assert is_whole(arrived())


def test_it_sends_bytes_that_no_one_on_the_phone_can_read(
    phone: Phone, link: str, database: Database, stored: Callable[[], list[SubmissionVersion]], server: Server
) -> None:
    page = phone.open()
    enrol(page, link)
    interview(page)
    is_sent(page)
    with database.reading() as session:
        rows = list(session.scalars(select(Media).where(Media.size > len(PAPER))))
    assert rows, "sealed bytes are a little longer"
    for row in rows:
        blob = (server.folder / "media" / str(row.programme_id) / row.sha256[:2] / row.sha256).read_bytes()
        assert hashlib.sha256(blob).hexdigest() == row.sha256
        assert PAPER[1000:1064] not in blob
    kept = b"".join(
        path.read_bytes() for path in phone.profile.rglob("*") if path.is_file() and "IndexedDB" in str(path)
    )
    assert kept and PAPER[1000:1064] not in kept


def facts(page: Page) -> Any:
    return page.evaluate(
        """() => new Promise((done) => { indexedDB.open('encuesta').onsuccess = (e) => e.target.result
        .transaction('outbox').objectStore('outbox').getAll().onsuccess = (f) => done(f.target.result); })"""
    )


def test_it_says_what_the_office_refused(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    refusal = '{"type": "urn:survey-server:problem:media-too-large", "title": "The file is too large", "status": 413}'
    page.route(
        "**/api/v1/media",
        lambda route: route.fulfill(status=413, content_type="application/problem+json", body=refusal),
    )
    interview(page)
    until(page, lambda: any(one.get("refused") for item in facts(page) for one in item["media"]), "the refusal")
    [item] = facts(page)
    assert item["state"] == "media" and item["media"][0]["refused"]["status"] == 413
