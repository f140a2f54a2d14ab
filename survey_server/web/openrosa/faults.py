"""What goes wrong on OpenRosa addresses, answered as OpenRosa: a status, and words for the enumerator."""

from __future__ import annotations

import logging
import traceback
from contextlib import suppress
from pathlib import Path

from flask import Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from survey_server.problems import (
    BadRequest,
    BodyTooLarge,
    CredentialsNeeded,
    MethodNotHere,
    PageNotHere,
    Problem,
    ServerFault,
)
from survey_server.web.access import get_config
from survey_server.web.errors import ANSWERS_BELOW
from survey_server.web.openrosa.answers import problem_answer, with_openrosa_headers
from survey_server.web.openrosa.callers import openrosa
from survey_server.web.openrosa.digest import challenges

logger = logging.getLogger("survey_server")
_BLOCK = 256 * 1024
_FAULTS: dict[int, type[Problem]] = {404: PageNotHere, 405: MethodNotHere, 413: BodyTooLarge}


@openrosa.errorhandler(Problem)
def _answer_problem(problem: Problem) -> Response:
    """The envelope that Collect shows; the rest of the body is taken first, or a sender never sees the answer."""
    _read_to_the_end()
    response = problem_answer(problem)
    if isinstance(problem, CredentialsNeeded):
        for challenge in challenges(get_config().secret_key, request.authorization):
            response.headers.add("WWW-Authenticate", challenge)
    return response


@openrosa.errorhandler(HTTPException)
def _answer_http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    kind = BodyTooLarge if isinstance(error, RequestEntityTooLarge) else _FAULTS.get(error.code, BadRequest)
    return _answer_problem(kind())


@openrosa.errorhandler(Exception)
def _answer_fault(error: Exception) -> Response:
    """A mistake of ours: where it happened goes to the log, what was being processed doesn't."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames[-6:]))
    logger.error("%s at %s", type(error).__name__, where)
    return _answer_problem(ServerFault())


@openrosa.after_request
def _add_headers(response: Response) -> Response:
    return with_openrosa_headers(response)


@openrosa.record_once
def _answer_all_below(state: BlueprintSetupState) -> None:
    """Addresses that aren't there belong to no blueprint: who mistyped one in Collect reads our words all the same."""
    prefix = f"{openrosa.url_prefix}/"
    state.app.extensions[ANSWERS_BELOW] = {prefix: lambda problem: with_openrosa_headers(_answer_problem(problem))}


def _read_to_the_end() -> None:
    with suppress(Exception):
        while request.stream.read(_BLOCK):
            pass
