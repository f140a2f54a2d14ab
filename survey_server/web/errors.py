"""The one place that turns what went wrong into an answer, and logs it once: no answers, names or tokens."""

from __future__ import annotations

import html
import json
import logging
import traceback
from contextlib import suppress
from pathlib import Path
from typing import cast

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from survey_server.problems import (
    BadRequest,
    BodyTooLarge,
    MethodNotHere,
    PageNotHere,
    Problem,
    ServerFault,
)

logger = logging.getLogger("survey_server")

_CLIENTS_FAULTS: dict[int, type[Problem]] = {404: PageNotHere, 405: MethodNotHere, 413: BodyTooLarge}
_RETRY_AFTER_SECONDS = 15
ANSWERS_BELOW = "answers_below"
"""The app's extension that holds, for the beginning of an address, another function that answers problems there."""


def set_error_answers(app: Flask) -> None:
    """Answer every Problem, HTTP error and fault of ours as RFC 9457 or as a page."""
    app.register_error_handler(Problem, answer_problem)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_fault)


def answer_problem(problem: Problem) -> Response:
    """The answer for `problem`, logged: a problem document below /api, else a plain page, or as ANSWERS_BELOW says."""
    for prefix, answer in current_app.extensions.get(ANSWERS_BELOW, {}).items():
        if request.path.startswith(prefix):
            return cast(Response, answer(problem))
    log_problem(problem)
    _read_to_the_end()
    response = _document(problem) if request.path.startswith("/api/") else _page(problem)
    response.status_code = problem.status
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="survey"'
    if problem.status in (429, 503):
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", _RETRY_AFTER_SECONDS))
    return response


def _read_to_the_end() -> None:
    """Take the rest of the body, within its bound: a client that is cut off while sending never sees the answer."""
    with suppress(Exception):
        request.get_data(cache=False)


def log_problem(problem: Problem) -> None:
    """One line: what, and on which route. The address itself stays out of the log, for it may hold a code."""
    level = logging.ERROR if problem.status >= 500 else logging.INFO
    cause = f" caused by {type(problem.__cause__).__name__}" if problem.__cause__ else ""
    logger.log(level, "%s %s: %d %s%s", request.method, _route(), problem.status, problem.code, cause)


def _answer_http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    kind = BodyTooLarge if isinstance(error, RequestEntityTooLarge) else _CLIENTS_FAULTS.get(error.code, BadRequest)
    response = answer_problem(kind())
    if "Allow" in (headers := dict(error.get_headers())):
        response.headers["Allow"] = headers["Allow"]
    return response


def _answer_fault(error: Exception) -> Response:
    """A mistake of ours: where it happened goes to the log, what was being processed doesn't."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames[-6:]))
    logger.error("%s at %s", type(error).__name__, where)
    return answer_problem(ServerFault())


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "(no route)"


def _document(problem: Problem) -> Response:
    body = json.dumps(problem.to_document(), default=str)
    return Response(body, content_type="application/problem+json")


def _page(problem: Problem) -> Response:
    title, detail = html.escape(problem.title), html.escape(problem.detail)
    body = f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1><p>{detail}</p></html>'
    return Response(body, content_type="text/html; charset=utf-8")
