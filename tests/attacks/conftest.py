"""Two whole programmes on one server: one of them hostile, with a script in every text."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher

from survey_server.app import create_app
from survey_server.db.access import people
from survey_server.db.migrate import migrate
from survey_server.db.session import open_database
from tests.attacks.camps import Fortress, make_config
from tests.attacks.fortress import build_fortress

HURT = "=Zqu'\"><img src=x onerror=hurt=1><script>hurt=2</script>{{7*7}}"
"""What every text of one programme is: markup that shows whether it was taken for markup."""
PLAIN = "Llano y sin nada"


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Passwords that take a millisecond to check."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session")
def fortress_template(sqlite_template: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fortress, Path]:
    """The fortress as it begins, and the folder with its database and files."""
    folder: Path = tmp_path_factory.mktemp("template")
    (folder / "survey.db").write_bytes(sqlite_template)
    url = f"sqlite:///{folder / 'survey.db'}"
    built = build_fortress(url, folder / "data", {"norte": HURT, "sur": PLAIN})
    built.database.close()
    return built, folder


@pytest.fixture(scope="module")
def fortress(fortress_template: tuple[Fortress, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortress]:
    """A copy for the tests of one file, which leave what others need as it was."""
    template, source = fortress_template
    folder: Path = tmp_path_factory.mktemp("fortress") / "own"
    shutil.copytree(source, folder)
    url = f"sqlite:///{folder / 'survey.db'}"
    database = open_database(url)
    yield replace(template, app=create_app(make_config(url, folder / "data")), database=database)
    database.close()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def besieged(
    request: pytest.FixtureRequest, sqlite_template: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fortress]:
    """The fortress on either database."""
    folder = tmp_path_factory.mktemp("besieged")
    url = f"sqlite:///{folder / 'survey.db'}"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE besieged")
        url = server.replace("/postgres?", "/besieged?")
        migrate(url)
    else:
        (folder / "survey.db").write_bytes(sqlite_template)
    yield build_fortress(url, folder / "data", {"norte": HURT, "sur": PLAIN})
    open_database(url).close()
