"""The lock's own views, in both languages and every light: axe finds nothing, thumbs hit, nothing is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.field import Phone, unlock
from tests.browser.interviewing import choose_pin
from tests.browser.looking import look_in_every_light
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["es", "en"])
def test_it_can_be_read_and_reached(phone: Phone, link: str, screens: Path, language: str) -> None:
    page = phone.open()
    if language == "en":
        page.locator("button.language").click()
    page.goto(link)
    wrong: list[str] = []

    def look(name: str) -> None:
        wrong.extend(look_in_every_light(page, f"{name}-{language}", screens))

    page.locator("#secret-again").wait_for()
    wait_for_script(page, "Boolean(document.getElementById('lock-style')?.sheet)")
    page.locator("details summary").click()
    look("lock-1-choose")
    choose_pin(page)
    page.locator("main section:last-of-type a.card").first.wait_for()
    page.goto(page.url.split("#")[0] + "#/phone")
    page.locator(".protection").wait_for()
    page.locator(".protection summary").first.click()
    look("lock-2-this-phone")
    page.reload()
    page.locator("#secret").fill("1111122222")
    page.locator("form button.main").click()
    page.locator(".message:not(:empty)").wait_for()
    look("lock-3-wrong")
    unlock(page)
    page.locator(".hide-now").click()
    page.locator(".neutral").wait_for()
    look("lock-4-hidden")
    page.locator(".display").click(delay=1500)
    page.locator(".lock button.quiet:not(.language)").last.click()
    page.locator("dialog.ask").wait_for()
    look("lock-5-forget")
    page.locator("dialog button.danger").click()
    page.locator("a.main").wait_for()
    look("lock-6-forgotten")
    assert wrong == []
