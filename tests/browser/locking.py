"""What the tests of the lock share: a phone with an emergency PIN, a draft, a try, and time that has passed."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.field import Phone, wait_told, wait_whole
from tests.browser.interviewing import choose_pin

EMERGENCY = "9081726354"
TITLE = "Todas las preguntas"
REMARK = "xq7Zkv-recuerdo"


def enrol_with_emergency(phone: Phone, link: str) -> Page:
    """A phone of this test, enrolled, with an emergency PIN."""
    opened = phone.open()
    opened.goto(link)
    choose_pin(opened, emergency=EMERGENCY)
    forms(opened)
    wait_whole(opened)
    wait_told(opened)
    return opened


def forms(page: Page) -> None:
    page.locator("main section:last-of-type a.card", has_text=TITLE).wait_for()


def begin_draft(page: Page) -> None:
    """A draft with one answer, saved."""
    page.locator("main section:last-of-type a.card", has_text=TITLE).click()
    page.locator("form.questions input").first.fill("12.5")
    page.locator("form.questions input").first.press("Tab")
    page.locator("footer .saved", has_text="Guardado").wait_for()


def try_secret(page: Page, secret: str) -> None:
    page.locator("#secret").fill(secret)
    page.locator("form button.main").click()


def clear_pause(page: Page) -> None:
    """As if the time had passed: the phone's own note of when the next try is free."""
    page.evaluate(
        """() => new Promise((resolve) => {
          const request = indexedDB.open('encuesta');
          request.onsuccess = () => {
            const transaction = request.result.transaction('vault', 'readwrite');
            const store = transaction.objectStore('vault');
            store.get('lock').onsuccess = ({ target }) => store.put({ ...target.result, until: 0 }, 'lock');
            transaction.oncomplete = () => { request.result.close(); resolve(); };
          };
        })"""
    )
    page.reload()
    page.locator("#secret").wait_for()


def stored_drafts(page: Page) -> int:
    count: int = page.evaluate(
        """() => new Promise((resolve) => {
          const request = indexedDB.open('encuesta');
          request.onsuccess = () => {
            const asked = request.result.transaction('drafts').objectStore('drafts').count();
            asked.onsuccess = () => { request.result.close(); resolve(asked.result); };
          };
        })"""
    )
    return count
