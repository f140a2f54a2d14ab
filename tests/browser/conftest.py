"""A server with the perception and observer forms published, and a phone enrolled with it: real processes both."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright
from sqlalchemy import select

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.forms import get_form
from survey_server.db.migrate import migrate
from survey_server.db.models import Device, Programme, Submission, SubmissionVersion, now
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave
from tests.browser.field import Phone, Server, running, wait_told, wait_whole
from tests.browser.interviewing import choose_pin
from tests.browser.marked import FORM as MARKED
from tests.browser.programmes import add_patient

ROOT = Path(__file__).resolve().parents[2]
_numbers = itertools.count(1)
FORMS = {"ssr_perception": ("psus.csv", "posts.csv"), "ssr_observer": ("posts.csv",)}


EVERY_KIND = """
| survey |
| | type | name | label | required | relevant | appearance | parameters |
| | begin_group | together | Juntas | | | field-list | |
| | decimal | weight | Peso | yes | | | |
| | select_one yn | more | ¿Algo más? | yes | | | |
| | text | what | ¿Qué? | | ${more} = '1' | multiline | |
| | end_group | | | | | | |
| | date | day | Fecha | yes | | | |
| | dateTime | moment | Momento | yes | | | |
| | range | trust | Confianza | yes | | | start=1 end=7 step=1 |
| | range | share | De 0 a 100 | yes | | | start=0 end=100 step=5 |
| | rank things | order | Lo más urgente | yes | | | |
| | acknowledge | aware | Lea esto | yes | | | |
| | image | photo | Foto del puesto | | | | |
| | begin_repeat | visit | Visita | | | | |
| | integer | people | Personas | yes | | | |
| | end_repeat | | | | | | |

| choices |
| | list_name | name | label |
| | yn | 1 | Sí |
| | yn | 0 | No |
| | things | w | Agua |
| | things | r | Caminos |
| | things | j | Empleo |

| settings |
| | form_title | form_id | version |
| | Todas las preguntas | every_kind | 1 |
"""


@pytest.fixture(scope="session")
def prepared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the office leaves it before the first field day."""
    folder = tmp_path_factory.mktemp("office")
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_patient(session, "demo", "Programa de prueba", demo=True).id
    for form, files in FORMS.items():
        data = {name: (ROOT / "forms" / name).read_bytes() for name in files}
        publish_form(database, programme_id, f"{form}.md", (ROOT / "forms" / f"{form}.md").read_bytes(), data)
        with database.transaction() as session:
            today = now().date()
            row = get_form(session, programme_id, form)
            add_wave(session, row, "Ola 2", today - timedelta(days=9), today + timedelta(days=9), state="open")
    publish_form(database, programme_id, "every_kind.md", EVERY_KIND.encode())
    database.close()
    return folder


@pytest.fixture(scope="session")
def shared_server(prepared_folder: Path) -> Iterator[Server]:
    with running(Server(prepared_folder)) as started:
        yield started


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The server, up; a test may kill and start it."""
    if shared_server.process is None:
        shared_server.start()
    return shared_server


@pytest.fixture
def database(shared_server: Server) -> Iterator[Database]:
    """What the server stores, read beside it."""
    opened = open_database(f"sqlite:///{shared_server.folder / 'survey.db'}")
    yield opened
    opened.close()


@pytest.fixture
def label() -> str:
    """What the office calls the phone of this test, and no other."""
    return f"Teléfono {next(_numbers):04}"


@pytest.fixture
def link(server: Server, database: Database, label: str) -> str:
    """An enrolment link, as the office makes it."""
    with database.transaction() as session:
        code = add_enrolment(session, get_programme(session, "demo").id, label, "OB007")
    return enrol_link(server.address, code)


@pytest.fixture
def stored(database: Database, label: str) -> Callable[[], list[SubmissionVersion]]:
    """Reads the documents that this test's phone has brought to the server, in their order."""

    def read() -> list[SubmissionVersion]:
        with database.reading() as session:
            query = select(SubmissionVersion).join(Submission, Submission.id == SubmissionVersion.submission_id)
            query = query.join(Device, Device.id == Submission.device_id).where(Device.label == label)
            return list(session.scalars(query.order_by(SubmissionVersion.submission_id)))

    return read


@pytest.fixture
def phone(playwright: Playwright, server: Server, tmp_path: Path) -> Iterator[Phone]:
    made = Phone(playwright, tmp_path / "profile", server.address)
    yield made
    made.close()


@pytest.fixture
def own_programme(database: Database) -> Programme:
    """A programme with one short form and a wave, whose keys are this test's alone."""
    with database.transaction() as session:
        made = add_patient(session, f"p{secrets.token_hex(4)}", "Programa", demo=True)
    publish_form(database, made.id, "marked.md", MARKED.encode())
    with database.transaction() as session:
        today = now().date()
        form = get_form(session, made.id, "marked")
        add_wave(session, form, "Ola 1", today - timedelta(days=3), today + timedelta(days=3), state="open")
    return made


@pytest.fixture
def marked_page(phone: Phone, server: Server, database: Database, own_programme: Programme, label: str) -> Page:
    """A phone of that programme, enrolled and ready for the field."""
    with database.transaction() as session:
        code = add_enrolment(session, own_programme.id, label, "OB007")
    page = phone.open()
    page.goto(enrol_link(server.address, code))
    choose_pin(page)
    page.locator("main section:last-of-type a.card", has_text="Visita").wait_for()
    wait_whole(page)
    wait_told(page)
    return page


@pytest.fixture(scope="session")
def screens() -> Path:
    """Where pictures of the views go, to be looked at."""
    folder = Path(os.environ.get("SURVEY_SCREENS_DIR", ROOT / "build" / "screens" / "phone"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
