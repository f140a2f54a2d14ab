"""A server with two programmes and people of every role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from survey_server.app import create_app
from survey_server.db.access import people
from survey_server.db.session import open_database
from tests.office.world import World, build_world, make_config


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Passwords that take a millisecond to check: the tests sign in hundreds of times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session")
def world_template(sqlite_template: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, bytes]:
    """The world as it begins, and the file of its database."""
    folder = tmp_path_factory.mktemp("world")
    path = folder / "survey.db"
    path.write_bytes(sqlite_template)
    database = open_database(f"sqlite:///{path}")
    world = build_world(f"sqlite:///{path}", database, folder / "data")
    database.close()
    return world, path.read_bytes()


@pytest.fixture
def world(world_template: tuple[World, bytes], tmp_path: Path) -> Iterator[World]:
    """A copy for one test. On SQLite: what differs between databases is tested below the pages."""
    template, content = world_template
    path = tmp_path / "survey.db"
    path.write_bytes(content)
    url = f"sqlite:///{path}"
    database = open_database(url)
    yield replace(template, app=create_app(make_config(url, tmp_path / "data")), database=database)
    database.close()
