"""What ODK Collect, KoboCollect and Enketo are told; an enumerator reads it word for word."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class NotOpenRosa(Problem):
    """A request to the OpenRosa address lacks the header X-OpenRosa-Version: 1.0. Use ODK Collect, Kobo or Enketo."""

    status = 400
    title = "This isn't an OpenRosa request"


class BrokenParts(Problem):
    """The parts of an OpenRosa submission break off or make no sense. Nothing was kept; the client sends it again."""

    status = 400
    title = "The upload is damaged"


class NoInterviewPart(Problem):
    """An OpenRosa submission has no part `xml_submission_file`. Nothing was kept; correct the client."""

    status = 400
    title = "The upload holds no interview"


class UnknownVersion(Problem):
    """An OpenRosa client sends an interview of a form version that was never published here. Its bytes are kept in
    quarantine; publish that version, or replay it, which takes it with an issue."""

    status = 404
    title = "This form version isn't known here"


class FormClosed(Problem):
    """A form takes no more interviews. Those that still come are kept in quarantine; open the form, then replay."""

    status = 409
    title = "This form takes no more interviews"


class KeyNotValid(Problem):
    """The key in an OpenRosa address was never given out or was revoked. Give the device a new settings code."""

    status = 403
    title = "This device's key isn't valid"


class CredentialsNeeded(Problem):
    """An OpenRosa address without a key needs the user name and password of a device (HTTP Digest, or Basic)."""

    status = 401
    title = "A user name and password are needed"


class NoPracticeHere(Problem):
    """A practice address names a key that isn't valid. Make a new settings code in the office."""

    status = 404
    title = "There is no such practice address"


class UnknownEntityList(Problem):
    """There is no entity list of this name or number. Publish a form that declares it in its `entities` sheet."""

    status = 404
    title = "There is no such entity list"


class BrokenEncryption(Problem):
    """An encrypted interview doesn't open with its key, or its signature doesn't fit. Its bytes are kept."""

    status = 422
    title = "The encrypted interview can't be opened"
