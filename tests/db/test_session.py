"""Transactions are all or nothing, durable, and say what is wrong with the disk in words."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.engine import Engine

from survey_server.db.models import Programme
from survey_server.db.session import Database, open_database, open_sqlite_file
from survey_server.problems import (
    BadSetting,
    DatabaseBusy,
    DatabaseFull,
    DatabaseGone,
    DatabaseNotPrepared,
    DatabaseReadOnly,
)


def add(database: Database, code: str) -> None:
    with database.transaction() as session:
        session.add(Programme(code=code, name=code))


def codes(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.scalars(select(Programme.code)))


def test_it_keeps_what_a_block_wrote_when_it_ends_well(database: Database) -> None:
    add(database, "a")
    assert codes(database) == ["a"]


def test_it_keeps_nothing_of_a_block_that_fails(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        session.add(Programme(code="a", name="a"))
        session.flush()
        raise ZeroDivisionError
    assert codes(database) == []


def test_it_forgets_what_a_reading_block_wrote(database: Database) -> None:
    with database.reading() as session:
        session.add(Programme(code="a", name="a"))
        session.flush()
    assert codes(database) == []


def test_it_lets_readers_read_while_a_writer_writes(database: Database) -> None:
    add(database, "a")
    with database.transaction() as session:
        session.add(Programme(code="b", name="b"))
        session.flush()
        assert codes(database) == ["a"]


def test_it_lets_writers_of_many_threads_wait_for_each_other(database: Database) -> None:
    def write(name: str) -> None:
        for number in range(20):
            add(database, f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes(database)) == 80


def test_it_writes_every_commit_of_sqlite_to_the_disk(sqlite_url: str) -> None:
    with open_database(sqlite_url).reading() as session:
        settings = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert settings == ["wal", 2, 1]


def test_it_says_that_the_disk_is_full_and_stores_nothing(sqlite_url: str) -> None:
    database = open_database(sqlite_url)

    def stop_growing(engine: Engine) -> None:
        @event.listens_for(engine, "checkout")
        def limit(connection, *_) -> None:  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA max_page_count=1").close()

    stop_growing(database.engine)
    with pytest.raises(DatabaseFull), database.transaction() as session:
        session.add_all([Programme(code=str(n), name="x" * 10_000) for n in range(50)])
    assert codes(database) == []


def test_it_says_that_the_database_cannot_be_written(sqlite_url: str) -> None:
    database = open_database(sqlite_url)

    @event.listens_for(database.engine, "checkout")
    def protect(connection, *_) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA query_only=ON").close()

    with pytest.raises(DatabaseReadOnly):
        add(database, "a")
    database.close()


def test_it_puts_no_new_file_where_the_database_was_taken_away(sqlite_url: str) -> None:
    """An empty one in its place would also make SQLite throw away the log, in which the last transactions still are."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    database = open_database(sqlite_url)
    add(database, "a")
    away = path.rename(path.with_name("away ü%20?.db"))
    for use in (lambda: add(database, "b"), lambda: codes(database), lambda: open_sqlite_file(path)):
        database.engine.dispose()  # so that the next use must open a file
        with pytest.raises((DatabaseGone, sqlite3.OperationalError)):
            use()
    assert not path.exists()
    away.rename(path)
    add(database, "c")
    assert codes(database) == ["a", "c"]


def test_it_says_that_another_holds_the_database_too_long(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survey_server.db.session._BUSY_SECONDS", 0.1)
    database = open_database(sqlite_url)
    with database.transaction() as session:
        session.add(Programme(code="b", name="b"))
        session.flush()
        with pytest.raises(DatabaseBusy):
            add(database, "a")


def test_it_says_that_the_database_was_never_prepared(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DatabaseNotPrepared):
        codes(open_database(f"sqlite:///{tmp_path / 'new.db'}"))


def test_it_says_that_a_file_is_no_database(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "photo.db").write_bytes(b"\xff\xd8\xff\xe0 a photo" * 100)
    with pytest.raises(DatabaseGone):
        codes(open_database(f"sqlite:///{tmp_path / 'photo.db'}"))


def test_it_says_that_the_server_of_the_database_is_gone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DatabaseGone):
        codes(open_database(f"postgresql://nobody@/survey?host={tmp_path}"))


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_it_refuses_databases_that_it_cannot_keep_safe(url: str) -> None:
    with pytest.raises(BadSetting):
        open_database(url)
