"""A server with one small published form, and a phone enrolled in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.field.devices import add_device
from survey_server.db.field.sites import set_sites, set_wave_sites
from survey_server.db.forms import get_form
from survey_server.db.models import Programme, Wave
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave
from tests.web.field import FORM, Phone


def make_config(url: str, folder: Path) -> Config:
    """Settings with a small limit on bodies."""
    return Config.from_environment(
        {"SURVEY_DATA_DIR": str(folder), "SURVEY_DATABASE_URL": url, "SURVEY_MAX_BODY_MB": "1"}
    )


def publish_mini(database: Database, programme: Programme) -> list[Wave]:
    """Publish the small form, with an open wave in March 2026 and a planned one in March 2027, and two sites."""
    publish_form(database, programme.id, "mini.md", FORM.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        first = add_wave(session, form, "Antes", date(2026, 3, 1), date(2026, 3, 20), state="open")
        second = add_wave(session, form, "Después", date(2027, 3, 1), date(2027, 3, 20))
        rows = [
            {"code": "A", "name": "Aldea A", "stratum": "S1", "arm": "programme", "weight": 2.0, "border": "1"},
            {"code": "B", "name": "Aldea B", "stratum": "S2", "arm": "comparison", "weight": 3.0, "border": "0"},
        ]
        set_sites(session, programme.id, rows, actor="command")
        set_wave_sites(session, first, ["A"], actor="command")
        return [first, second]


def enrol(app: Flask, database: Database, programme: Programme) -> Phone:
    """A phone of the programme."""
    with database.transaction() as session:
        device, token = add_device(session, programme.id, "Equipo 1", "EN001")
    return Phone(app, token, device.id)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    return create_app(make_config(database_url, tmp_path / "data"))


@pytest.fixture
def mini(database: Database, programme: Programme) -> list[Wave]:
    """The small form is published and in the field."""
    return publish_mini(database, programme)


@pytest.fixture
def phone(app: Flask, database: Database, programme: Programme, mini: list[Wave]) -> Phone:
    return enrol(app, database, programme)


@pytest.fixture
def sqlite_phone(sqlite_url: str, tmp_path: Path) -> Phone:
    """A phone of a server on SQLite, for tests of its file."""
    database = open_database(sqlite_url)
    with database.transaction() as session:
        programme = add_programme(session, "frontera", "Frontera norte")
    publish_mini(database, programme)
    return enrol(create_app(make_config(sqlite_url, tmp_path / "data")), database, programme)
