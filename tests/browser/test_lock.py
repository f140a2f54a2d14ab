"""The lock: nothing shows before it, wrong tries cost time and then the drafts, an emergency PIN shows nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from survey_server.db.models import Device, PhoneAlarm, SubmissionVersion
from survey_server.db.session import Database
from tests.browser.field import PIN, Phone, Server, unlock, wait_until
from tests.browser.locking import (
    EMERGENCY,
    TITLE,
    begin_draft,
    clear_pause,
    enrol_with_emergency,
    forms,
    stored_drafts,
    try_secret,
)
from tests.browser.programmes import change_stored, lock_after_two_minutes

pytestmark = pytest.mark.browser

THREE_TAPS = """(element) => {
  for (let tap = 0; tap < 3; tap += 1) element.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
}"""


@pytest.fixture
def page(phone: Phone, link: str) -> Page:
    """A phone of this test, enrolled, with an emergency PIN."""
    return enrol_with_emergency(phone, link)


def test_it_comes_back_locked_and_says_nothing_of_what_is_behind(page: Page) -> None:
    begin_draft(page)
    address = page.url
    page.reload()
    page.locator("#secret").wait_for()
    assert "12.5" not in page.content()
    assert TITLE not in page.content()
    assert page.title() == "Encuesta de servicios"
    unlock(page)
    assert page.url == address
    assert page.locator("form.questions input").first.input_value() == "12.5"


def test_it_locks_when_it_is_hidden_after_writing_the_last_answer(page: Page) -> None:
    begin_draft(page)
    page.locator("form.questions input").first.fill("77.25")
    hide_page(page, hidden=True)
    assert page.evaluate("document.body.hidden")
    page.locator("#secret").wait_for(state="attached")
    hide_page(page, hidden=False)
    unlock(page)
    page.locator("form.questions input").first.wait_for()
    assert page.locator("form.questions input").first.input_value() == "77.25"


def hide_page(page: Page, *, hidden: bool) -> None:
    state = "hidden" if hidden else "visible"
    page.evaluate(
        f"""() => {{
          Object.defineProperty(document, 'visibilityState', {{ configurable: true, get: () => '{state}' }});
          document.dispatchEvent(new Event('visibilitychange'));
        }}"""
    )


def test_it_locks_after_two_minutes_without_a_touch(page: Page) -> None:
    page.clock.install()
    lock_after_two_minutes(page)
    begin_draft(page)
    page.clock.fast_forward(100_000)
    assert page.locator("form.questions").count() == 1
    page.locator("form.questions input").first.press("End")
    page.clock.fast_forward(100_000)
    assert page.locator("form.questions").count() == 1
    page.clock.fast_forward(125_000)
    page.locator("#secret").wait_for()


def test_it_makes_wrong_tries_wait_and_counts_them_before_they_are_made(page: Page) -> None:
    page.reload()
    for left in (9, 8):
        try_secret(page, "1111122222")
        page.locator(".message", has_text=f"{left} intentos").wait_for()
    change_stored(page, "vault", "lock", "value.tries = 6; return value;")  # one try more costs 80 seconds, not 5
    try_secret(page, "1111122222")
    page.locator(".message", has_text="segundos").wait_for()
    assert page.locator("form button.main").is_disabled()
    page.reload()
    page.locator(".message", has_text="segundos").wait_for()
    assert page.locator("form button.main").is_disabled()
    clear_pause(page)
    unlock(page)
    forms(page)


def test_it_forgets_drafts_after_ten_wrong_tries_but_still_sends_what_was_finished(
    page: Page, server: Server, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    server.kill()
    finish_one(page)
    begin_draft(page)
    page.reload()
    for _ in range(9):
        page.locator("#secret").wait_for()
        try_secret(page, "1111122222")
        page.locator(".message", has_text="intentos").wait_for()
        clear_pause(page)
    try_secret(page, "1111122222")
    page.locator("h1", has_text="enlace nuevo").wait_for()
    assert stored_drafts(page) == 0
    server.start()
    page.reload()
    wait_until(lambda: len(stored()) == 1, "the finished interview")


def test_it_shows_an_empty_phone_to_the_emergency_pin_and_tells_the_office(
    page: Page, server: Server, database: Database, label: str, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    server.kill()
    finish_one(page)
    begin_draft(page)
    page.reload()
    unlock(page, EMERGENCY)
    page.goto(page.url.split("#")[0] + "#/")
    page.locator("a.queue strong", has_text="Todo enviado").wait_for()
    text = page.locator("#app").inner_text()
    assert TITLE not in text and "12.5" not in text and "Borrador" not in text
    assert stored_drafts(page) == 0
    page.goto(page.url.split("#")[0] + "#/outbox")
    page.locator("h1").wait_for()
    assert TITLE not in page.locator("#app").inner_text()
    server.start()
    reload_with(page, EMERGENCY)
    wait_until(lambda: len(stored()) == 1, "the finished interview")
    wait_until(lambda: alarms(database, label) == 1, "the office to be told")
    page.reload()
    try_secret(page, PIN)
    page.locator(".message", has_text="intentos").wait_for()
    assert alarms(database, label) == 1


def reload_with(page: Page, secret: str) -> None:
    page.reload()
    unlock(page, secret)


def alarms(database: Database, label: str) -> int:
    with database.reading() as session:
        query = select(PhoneAlarm).join(Device, Device.id == PhoneAlarm.device_id).where(Device.label == label)
        return len(session.scalars(query).all())


def finish_one(page: Page) -> None:
    """A finished interview through the phone's own modules: what the views call when the last button is pressed."""
    page.evaluate(
        """async () => {
          const base = `/static/${document.documentElement.dataset.version}/js/`;
          const { openFilling } = await import(base + 'filling.js');
          const filling = await openFilling('new:every_kind');
          filling.answer('/data/together/weight', '12.5');
          await filling.finish();
        }"""
    )


def test_it_hides_behind_a_calculator_at_one_touch(page: Page) -> None:
    begin_draft(page)
    left = page.evaluate("() => { document.querySelector('.hide-now').click(); return document.body.innerText; }")
    assert left.strip() == "", "before the finger is up again"
    for key in ("7", "×", "6", "="):
        page.locator(".neutral .keys button", has_text=key).click()
    assert page.locator(".display").inner_text() == "42"
    assert "12.5" not in page.content()
    page.locator(".display").click(delay=1500)
    unlock(page)
    assert page.locator("form.questions input").first.input_value() == "12.5"


def test_it_hides_at_three_quick_taps_on_the_bar_but_not_on_its_buttons(page: Page) -> None:
    begin_draft(page)
    page.locator("header.bar .icon-button").last.evaluate(THREE_TAPS)
    assert page.locator("form.questions").count() == 1
    page.locator("header.bar .where").evaluate(THREE_TAPS)
    page.locator(".neutral").wait_for()
    assert page.locator("form.questions").count() == 0


def test_it_deletes_drafts_when_the_pin_is_forgotten_and_says_so_first(page: Page) -> None:
    begin_draft(page)
    page.reload()
    page.get_by_role("button", name="Lo olvidé").click()
    page.locator("dialog", has_text="se pierden").locator("button.danger").click()
    page.locator("h1", has_text="enlace nuevo").wait_for()
    assert stored_drafts(page) == 0
