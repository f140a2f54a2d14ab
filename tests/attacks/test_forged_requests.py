"""Requests that a person's browser was tricked into, cookies and addresses that were made up, secrets in the open."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import survey_server
from survey_server.app import create_app
from survey_server.db.webhooks import get_webhook, secret_of
from survey_server.problems import FormExpired
from survey_server.web.office.frame import COOKIE
from survey_server.web.office.proof import make_proof
from tests.attacks.camps import SECRET, Fortress, make_config
from tests.attacks.fortress import photograph
from tests.office.world import PASSWORD, Browser

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/office/../..//evil.example",
    "/office/\t/evil.example",
    "/office//evil.example",
    "javascript:hurt()",
    "http:evil.example",
    " //evil.example",
)


def addresses(fortress: Fortress) -> list[str]:
    """Where every form of the office goes, for things that are there."""
    ids, adapter = fortress.camps["norte"].ids, fortress.app.url_map.bind("localhost")
    found = []
    for rule in fortress.app.url_map.iter_rules():
        if rule.rule.startswith("/office") and "POST" in (rule.methods or ()):
            values = {name: "norte" if name == "code" else ids[name][0] for name in rule.arguments}
            found.append(adapter.build(rule.endpoint, values, method="POST").replace("%3A", ":"))
    assert len(found) > 60
    return found


def test_it_does_nothing_for_a_form_that_another_site_sent(fortress: Fortress) -> None:
    everything = fortress.browser(fortress.camps["norte"].people["everything"])
    administrator = fortress.browser(fortress.administrator)
    stolen = make_proof(SECRET, "the cookie of somebody else")
    before = photograph(fortress)
    for path in addresses(fortress):
        browser = administrator if path.startswith(("/office/people", "/office/programmes")) else everything
        tries = [
            browser.client.post(path, data={"state": "closed"}),
            browser.client.post(path, data={"proof": stolen}),
            browser.client.post(path, data={"proof": browser.proof()}, headers={"Sec-Fetch-Site": "cross-site"}),
            browser.client.post(path, data={"proof": browser.proof()}, headers={"Sec-Fetch-Site": "same-site"}),
            browser.client.post(path, json={"proof": browser.proof()}),
            browser.client.post(f"{path}?proof={browser.proof()}"),
        ]
        assert {answer.status_code for answer in tries} == {FormExpired.status}, path
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "HURT"):
            assert browser.client.open(path, method=method).status_code in (404, 405), (method, path)
    assert photograph(fortress) == before


def test_it_takes_a_proof_of_no_other_login_and_of_no_login_before(fortress: Fortress) -> None:
    camp = fortress.camps["norte"]
    first, second = fortress.browser(camp.people["coordinator"]), fortress.browser(camp.people["coordinator"])
    assert second.post("/office/p/norte/stop-work", proof=first.proof()).status_code == FormExpired.status
    visitor = Browser(fortress.app)
    before = visitor.proof()
    assert visitor.sign_in("observer-norte").status_code == 303
    assert visitor.post("/office/logout", proof=before).status_code == FormExpired.status


def cookies(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


def test_it_gives_no_cookie_to_scripts_other_sites_or_open_lines(fortress: Fortress, tmp_path: Path) -> None:
    config = fortress.app.config["SURVEY"]
    app: Flask = create_app(make_config(config.database_url, tmp_path, SURVEY_BASE_URL="https://encuestas.example"))
    browser = Browser(app)
    given = cookies(browser.get("/office/login"))
    browser.client.set_cookie("office-visitor", "known", path="/office")
    proof = make_proof(SECRET, "known")
    answer = browser.post("/office/login", {"login": "observer-norte", "password": PASSWORD}, proof=proof)
    other = Browser(app)
    other.client.set_cookie("office-visitor", "known", path="/office")
    given += cookies(answer) + cookies(other.post("/office/language", {"language": "en"}, proof=proof))
    assert answer.status_code == 303 and len(given) >= 4
    for cookie in given:
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/office"} <= {part.strip() for part in cookie.split(";")}, (
            cookie
        )
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("then", ELSEWHERE)
def test_it_leads_nobody_elsewhere(fortress: Fortress, then: str) -> None:
    browser = Browser(fortress.app)
    language = browser.post("/office/language", {"language": "es", "next": then})
    login = browser.post("/office/login", {"login": "observer-norte", "password": PASSWORD, "next": then})
    assert {language.location, login.location} == {"/office/"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:99999", 'evil"><script>', "evil.example\\@x", "a/../b"])
def test_it_writes_no_host_that_somebody_claims_into_a_link(fortress: Fortress, host: str) -> None:
    camp = fortress.camps["norte"]
    administrator, everything = fortress.browser(fortress.administrator), fortress.browser(camp.people["everything"])
    here, headers = "/office/p/norte", {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": "https"}
    asked = (
        (administrator, f"/office/people/{camp.people['observer']}/link", {}),
        (everything, f"{here}/devices", {"label": "T", "interviewer": "EN7"}),
        (everything, f"{here}/collect", {"label": "T", "interviewer": "EN8"}),
    )
    for browser, path, values in asked:
        answer = browser.client.post(path, data={"proof": browser.proof(), **values}, headers=headers)
        assert "evil" not in answer.text and "evil" not in answer.headers.get("Location", ""), path
    listed = fortress.app.test_client().get(
        f"/v1/key/{camp.key}/projects/norte/formList", headers=headers | {"X-OpenRosa-Version": "1.0"}
    )
    assert "<script>" not in listed.text.replace("&lt;", ""), listed.text


def test_it_keeps_no_secret_that_opens_a_door(fortress: Fortress) -> None:
    camp = fortress.camps["norte"]
    cookie = fortress.browser(camp.people["everything"]).client.get_cookie(COOKIE, path="/office")
    with fortress.database.reading() as session:
        hook = get_webhook(session, camp.programme.id, int(camp.ids["webhook_id"][0]))
    signs = secret_of(hook, SECRET)
    assert cookie is not None and signs
    path = Path(str(fortress.database.engine.url.database))
    kept = b"".join(
        file.read_bytes() for file in path.parent.rglob("*") if file.is_file() and "frames" not in file.parts
    )
    secrets = (camp.token, camp.key, camp.api_token, camp.enrolment, camp.link, cookie.value, signs, PASSWORD, SECRET)
    assert camp.mark.encode()[:8] in kept, "it is looked for where the data are"
    assert [secret for secret in secrets if secret.encode() in kept] == []


SECRETS = {"token", "secret", "proof", "signature", "password", "mac", "hmac", "passphrase", "code_sha256"}
TYPED_TWICE = "password != request.form.get('again', '')"


def test_it_compares_no_secret_letter_by_letter() -> None:
    """Tokens, codes and cookies are looked up by their digests; what is compared is compared in constant time."""
    found, package = [], Path(survey_server.__file__).parent
    for path in sorted([*package.glob("*.py"), *package.glob("web/**/*.py"), *package.glob("db/**/*.py")]):
        text = path.read_text()
        nodes = ast.walk(ast.parse(text)) if SECRETS & set(re.findall(r"\w+", text)) else ()
        for node in nodes:
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                sides = [node.left, *node.comparators]
                constant = any(isinstance(side, ast.Constant) for side in sides)
                names = {side.id if isinstance(side, ast.Name) else name_of(side) for side in sides}
                if names & SECRETS and not constant and ast.unparse(node) != TYPED_TWICE:
                    found.append(f"{path.name}:{node.lineno} {ast.unparse(node)}")
    assert found == []


def name_of(side: ast.expr) -> str:
    """The attribute that is compared; not that of a table, which the database compares."""
    owner = getattr(side, "value", None)
    of_table = (isinstance(owner, ast.Name) and owner.id[:1].isupper()) or isinstance(owner, ast.Attribute)
    return getattr(side, "attr", "") if not of_table else ""
