"""Every secret that there is, used rightly and wrongly on a real server: its log has none of them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from survey_server.db.access.people import add_link
from survey_server.db.access.second_factor import make_secret, seal_secret, set_second_factor
from survey_server.db.models import Person, now
from survey_server.db.session import open_database
from survey_server.db.webhooks import get_webhook, secret_of
from tests.attacks.camps import SECRET, Fortress
from tests.attacks.conftest import HURT, PLAIN
from tests.attacks.filled import interview
from tests.attacks.fortress import build_fortress
from tests.office.test_second_factor import code_of
from tests.office.world import PASSWORD
from tests.openrosa.field import OPENROSA
from tests.serving import Server, running
from tests.web.field import item

WRONG = "a-wrong-password-9041"
METRICS = "metrics-token-5512"


@pytest.fixture
def manned(sqlite_template: bytes, tmp_path: Path) -> Iterator[tuple[Server, Fortress]]:
    """The fortress as a process of its own, which logs every request."""
    (tmp_path / "survey.db").write_bytes(sqlite_template)
    url = f"sqlite:///{tmp_path / 'survey.db'}"
    fortress = build_fortress(url, tmp_path, {"norte": HURT, "sur": PLAIN}, SURVEY_SECOND_FACTOR="offered")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (
            ("SECRET_KEY", SECRET),
            ("LOG", "json"),
            ("METRICS_TOKEN", METRICS),
            ("SECOND_FACTOR", "offered"),
        ):
            patch.setenv(f"SURVEY_{name}", value)
        with running(tmp_path, url) as server:
            yield server, fortress
    open_database(url).close()


class Client:
    """A browser, a phone and Collect in one: what it sends is no more than bytes."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, dict[str, str]()

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            told["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode("utf-8", "replace")

    def fill(self, page: str, path: str, **values: str) -> tuple[int, str]:
        """Fill in the form of a page."""
        proof = re.search(r'name="proof" value="([^"]+)"', self.ask("GET", page)[1])
        body = urlencode({"proof": proof[1] if proof else "", **values}).encode()
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded")


def test_it_logs_no_secret_whatever_is_done_with_it(manned: tuple[Server, Fortress]) -> None:
    server, fortress = manned
    camp, client = fortress.camps["norte"], Client(server.port)
    totp = make_secret()
    with fortress.database.transaction() as session:
        person = session.get_one(Person, camp.people["coordinator"])
        assert set_second_factor(session, person, totp, code_of(totp, now()), SECRET)
        reset = add_link(session, session.get_one(Person, camp.people["analyst"]))
        signs = secret_of(get_webhook(session, camp.programme.id, int(camp.ids["webhook_id"][0])), SECRET)
    code = code_of(totp, now())
    login = "coordinator-norte"
    assert client.fill("/office/login", "/office/login", login=login, password=WRONG)[0] == 403
    assert client.fill("/office/login", "/office/login", login=login, password=PASSWORD)[0] == 303
    for typed in ("123456", code):
        client.fill("/office/code", "/office/code", code=typed)
    sent = item(interview(camp, "logged", "2026-09-09").body.decode(), "uuid:norte-logged")
    batch = json.dumps({"protocol": 1, "submissions": [sent, {**sent, "xml": "<broken"}, 7]}).encode()
    for token in (camp.token, camp.token + "x", camp.key, camp.api_token):
        client.ask("POST", "/api/v1/sync", batch, Authorization=f"Bearer {token}")
        client.ask("POST", "/api/v1/sync", b"{", Authorization=f"Bearer {token}")
        client.ask("GET", "/api/v1/programmes/norte/forms/mini/submissions?since=x", Authorization=f"Bearer {token}")
        client.ask("GET", "/metrics", Authorization=f"Bearer {METRICS}")
    for key in (camp.key, camp.key + "x", camp.token):
        for path in ("formList", "submission", "forms/1.xml", "nothing", "entities/1.csv"):
            client.ask("GET", f"/v1/key/{key}/projects/norte/{path}", X_OpenRosa_Version="1.0")
        client.ask("POST", f"/v1/key/{key}/projects/norte/submission", b"no parts", X_OpenRosa_Version="1.0")
    for enrolment in (camp.enrolment + "x", camp.enrolment, camp.enrolment):
        client.ask("POST", "/api/v1/enrol", json.dumps({"code": enrolment}).encode())
    for link in (reset, reset + "x"):
        client.ask("GET", f"/office/link/{link}")
        client.fill(f"/office/link/{link}", f"/office/link/{link}", password="corta", again="corta")
    client.fill(f"/office/link/{reset}", f"/office/link/{reset}", password=PASSWORD + "!", again=PASSWORD + "!")
    for path in (f"/office/p/norte/%00?token={camp.token}", f"/office/{camp.link}", f"/{camp.key}", f"/v1/{signs}"):
        client.ask("GET", path)
    client.ask("HURT", f"/office/link/{camp.link}")
    log = server.log.read_text()
    assert log.count('"route"') > 40 and '"/v1/key/<key>/projects/<code>/formList"' in log
    secrets = {PASSWORD, WRONG, totp, code, METRICS, SECRET, reset, signs, camp.token, camp.key, camp.api_token}
    secrets |= {camp.enrolment, camp.link, *client.cookies.values(), sent["id"], "Zqu", login, seal_secret.__name__}
    assert [secret for secret in secrets if secret in log] == []
    assert not OPENROSA.keys() & set(log.split())
