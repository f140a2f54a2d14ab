"""Somebody in the office, with a browser that speaks to a real server."""

from __future__ import annotations

import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from survey_server.db.access.people import add_person, set_password, set_roles
from tests.faults.senders import Field
from tests.serving import Server

LOGIN, PASSWORD = "ana", "cuatro palabras sin relación"
_PROOF = re.compile(r'name="proof" value="([^"]+)"')


def add_coordinator(here: Field) -> None:
    """Somebody who may open and close waves."""
    with here.database.transaction() as session:
        person = add_person(session, LOGIN, "Ana")
        set_password(session, person, PASSWORD)
        set_roles(session, person, here.programme, ["coordinator"], actor="command")


class Office:
    """The coordinator, signed in on one server."""

    def __init__(self, server: Server) -> None:
        self.address = f"http://127.0.0.1:{server.port}/office"
        self.browser: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        self.post("/login", login=LOGIN, password=PASSWORD)

    def get(self, path: str) -> str:
        """The text of a page."""
        return str(self.browser.open(f"{self.address}{path}", timeout=60).read().decode())

    def post(self, path: str, **fields: str) -> str:
        """Fill a form in and send it: the text of the page that comes then."""
        found = _PROOF.search(self.get("/login"))
        assert found
        body = urlencode({"proof": found[1], **fields}).encode()
        answer = self.browser.open(f"{self.address}{path}", body, timeout=60)
        assert not answer.url.endswith("/login")
        return str(answer.read().decode())
