"""Webhooks: every event once per address, signed, tried again and again, and never into the own network."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from survey_server.config import Config
from survey_server.db.access.people import add_person
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.jobs import list_jobs
from survey_server.db.models import Job, Programme, Webhook, WebhookDelivery, now
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.db.webhooks import (
    KEPT,
    MOST_TRIES,
    add_event,
    add_ping,
    add_webhook,
    drop_old_deliveries,
    list_deliveries,
    list_webhooks,
    secret_of,
    send_again,
    set_webhook_stopped,
)
from survey_server.problems import UnfitWebhook
from survey_server.sending import Target, check_url, find_target, is_allowed, post
from survey_server.work import KINDS, Worker
from tests.web.field import FORM, interview


class Listener:
    """A system that is told of events; `status` is what it answers."""

    def __init__(self) -> None:
        self.status, self.got, self.headers = 200, list[tuple[dict[str, str], bytes]](), dict[str, str]()
        listener = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.got.append((dict(self.headers), body))
                self.send_response(listener.status)
                for name, value in listener.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"noted\x00 " + b"x" * 5000)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=1"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.from_environment(
        {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_SECRET_KEY": "k" * 40, "SURVEY_WEBHOOKS": "lan"}
    )


def make_hook(database: Database, programme: Programme, url: str, *events: str) -> Webhook:
    with database.transaction() as session:
        person = add_person(session, f"p{len(url)}{len(events)}", "P")
        return add_webhook(session, programme.id, "Panel", url, events, person_id=person.id)


def work(database: Database, config: Config) -> int:
    return Worker(database, config, {"webhook": KINDS["webhook"]}).run_due()


def deliveries(database: Database, hook: Webhook) -> list[WebhookDelivery]:
    with database.reading() as session:
        return list_deliveries(session, hook)


def test_it_tells_of_interviews_and_waves_by_ids_alone_and_signs_what_it_says(
    database: Database, programme: Programme, listener: Listener, config: Config
) -> None:
    publish_form(database, programme.id, "mini.md", FORM.encode())
    hook = make_hook(database, programme, listener.url, "submission.received", "wave.state")
    source = Source(programme.id, "phone", "device:1")
    arrivals = [Arrival(f"uuid:{n}", "mini", "1", interview(f"uuid:{n}", age="47").encode()) for n in range(3)]
    take_in(database, source, arrivals)
    take_in(database, source, arrivals)  # the same bytes again are no event
    with database.transaction() as session:
        wave = add_wave(session, get_form(session, programme.id, "mini"), "W1", date(2026, 3, 1), date(2026, 3, 9))
        set_wave_state(session, wave, "open", actor="command")
    assert work(database, config) == 2
    (headers, body), (_, second) = listener.got
    told = json.loads(body)
    assert (told["event"], told["form"], told["programme"]) == ("submission.received", "mini", "frontera")
    assert [one["id"] for one in told["submissions"]] == ["uuid:0", "uuid:1", "uuid:2"]
    assert set(told) == {"delivery", "event", "at", "programme", "form", "submissions"}
    assert {name for one in told["submissions"] for name in one} == {"id", "submission"}
    assert {"event": "wave.state", "wave": "W1", "state": "open"}.items() <= json.loads(second).items()
    at, signature = (part.split("=")[1] for part in headers["Survey-Signature"].split(","))
    secret = secret_of(hook, config.secret_key)
    assert signature == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Survey-Delivery"] == told["delivery"]
    assert {(one.state, one.status, one.tries) for one in deliveries(database, hook)} == {("delivered", 200, 1)}
    assert all("\0" not in (one.answer or "") and len(one.answer or "") <= 200 for one in deliveries(database, hook))


def test_it_tries_again_later_until_it_is_answered_and_repeats_on_demand(
    database: Database, programme: Programme, listener: Listener, config: Config
) -> None:
    hook = make_hook(database, programme, listener.url, "wave.state")
    listener.status = 503
    with database.transaction() as session:
        add_event(session, programme.id, "wave.state", state="open")
        add_event(session, programme.id, "submission.edited", state="open")  # not asked for
    assert work(database, config) == 1
    assert (deliveries(database, hook)[0].state, deliveries(database, hook)[0].status) == ("waiting", 503)
    assert work(database, config) == 0
    listener.status = 204
    make_due(database)
    work(database, config)
    assert (deliveries(database, hook)[0].state, deliveries(database, hook)[0].tries) == ("delivered", 2)
    with database.transaction() as session:
        send_again(session, programme.id, deliveries(database, hook)[0].id, person_id=hook.made_by)
    work(database, config)
    assert len({body for _, body in listener.got}) == 1
    assert len(listener.got) == 3


def test_it_gives_up_after_the_last_try_and_follows_no_redirect(
    database: Database, programme: Programme, listener: Listener, config: Config
) -> None:
    hook = make_hook(database, programme, listener.url, "wave.state")
    listener.status, listener.headers = 302, {"Location": listener.url}
    with database.transaction() as session:
        add_event(session, programme.id, "wave.state", state="open")
    for _ in range(MOST_TRIES):
        work(database, config)
        make_due(database)
    assert (deliveries(database, hook)[0].state, deliveries(database, hook)[0].status) == ("failed", 302)
    assert len(listener.got) == MOST_TRIES
    with database.reading() as session:
        assert [job.state for job in list_jobs(session, programme.id)] == ["failed"]
        assert [(line.waiting, line.failed) for line in list_webhooks(session, programme.id)] == [(0, 1)]


def test_it_tells_nothing_more_once_it_is_stopped_and_forgets_after_a_month(
    database: Database, programme: Programme, listener: Listener, config: Config
) -> None:
    hook = make_hook(database, programme, listener.url, "wave.state")
    with database.transaction() as session:
        add_event(session, programme.id, "wave.state", state="open")
        set_webhook_stopped(session, programme.id, hook.id, True, person_id=hook.made_by)
        add_event(session, programme.id, "wave.state", state="closed")
        add_ping(session, hook)
    work(database, config)
    assert [one.state for one in deliveries(database, hook)] == ["dropped", "dropped"]
    assert listener.got == []
    with database.transaction() as session:
        assert drop_old_deliveries(session, now() + KEPT + timedelta(minutes=1)) == 2


def test_it_tells_nothing_that_was_taken_back(
    database: Database, programme: Programme, listener: Listener, config: Config
) -> None:
    make_hook(database, programme, listener.url, "wave.state")

    def fail() -> None:
        with database.transaction() as session:
            add_event(session, programme.id, "wave.state", state="open")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert work(database, config) == 0


def test_it_never_tells_of_a_restricted_form(database: Database, programme: Programme, listener: Listener) -> None:
    source = FORM.replace("| mini  ", "| ssr_restricted ")
    publish_form(database, programme.id, "ssr_restricted.md", source.encode())
    hook = make_hook(database, programme, listener.url, "submission.received", "wave.state")
    xml = interview("uuid:r").replace('id="mini"', 'id="ssr_restricted"')
    receipts = take_in(
        database, Source(programme.id, "phone", "device:1"), [Arrival("uuid:r", "ssr_restricted", "1", xml.encode())]
    )
    assert receipts[0].status == 201
    assert deliveries(database, hook) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/a",
        "ftp://hooks.example/a",
        "https://",
        "https://user:pass@hooks.example/",
        "https://hooks.example/#x",
        "https://hooks.example:99999/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nHost: x",
        "https://" + "a" * 500,
    ],
)
def test_it_takes_no_address_that_looks_wrong(url: str) -> None:
    with pytest.raises(UnfitWebhook):
        check_url(url, lan=False)


@pytest.mark.parametrize(
    ("address", "outside", "inside"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True, True),
        ("127.0.0.1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.5", False, True),
        ("fd00::1", False, True),
        ("::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("240.0.0.1", False, False),
        ("not an address", False, False),
    ],
)
def test_it_judges_the_address_and_not_the_name(address: str, outside: bool, inside: bool) -> None:
    assert (is_allowed(address, lan=False), is_allowed(address, lan=True)) == (outside, inside)


@pytest.mark.parametrize("url", ["https://localhost/x", "https://127.1/", "https://0x7f000001/", "https://[::1]/"])
def test_it_refuses_names_of_the_own_machine(url: str) -> None:
    with pytest.raises(UnfitWebhook):
        find_target(url, lan=False)


def test_it_connects_to_the_address_that_was_judged_whatever_the_name_says_later(listener: Listener) -> None:
    target = Target(False, "hooks.example", listener.server.server_port, "/x", "127.0.0.1")
    status, _ = post(target, b"{}", {"Content-Length": "2"})
    assert status == 200
    assert listener.got[0][0]["Host"] == f"hooks.example:{listener.server.server_port}"


def test_it_does_not_send_to_an_address_that_moved_into_the_own_network(
    database: Database, programme: Programme, config: Config, listener: Listener
) -> None:
    hook = make_hook(database, programme, listener.url.replace("http:", "https:"), "wave.state")
    with database.transaction() as session:
        add_event(session, programme.id, "wave.state", state="open")
    work(database, replace(config, webhooks_in_lan=False))
    assert [(one.state, one.status) for one in deliveries(database, hook)] == [("failed", None)]
    assert listener.got == []


def make_due(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Job).where(Job.state == "waiting").values(due=now() - timedelta(seconds=1)))
