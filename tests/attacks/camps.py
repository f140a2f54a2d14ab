"""What the attacks know of the server and of the two programmes on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from survey_server.config import Config
from survey_server.db.access.people import begin_session
from survey_server.db.models import Person, Programme
from survey_server.db.session import Database
from survey_server.web.office.frame import COOKIE
from survey_server.web.office.proof import make_proof
from tests.office.world import Browser

SECRET = "k" * 40


def make_config(url: str, folder: Path, **settings: str) -> Config:
    base = {"SURVEY_DATA_DIR": str(folder), "SURVEY_DATABASE_URL": url, "SURVEY_SECRET_KEY": SECRET}
    return Config.from_environment({**base, "SURVEY_SECOND_FACTOR": "offered", "SURVEY_MAX_BODY_MB": "2", **settings})


@dataclass
class Camp:
    """A programme with something in every table, and everything that opens a door to it."""

    programme: Programme
    mark: str
    people: dict[str, int] = field(default_factory=dict)
    """By role; "everything" holds all of them."""
    ids: dict[str, list[str]] = field(default_factory=dict)
    """What may stand in an address, by the name of the argument."""
    token: str = ""
    key: str = ""
    api_token: str = ""
    enrolment: str = ""
    link: str = ""


@dataclass
class Fortress:
    """The server."""

    app: Flask
    database: Database
    camps: dict[str, Camp]
    administrator: int

    def browser(self, person_id: int) -> Browser:
        """A browser in which this person has signed in."""
        with self.database.transaction() as session:
            token = begin_session(session, session.get_one(Person, person_id), proved=True)
        browser = _Known(self.app, make_proof(SECRET, token))
        browser.client.set_cookie(COOKIE, token, path="/office")
        return browser


class _Known(Browser):
    """A browser whose proof is known without opening a page first."""

    def __init__(self, app: Flask, proof: str) -> None:
        super().__init__(app)
        self._proof = proof

    def proof(self) -> str:
        return self._proof
