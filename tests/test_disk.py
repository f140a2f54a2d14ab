"""Files of the server are whole or not there, whoever makes them at once and whenever the power goes, and none stays
that was for a while."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from survey_server.config import Config
from survey_server.disk import make_once, put_in_place, working_folder, write_in_place, write_new


def test_it_makes_a_secret_once_however_many_processes_start_together(tmp_path: Path) -> None:
    """Whoever read an empty one would wrap keys under it that nobody opens afterwards."""
    made, found, together = count(), [], threading.Barrier(8)

    def start() -> None:
        together.wait()
        found.append(make_once(tmp_path / "secret.key", lambda: b"secret %d" % next(made)))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"secret 0"] * 8
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_it_makes_the_secret_that_an_interrupted_start_left_empty(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    first, again = (Config.from_environment({"SURVEY_DATA_DIR": str(tmp_path)}).secret_key for _ in range(2))
    assert first == again and len(first) >= 64


@pytest.mark.parametrize("write", [write_new, write_in_place])
def test_it_names_no_file_whose_content_did_not_reach_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], None]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    path = tmp_path / "key.json"
    if write is write_in_place:
        path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write(path, b"new")
    assert path.exists() is (write is write_in_place)
    assert not path.exists() or path.read_bytes() == b"old"


def test_it_writes_over_no_key(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_bytes(b"the only one")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "key.json", b"another")
    assert (tmp_path / "key.json").read_bytes() == b"the only one"


def test_it_lets_a_file_be_found_only_after_the_disk_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, part, there, sync = tmp_path / "report.pdf", tmp_path / "part", [], os.fsync

    def note(file: int) -> None:
        there.append(path.exists())
        sync(file)

    monkeypatch.setattr(os, "fsync", note)
    part.write_bytes(b"%PDF")
    put_in_place(part, path)
    assert there == [False, True], "its content first, then its name"
    assert [one.name for one in tmp_path.iterdir()] == ["report.pdf"]


def test_it_deletes_what_a_killed_process_left_and_nothing_that_somebody_works_in(tmp_path: Path) -> None:
    """A backup that was killed leaves a copy of the whole database in clear."""
    left, others = tmp_path / "survey-copy-left", tmp_path / "elsewhere"
    (left / "in").mkdir(parents=True)
    (left / "in" / "survey.db").write_bytes(b"answers")
    others.mkdir()
    (tmp_path / "survey-copy-link").symlink_to(others)
    with working_folder("survey-copy-", tmp_path) as mine:
        assert left.exists(), "somebody may have just made it"
        for folder in (left, mine):
            os.utime(folder, (0, 0))
        with working_folder("survey-copy-", tmp_path) as second:
            assert (left.exists(), mine.exists(), second.exists(), others.exists()) == (False, True, True, True)
    assert {path.name for path in tmp_path.iterdir()} == {"elsewhere", "survey-copy-link"}
