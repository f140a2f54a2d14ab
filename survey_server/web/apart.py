"""Hands requests for the office to the office's own process, over a Unix socket, as SCGI.

SCGI carries what WSGI knows of a request as it is, the caller's address included, and both ends are short. Only the
server's own workers can open the socket.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from threading import BoundedSemaphore
from typing import BinaryIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

OF_THE_OFFICE = ("/office", "/api/v1/programmes", "/api/v1/openapi.json")
SECONDS = 300
"""How long the office may be silent: it may have to start first, and pages that compute take their time."""
MOST_WAITING = 12
"""Requests of the office that a worker waits for at once."""
_BLOCK = 1 << 16
_LONGEST_PAGE = 1 << 20
_AWAY = b"La oficina no contesta. Intente otra vez en un momento.\nThe office doesn't answer. Try again in a moment.\n"


class OfficeApart:
    """Calls the field's application; what is the office's goes through the door at `path`.

    Only some of the threads may wait for the office at once: phones always find one that is free.
    """

    def __init__(self, app: WSGIApplication, path: str, most: int = MOST_WAITING) -> None:
        self.app = app
        self.path = path
        self.waiting = BoundedSemaphore(most)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not _is_of_office(environ["PATH_INFO"]) or _is_unclear(environ):
            return self.app(environ, start_response)
        if not self.waiting.acquire(blocking=False):
            return _say_away(start_response)
        try:
            answer = ask(self.path, environ)
            status, headers = _read_head(answer)
            body = _body(answer, headers)
        except OSError:
            return _say_away(start_response)
        finally:
            self.waiting.release()
        start_response(status, headers)
        return body


def _say_away(start_response: StartResponse) -> list[bytes]:
    told = [("Content-Type", "text/plain; charset=utf-8"), ("Retry-After", "5"), ("Cache-Control", "no-store")]
    start_response("503 Service Unavailable", told)
    return [_AWAY]


def ask(path: str, environ: WSGIEnvironment) -> BinaryIO:
    """Send a request through the door; what the office says to it. Raises OSError."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(SECONDS)
        line.connect(path)
        line.sendall(_packed_head(environ))
        left = int(environ.get("CONTENT_LENGTH") or 0)
        while left and (piece := environ["wsgi.input"].read(min(left, _BLOCK))):
            line.sendall(piece)
            left -= len(piece)
        line.shutdown(socket.SHUT_WR)
        return line.makefile("rb")


def _is_of_office(path: str) -> bool:
    return any(path == begin or path.startswith(f"{begin}/") for begin in OF_THE_OFFICE)


def _is_unclear(environ: WSGIEnvironment) -> bool:
    """Whether SCGI can't carry it: zero bytes, which the field's application refuses, and bodies of unknown length."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    told = (value for value in environ.values() if isinstance(value, str))
    return not (length.isascii() and length.isdigit()) or any("\0" in value for value in told)


def _packed_head(environ: WSGIEnvironment) -> bytes:
    told = {name: value for name, value in environ.items() if isinstance(value, str) and "." not in name}
    told |= {"CONTENT_LENGTH": told.get("CONTENT_LENGTH") or "0", "SCGI": "1"}
    told["HTTPS"] = "on" if environ.get("wsgi.url_scheme") == "https" else "off"
    first = ("CONTENT_LENGTH", told.pop("CONTENT_LENGTH"))
    packed = "".join(f"{name}\0{value}\0" for name, value in (first, *told.items())).encode("latin-1")
    return b"%d:%s," % (len(packed), packed)


def _read_head(answer: BinaryIO) -> tuple[str, list[tuple[str, str]]]:
    """The status and the headers. Raises OSError when the office ended before it said them."""
    lines = list(iter(lambda: answer.readline(_BLOCK).decode("latin-1").rstrip("\r\n"), ""))
    named = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    status = next((value for name, value in named if name == "Status"), None)
    if status is None:
        answer.close()
        raise ConnectionResetError("The office ended in the middle of its answer.")
    return status, [(name, value) for name, value in named if name != "Status"]


def _body(answer: BinaryIO, headers: list[tuple[str, str]]) -> Iterable[bytes]:
    """A page in one piece, which a server that stops still sends; what is long or of unknown length as it comes."""
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), _LONGEST_PAGE + 1)
    if length > _LONGEST_PAGE:
        return _blocks(answer)
    with answer:
        return [answer.read()]


def _blocks(answer: BinaryIO) -> Iterator[bytes]:
    with answer:
        yield from iter(lambda: answer.read1(_BLOCK), b"")  # type: ignore[attr-defined]
