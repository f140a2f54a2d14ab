"""A server with a form of every kind of question, and one phone for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.migrate import migrate
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from tests.browser.field import Phone, Server, running, wait_told, wait_whole
from tests.browser.interviewing import choose_pin
from tests.browser.kinds.interview import Begin, Interview
from tests.browser.kinds_forms import FILES, FORMS
from tests.browser.programmes import add_patient


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.fixture(scope="package")
def office(folder: Path) -> Iterator[Database]:
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme = add_patient(session, "kinds", "Todas las preguntas", demo=True).id
    for form, text in FORMS.items():
        publish_form(database, programme, f"{form}.md", text.encode(), FILES.get(form, {}))
    yield database
    database.close()


@pytest.fixture(scope="package")
def page(playwright: Playwright, office: Database, folder: Path) -> Iterator[Page]:
    """A phone with all the forms on it, enrolled once."""
    with running(Server(folder)) as server:
        with office.transaction() as session:
            code = add_enrolment(session, get_programme(session, "kinds").id, "Teléfono", "OB007")
        phone = Phone(playwright, folder / "profile", server.address)
        opened = phone.open(path=enrol_link(server.address, code).removeprefix(server.address))
        choose_pin(opened)
        opened.locator("main ul.list a.card").nth(len(FORMS) - 1).wait_for()
        wait_whole(opened)
        wait_told(opened)
        yield opened
        phone.close()


@pytest.fixture
def begin(page: Page, office: Database) -> Begin:
    return lambda form: Interview(page, office, form)
