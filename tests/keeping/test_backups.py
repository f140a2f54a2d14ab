"""Backups: everything, encrypted, made while the server goes on, proven when it is brought back."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from survey_server.db.audit import find_broken_link
from survey_server.db.keeping.backups import restore_backup, write_backup
from survey_server.db.keeping.moving import sum_tables
from survey_server.db.media.files import FolderStore
from survey_server.db.media.shelves import FolderShelf
from survey_server.db.models import Programme, Submission
from survey_server.db.session import Database, open_database
from survey_server.problems import BrokenBackup, NotABackup
from survey_server.sealed_stream import PIECE, OpeningReader, SealingWriter
from tests.keeping.interviews import PHOTO, add_interviews

PASSPHRASE = "cinco palabras que nadie adivina"
SECRET = "s" * 40


def back_up(database: Database, store: FolderStore, data_dir: Path) -> bytes:
    file = io.BytesIO()
    write_backup(file, PASSPHRASE, database, store, FolderShelf(data_dir), data_dir, SECRET)
    return file.getvalue()


def test_it_brings_back_every_row_file_and_secret(
    filled: Database, store: FolderStore, data_dir: Path, tmp_path: Path
) -> None:
    told = restore_backup(io.BytesIO(back_up(filled, store, data_dir)), PASSPHRASE, tmp_path / "new")
    assert (told.tables["submission"], told.missing_media) == (30, 0)
    with filled.reading() as session:
        before = sum_tables(session)
    restored = open_database(f"sqlite:///{tmp_path / 'new' / 'survey.db'}")
    with restored.reading() as session:
        assert sum_tables(session) == before
    restored.close()
    assert (tmp_path / "new" / "secret.key").read_text() == SECRET
    assert (tmp_path / "new" / "reports" / "frontera" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert [path.read_bytes() for path in (tmp_path / "new" / "media").rglob("*") if path.is_file()] == [PHOTO]


def test_it_can_be_read_by_nobody_without_the_passphrase(
    filled: Database, store: FolderStore, data_dir: Path, tmp_path: Path
) -> None:
    made = back_up(filled, store, data_dir)
    assert not any(word in made for word in ("ñandú 7".encode(), b"instanceID", SECRET.encode(), PHOTO[:64]))
    with pytest.raises(BrokenBackup):
        restore_backup(io.BytesIO(made), "otra cosa completamente", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 0.999])
def test_it_notices_one_changed_bit_anywhere(
    filled: Database, store: FolderStore, data_dir: Path, tmp_path: Path, place: float
) -> None:
    made = bytearray(back_up(filled, store, data_dir))
    made[int(place * len(made))] ^= 4
    with pytest.raises((BrokenBackup, NotABackup)):
        restore_backup(io.BytesIO(bytes(made)), PASSPHRASE, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_it_notices_an_end_that_is_missing(
    filled: Database, store: FolderStore, data_dir: Path, tmp_path: Path
) -> None:
    made = back_up(filled, store, data_dir)
    with pytest.raises(BrokenBackup):
        restore_backup(io.BytesIO(made[:-100]), PASSPHRASE, tmp_path / "new")


def test_it_never_writes_over_a_folder_that_holds_something(
    filled: Database, store: FolderStore, data_dir: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "survey.db").write_bytes(b"not yours")
    with pytest.raises(OSError, match="not empty"):
        restore_backup(io.BytesIO(back_up(filled, store, data_dir)), PASSPHRASE, there)
    assert (there / "survey.db").read_bytes() == b"not yours"


def test_it_is_of_one_moment_while_interviews_keep_coming(
    filled: Database, programme: Programme, store: FolderStore, data_dir: Path, tmp_path: Path
) -> None:
    stop = threading.Event()

    def go_on() -> None:
        number = 1000
        while not stop.is_set():
            add_interviews(filled, programme, range(number, number + 5))
            number += 5

    load = threading.Thread(target=go_on)
    load.start()
    try:
        made = [back_up(filled, store, data_dir) for _ in range(3)]
    finally:
        stop.set()
        load.join()
    counts = []
    for number, one in enumerate(made):
        folder = tmp_path / f"new{number}"
        counts.append(restore_backup(io.BytesIO(one), PASSPHRASE, folder).tables["submission"])
        database = open_database(f"sqlite:///{folder / 'survey.db'}")
        with database.reading() as session:
            assert find_broken_link(session, programme.id) is None
            assert session.scalar(select(func.count()).select_from(Submission)) == counts[-1]
        database.close()
    assert counts == sorted(counts)
    assert all((count - 30) % 5 == 0 for count in counts), "a batch was cut in two"


def test_it_works_as_two_commands(tmp_path: Path, sqlite_template: bytes) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "survey.db").write_bytes(sqlite_template)
    environment = {"SURVEY_DATA_DIR": str(data), "SURVEY_BACKUP_PASSPHRASE": PASSPHRASE, "PATH": "/usr/bin:/bin"}

    def survey_server(*arguments: str) -> str:
        run = "from survey_server.cli import main; main()"
        command = [sys.executable, "-c", run, *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=120).stdout

    survey_server("programme", "create", "border", "Frontera")
    assert "0 submissions" in survey_server("backup", str(tmp_path / "today.backup"))
    assert (tmp_path / "today.backup").stat().st_mode & 0o077 == 0
    survey_server("restore", str(tmp_path / "today.backup"), str(tmp_path / "back"))
    with sqlite3.connect(tmp_path / "back" / "survey.db") as connection:
        assert connection.execute("SELECT code FROM programme").fetchall() == [("border",)]
    connection.close()
    assert (tmp_path / "back" / "secret.key").read_text() == (data / "secret.key").read_text()


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 3 * PIECE // 2), max_size=3))
def test_it_gives_back_the_bytes_that_were_written_however_they_were_cut(sizes: list[int]) -> None:
    parts = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    file = io.BytesIO()
    with SealingWriter(file, PASSPHRASE) as writer:
        for part in parts:
            writer.write(part)
    file.seek(0)
    assert io.BufferedReader(OpeningReader(file, PASSPHRASE)).read() == b"".join(parts)
