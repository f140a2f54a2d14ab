"""`survey-server run` prepares what is missing and leaves alone what is there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey_server.cli import cli
from survey_server.db.access.people import list_people
from survey_server.db.programmes import add_programme, list_programmes
from survey_server.db.session import open_database
from survey_server.demo.programme import CODE
from tests.serving import Server


@pytest.fixture
def url(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SURVEY_BASE_URL", "https://encuesta.example")
    return sqlite_url


def prepare() -> str:
    result = CliRunner().invoke(cli, ["run", "--prepare-only"], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_it_adds_an_administrator_once_and_tells_the_password_once(url: str) -> None:
    with open_database(url).transaction() as session:
        add_programme(session, "frontera", "Frontera norte")
    assert "login admin, password " in prepare()
    assert "with your own login" in prepare()
    with open_database(url).reading() as session:
        assert [member.login for member in list_people(session)] == ["admin"]


def test_it_makes_no_demo_where_there_is_a_programme(url: str) -> None:
    with open_database(url).transaction() as session:
        add_programme(session, "frontera", "Frontera norte")
    prepare()
    with open_database(url).reading() as session:
        assert [programme.code for programme in list_programmes(session)] == ["frontera"]


def test_it_says_when_the_demo_was_left_half_made(url: str) -> None:
    with open_database(url).transaction() as session:
        add_programme(session, CODE, "Demo", demo=True)
    assert "half made" in prepare()


def test_it_starts_the_office_before_anybody_asks_for_a_page(url: str, tmp_path: Path) -> None:
    with open_database(url).transaction() as session:
        add_programme(session, "frontera", "Frontera norte")
    server = Server(tmp_path, url)
    server.begin = ("from survey_server.cli import cli; cli(['run', *__import__('sys').argv[1:]])",)
    server.start()
    try:
        for _ in range(1200):
            if server.processes()["office"]:
                break
            threading.Event().wait(0.05)
        assert server.processes()["office"]
        assert server.stop() == 0
    finally:
        server.kill()
