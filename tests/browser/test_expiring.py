"""Unfinished interviews don't stay for ever: warned of, said, told to the office; never by a wrong clock."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from survey_server.db.models import Device
from survey_server.db.session import Database
from tests.browser.diary import stored
from tests.browser.field import Phone, Server, reload, wait_until
from tests.browser.interviewing import NEXT, begin
from tests.browser.programmes import change_stored, enrolled, make_programme, refresh

pytestmark = pytest.mark.browser

FORM = """
| survey |
| | type           | name | label  |
| | select_one psu | psu  | Punto  |
| | text           | what | Qué    |
| | text           | last | Más    |
| choices |
| | list_name | name | label         |
| | psu       | GT01 | Aldea Chaim   |
| | psu       | GT02 | Aldea Chuwila |
| settings |
| | form_title | form_id | version |
| | Visita     | visit   | 1       |
| design |
| | role    | source   | field | note |
| | psu     | question | psu   |      |
| | stratum | site     | stratum |    |
"""
AGE = "value.created_at = new Date(Date.now() - {days} * 86400000).toISOString(); return value;"
WARN = "return Object.fromEntries(Object.keys(value).map((id) => [id, Date.now() - {days} * 86400000]));"


@pytest.fixture
def page(phone: Phone, server: Server, database: Database, label: str) -> Page:
    """A phone with one unfinished interview at a site."""
    opened = enrolled(phone, server, database, make_programme(database, {"visit": FORM}), label)
    begin(opened, "Visita")
    opened.locator("label.choice", has_text="Aldea Chuwila").click()
    opened.locator(NEXT).click()
    opened.locator("[data-ref='/data/what']").wait_for()
    opened.locator("[aria-label='Guardar y salir']").click()
    opened.locator("li.draft").wait_for()
    return opened


def test_it_lists_a_draft_with_its_site_progress_and_age(page: Page) -> None:
    words = page.locator("li.draft").inner_text()
    assert "Aldea Chuwila" in words and "Visita" in words and ("hace" in words or "ahora" in words)
    assert page.locator("li.draft progress").get_attribute("max") == "100"
    assert page.locator("li.draft .due").is_hidden()


def test_it_warns_before_a_draft_expires_and_says_when_it_did(page: Page, database: Database, label: str) -> None:
    change_stored(page, "drafts", None, AGE.format(days=5.2))
    reload(page)
    page.locator(".state .alert", has_text="1 entrevista a medias se borra el").wait_for()
    page.locator("li.draft .due", has_text="Se borra en 2 días").wait_for()

    change_stored(page, "drafts", None, AGE.format(days=9))
    change_stored(page, "meta", "warned", WARN.format(days=0.5))
    reload(page)
    page.locator(".state .alert", has_text="se borra el").wait_for()
    assert page.locator("li.draft").count() == 1, "a day passes between the warning and the end"

    change_stored(page, "meta", "warned", WARN.format(days=1.1))
    reload(page)
    card = page.locator(".state .alert", has_text="1 entrevista a medias se borró: llevaba más de 7 días")
    card.wait_for()
    assert stored(page, "drafts") == []
    card.get_by_role("button").click()
    card.wait_for(state="detached")
    refresh(page)
    wait_until(lambda: expired_of(database, label) == [1], "the office to be told")


def expired_of(database: Database, label: str) -> list[int]:
    with database.reading() as session:
        reports = session.scalars(select(Device.storage).where(Device.label == label))
        return [int((report or {}).get("expired", 0)) for report in reports]


def test_it_deletes_nothing_while_its_clock_is_wrong(page: Page) -> None:
    change_stored(page, "drafts", None, AGE.format(days=30))
    change_stored(page, "meta", "clock", "value.offset = 3600000; return value;")
    page.route("**/api/v1/**", lambda route: route.abort())
    reload(page)
    page.locator(".state .alert", has_text="El reloj del teléfono está mal").wait_for()
    assert len(stored(page, "drafts")) == 1
