"""One office for all tests of the fieldwork, and phones of its team."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from survey_server.db.field.policies import set_policies
from survey_server.db.migrate import migrate
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import open_database
from tests.browser.field import Phone, Server, running
from tests.browser.fieldwork.office import (
    CARD,
    FORMS,
    ME,
    ROOT,
    Office,
    plan_work,
)
from tests.browser.interviewing import enrol
from tests.browser.programmes import add_patient


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("fieldwork")
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_patient(session, "demo", "Programa de prueba", demo=True).id
        card = {"es": CARD, "en": CARD, "dated": "2026-11-01"}
        set_policies(session, get_programme(session, "demo"), {"referral": card}, actor=ME)
    for form, files in FORMS.items():
        data = {name: (ROOT / "forms" / name).read_bytes() for name in files}
        publish_form(database, programme_id, f"{form}.md", (ROOT / "forms" / f"{form}.md").read_bytes(), data)
    with database.transaction() as session:
        plan_work(session, programme_id)
    with running(Server(folder)) as server:
        yield Office(server, database)
    database.close()


@pytest.fixture
def phones(playwright: Playwright, office: Office, tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Enrols the phone of an interviewer, in the team, with its list."""
    made: list[Phone] = []

    def enrolled(interviewer: str) -> Page:
        phone = Phone(playwright, tmp_path / interviewer, office.server.address)
        made.append(phone)
        page = phone.open()
        enrol(page, office.link(interviewer))
        page.locator("a.work", has_text="puntos asignados").wait_for()
        return page

    yield enrolled
    for phone in made:
        phone.close()
