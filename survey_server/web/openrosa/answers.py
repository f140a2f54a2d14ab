"""What goes out to OpenRosa clients: headers, XML envelopes, and words for the enumerator who reads them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from email.utils import formatdate
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from flask import Response, g, request

from survey_server.problems import Problem
from survey_server.web.access import get_config
from survey_server.web.errors import log_problem

LANGUAGES = ("es", "en")
RESPONSE_NAMESPACE = "http://openrosa.org/http/response"
_CATALOGUE = Path(__file__).resolve().parents[2] / "texts" / "openrosa.toml"
_RETRY_AFTER_SECONDS = 15
STATUSES: Mapping[str, int] = {
    "form-not-here": 404,
    "unreadable-instance": 400,
    "quarantined-from-revoked": 403,
    "device-revoked": 403,
    "check-failed": 400,
    "too-many-media": 400,
}
"""Where an OpenRosa client expects another status than our own API gives."""


@cache
def read_texts() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Table ("sent", "problem") -> name -> language -> text."""
    return tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))


def accept_length() -> int:
    """The largest upload that clients are told to make; a file larger than that comes alone."""
    return get_config().max_media_bytes


def language() -> str:
    """What the client asks for, else the language of the form or programme when that is known, else Spanish."""
    chosen = request.accept_languages.best_match(LANGUAGES) if "Accept-Language" in request.headers else None
    return chosen or str(g.get("openrosa_language") or LANGUAGES[0])


def prefer_language(name: str) -> None:
    """Remember in which language the form or programme is written: "es", or "Español (es)"."""
    short = name.rpartition("(")[2].rstrip(")").strip()[:2].lower()
    if short in LANGUAGES:
        g.openrosa_language = short


def text(table: str, name: str, **values: object) -> str:
    """A text in the reader's language."""
    return read_texts()[table][name][language()].format(**values)


def with_openrosa_headers(response: Response) -> Response:
    """The headers that clients look for on every answer."""
    headers = response.headers
    headers["X-OpenRosa-Version"] = "1.0"
    headers["X-OpenRosa-Accept-Content-Length"] = str(accept_length())
    headers["Date"] = formatdate(usegmt=True)
    headers.setdefault("Content-Language", language())
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    return response


def xml_answer(body: str, status: int = 200) -> Response:
    """An XML document, as the content type that Collect insists on."""
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
    return Response(document.encode("utf-8", "replace"), status, content_type="text/xml; charset=utf-8")


def message_answer(message: str, status: int, nature: str) -> Response:
    """An OpenRosaResponse; its message is shown to the enumerator as it is."""
    return xml_answer(
        f'<OpenRosaResponse xmlns="{RESPONSE_NAMESPACE}" items="0">'
        f'<message nature="{nature}">{escape(readable(message))}</message></OpenRosaResponse>',
        status,
    )


def readable(words: str) -> str:
    """Without the characters that XML can't hold."""
    return "".join(letter for letter in words if letter in "\t\n" or (letter >= " " and letter not in "\ufffe\uffff"))


def problem_answer(problem: Problem) -> Response:
    """The answer for a problem, logged without address or content, in words for an enumerator."""
    log_problem(problem)
    response = message_answer(problem_text(problem), status_of(problem), "error")
    if problem.status in (429, 503):
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", _RETRY_AFTER_SECONDS))
    return response


def status_of(problem: Problem) -> int:
    """The status that an OpenRosa client understands."""
    return STATUSES.get(problem.code, problem.status)


def problem_text(problem: Problem) -> str:
    """What the enumerator reads."""
    code = {"quarantined-from-revoked": "key-not-valid", "device-revoked": "key-not-valid"}.get(
        problem.code, problem.code
    )
    code = "database-busy" if problem.status == 503 and code not in read_texts()["problem"] else code
    name = code if code in read_texts()["problem"] else ("server" if problem.status >= 500 else "client")
    return text("problem", name, limit=accept_length() // (1024 * 1024))
