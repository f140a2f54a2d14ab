"""Whoever has been told that an interview is stored finds it there: after kill -9 at any moment, after a power cut."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from survey_server.db.media.files import FolderStore
from survey_server.db.migrate import migrate
from survey_server.db.session import open_database
from tests.faults.conftest import Postgres
from tests.faults.senders import Senders, check_nothing_lost, make_field
from tests.serving import Server, running

KILLS = int(os.environ.get("SURVEY_KILLS", "3"))
"""Every run kills a server three times on each database; `make soak` 200 times."""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_it_loses_and_doubles_nothing_however_often_it_is_killed(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    here = make_field(open_database(url))
    store = FolderStore(tmp_path / "media")
    server = Server(tmp_path, url, "--field-only")
    random = Random(11)
    with Senders(here, [server.port]) as senders:
        for _ in range(KILLS):
            server.start()
            senders.wait_for(random.randrange(1, 40))
            server.kill()
        server.start()
        senders.wait_for(10)
    server.kill()
    assert senders.refused == []
    assert check_nothing_lost(senders, store) >= len(senders.interviews) > KILLS
    print(f"{KILLS} kills on {kind}: {len(senders.interviews):,} acknowledged, {senders.unanswered:,} cut off")


def test_it_has_every_acknowledged_interview_after_a_power_cut(sqlite_url: str, tmp_path: Path) -> None:
    """The files of one moment in the middle of writing, opened by another process: what a power cut leaves."""
    here = make_field(open_database(sqlite_url))
    source = Path(sqlite_url.removeprefix("sqlite:///"))
    with running(tmp_path, sqlite_url, "--field-only") as server, Senders(here, [server.port]) as senders:
        for number in range(4):
            senders.wait_for(30)
            copied = tmp_path / f"copy{number}"
            copied.mkdir()
            server.send(signal.SIGSTOP)
            known = replace(senders, interviews=set(senders.interviews), photos=dict(senders.photos))
            for part in source.parent.glob(f"{source.name}*"):
                shutil.copy(part, copied)
            shutil.copytree(tmp_path / "media", copied / "media")
            server.send(signal.SIGCONT)
            with closing(sqlite3.connect(copied / source.name)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            known.field = replace(here, database=open_database(f"sqlite:///{copied / source.name}"))
            assert check_nothing_lost(known, FolderStore(copied / "media")) >= 30
            known.field.database.close()
    assert senders.refused == []


@pytest.mark.postgres
def test_it_has_them_when_the_power_of_postgresql_was_cut(postgres: Postgres, tmp_path: Path) -> None:
    migrate(postgres.url)
    here = make_field(open_database(postgres.url))
    with running(tmp_path, postgres.url, "--field-only") as server, Senders(here, [server.port]) as senders:
        senders.wait_for(60)
        with postgres.frozen():
            known = replace(senders, interviews=set(senders.interviews), photos=dict(senders.photos))
            shutil.copytree(tmp_path / "media", tmp_path / "copied")
            other = postgres.copied("copy")
    here.database.close()
    other.start()
    known.field = replace(here, database=open_database(other.url))
    assert check_nothing_lost(known, FolderStore(tmp_path / "copied")) >= 60
    known.field.database.close()
    other.do("stop", "-m", "immediate")
