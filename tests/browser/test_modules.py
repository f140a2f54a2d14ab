"""The phone's own modules, asked directly in the browser: small rules that a whole interview would seldom meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from tests.browser.field import PATIENCE, Server
from tests.chromium import CHROMIUM

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(playwright: Playwright, shared_server: Server) -> Iterator[Page]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE)
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE)
    if shared_server.process is None:
        shared_server.start()
    opened.goto(shared_server.address)
    yield opened
    browser.close()


def ask(page: Page, module: str, expression: str) -> Any:
    """The value of `expression`, in which `m` is the module."""
    version = page.evaluate("document.documentElement.dataset.version")
    return page.evaluate(f"import('/static/{version}/js/{module}.js').then((m) => ({expression}))")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://encuesta.example/#enrol=1-AbCdEf_-99", "1-AbCdEf_-99"),
        ("  1-AbCdEf99\n", "1-AbCdEf99"),
        ("https://encuesta.example/otra", None),
        ("hola", None),
        ("", None),
    ],
)
def test_it_reads_a_code_from_a_link_or_alone_and_nothing_else(page: Page, text: str, code: str | None) -> None:
    assert page.evaluate("text => { window.text = text; }", text) is None
    assert ask(page, "enrol", "m.readCode(window.text)") == code


@pytest.mark.parametrize(
    ("receipt", "state"),
    [
        ("{id: 'a', status: 201, sha256: 'f', receipt: 'R1'}", "sent"),
        ("{id: 'a', status: 200, sha256: 'f', receipt: 'R1'}", "sent"),
        ("{id: 'a', status: 201, sha256: 'e', receipt: 'R1'}", "waiting"),
        ("{id: 'b', status: 201, sha256: 'f', receipt: 'R1'}", "waiting"),
        ("{id: 'a', status: 409, sha256: 'f', problem: {title: 'Other bytes'}}", "refused"),
        ("{id: 'a', status: 422, sha256: 'f'}", "waiting"),
        ("{id: 'a', status: 429, problem: {}}", "waiting"),
        ("{id: 'a', status: 500, problem: {}}", "waiting"),
        ("undefined", "waiting"),
    ],
)
def test_it_believes_only_a_receipt_with_its_own_digest(page: Page, receipt: str, state: str) -> None:
    assert ask(page, "rooms/sync/sending", f"m.judge({{id: 'a', sha256: 'f'}}, {receipt}).state") == state


@pytest.mark.parametrize(
    ("status", "media", "text", "kind"),
    [
        (200, "application/json", "{}", "ok"),
        (200, "text/html", "<html>", "waiting"),
        (200, "application/json", "<html>", "waiting"),
        (302, "text/html", "", "waiting"),
        (400, "application/problem+json", '{"title": "Bad"}', "problem"),
        (400, "text/html", "<html>", "waiting"),
        (401, "application/problem+json", "{}", "waiting"),
        (408, "application/problem+json", "{}", "waiting"),
        (429, "application/problem+json", "{}", "waiting"),
        (503, "application/problem+json", "{}", "waiting"),
    ],
)
def test_it_reads_answers_as_the_protocol_says(page: Page, status: int, media: str, text: str, kind: str) -> None:
    headers = f"new Headers({{'Content-Type': '{media}'}})"
    assert ask(page, "api", f"m.readAnswer({status}, {headers}, `{text}`).kind") == kind


def test_it_sends_batches_that_fit_one_request_and_always_at_least_one(page: Page) -> None:
    sizes = "Array.from({length: 30}, (_, i) => ({id: i, size: 1000}))"
    assert ask(page, "rooms/sync/sending", f"m.nextBatch({sizes}).length") == 20
    assert ask(page, "rooms/sync/sending", "m.nextBatch([{size: 1e6}, {size: 10}]).length") == 1
    assert ask(page, "rooms/sync/sending", "m.nextBatch([{size: 2e5}, {size: 2e5}]).length") == 1
    assert ask(page, "rooms/sync/sending", "m.nextBatch([]).length") == 0


def test_it_finds_the_missing_codes_that_a_rule_lets_through(page: Page) -> None:
    rule = "['or', ['<=', ['path', '.'], ['num', 9]], ['=', ['path', '.'], ['neg', ['num', 88]]]]"
    assert ask(page, "views/controls/typed", f"m.codesIn({rule})") == [-88]
    assert ask(page, "views/controls/typed", "m.codesIn(['<=', ['path', '.'], ['num', -88]])") == []


def test_it_speaks_both_languages_everywhere(page: Page) -> None:
    for room in ("views/enrol", "rooms/lock/texts", "rooms/english/texts"):
        ask(page, room, "null")
    spoken = """(() => {
      const keys = (texts) => Object.entries(texts).flatMap(([key, text]) =>
        (typeof text === 'object' && !Array.isArray(text) ? keys(text).map((each) => `${key}.${each}`) : [key]));
      const paired = Object.entries(m.TEXTS).filter(([, text]) => Array.isArray(text));
      return [
        keys(Object.fromEntries(Object.entries(m.TEXTS).filter(([, text]) => !Array.isArray(text)))).sort(),
        keys(m.ENGLISH).sort(),
        paired.filter(([, text]) => text.length !== 2 || !text[0] || !text[1]).map(([key]) => key),
      ];
    })()"""
    spanish, english, single = ask(page, "texts", spoken)
    assert spanish == english and len(spanish) > 100 and single == []


def test_it_carries_over_only_what_the_form_asks_for(page: Page) -> None:
    path = (
        "['path', ['call', 'instance', ['str', '__last-saved']], ['child', 'data'], ['child', 'g'], ['child', 'post']]"
    )
    form = f"{{namespaces: {{}}, actions: [{{value: {path}}}]}}"
    kept = ask(page, "carried", f"m.carriedOver({form}, '<data id=\"f\"><g><post>P1</post><age>44</age></g></data>')")
    assert "<post>P1</post>" in kept and "44" not in kept
    assert ask(page, "carried", "m.carriedOver({actions: []}, '<data/>')") is None


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("Llamar al 5555 1234", True),
        ("CUI 2345 67890 1201", True),
        ("Fue con Ana Lucía Pérez", True),
        ("Vino Juan de la Cruz ayer", True),
        ("Aldea El Rosario", False),
        ("pasaron 1234567 personas", False),
        ("Nadie vino", False),
    ],
)
def test_it_warns_of_free_text_that_names_somebody(page: Page, text: str, personal: bool) -> None:
    page.evaluate("text => { window.text = text; }", text)
    assert ask(page, "rooms/kinds/personal", "m.isPersonal(window.text)") is personal
