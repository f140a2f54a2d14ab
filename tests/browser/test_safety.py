"""What protects people while they are asked: somebody comes in, they stop, hostile labels, nothing told elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from survey_server.db.models import SubmissionVersion
from survey_server.db.session import Database
from tests.browser.diary import stored as rows
from tests.browser.field import PIN, Phone, Server, wait_until
from tests.browser.interviewing import NEXT, begin, finish, unsent
from tests.browser.programmes import enrolled, make_programme

pytestmark = pytest.mark.browser

PRIVATE = """
| survey |
| | type              | name    | label          | required | relevant           |
| | today             | today   |                |          |                    |
| | select_one who    | privacy | ¿Quién oye?    | yes      |                    |
| | begin_group       | own     | A solas        |          | ${privacy} != 3    |
| | text              | told    | ¿Le amenazaron?|          |                    |
| | text              | more    | ¿Quién?        |          |                    |
| | end_group         |         |                |          |                    |
| | text              | water   | ¿Hay agua?     |          |                    |
| choices |
| | list_name | name | label      |
| | who       | 1    | Nadie      |
| | who       | 3    | Otras personas |
| settings |
| | form_title | form_id | version |
| | Reservada  | private | 1       |
| design |
| | role    | source   | field   | note |
| | psu     | question | water   |      |
| | stratum | site     | stratum |      |
| | privacy | question | privacy |      |
"""
HURT = "<img src=x onerror='window.hurt=1'><script>window.hurt=2</script><b>n</b>"
HOSTILE = f"""
| survey |
| | type           | name  | label  | hint   | required | required_message | guidance_hint |
| | begin_group    | g     | {HURT} |        |          |        |        |
| | text           | told  | {HURT} | {HURT} | yes      | {HURT} | {HURT} |
| | select_one yn  | some  | ${{told}} {HURT} | {HURT} |          |        |        |
| | end_group      |       |        |        |          |        |        |
| | begin_repeat   | again | {HURT} |        |          |        |        |
| | text           | name  | {HURT} |        |          |        |        |
| | end_repeat     |       |        |        |          |        |        |
| choices |
| | list_name | name | label  |
| | yn        | 1    | {HURT} |
| settings |
| | form_title | form_id | version | instance_name |
| | {HURT}     | hostile | 1       | ${{told}}     |
"""


def open_form(phone: Phone, server: Server, database: Database, label: str, **forms: str) -> Page:
    return enrolled(phone, server, database, make_programme(database, forms), label)


def test_it_hides_what_is_private_with_one_tap_when_somebody_comes_in(
    phone: Phone, server: Server, database: Database, label: str, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    page = open_form(phone, server, database, label, private=PRIVATE)
    begin(page, "Reservada")
    page.locator("label.choice", has_text="Nadie").click()
    page.locator(NEXT).click()
    page.locator("[data-ref='/data/own/told'] input").fill("el comandante")
    page.locator(NEXT).click()
    page.locator("[data-ref='/data/own/more']").wait_for()
    page.locator("button.came", has_text="Llegó alguien").click()
    page.locator("[data-ref='/data/water']").wait_for()
    assert page.locator("button.came").count() == 0, "what anybody may hear has no such button"
    page.locator("header [aria-label='Lista de preguntas']").click()
    assert "amenazaron" not in page.locator("dialog.contents").inner_text()
    page.locator("dialog .quiet").first.click()
    page.locator(NEXT).click()
    finish(page)
    wait_until(lambda: unsent(page) == "Todo enviado", "the interview to be sent")
    assert b"comandante" not in stored()[0].xml and b"<privacy>3</privacy>" in stored()[0].xml


def test_it_leaves_nothing_when_the_person_wants_to_stop(
    phone: Phone, server: Server, database: Database, label: str
) -> None:
    page = open_form(phone, server, database, label, private=PRIVATE)
    begin(page, "Reservada")
    page.locator("label.choice", has_text="Nadie").click()
    page.locator("footer .saved", has_text="Guardado").wait_for()
    page.locator("header [aria-label='Lista de preguntas']").click()
    page.get_by_role("button", name="Parar la entrevista").click()
    page.get_by_role("button", name="Borrar todo y salir").click()
    page.locator(".neutral").wait_for()
    assert rows(page, "drafts") == []


def test_it_keeps_what_was_said_and_blanks_the_screen_when_the_person_stops_and_agrees(
    phone: Phone, server: Server, database: Database, label: str
) -> None:
    page = open_form(phone, server, database, label, private=PRIVATE)
    begin(page, "Reservada")
    page.locator("label.choice", has_text="Nadie").click()
    page.locator("header [aria-label='Lista de preguntas']").click()
    page.get_by_role("button", name="Parar la entrevista").click()
    page.locator("dialog.ask").get_by_role("button", name="Guardar y salir").click()
    page.locator(".neutral").wait_for()
    assert page.locator("dialog, form.questions").count() == 0
    page.locator(".display").click(delay=1500)
    page.locator("#secret").fill(PIN)
    page.locator("#secret").press("Enter")
    page.locator("li.draft", has_text="Reservada").wait_for()


def test_it_shows_every_label_as_text_whatever_is_in_it(
    phone: Phone, server: Server, database: Database, label: str
) -> None:
    page = open_form(phone, server, database, label, hostile=HOSTILE)

    def harmless() -> None:
        assert page.evaluate("window.hurt") is None
        assert page.locator("img, #app script, #app b").count() == 0

    harmless()
    assert "<b>n</b>" in page.locator("main section:last-of-type a.card").inner_text()
    page.locator("main section:last-of-type a.card").click()
    page.locator("form.questions").wait_for()
    page.locator(NEXT).click()
    page.locator(".message", has_text="<b>n</b>").wait_for()
    page.locator("summary").first.click()
    harmless()
    page.locator("[data-ref='/data/g/told'] input").fill(HURT)
    page.locator(NEXT).click()
    page.locator("label.choice", has_text="<b>n</b>").click()
    harmless()
    page.locator("header [aria-label='Lista de preguntas']").click()
    page.locator("dialog .entry").first.wait_for()
    harmless()
    page.keyboard.press("Escape")
    page.locator("header [aria-label='Guardar y salir']").click()
    page.locator("li.draft", has_text="<b>n</b>").wait_for()
    harmless()
    page.locator("li.draft .icon-button").click()
    page.locator("dialog.ask").wait_for()
    harmless()


def test_it_tells_no_answer_to_address_title_history_console_cache_or_log(
    phone: Phone, server: Server, database: Database, label: str, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    page = open_form(phone, server, database, label, private=PRIVATE)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: told.extend([request.url, str(request.headers)]))
    planted = "Zquetzalteca77"
    begin(page, "Reservada")
    page.locator("label.choice", has_text="Nadie").click()
    page.locator(NEXT).click()
    for name in ("told", "more"):
        page.locator(f"[data-ref='/data/own/{name}'] input").fill(planted)
        page.locator(NEXT).click()
        told += [page.url, page.title()]
    page.locator(NEXT).click()
    finish(page)
    wait_until(lambda: unsent(page) == "Todo enviado", "the interview to be sent")
    assert planted.encode() in stored()[0].xml, "it was answered"
    kept = page.evaluate(
        """async () => {
          const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
          for (const key of await caches.keys()) {
            const cache = await caches.open(key);
            for (const request of await cache.keys()) {
              found.push(request.url, await (await cache.match(request)).text());
            }
          }
          for (const entry of performance.getEntries()) found.push(entry.name);
          return found;
        }"""
    )
    assert [text for text in [*told, *kept, server.log.read_text(errors="replace")] if planted in text] == []
    assert not re.search(
        r"polic|narco|cartel|corrup", " ".join([page.title(), *(text for text in told if "://" in text)])
    )
