"""The team's check-in: when it is due, that it is late, what was promised; and a list that has grown too old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.field import reload, wait_until
from tests.browser.fieldwork.office import SITE, Office, look, refresh
from tests.browser.interviewing import fill_in, finish
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

AWAY = timedelta(hours=6)
"""Guatemala, where these phones are, is six hours behind."""


def at(page: Page, days: int, hour: int, minute: int) -> None:
    """The phone's clock shows this time, some days from today; then the app is opened again."""
    day = (datetime.now(UTC) - AWAY).replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days)
    page.clock.set_fixed_time(day.replace(tzinfo=UTC) + AWAY)
    reload(page)
    page.locator(".page.home").wait_for()


def test_it_says_when_to_check_in_and_counts_from_what_the_team_promised(
    office: Office, phones: Callable[[str], Page], screens: Path
) -> None:
    page = phones("EN021")
    page.context.set_offline(True)
    at(page, 1, 8, 20)
    page.locator(".check-in", has_text="Toca avisar a las 08:00").wait_for()
    at(page, 1, 8, 40)
    page.locator(".check-in.is-late[role=alert]", has_text="El aviso de las 08:00 está atrasado").wait_for()
    look(page, screens, "check-in-late")

    page.locator(".check-in a").click()
    page.locator("form.questions").wait_for()
    said = {
        "status": "1",
        "n_team": "3",
        "sec": "0",
        "n_devices": "3",
        "next_chk": "13:00",
        "phrase": "llueve en la costa",
    }
    fill_in(page, said)
    finish(page)
    page.locator(".check-in:not(.is-late)", has_text="Toca avisar a las 13:00").wait_for()
    at(page, 1, 13, 29)
    page.locator(".check-in:not(.is-late)", has_text="13:00").wait_for()
    at(page, 1, 13, 31)
    page.locator(".check-in.is-late", has_text="13:00").wait_for()

    page.context.set_offline(False)
    refresh(page)
    wait_until(lambda: len(office.documents("ssr_checkin")) == 1, "the check-in to arrive")
    [document] = office.documents("ssr_checkin")
    assert "<next_chk>13:00" in document and "<phrase>llueve en la costa</phrase>" in document


def test_it_shows_no_site_of_a_list_that_is_a_week_old_and_keeps_the_card(
    phones: Callable[[str], Page], screens: Path
) -> None:
    page = phones("EN022")
    page.context.set_offline(True)
    at(page, 9, 9, 0)
    page.locator("a.work", has_text="La lista tiene más de una semana").wait_for()
    page.locator("a.work").click()
    page.locator(".notice", has_text="Busque señal").wait_for()
    assert page.locator(".place-row").count() == 0 and SITE not in page.content()
    look(page, screens, "old-list")
    page.locator("header a").click()
    page.locator(".card-button").click()
    page.locator(".places li", has_text="PDH 1555").wait_for()


def test_it_says_so_when_the_camera_is_refused_that_was_to_read_the_code(phones: Callable[[str], Page]) -> None:
    page = phones("OB012")
    page.evaluate(
        """() => {
          self.BarcodeDetector = class {};
          navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };
          location.hash = '#/field/watch';
        }"""
    )
    page.get_by_role("button", name="Escanear").click()
    page.locator("#pair-message", has_text="No se pudo usar la cámara").wait_for()
    wait_for_script(page, "document.querySelector('#pair-code').value === ''")
