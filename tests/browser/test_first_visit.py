"""A phone that has nothing yet: the app comes in one piece, its first form beside it, nothing is asked for twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import APIResponse, Page, Request, Route

from tests.browser.field import Phone, Server, reload, unlock, wait_whole
from tests.browser.interviewing import begin, choose_pin, enrol
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

AFTERWARDS = {f"js/rooms/{name}.js" for name in ("lock/trust", "field/log", "sync/languages", "sync/sending")}
"""What the first contact needs besides, once the forms are there."""
FIRST = {"/", "/api/v1/enrol", "/api/v1/phone", "js/boot.js", "css/app.css"}
"""All that a new phone asks for before its first form; the form and its data sets follow in one step."""
LARGEST = 66_000
"""Bytes of these answers with their headers: seven seconds of a line of 75 kbps."""
KEPT = """async () => {
  const { version } = document.documentElement.dataset;
  const kept = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) {
      const { pathname } = new URL(request.url);
      if (!pathname.startsWith(`/static/${version}/`)) continue;
      kept.push([pathname, await (await caches.match(request)).text()]);
    }
  }
  return kept;
}"""
REGISTER = """
const policy = trustedTypes.createPolicy('worker', { createScriptURL: (address) => address });
navigator.serviceWorker.register(policy.createScriptURL('/sw.js'));
"""
FORBID = """
ServiceWorkerContainer.prototype.register = async () => { throw new DOMException('', 'SecurityError'); };
"""
WITHOUT = {"gone": "delete Navigator.prototype.serviceWorker;", "forbidden": FORBID}
INTERRUPT = """async () => {
  const cache = await caches.open((await caches.keys())[0]);
  const some = (await cache.keys()).filter(({ url }) => /files\\.json$|rooms\\/maps|views\\/phone/.test(url));
  await Promise.all(some.map((each) => cache.delete(each)));
}"""


@pytest.fixture
def page(phone: Phone) -> Iterator[Page]:
    """A browser on a page of the server that is none of the app's."""
    opened = phone.open(path="/manifest.webmanifest", waits=False)
    yield opened


def test_it_asks_once_for_each_thing_on_the_way_to_the_first_question(page: Page, link: str) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(link)
    choose_pin(page)
    begin(page, "Encuesta de percepción")
    page.locator("form.questions .control").first.wait_for()
    by_line = [each.url for each in asked[:] if (answer := each.response()) and not answer.from_service_worker]
    version = page.evaluate("document.documentElement.dataset.version")
    names = Counter(urlsplit(address).path.removeprefix(f"/static/{version}/") for address in by_line)
    assert [name for name, times in names.items() if times > 1] == []
    assert names.keys() >= FIRST
    assert {name for name in names if name.endswith(".js")} <= {"js/boot.js"} | AFTERWARDS
    weights = [each.sizes() for each in asked if urlsplit(each.url).path.removeprefix(f"/static/{version}/") in FIRST]
    assert sum(each["responseBodySize"] + each["responseHeadersSize"] for each in weights) <= LARGEST


def test_it_takes_up_an_enrolment_that_worked_before_the_app_was_there(page: Page, phone: Phone, link: str) -> None:
    code = link.split("#enrol=")[1].split("&")[0]
    answer = page.request.post(f"{phone.address}/api/v1/enrol", data={"code": code}).json()
    kept = json.dumps({"link": link[link.index("#") :], "answer": answer})
    page.evaluate("kept => localStorage.setItem('enrolled', kept)", kept)
    page.goto(phone.address)
    choose_pin(page)
    page.locator("main ul.list a.card").first.wait_for()
    assert page.evaluate("localStorage.getItem('enrolled')") is None


def test_it_brings_first_the_form_that_is_touched_and_opens_it(page: Page, link: str) -> None:
    came: list[str] = []
    held: list[Route] = []
    page.route("**/api/v1/forms/**", lambda route: held.append(route))
    page.goto(link)
    choose_pin(page)
    page.locator("button.card", has_text="Todas las preguntas").click()
    while not page.locator("form.questions").count():
        if held:
            route = held.pop(0)
            answer = route.fetch()
            came.append(answer.json().get("id", ""))
            route.fulfill(response=answer)
        page.wait_for_timeout(50)
    assert "Juntas" in page.locator("form.questions").inner_text()
    assert len(came) == len(set(came)) and came.index("every_kind") <= 2, "those that were on their way may come before"


