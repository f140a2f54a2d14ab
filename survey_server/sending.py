"""Sends deliveries of webhooks: signed, to an address that was looked up once and isn't one of our own network.

Whoever may name an address could else have the server call what only the server reaches: so names are resolved here,
every address behind a name is judged, the connection goes to the very address that was judged, and no redirect is
followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from survey_server import __version__
from survey_server.config import Config
from survey_server.db.models import Webhook, WebhookDelivery, now
from survey_server.db.session import Database
from survey_server.db.webhooks import MOST_TRIES, secret_of, sign
from survey_server.problems import NotThere, UnansweredWebhook, UnfitWebhook

LONGEST_URL = 500
SECONDS = 10.0
_LONGEST_ANSWER = 2048
_SHOWN = 200
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CLOUD = (ipaddress.ip_network("fd00:ec2::/32"), ipaddress.ip_network("192.0.0.0/24"))
"""Where clouds tell their machines their keys, besides at link-local addresses."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Target:
    """Where to connect to, and what to ask for there."""

    secure: bool
    host: str
    port: int
    path: str
    address: str


def check_url(url: str, *, lan: bool) -> None:
    """Whether a webhook may have this address, as far as its text tells; raises UnfitWebhook."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise UnfitWebhook("The port of the address can't be read.", why="url") from error
    if len(url) > LONGEST_URL or not url.isascii() or any(letter <= " " or letter in '"<>\\^`{|}' for letter in url):
        raise UnfitWebhook("Write the address in plain letters, without blanks.", why="url")
    if parts.scheme not in (("https", "http") if lan else ("https",)) or not parts.hostname or port == 0:
        raise UnfitWebhook("Write an address that begins with https://", why="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UnfitWebhook("An address holds no name, password or #.", why="url")


def find_target(url: str, *, lan: bool) -> Target:
    """The address behind a URL; raises UnfitWebhook when any address behind its name is one that we don't call."""
    check_url(url, lan=lan)
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnansweredWebhook("The name can't be found.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(is_allowed(address, lan=lan) for address in addresses):
        raise UnfitWebhook("The address lies in a network that isn't called from here.", why="network")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port, path, addresses[0])


def is_allowed(text: str, *, lan: bool) -> bool:
    """Whether we connect to this address: a public one, or with `lan` also one of the own network or machine."""
    try:
        address = _inner(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if any(address in network for network in _CLOUD):
        return False
    if address.is_loopback:
        return lan
    if address.is_reserved or getattr(address, "is_site_local", False):
        return False
    return lan if address.is_private else address.is_global


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        for inner in (address.ipv4_mapped, address.sixtofour, address.teredo and address.teredo[1]):
            if inner:
                return inner
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def post(target: Target, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> tuple[int, str]:
    """The status and the beginning of the answer; raises UnansweredWebhook. Redirects aren't followed."""
    connection = _Pinned(target, seconds)
    until = time.monotonic() + seconds
    try:
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        content = b""
        while len(content) < _LONGEST_ANSWER and time.monotonic() < until:
            piece = answer.read1(_LONGEST_ANSWER - len(content))
            if not piece:
                break
            content += piece
        return answer.status, _shown(content)
    except (OSError, http.client.HTTPException) as error:
        raise UnansweredWebhook(f"No answer: {type(error).__name__}.") from error
    finally:
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was judged, with the certificate of the name that was asked for."""

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self.target = target

    def connect(self) -> None:
        self.sock = socket.create_connection((self.target.address, self.target.port), self.timeout)
        if self.target.secure:
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self.target.host)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _shown(content: bytes) -> str:
    text = content[:_SHOWN].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def deliver(
    database: Database, config: Config, programme_id: int, delivery_id: int, tries: int
) -> Mapping[str, Any] | None:
    """Send one delivery and note what came of it; raises UnansweredWebhook while another try may help."""
    with database.reading() as session:
        delivery = session.get(WebhookDelivery, (programme_id, delivery_id))
        if delivery is None:
            raise NotThere("The delivery is gone.")
        webhook = session.get_one(Webhook, (programme_id, delivery.webhook_id))
    if delivery.state != "waiting":
        return None
    if webhook.stopped_at is not None:
        _note(database, delivery, "dropped", None, "")
        return None
    body = delivery.body.encode()
    try:
        target = find_target(webhook.url, lan=config.webhooks_in_lan)
        status, answer = post(target, body, _headers(webhook, delivery, config, body))
    except UnfitWebhook as problem:
        _note(database, delivery, "failed", None, problem.detail)
        return None
    except UnansweredWebhook as problem:
        _note(database, delivery, "failed" if tries >= MOST_TRIES else "waiting", None, problem.detail)
        raise
    good = 200 <= status < 300
    _note(database, delivery, "delivered" if good else "failed" if tries >= MOST_TRIES else "waiting", status, answer)
    if not good:
        raise UnansweredWebhook(f"It answered {status}.")
    return {"status": status}


def _headers(webhook: Webhook, delivery: WebhookDelivery, config: Config, body: bytes) -> dict[str, str]:
    signature = sign(secret_of(webhook, config.secret_key), int(time.time()), body)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"survey-server/{__version__}",
        "Survey-Event": delivery.event,
        "Survey-Delivery": str(delivery.id),
        "Survey-Signature": signature,
    }


def _note(database: Database, delivery: WebhookDelivery, state: str, status: int | None, answer: str) -> None:
    with database.transaction() as session:
        row = session.get_one(WebhookDelivery, (delivery.programme_id, delivery.id))
        row.state, row.status, row.answer, row.tried_at = state, status, answer, now()
        row.tries += 1
