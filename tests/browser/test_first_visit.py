"""A phone that has nothing yet: the app comes in one piece, its first form beside it, nothing is asked for twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route

from tests.browser.field import Phone, Server, reload, unlock, wait_whole
from tests.browser.interviewing import begin, choose_pin, enrol

pytestmark = pytest.mark.browser

AFTERWARDS = {"js/rooms/lock/trust.js", "js/rooms/field/log.js", "js/rooms/sync/sending.js"}
"""What the first contact needs besides, once the forms are there."""
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
    by_line = [each.url for each in asked if (answer := each.response()) and not answer.from_service_worker]
    version = page.evaluate("document.documentElement.dataset.version")
    names = Counter(urlsplit(address).path.removeprefix(f"/static/{version}/") for address in by_line)
    assert [name for name, times in names.items() if times > 1] == []
    assert {"/", "/api/v1/enrol", "/api/v1/phone", "js/boot.js", "css/app.css"} <= names.keys()
    modules = {name for name in names if name.endswith(".js")}
    assert modules <= {"js/boot.js", "js/enrol.js", "js/views/enrol.js", "js/rooms/lock/setup.js"} | AFTERWARDS


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
    asked: list[str] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route.request.url)
        held.append(route)

    page.route("**/api/v1/forms/*.json", hold)
    page.goto(link)
    choose_pin(page)
    page.locator("button.card", has_text="Todas las preguntas").click()
    while not page.locator("form.questions").count():
        for route in held[:]:
            held.remove(route)
            route.continue_()
        page.wait_for_timeout(50)
    assert "Juntas" in page.locator("form.questions").inner_text()
    assert len(asked) == len(set(asked)) and len(asked) <= 3


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
