"""The lock's own views, in both languages and every light: axe finds nothing, thumbs hit, nothing is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.field import Phone, unlock
from tests.browser.interviewing import choose_pin
from tests.browser.looking import look_at, reflow

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_reached(phone: Phone, link: str, screens: Path, scheme: str) -> None:
    page = phone.open(scheme=scheme)
    page.goto(link)
    wrong: list[str] = []

    def look(name: str) -> None:
        wrong.extend(look_at(page, f"{name}-{scheme}", screens, tablet=False) + reflow(page, name))

    page.locator("#secret-again").wait_for()
    page.locator("details summary").click()
    look("lock-1-choose-es")
    other_language(page)
    look("lock-1-choose-en")
    choose_pin(page)
    page.locator("main section:last-of-type a.card").first.wait_for()
    page.goto(page.url.split("#")[0] + "#/phone")
    page.locator(".protection").wait_for()
    page.locator(".protection summary").first.click()
    look("lock-2-this-phone-en")
    page.reload()
    page.locator("#secret").fill("1111122222")
    page.locator("form button.main").click()
    page.locator(".message", has_text="tries").wait_for()
    look("lock-3-wrong-en")
    other_language(page)
    look("lock-3-locked-es")
    unlock(page)
    page.locator(".hide-now").click()
    page.locator(".neutral").wait_for()
    look("lock-4-hidden")
    page.locator(".display").click(delay=1000)
    page.get_by_role("button", name="Lo olvidé").click()
    page.locator("dialog button.danger").click()
    page.locator("a.main").wait_for()
    look("lock-5-forgotten-es")
    assert wrong == []


def other_language(page: Page) -> None:
    page.locator("button.language").click()
    page.locator("#secret").wait_for()
