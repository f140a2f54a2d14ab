"""A database that the browser can't open any more: the phone offers to begin anew from its second copy, and does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from survey_server.db.models import SubmissionVersion
from survey_server.db.session import Database
from tests.browser.diary import publish_diary, wait_for_copies, write
from tests.browser.field import Phone, Server, unlock, wait_until
from tests.browser.interviewing import enrol, unsent
from tests.browser.looking import look_at

pytestmark = pytest.mark.browser


@pytest.fixture
def page(phone: Phone, server: Server, database: Database, link: str) -> Page:
    publish_diary(database, "30")
    opened = phone.open()
    enrol(opened, link)
    server.kill()
    return opened


def test_it_repairs_a_database_that_does_not_open(
    page: Page, phone: Phone, server: Server, stored: Callable[[], list[SubmissionVersion]], screens: object
) -> None:
    write(page, "Alfa")
    write(page, "Gama", whole=False)
    wait_for_copies(page, "d-", 1)
    wait_for_copies(page, "phone-", 1)
    wait_until(lambda: "uuid" in page.evaluate("JSON.parse(localStorage.encuesta).drafts.join()"), "the canary")
    phone.kill()
    [folder] = phone.profile.glob("Default/IndexedDB/http_127*.leveldb")
    for manifest in folder.glob("MANIFEST*"):
        manifest.unlink()

    server.start()
    page = phone.open(waits=False)
    page.locator(".alert", has_text="no pudo abrir lo guardado").wait_for()
    page.get_by_role("button", name="Reparar…").click()
    page.locator("dd", has_text="1 de 1 en la segunda copia").first.wait_for()
    assert look_at(page, "lock-6-repair-es-light", screens) == []  # type: ignore[arg-type]
    page.get_by_role("button", name="Reparar ahora").click()
    page.locator("#secret").wait_for()
    unlock(page)
    page.locator(".state .alert", has_text="Se recuperó 1 entrevista terminada").wait_for()
    page.locator("li.draft", has_text="Gama").wait_for()
    wait_until(lambda: unsent(page) == "Todo enviado", "the phone to send what came back")
    assert len(stored()) == 1
    phone.close()
    page = phone.open()
    page.locator("li.draft", has_text="Gama").wait_for()
