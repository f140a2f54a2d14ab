"""The first contact of a new phone: what the office gives a team is private, and kept as soon as there is a PIN."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright, Route

from tests.browser.field import Phone, wait_until
from tests.browser.fieldwork.office import Office
from tests.browser.interviewing import choose_pin

pytestmark = pytest.mark.browser

WITHOUT_WORKER = "delete Navigator.prototype.serviceWorker;"
"""Then every room comes by the line, where the test can hold it up."""


def test_it_keeps_the_team_s_work_though_the_pin_is_chosen_while_the_office_is_being_heard(
    playwright: Playwright, office: Office, tmp_path: Path
) -> None:
    phone = Phone(playwright, tmp_path / "phone", office.server.address)
    page = phone.open(path="/manifest.webmanifest", waits=False)
    page.add_init_script(WITHOUT_WORKER)
    held: list[Route] = []
    # Its room is asked for between the team's work and the end of the round.
    page.route("**/rooms/lock/trust.js", lambda route: held.append(route))
    page.goto(office.link("OB013"))

    def is_held() -> bool:
        page.wait_for_timeout(50)
        return bool(held)

    wait_until(is_held, "the phone to hear of the office's keys")
    choose_pin(page)
    page.locator("main ul.list a.card").first.wait_for()
    held[0].continue_()
    page.locator("a.work", has_text="puntos asignados").wait_for()
    phone.close()
