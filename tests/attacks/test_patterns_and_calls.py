"""A form that makes the server think for ever, an address that makes it call itself: neither does."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from survey_server import sending
from survey_server.db.publishing import publish_form
from survey_server.problems import UnansweredWebhook, UnfitWebhook
from survey_server.sending import Target, find_target, is_allowed, post
from tests.attacks.camps import Fortress
from tests.web.field import item

ENDLESS = ("(a+)+$", "(a|aa)+$", "(.*)*$", "([a-z]+)*$", "(a{1,40}){1,40}$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y")
FORM = """
| survey |
| | type  | name | label | constraint      |
| | today | today |      |                 |
| | text  | a    | A     | regex(., '{}')  |
| settings |
| | form_title | form_id | version |
| | Hostil     | endless | {}      |
"""
MOST_SECONDS = 2.0


@pytest.mark.parametrize("pattern", ENDLESS)
def test_it_judges_an_answer_by_an_endless_pattern_in_bounded_time(fortress: Fortress, pattern: str) -> None:
    camp, version = fortress.camps["sur"], str(ENDLESS.index(pattern) + 1)
    source = FORM.format(pattern.replace("|", "\\|"), version).encode()
    publish_form(fortress.database, camp.programme.id, "endless.md", source)
    answer = "a" * 4000 + "!"
    name = f"uuid:endless-{version}"
    xml = (
        f'<data id="endless" version="{version}"><today>2026-09-05</today><a>{answer}</a>'
        f"<meta><instanceID>{name}</instanceID></meta></data>"
    )
    sent = item(xml, name, form="endless", version=version)
    began = time.process_time()
    reply = fortress.app.test_client().post(
        "/api/v1/sync", json={"protocol": 1, "submissions": [sent]}, headers={"Authorization": f"Bearer {camp.token}"}
    )
    assert reply.get_json()["receipts"][0]["status"] == 201
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    "address",
    [
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::127.0.0.1",
        "2002:a9fe:a9fe::",
        "2001:0:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "198.18.0.1",
        "0.1.2.3",
        "255.255.255.255",
        "ff02::1",
        "::",
    ],
)
def test_it_calls_no_address_of_a_machine_network_or_cloud(address: str) -> None:
    assert not is_allowed(address, lan=False)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]
)
def test_it_asks_no_cloud_for_its_keys_even_in_a_local_network(address: str) -> None:
    assert not is_allowed(address, lan=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://0/",
        "https://0177.0.0.1/",
        "https://2130706433/",
        "https://127.0.0.1.:443/",
        "https://[::ffff:7f00:1]/",
        "https://LOCALHOST/",
        "https://user@127.0.0.1/",
        "https://127.0.0.1\\@example.org/",
        "https://①②⑦.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://example.org\n.evil/",
    ],
)
def test_it_takes_no_other_spelling_of_its_own_machine(url: str) -> None:
    with pytest.raises((UnfitWebhook, UnansweredWebhook)):
        find_target(url, lan=False)


def test_it_judges_every_address_behind_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def two(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(sending.socket, "getaddrinfo", two)
    with pytest.raises(UnfitWebhook):
        find_target("https://two-faced.example/", lan=False)


class _Redirecting(http.server.BaseHTTPRequestHandler):
    asked: list[str]

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.send_response(307)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/metadata")
        self.send_header("X-Long", "x" * 1000)
        self.end_headers()
        self.wfile.write(b"\x1b[31m<script>" + b"x" * 10_000)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def redirecting() -> Iterator[http.server.HTTPServer]:
    _Redirecting.asked = []
    with http.server.HTTPServer(("127.0.0.1", 0), _Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_it_follows_no_redirect_and_keeps_little_of_the_answer(redirecting: http.server.HTTPServer) -> None:
    target = Target(False, "hooks.example", redirecting.server_address[1], "/x", "127.0.0.1")
    status, told = post(target, b"{}", {"Content-Length": "2"})
    assert status == 307 and _Redirecting.asked == ["/x"]
    assert len(told) <= 200 and "\x1b" not in told
