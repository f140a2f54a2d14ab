"""The second copy of photos and sound: what the database loses comes back from it; what both lost is said aloud."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.diary import copies, wait_for_copies
from tests.browser.field import Phone, Server, reload, wait_until
from tests.browser.interviewing import finish, unsent
from tests.browser.media.conftest import Arrived, photo
from tests.browser.media.steps import begin, choose, enrol, go_to, go_to_end, saved
from tests.browser.programmes import change_stored, lock_after_two_minutes
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


@pytest.fixture
def page(phone: Phone, link: str, server: Server) -> Page:
    """A phone with a finished interview that has a photo, and no server."""
    opened = phone.open()
    enrol(opened, link)
    server.kill()
    begin(opened, "one_photo")
    question = go_to(opened, "photo")
    choose(question, photo(1200, 900, side=False))
    saved(question)
    go_to_end(opened)
    finish(opened)
    return opened


def test_it_brings_a_lost_photo_back_from_the_second_copy_and_lets_go_of_both(
    page: Page, server: Server, arrived: Callable[[], Arrived]
) -> None:
    wait_for_copies(page, "m-", 1)
    change_stored(page, "media", None, "return undefined;")
    reload(page)
    page.locator(".state .alert", has_text="Se recuperó 1 foto o grabación").wait_for()
    server.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_until(lambda: unsent(page) == "Todo enviado", "the photo to be sent")
    got = arrived()
    assert got.files[got.answers["photo"]][:3] == b"\xff\xd8\xff"
    module = "`/static/${document.documentElement.dataset.version}/js/rooms/outbox/items.js`"
    page.evaluate(f"import({module}).then((m) => m.dropSent(Date.now() + 8 * 86400000))")
    assert not [name for name in copies(page) if name.startswith(("m-", "o-"))]


def test_it_brings_back_a_photo_that_breaks_while_it_is_sent(
    page: Page, server: Server, arrived: Callable[[], Arrived]
) -> None:
    wait_for_copies(page, "m-", 1)
    change_stored(page, "media", None, "value.fill(7); return value;")
    server.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_until(lambda: unsent(page) == "Todo enviado", "the photo to be sent")
    got = arrived()
    assert got.files[got.answers["photo"]][:3] == b"\xff\xd8\xff"


def test_it_says_aloud_that_a_photo_is_gone_when_both_copies_are(page: Page) -> None:
    wait_for_copies(page, "m-", 1)
    change_stored(page, "media", None, "return undefined;")
    page.evaluate(
        """async () => {
          const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('second');
          for await (const name of folder.keys()) if (name.startsWith('m-')) await folder.removeEntry(name);
        }"""
    )
    reload(page)
    page.locator(".state .alert", has_text="Falta 1 foto o grabación de una entrevista terminada").wait_for()


def test_it_finishes_no_interview_whose_photo_is_gone_without_saying_so(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "one_photo")
    question = go_to(page, "photo")
    choose(question, photo(1200, 900, side=False))
    saved(question)
    go_to_end(page)
    change_stored(page, "media", None, "return undefined;")
    page.locator("main button.main").click()
    page.locator(".save-trouble", has_text="Falta el archivo de una respuesta").wait_for()


def test_it_keeps_what_a_camera_took_for_longer_than_the_lock_waits(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    lock_after_two_minutes(page)
    begin(page, "one_photo")
    question = go_to(page, "photo")
    with page.expect_file_chooser() as waiting:
        question.locator("button[data-do=camera]").click()
    show(page, "hidden")
    page.evaluate("() => { const { now } = Date; Date.now = () => now() + 180_000; }")
    wait_for_script(page, "() => new Promise((done) => { setTimeout(() => done(true), 1500); })")
    assert page.locator("#secret").count() == 0, "it doesn't lock behind the camera"
    show(page, "visible")
    page.locator("#secret").wait_for()
    waiting.value.set_files([{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo(800, 600, side=False)}])
    page.locator("#secret").fill("2718281828")
    page.locator("form button.main").click()
    saved(page.locator("[data-ref$='/photo']"))


def show(page: Page, state: str) -> None:
    page.evaluate(
        f"""() => {{
          Object.defineProperty(document, 'visibilityState', {{ configurable: true, get: () => '{state}' }});
          document.dispatchEvent(new Event('visibilitychange'));
        }}"""
    )
