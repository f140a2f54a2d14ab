"""Every route times every role times every programme: nobody reads or changes what belongs to another programme."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from survey_server.web.office.access.people import GIVEN_ROLES
from tests.attacks.camps import Camp, Fortress
from tests.attacks.crawling import Walk, walk
from tests.attacks.fortress import photograph
from tests.openrosa.field import BOUNDARY, OPENROSA, upload

MARK = re.compile("Zqu|norte-(locked|open|twin|broken)")
"""What only the programme under attack has, whatever it was escaped to."""
ROLES = (*GIVEN_ROLES, "everything")


@pytest.fixture(scope="module")
def pages(fortress: Fortress) -> Walk:
    """The pages and forms of the programme under attack, as one of its own people sees them."""
    return walk(fortress.browser(fortress.camps["norte"].people["everything"]), "/office/p/norte/")


@pytest.fixture(autouse=True)
def untouched(fortress: Fortress, pages: Walk) -> Iterator[None]:
    """Whatever is tried leaves every row of the programme under attack as it was."""
    before = photograph(fortress)
    yield
    assert photograph(fortress) == before


def addresses(fortress: Fortress, rule: Rule, camp: Camp, code: str) -> Iterator[str]:
    """The address of a route for each thing of this programme that it may name; the programme's code is `code`."""
    names = sorted(rule.arguments - {"code", *(rule.defaults or ())})
    unknown = [name for name in names if name not in camp.ids]
    assert not unknown, f"{rule.rule}: tell tests/attacks/fortress.py what of a programme {unknown} is"
    adapter = fortress.app.url_map.bind("localhost")
    for turn in range(max([len(camp.ids[name]) for name in names], default=1)):
        values: dict[str, object] = dict(rule.defaults or {})
        for name in names:
            told = camp.ids[name]
            text = told[min(turn, len(told) - 1)]
            values[name] = int(text) if type(rule._converters[name]).__name__ == "IntegerConverter" else text
        if "code" in rule.arguments:
            values["code"] = code
        yield adapter.build(rule.endpoint, values, method=next(iter(_methods(rule))))


def _methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def routes(fortress: Fortress, *prefixes: str) -> list[Rule]:
    """The routes below these addresses that belong to a programme, whoever added them."""
    rules = [rule for rule in fortress.app.url_map.iter_rules() if rule.rule.startswith(prefixes)]
    return [rule for rule in rules if rule.arguments]


def told(answer: TestResponse) -> str:
    """Everything that the answer says, to be looked through."""
    body = answer.get_data()
    answer.close()
    return f"{answer.headers} {body.decode('utf-8', 'replace')}"


def check(answer: TestResponse, where: object) -> None:
    assert answer.status_code < 500, where
    echoes = answer.status_code in (403, 404) and MARK.search(
        answer.request.url
    )  # what isn't there is named as it was asked
    assert not MARK.search(told(answer)) or echoes, where


def test_it_has_no_page_of_a_programme_for_who_has_every_role_in_another(fortress: Fortress) -> None:
    """tests/office/test_office_roles.py has each role alone; here everything that they may is joined in one person."""
    norte, browser = fortress.camps["norte"], fortress.browser(fortress.camps["sur"].people["everything"])
    for rule in routes(fortress, "/office/p/"):
        path = next(addresses(fortress, rule, norte, "norte"))
        for method in _methods(rule):
            answer = browser.get(path) if method == "GET" else browser.post(path, {"state": "closed"})
            assert answer.status_code == 404, (method, path)
            check(answer, (method, path))


def test_it_finds_nothing_of_another_programme_by_its_ids_in_addresses(fortress: Fortress) -> None:
    norte = fortress.camps["norte"]
    for who in (fortress.camps["sur"].people["everything"], fortress.administrator):
        browser = fortress.browser(who)
        for rule in routes(fortress, "/office/p/"):
            for path in addresses(fortress, rule, norte, "sur"):
                for method in _methods(rule):
                    check(browser.get(path) if method == "GET" else browser.post(path), (method, path))


def test_it_takes_no_ids_of_another_programme_in_forms(fortress: Fortress, pages: Walk) -> None:
    attacker = fortress.browser(fortress.camps["sur"].people["everything"])
    posts = [form for form in pages.forms if form.method == "post" and form.action.startswith("/office/p/norte/")]
    queries = [page for page in pages.pages if "?" in page]
    assert len({form.action for form in posts}) > 40 and queries
    for form in posts:
        path = form.action.replace("/p/norte/", "/p/sur/", 1)
        check(attacker.post(path, MultiDict(form.values)), form)
    for path in queries:
        check(attacker.get(path.replace("/p/norte/", "/p/sur/", 1)), path)


