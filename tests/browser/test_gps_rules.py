"""Where a phone may ask for a place: by the rules of the site, of the programme, and never by itself in the field."""
# ruff: noqa: E501 - the table of the form is wider than code

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from survey_server.db.field.policies import PhoneRules, set_phone_rules
from survey_server.db.models import Programme, SubmissionIssue, SubmissionVersion
from survey_server.db.session import Database
from tests.browser.field import Phone, Server, wait_until
from tests.browser.interviewing import NEXT, begin, finish, unsent
from tests.browser.programmes import ME, enrolled, make_programme, refresh

pytestmark = pytest.mark.browser

FORM = """
| survey |
| | type                | name   | label     | required | parameters |
| | audit               | audit  |           |          | location-priority=balanced location-min-interval=1 location-max-age=9 |
| | today               | today  |           |          | |
| | start-geopoint      | began  |           |          | |
| | text                | psu    | Punto     | yes      | |
| | geopoint            | spot   | Ubicación | yes      | capture-accuracy=10 |
| | geotrace            | path   | Camino    |          | |
| | text                | last   | Algo más  |          | |
| settings |
| | form_title | form_id | version |
| | Lugares    | places  | 1       |
{design}
"""
DESIGN = """
| design |
| | role    | source   | field | note |
| | psu     | question | psu   |      |
| | stratum | site     | stratum |    |
"""
SITES = [{"code": "A", "country": "GT"}, {"code": "B", "country": "GT", "risk_tier": 3}]
WATCHED = """() => {
  window.watched = 0;
  const { watchPosition } = Geolocation.prototype;
  Geolocation.prototype.watchPosition = function (...all) { window.watched += 1; return watchPosition.apply(this, all); };
}"""
Stored = Callable[[], list[SubmissionVersion]]


@pytest.fixture
def programme(database: Database) -> Programme:
    return make_programme(database, {"places": FORM.format(design=DESIGN)}, SITES)


@pytest.fixture
def page(phone: Phone, server: Server, database: Database, programme: Programme, label: str) -> Page:
    opened = enrolled(phone, server, database, programme, label)
    opened.evaluate(WATCHED)
    return opened


def say(page: Page, name: str, value: str) -> None:
    page.locator(f"[data-ref='/data/{name}'] input").fill(value)


def go(page: Page, to: str) -> None:
    page.locator(NEXT).click()
    page.locator(f"form.questions[data-page$='{to}']").wait_for()


def sent(page: Page, stored: Stored) -> dict[str, object]:
    """Finish; the answers as the server has them."""
    before = len(stored())
    finish(page)
    wait_until(lambda: unsent(page) == "Todo enviado" and len(stored()) > before, "the interview to be sent")
    answers: dict[str, object] = json.loads(stored()[-1].answers)
    return answers


def issues(database: Database, programme: Programme) -> list[tuple[str, str]]:
    with database.reading() as session:
        query = select(SubmissionIssue.kind, SubmissionIssue.path)
        rows = session.execute(query.where(SubmissionIssue.programme_id == programme.id))
        return [(row.kind, row.path) for row in rows]


def test_it_asks_for_no_place_where_the_site_forbids_it(
    page: Page, stored: Stored, database: Database, programme: Programme
) -> None:
    begin(page, "Lugares")
    say(page, "psu", "B")
    go(page, "/last")
    go(page, "end")
    answers = sent(page, stored)
    assert not answers.get("spot") and not answers.get("began") and not answers.get("path")
    assert page.evaluate("window.watched") == 0, "the satellites were never asked"
    assert issues(database, programme) == [], "what may not be asked is not missing"


def test_it_asks_for_one_point_at_a_site_and_for_no_way(page: Page, stored: Stored) -> None:
    begin(page, "Lugares")
    say(page, "psu", "A")
    go(page, "/spot")
    page.locator(".place button").first.click()
    page.locator(".taken").wait_for()
    go(page, "/last")
    go(page, "end")
    answers = sent(page, stored)
    assert str(answers["spot"]).startswith("14.6407 -90.5133") and not answers.get("began")
    assert page.evaluate("window.watched") == 1, "once, when it was asked to"


def test_it_forgets_a_place_when_the_site_turns_out_to_be_another(page: Page, stored: Stored) -> None:
    begin(page, "Lugares")
    say(page, "psu", "A")
    go(page, "/spot")
    page.locator(".place button").first.click()
    page.locator(".taken").wait_for()
    page.locator("footer nav button.plain").click()
    say(page, "psu", "B")
    go(page, "/last")
    go(page, "end")
    assert not sent(page, stored).get("spot")


def test_it_follows_the_programme_where_a_form_names_no_site(
    phone: Phone, server: Server, database: Database, label: str, stored: Stored
) -> None:
    programme = make_programme(database, {"places": FORM.format(design="")})
    page = enrolled(phone, server, database, programme, label)
    begin(page, "Lugares")
    say(page, "psu", "A")
    page.locator(".telling").wait_for(state="detached")
    go(page, "/spot")
    page.locator(".place button").first.click()
    page.locator(".taken").wait_for()
    go(page, "/path")
    go(page, "/last")
    go(page, "end")
    assert str(sent(page, stored)["began"]).startswith("14.6407")
    with database.transaction() as session:
        set_phone_rules(session, session.get_one(Programme, programme.id), PhoneRules(gps="none"), actor=ME)
    refresh(page)
    begin(page, "Lugares")
    say(page, "psu", "A")
    go(page, "/last")


def test_it_says_what_to_do_when_the_phone_refuses_its_place(
    phone: Phone, server: Server, database: Database, label: str
) -> None:
    phone.permissions = []
    programme = make_programme(
        database, {"places": FORM.format(design=DESIGN).replace("| Ubicación | yes ", "| Ubicación |     ")}
    )
    page = enrolled(phone, server, database, programme, label)
    begin(page, "Lugares")
    say(page, "psu", "A")
    go(page, "/spot")
    page.locator(".place button").first.click()
    page.locator(".place .alert", has_text="permiso").wait_for()
    go(page, "/last")
