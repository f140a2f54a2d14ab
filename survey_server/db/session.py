"""The database of one server, and the one place that commits."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from survey_server.problems import (
    BadSetting,
    DatabaseBusy,
    DatabaseFull,
    DatabaseGone,
    DatabaseInUse,
    DatabaseNotPrepared,
    DatabaseReadOnly,
    Problem,
)

__all__ = ["Database", "Session", "hold_sqlite_alone", "open_database", "open_sqlite_file"]

_BUSY_SECONDS = 10
_ASKED_AFTER_SECONDS = 1
_WRITES = {"survey_writes": True}


class Database:
    """A SQLite file (WAL, every commit on the disk) or a PostgreSQL server, with its connections."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writing = engine.execution_options(**_WRITES)
        self._asking = engine if self.is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turn = Lock()
        self._info: dict[str, Any] = {}
        self._file = _File(path) if self.is_sqlite and (path := engine.url.database) else None
        if self._file is not None:
            self.keep_frames_in(Path(self._file.path).with_suffix(".frames"))

    def keep_frames_in(self, folder: Path) -> None:
        """Keep the frames of waves as files in `folder`, for the next process; by default beside a SQLite file."""
        self._info["frames_folder"] = folder

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose changes are committed, durably, when the block ends well; else nothing of it is kept."""
        with self._in_turn(), _as_problems(), self._writing.connect() as connection:
            connection.begin()
            with _OnConnection(connection, self._info) as session:
                yield session
                session.flush()
            connection.commit()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """SQLite has one writer at a time: threads stand in line here, quicker than asking it again and again."""
        if not self.is_sqlite:
            yield
        elif self._turn.acquire(timeout=_BUSY_SECONDS):
            try:
                if self._file is not None:
                    self._file.check_there()
                yield
            finally:
                self._turn.release()
        else:
            raise DatabaseBusy()

    @contextmanager
    def looking_up(self) -> Iterator[Session]:
        """A session for a few look-ups by key: from PostgreSQL each takes one question and answer, and no more."""
        with _as_problems(), self._asking.connect() as connection, _OnConnection(connection, self._info) as session:
            yield session

    @contextmanager
    def reading(self, *, one_state: bool = False) -> Iterator[Session]:
        """A session that changes nothing and waits for no writer.

        With `one_state` everything that it reads is of one moment, however long that takes. What was read stays
        readable after the block.
        """
        with _as_problems(), self.engine.connect() as connection:
            if one_state and not self.is_sqlite:  # SQLite's transactions are so by themselves
                connection.execution_options(isolation_level="REPEATABLE READ")
            connection.begin()
            with _OnConnection(connection, self._info) as session:
                yield session

    def check_ready(self) -> None:
        """Raise what stands in the way of storing an interview now."""
        with self.transaction() as session:
            session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()

    def close(self) -> None:
        """Give the connections back; the object can't be used any more."""
        self.engine.dispose()


class _OnConnection(Session):
    """A session in the transaction of one connection. Who uses the connection alone pays for nothing else."""

    def __init__(self, connection: Connection, info: dict[str, Any]) -> None:
        super().__init__(connection, expire_on_commit=False, info=info, join_transaction_mode="rollback_only")
        self._connection = connection

    def connection(self, *_: Any, **__: Any) -> Connection:
        return self._connection


