"""Keys, seals and the secret of the server."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class BrokenSeal(Problem):
    """A sealed interview or file isn't whole: some of it was changed or lost. Its bytes are kept in quarantine."""

    status = 422
    title = "The seal is damaged"


class ForeignSeal(Problem):
    """It was sealed with a key that this programme doesn't have. Its bytes are kept; look for the key's owner."""

    status = 422
    title = "It is sealed with a key that isn't this programme's"


class SealTellsOtherwise(Problem):
    """What is written on the seal isn't what it was handed over as. Its bytes are kept in quarantine."""

    status = 422
    title = "The seal says another interview, form or wave than its sender"


class KeyUnusable(Problem):
    """The server's secret (SURVEY_SECRET_KEY) isn't the one that its private keys were wrapped under. Put it back."""

    status = 503
    title = "The server can't use its keys; interviews stay on the phones until it can"


class NotAKeyFile(Problem):
    """A file or text isn't the key that was asked for. Make one with `survey-server key make`."""

    status = 422
    title = "That isn't a key file"


class WrongPassphrase(Problem):
    """The passphrase doesn't open the key file. Without it nobody opens what was sealed to it."""

    status = 422
    title = "The passphrase is wrong"


class UnfitKey(Problem):
    """A key can't be registered there: it is another programme's, or not vouched for. The message says which."""

    status = 422
    title = "The key can't be registered"
