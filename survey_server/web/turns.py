"""Requests are received by many threads and worked on by few: a phone whose line is slow keeps nobody waiting."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from threading import BoundedSemaphore
from typing import IO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

TURNS = 8
"""Requests that are worked on at once in a process: more would only take the interpreter away from one another."""
LONGEST_RECEIVED = 2 << 20
"""Bytes of a body that are received before its turn comes; longer ones, of large files, are read while they come."""


class InTurn:
    """Calls an application for one request per turn, once the request's body is here."""

    def __init__(self, app: WSGIApplication, turns: int = TURNS, longest: int = LONGEST_RECEIVED) -> None:
        self.app = app
        self.longest = longest
        self.turns = BoundedSemaphore(turns)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = _length_of(environ)
        if length is None or length > self.longest:
            return self.app(environ, start_response)
        if length:
            environ["wsgi.input"] = BytesIO(_receive(environ["wsgi.input"], length))
        with self.turns:
            return self.app(environ, start_response)


def _length_of(environ: WSGIEnvironment) -> int | None:
    """How long the body is; None when nobody says."""
    told = environ.get("CONTENT_LENGTH") or ""
    if told.isascii() and told.isdigit():
        return int(told)
    return None if environ.get("HTTP_TRANSFER_ENCODING") else 0


def _receive(body: IO[bytes], length: int) -> bytes:
    """All of it, or what came before the line was cut."""
    received = bytearray()
    while len(received) < length and (piece := body.read(length - len(received))):
        received += piece
    return bytes(received)
