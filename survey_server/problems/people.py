"""People of the office: who they are, what they may do, and what they typed there."""

from __future__ import annotations

from survey_server.problems.problem import Problem


class WrongLogin(Problem):
    """The login or the password isn't right. Type both again, or ask the administrator for a new link."""

    status = 403
    title = "Not signed in"


class TooManyAttempts(Problem):
    """Too many wrong passwords came from one network address. Wait for the time that the answer names."""

    status = 429
    title = "Too many attempts"


class WeakPassword(Problem):
    """The password is too easy to guess. Choose a longer one."""

    status = 422
    title = "The password is too weak"


class LoginTaken(Problem):
    """Somebody already signs in by that name. Choose another."""

    status = 409
    title = "The login is taken"


class PersonNotFound(Problem):
    """There is no such person. Look for the name in the list of people."""

    status = 404
    title = "No such person"


class LinkExpired(Problem):
    """A one-time link was used already or is too old. Ask for a new one."""

    status = 410
    title = "The link no longer works"


class NotAllowed(Problem):
    """The person's roles don't allow this. Somebody who runs the programme can give the role that does."""

    status = 403
    title = "Not allowed"


class FormExpired(Problem):
    """A page's form was sent without its proof, or after a new login. Open the page again and repeat."""

    status = 403
    title = "The page is out of date"


class NotThere(Problem):
    """The address names a programme, wave or submission that doesn't exist, or that isn't the reader's to see."""

    status = 404
    title = "Not found"


class BadInput(Problem):
    """Something typed into a form can't be read (a number, a day), or is blank and may not be. Correct that field."""

    status = 422
    title = "A field can't be read"


class EditedMeanwhile(Problem):
    """Two people changed the same thing. The second is told, nothing is overwritten; look at it again and repeat."""

    status = 409
    title = "Somebody else changed it meanwhile"
