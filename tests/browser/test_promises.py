"""What the browser promises about what is stored: asked for with the first answer, shown, and told to the office."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from survey_server.db.models import Device
from survey_server.db.session import Database
from tests.browser.diary import TITLE, answer, publish_diary
from tests.browser.field import Phone, Server, wait_until
from tests.browser.interviewing import begin, enrol
from tests.browser.programmes import refresh
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

COUNT = """() => {
  window.asked = 0;
  const { persist } = StorageManager.prototype;
  StorageManager.prototype.persist = function () { window.asked += 1; return persist.call(this); };
}"""


def reported(database: Database, label: str) -> dict[str, Any]:
    with database.reading() as session:
        return dict(session.scalars(select(Device.storage).where(Device.label == label)).one() or {})


def test_it_asks_with_the_first_answer_and_shows_what_the_phone_answered(
    phone: Phone, server: Server, database: Database, link: str, label: str
) -> None:
    publish_diary(database, "50")
    page = phone.open()
    enrol(page, link)
    page.locator(".coach", has_text="Antes del primer día de campo").wait_for()
    page.evaluate(COUNT)
    begin(page, TITLE)
    assert page.evaluate("window.asked") == 0, "nothing is stored yet"
    answer(page, "place", "Alfa")
    answer(page, "what", "nada")
    wait_for_script(page, "window.asked > 0")
    assert page.evaluate("window.asked") == 1
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator(".state .alert", has_text="podría borrar lo guardado").wait_for()
    assert page.locator(".coach").count() == 0, "the first field day has begun"
    refresh(page)
    wait_until(lambda: reported(database, label).get("kept") is False, "the office to know")

    page.locator("footer a").click()
    ask = page.get_by_role("button", name="Pedir que lo conserve")
    ask.wait_for()
    grant(page, phone)
    ask.click()
    page.locator("text=El teléfono prometió no borrarlo").wait_for()
    page.locator("header a").click()
    page.locator("li.draft", has_text="Alfa").wait_for()
    page.locator(".state .alert").wait_for(state="detached")
    refresh(page)
    wait_until(lambda: reported(database, label).get("kept") is True, "the office to know")


def grant(page: Page, phone: Phone) -> None:
    """What a browser gives an app that lies on the home screen."""
    permission = {"origin": phone.address, "permissions": ["durableStorage"]}
    page.context.new_cdp_session(page).send("Browser.grantPermissions", permission)