def test_it_lets_nobody_but_the_administrator_at_people(fortress: Fortress) -> None:
    who = fortress.camps["norte"].people["observer"]
    for role in ROLES:
        browser = fortress.browser(fortress.camps["sur"].people[role])
        for action in ("active", "link", "roles", "second-factor"):
            answer = browser.post(f"/office/people/{who}/{action}", {"programme": "sur", "role": "coordinator"})
            assert answer.status_code == 403, (role, action)
        assert {browser.get(path).status_code for path in ("/office/people", f"/office/people/{who}")} == {403}


def test_it_gives_a_phone_nothing_of_another_programme(fortress: Fortress) -> None:
    norte, sur = fortress.camps["norte"], fortress.camps["sur"]
    client = fortress.app.test_client()
    for token in (sur.token, sur.key, sur.api_token, norte.token[1:], sur.token.replace("2-", "1-", 1), ""):
        headers = {"Authorization": f"Bearer {token}"}
        for rule in routes(fortress, "/api/v1/"):
            for path in addresses(fortress, rule, norte, "norte"):
                for method in _methods(rule):
                    answer = client.open(f"{path}?offset=0", method=method, headers=headers, data=b"{}")
                    assert answer.status_code in (400, 401, 403, 404, 422), (method, path, answer.status_code)
                    check(answer, (method, path))


def test_it_takes_what_a_phone_sends_into_its_own_programme_alone(fortress: Fortress) -> None:
    norte, sur = fortress.camps["norte"], fortress.camps["sur"]
    client, headers = fortress.app.test_client(), {"Authorization": f"Bearer {sur.token}"}
    xml = '<data id="mini" version="1"><meta><instanceID>uuid:norte-open</instanceID></meta></data>'
    item = {"id": "uuid:norte-open", "form": "mini", "version": "1", "wave": norte.ids["wave_id"][1], "xml": xml}
    item["sha256"] = hashlib.sha256(xml.encode()).hexdigest()
    answer = client.post("/api/v1/sync", json={"protocol": 1, "device": {}, "submissions": [item]}, headers=headers)
    assert answer.get_json()["receipts"][0]["status"] == 201, "it is another interview than that of the other programme"
    announced = {"submission": "uuid:norte-open", "name": "a.png", "type": "image/png", "size": 99}
    known = client.post("/api/v1/media", json={**announced, "sha256": norte.ids["sha256"][-1]}, headers=headers)
    assert known.get_json()["offset"] in (0, 99)
    again = client.patch(f"/api/v1/media/{norte.ids['sha256'][1]}?offset=0", data=b"x", headers=headers)
    assert again.status_code == 404


def test_it_speaks_openrosa_to_each_key_of_its_own_programme_alone(fortress: Fortress) -> None:
    norte, sur = fortress.camps["norte"], fortress.camps["sur"]
    client = fortress.app.test_client()
    body = upload(b'<data id="mini" version="1"><meta><instanceID>uuid:norte-open</instanceID></meta></data>')
    headers = {**OPENROSA, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    for rule in routes(fortress, "/v1/"):
        for key, code in ((sur.key, "norte"), (norte.key, "sur"), (sur.token, "sur"), ("x", "norte")):
            camp = Camp(norte.programme, norte.mark, ids={**norte.ids, "key": [key]})
            for path in addresses(fortress, rule, camp, code):
                for method in _methods(rule):
                    answer = client.open(path, method=method, headers=headers, data=body if method == "POST" else None)
                    assert answer.status_code in (401, 403, 404), (method, path, answer.status_code)
                    check(answer, (method, path))
        camp = Camp(norte.programme, norte.mark, ids={**norte.ids, "key": [sur.key]})
        if rule.arguments - {"key", "code", "practice"}:
            for path in addresses(fortress, rule, camp, "sur"):
                answer = client.get(path, headers=headers)
                assert answer.status_code in (401, 403, 404), (path, answer.status_code)
                check(answer, path)


def test_it_reads_by_a_token_of_a_program_its_own_programme_alone(fortress: Fortress) -> None:
    client, sur = fortress.app.test_client(), fortress.camps["sur"]
    for what in ("forms", "waves", "sites", "forms/mini/submissions"):
        headers = {"Authorization": f"Bearer {sur.api_token}"}
        own = client.get(f"/api/v1/programmes/sur/{what}", headers=headers)
        assert own.status_code == 200 and json.loads(own.text)["programme"] == "sur"
        check(own, what)
        assert client.get(f"/api/v1/programmes/norte/{what}", headers=headers).status_code == 401
