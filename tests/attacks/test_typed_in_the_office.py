"""Hostile words in every field, filter, sort key and number of the office, on both databases: never a fault of ours,
and nothing that is half done."""

from __future__ import annotations

import os
from random import Random
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from survey_server.db.audit import find_broken_link
from tests.attacks.camps import Fortress
from tests.attacks.crawling import SeenForm, Walk, walk
from tests.office.world import Browser

SOME = int(os.environ.get("SURVEY_FUZZ", "90"))
"""How many requests of each kind; more of them where somebody has the time."""
HOSTILE = (
    "a\0b",
    "\udcff",
    "' OR 1=1 --",
    '"; DROP TABLE submission; --',
    "%' UNION SELECT token_sha256 FROM device --",
    "9" * 30,
    "9223372036854775808",
    "-1",
    "²",
    "١٢",
    "1e999",
    "nan",
    "0x10",
    "2026-02-30",
    "9999-12-31",
    "0000-00-00",
    "../../../../etc/passwd",
    "a\r\nSet-Cookie: hurt=1",
    "x" * 70_000,
    "\u202e\ufeff\u200b",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "",
    "null",
    "[]",
)
FAKE_NUMBERS = (10**30, 2**63, 2**63 - 1, 0)


@pytest.fixture(scope="module")
def person(besieged: Fortress) -> Browser:
    """Somebody with every role."""
    return besieged.browser(besieged.camps["sur"].people["everything"])


@pytest.fixture(scope="module")
def pages(person: Browser) -> Walk:
    return walk(person, "/office/p/sur/")


def check(answer: TestResponse, where: object) -> list[str]:
    """What is wrong with an answer."""
    answer.get_data()
    answer.close()
    wrong = [f"{answer.status_code} {where}"] if answer.status_code >= 500 else []
    if "hurt" in answer.headers.get("Set-Cookie", "") or "Set-Cookie" in answer.headers.get("Location", ""):
        wrong.append(f"header {where}")
    return wrong


def chosen(things: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Some of them, the same ones every time."""
    return things if len(things) <= SOME else Random(7).sample(things, SOME)


def test_it_takes_no_number_in_an_address_for_more_than_it_is(besieged: Fortress, person: Browser) -> None:
    adapter, ids = besieged.app.url_map.bind("localhost"), besieged.camps["sur"].ids
    wrong = []
    for rule in besieged.app.url_map.iter_rules():
        numbers = [name for name, how in rule._converters.items() if type(how).__name__ == "Whole"]
        if rule.rule.startswith("/office/") and numbers:
            for fake in FAKE_NUMBERS:
                told = {name: ids[name][0] for name in rule.arguments - {"code"} - set(numbers)}
                path = adapter.build(
                    rule.endpoint, {**told, "code": "sur"} | dict.fromkeys(numbers, 7777777), append_unknown=False
                )
                path = path.replace("7777777", str(fake))
                wrong += check(person.get(path) if "GET" in (rule.methods or ()) else person.post(path), path)
    assert wrong == []


def test_it_survives_hostile_words_in_every_filter_and_sort_key(
    besieged: Fortress, person: Browser, pages: Walk
) -> None:
    tries = {}
    asked = [(page, parse_qsl(urlsplit(page).query, keep_blank_values=True)) for page in pages.pages]
    asked += [(form.action, form.values) for form in pages.forms if form.method == "get"]
    for page, values in asked:
        for name, _ in values:
            for word in HOSTILE:
                tries[urlsplit(page).path, name, word] = [(n, word if n == name else v) for n, v in values]
    wrong = []
    for path, name, word in chosen(list(tries)):
        query = urlencode(tries[path, name, word], errors="surrogateescape")
        if len(query) < 8000:
            wrong += check(person.get(f"{path}?{query}"), (path, name, str(word)[:30]))
    assert wrong == []


def test_it_survives_hostile_words_in_every_field_of_every_form(
    besieged: Fortress, person: Browser, pages: Walk
) -> None:
    forms: dict[tuple[str, str], SeenForm] = {
        (form.action, name): form
        for form in pages.forms
        for name, _ in form.values
        if form.method == "post" and not form.action.endswith(("/logout", "/account"))
    }
    wrong = []
    for action, name, word in chosen([(*key, word) for key in forms for word in HOSTILE]):
        values = MultiDict((n, word if n == name else v) for n, v in forms[action, name].values)
        values["proof"] = person.proof()
        body = urlencode(list(values.items(multi=True)), errors="surrogateescape")
        answer = person.client.post(action, data=body, content_type="application/x-www-form-urlencoded")
        wrong += check(answer, (action, name, str(word)[:30]))
    assert wrong == []
    with besieged.database.reading() as session:
        assert find_broken_link(session, besieged.camps["sur"].programme.id) is None, "the audit chain is whole"
