"""A programme that has outgrown its laptop: every row moves to PostgreSQL, while nobody writes, and is read back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from survey_server.cli import cli
from survey_server.db.audit import find_broken_link
from survey_server.db.keeping.moving import copy_everything, sum_tables
from survey_server.db.media.files import FolderStore
from survey_server.db.migrate import migrate
from survey_server.db.models import Programme
from survey_server.db.session import Database, open_database
from survey_server.problems import DatabaseInUse, DatabaseNotEmpty, DatabasesDiffer, MoveIncomplete
from tests.keeping.interviews import add_interviews


@pytest.fixture
def laptop(sqlite_url: str, data_dir: Path) -> Database:
    return open_database(sqlite_url)


@pytest.mark.postgres
def test_it_moves_every_row_by_one_command(
    database: Database, programme: Programme, filled: Database, empty_postgres_url: str, tmp_path: Path
) -> None:
    if not database.is_sqlite:
        copied = tmp_path / "from_postgres.db"
        migrate(f"sqlite:///{copied}")
        with database.reading() as session:
            copy_everything(session, open_database(f"sqlite:///{copied}"))
        open_database(f"sqlite:///{copied}").close()
        path = copied
    else:
        path = Path(str(database.engine.url.database))
    with filled.reading() as session:
        before = sum_tables(session)
    database.close()
    done = CliRunner().invoke(cli, ["migrate-database", str(path), empty_postgres_url])
    assert done.exit_code == 0, done.output
    with open_database(empty_postgres_url).reading() as session:
        assert sum_tables(session) == before
        assert find_broken_link(session, programme.id) is None
    assert not path.exists()
    assert len(list(path.parent.glob(f"{path.name}.moved-*"))) == 1


@pytest.mark.postgres
def test_it_goes_on_where_the_laptop_stopped(
    filled: Database, programme: Programme, empty_postgres_url: str, store: FolderStore
) -> None:
    migrate(empty_postgres_url)
    target = open_database(empty_postgres_url)
    with filled.reading() as session:
        copy_everything(session, target)
    add_interviews(target, programme, range(100, 110))
    with target.reading() as session:
        assert sum_tables(session)["submission"].rows == 40
        assert find_broken_link(session, programme.id) is None


def test_it_refuses_a_target_that_has_rows(filled: Database, sqlite_template: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(sqlite_template)
    target = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    with filled.reading() as session:
        copy_everything(session, target)
        with pytest.raises(DatabaseNotEmpty):
            copy_everything(session, target)


def test_it_refuses_databases_at_different_migrations(filled: Database, sqlite_template: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(sqlite_template)
    target = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    with target.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with filled.reading() as session, pytest.raises(DatabasesDiffer):
        copy_everything(session, target)


def test_it_keeps_nothing_when_a_row_comes_back_as_another(
    filled: Database, sqlite_template: bytes, tmp_path: Path
) -> None:
    (tmp_path / "other.db").write_bytes(sqlite_template)
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute(
            "CREATE TRIGGER forger AFTER INSERT ON submission BEGIN "
            "UPDATE submission SET interviewer = 'EN999' WHERE rowid = new.rowid; END"
        )
    connection.close()
    target = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    with filled.reading() as session, pytest.raises(MoveIncomplete, match="submission"):
        copy_everything(session, target)
    with target.reading() as session:
        assert sum_tables(session)["submission"].rows == 0


@pytest.mark.postgres
def test_it_waits_for_nobody_who_still_has_the_file_open(sqlite_url: str, empty_postgres_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as somebody:
        somebody.execute("SELECT count(*) FROM programme").fetchall()
        done = CliRunner().invoke(cli, ["migrate-database", str(path), empty_postgres_url])
    somebody.close()
    assert isinstance(done.exception, DatabaseInUse)
    assert path.exists()
