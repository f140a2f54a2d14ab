"""One real server for all of these tests; every test has a programme of its own in its database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from survey_server.db.forms import get_form
from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import open_database
from survey_server.db.waves import add_wave
from tests.openrosa.field import FORM, Collect
from tests.serving import Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def openrosa_server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("openrosa")
    (folder / "survey.db").write_bytes(sqlite_template)
    server = Server(folder, f"sqlite:///{folder / 'survey.db'}")
    server.environment |= {"SURVEY_BASE_URL": f"http://127.0.0.1:{server.port}", "SURVEY_MAX_MEDIA_MB": "3"}
    server.environment |= {"SURVEY_MAX_BODY_MB": "2", "SURVEY_MEDIA_RESERVE_MB": "1"}
    server.start()
    yield server
    server.kill()
    open_database(server.environment["SURVEY_DATABASE_URL"]).close()


@pytest.fixture
def empty(openrosa_server: Server) -> Collect:
    """A device of a programme without forms."""
    database = open_database(openrosa_server.environment["SURVEY_DATABASE_URL"])
    code = f"p{next(_numbers)}"
    with database.transaction() as session:
        programme_id = add_programme(session, code, "Frontera norte").id
        device, key = add_app_user(session, programme_id, "Tableta 1", "EN001")
    return Collect(openrosa_server, database, programme_id, code, key, device.id)


@pytest.fixture
def collect(empty: Collect) -> Collect:
    """A device of a programme with one form in the field."""
    publish_form(empty.database, empty.programme_id, "visit.md", FORM.format(version="1").encode())
    with empty.database.transaction() as session:
        form = get_form(session, empty.programme_id, "visit")
        add_wave(session, form, "Antes", date(2026, 3, 1), date(2026, 3, 20), state="open")
    return empty


@pytest.fixture
def media_folder(openrosa_server: Server) -> Path:
    return Path(openrosa_server.environment["SURVEY_DATA_DIR"]) / "media"
