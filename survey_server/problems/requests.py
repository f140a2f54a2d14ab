"""What is wrong with a request whatever it asks for, and faults of our own."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class BadRequest(Problem):
    """The request can't be understood: its body is damaged or isn't what the API says. Correct the client."""

    status = 400
    title = "The request can't be understood"


class BadFields(Problem):
    """The body is JSON but its fields aren't what the API says; `errors` names each. Correct the client."""

    status = 422
    title = "Some fields aren't as they should be"


class BodyTooLarge(Problem):
    """The body is larger than SURVEY_MAX_BODY_MB, as sent or when unpacked. Send fewer interviews at once."""

    status = 413
    title = "Too much at once"


class PageNotHere(Problem):
    """There is nothing at this address."""

    status = 404
    title = "There is nothing at this address"


class MethodNotHere(Problem):
    """The address exists but doesn't take this method."""

    status = 405
    title = "This can't be done at this address"


class ServerFault(Problem):
    """A mistake in the program. Nothing was stored; the log of the server says where it happened."""

    status = 500
    title = "Something went wrong on the server"