LANGUAGES = """async (hash) => {
  const { findForm } = await import(`/static/${document.documentElement.dataset.version}/js/catalogue.js`);
  const { texts, others = [] } = (await findForm(hash)).form;
  const spoken = Object.values(texts).map((each) => Object.keys(each).length);
  return [spoken.length, spoken.every((languages) => languages === 2), others.length];
}"""


def test_it_takes_its_own_language_first_and_speaks_the_others_as_soon_as_they_come(page: Page, link: str) -> None:
    listed: list[dict[str, str]] = []
    late: list[tuple[Route, APIResponse]] = []

    def hold_other_languages(route: Route) -> None:
        answer = route.fetch()
        if "instance" in answer.json():
            route.fulfill(response=answer)
        else:
            late.append((route, answer))

    page.route("**/api/v1/forms/*/*.json", hold_other_languages)
    page.on("response", lambda told: listed.extend(told.json()["forms"]) if told.url.endswith("/phone") else None)
    page.goto(link)
    choose_pin(page)
    begin(page, "Encuesta de percepción")
    statement = page.locator(".statement").first
    spanish = statement.inner_text()
    page.locator("button.language").click()
    page.locator(".coming").wait_for()
    assert statement.inner_text() == spanish, "what is missing stands in the language that is there"
    while page.locator(".coming").count():
        for route, answer in late:
            route.fulfill(response=answer)
        late.clear()
        page.wait_for_timeout(50)
    english = statement.inner_text()
    assert english != spanish
    page.unroute_all(behavior="ignoreErrors")
    for route, answer in late:
        route.fulfill(response=answer)
    wait_whole(page)
    page.context.set_offline(True)
    hashes = [form["hash"] for form in listed if len(form["title"]) == 2]
    assert len(hashes) == 2
    for each in hashes:
        count, spoken, missing = page.evaluate(LANGUAGES, each)
        assert count > 100 and spoken and missing == 0
    for expected in (spanish, english):
        page.locator("button.language").click()
        wait_for_script(page, "text => document.querySelector('.statement')?.innerText === text", arg=expected)


def test_it_keeps_nothing_of_a_page_that_broke_off_and_starts_all_the_same(page: Page, phone: Phone, link: str) -> None:
    whole = page.request.get(phone.address)

    def break_off(route: Route) -> None:
        route.fulfill(response=whole, body=whole.text()[:100_000])

    page.route(phone.address + "/", break_off, times=1)
    page.goto(link)
    choose_pin(page)
    page.locator("main ul.list a.card").first.wait_for()
    kept = page.evaluate(KEPT)
    assert len(kept) > 50
    assert [path for path, text in kept if page.request.get(phone.address + path).text() != text] == []


def test_it_goes_on_where_a_first_visit_was_left(page: Page, phone: Phone, link: str) -> None:
    assert phone.context is not None
    left = phone.context.new_page()
    left.route("**/js/boot.js", lambda route: route.fulfill(content_type="text/javascript", body=REGISTER))
    left.goto(phone.address)
    wait_for_script(left, "navigator.serviceWorker.getRegistration().then((found) => Boolean(found?.installing))")
    page.goto(link)
    choose_pin(page)
    page.locator("main ul.list a.card").first.wait_for()
    wait_whole(page)


@pytest.mark.parametrize("how", ["gone", "forbidden"])
def test_it_works_without_a_service_worker(phone: Phone, page: Page, link: str, how: str) -> None:
    page.add_init_script(WITHOUT[how])
    page.goto(link)
    choose_pin(page)
    begin(page, "Encuesta de percepción")
    page.locator("form.questions .control").first.wait_for()
    assert page.evaluate("caches.keys()") == []


def test_it_completes_itself_when_the_rooms_were_interrupted(phone: Phone, server: Server, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    page.evaluate(INTERRUPT)
    reload(page)
    wait_whole(page)
    server.kill()
    page.goto(f"{phone.address}/#/phone")
    unlock(page)
    page.locator("main").get_by_text("OB007").first.wait_for()