class _File:
    """The file of a database. Who has it open can write to it after it was taken away, and nobody would find that."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._found = self._look()

    def check_there(self) -> None:
        """Raise DatabaseGone unless the file that was opened is still where it was."""
        if self._look() != self._found:
            raise DatabaseGone()

    def _look(self) -> tuple[int, int] | None:
        try:
            seen = os.stat(self.path)  # noqa: PTH116 - for every write: five times as quick as by Path
        except OSError:
            return None
        return seen.st_dev, seen.st_ino


@cache
def open_database(url: str) -> Database:
    """The database at `url`, opened once per process. The tables are made by `db.migrate`."""
    return Database(_sqlite_engine(url) if url.startswith("sqlite") else _postgres_engine(url))


def open_sqlite_file(path: Path, **options: Any) -> sqlite3.Connection:
    """A connection to a file that is there. SQLite would put an empty one in the place of one that was taken away."""
    connection: sqlite3.Connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, **options)
    return connection


@contextmanager
def hold_sqlite_alone(path: Path) -> Iterator[Database]:
    """The SQLite file at `path`, for reading, with every other process kept out of it; raises DatabaseInUse."""
    connection = open_sqlite_file(path, timeout=2, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")  # refused while anybody else has the file open
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True)
        event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN EXCLUSIVE"))
        yield Database(engine)
        engine.dispose()
    except sqlite3.OperationalError as error:
        raise DatabaseInUse(f"{path}: {error}. Stop the server that has it open.") from error
    finally:
        connection.close()


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise BadSetting(f"SURVEY_DATABASE_URL is {url!r}: name a file, as in sqlite:////var/lib/survey/survey.db")
    _make_file(Path(path))
    engine = create_engine(
        url,
        hide_parameters=True,  # the driver's messages may reach a log; answers may not
        creator=lambda: open_sqlite_file(Path(path), timeout=_BUSY_SECONDS, check_same_thread=False),
    )
    engine.dialect.statement_compiler = _Hinted
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


class _Hinted(SQLiteCompiler):
    """Writes down which index a query is to follow ("INDEXED BY ..."), which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(0o600)  # answers are nobody's but the server's; SQLite gives its other files the same rights
    except OSError as error:
        raise BadSetting(f"The database {path} can't be made ({error.strerror}).") from error


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guess
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at its start: one that reads first and writes later would fail when another came between.
    writes = connection.get_execution_options().get("survey_writes", False)
    cursor = connection.connection.cursor()
    try:
        cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    except sqlite3.Error as error:
        raise DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True) from error
    finally:
        cursor.close()


def _postgres_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise BadSetting(f"SURVEY_DATABASE_URL begins with {parsed.drivername!r}: use sqlite:/// or postgresql://")
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=16,
        max_overflow=16,
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _check_unused)
    return engine


def _note_use(_: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _check_unused(connection: Any, record: Any, _: Any) -> None:
    """A connection that a restarted server has dropped is found out before it is used; a busy one isn't asked."""
    if time.monotonic() - record.info.get("used", time.monotonic()) < _ASKED_AFTER_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except connection.Error as error:
        raise DisconnectionError() from error  # the pool makes a new one


@contextmanager
def _as_problems() -> Iterator[None]:
    """Turn what the driver says about disk, locks and connections into Problems; mistakes of ours pass through."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        problem = _problem_of(error)
        if problem is None:
            raise
        raise problem from error


def _problem_of(error: DBAPIError) -> Problem | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_ERROR and str(error.orig).startswith(("no such table", "no such column")):
        kind: type[Problem] | None = DatabaseNotPrepared
    elif code is not None:
        kind = _SQLITE_PROBLEMS.get(code & 0xFF)
    else:
        kind = _postgres_problem(error, getattr(error.orig, "sqlstate", None))
    return kind() if kind else None


def _postgres_problem(error: DBAPIError, state: str | None) -> type[Problem] | None:
    """By the standard's SQLSTATE; no state at all means that the connection was never made or broke off."""
    if isinstance(error, OperationalError) and (state is None or state.startswith(("08", "57P"))):
        return DatabaseGone
    return DatabaseGone if error.connection_invalidated else _POSTGRES_PROBLEMS.get(state or "")


_POSTGRES_PROBLEMS: dict[str, type[Problem]] = {
    "53100": DatabaseFull,
    "53300": DatabaseBusy,
    "25006": DatabaseReadOnly,
    "40001": DatabaseBusy,
    "40P01": DatabaseBusy,
    "55P03": DatabaseBusy,
    "42P01": DatabaseNotPrepared,
    "42703": DatabaseNotPrepared,
}

_SQLITE_PROBLEMS: dict[int, type[Problem]] = {
    sqlite3.SQLITE_BUSY: DatabaseBusy,
    sqlite3.SQLITE_LOCKED: DatabaseBusy,
    sqlite3.SQLITE_FULL: DatabaseFull,
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    sqlite3.SQLITE_IOERR: DatabaseFull,
    sqlite3.SQLITE_CANTOPEN: DatabaseGone,
    sqlite3.SQLITE_CORRUPT: DatabaseGone,
    sqlite3.SQLITE_NOTADB: DatabaseGone,
}
