"""The read API and webhooks: what other programs are told."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class BadApiToken(Problem):
    """No token of the read API, or one that has ended or was revoked: make another in the office."""

    status = 401
    title = "The token isn't valid"


class UnfitToken(Problem):
    """A token of the read API can't be made like that. The message names what is missing."""

    status = 422
    title = "The token can't be made"


class BadCursor(Problem):
    """`since` isn't a cursor that this API gave out. Begin without one, or take the `next` of the last page."""

    status = 400
    title = "The cursor can't be read"


class UnfitWebhook(Problem):
    """A webhook can't have this address or these events. Use https:// and an address that the internet can reach."""

    status = 422
    title = "The webhook can't be used like that"


class UnansweredWebhook(Problem):
    """A webhook didn't answer, or not with 2xx. The delivery is tried again, later and later, for four days."""

    status = 502
    title = "The webhook didn't answer"
