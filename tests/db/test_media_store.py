"""Files of interviews on the server's disk: whole or not there, whatever is killed, full or wrong."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from survey_server.db.audit import find_broken_link
from survey_server.db.media.files import FolderStore, keep_blob
from survey_server.db.media.pieces import Announcement, Hander, MediaIntake, list_media
from survey_server.db.media.types import find_type, is_lying
from survey_server.db.models import Programme, now
from survey_server.db.session import Database
from survey_server.problems import MediaDigestWrong, MediaDiskFull, MediaNotAnnounced, TooManyMedia, UnknownMedia

PIECE = 65_536
PHOTO = b"\xff\xd8\xff\xe0" + random.Random(7).randbytes(300_000)
SHA256 = hashlib.sha256(PHOTO).hexdigest()

WRITER = """
import sys
from pathlib import Path
from survey_server.db.media.files import FolderStore
store = FolderStore(Path(sys.argv[1]))
body, sha256 = Path(sys.argv[2]).read_bytes(), sys.argv[3]
at = store.arrived(1, sha256)
print("begun", at, flush=True)
while at < len(body):
    at = store.append(1, sha256, at, body[at:at + 4096])
store.complete(1, sha256)
print("whole", flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "media")


@pytest.fixture
def intake(database: Database, store: FolderStore) -> MediaIntake:
    return MediaIntake(database, store)


@pytest.fixture
def hander(programme: Programme) -> Hander:
    return Hander(programme.id, "phone", "command")


def photo(name: str = "1.jpg", instance: str = "uuid:a") -> Announcement:
    return Announcement(instance, name, "image/jpeg", len(PHOTO), SHA256)


def hand_over(intake: MediaIntake, hander: Hander, told: Announcement, body: bytes = PHOTO) -> None:
    stand = intake.announce(hander, told)
    while not stand.complete:
        stand = intake.take(hander, told.sha256, stand.offset, body[stand.offset : stand.offset + PIECE])


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_it_keeps_a_file_under_its_digest(intake: MediaIntake, hander: Hander, store: FolderStore) -> None:
    hand_over(intake, hander, photo())
    assert files_in(store.folder) == [f"{hander.programme_id}/{SHA256[:2]}/{SHA256}"]
    assert store.read(hander.programme_id, SHA256) == PHOTO


def test_it_notes_what_came_and_audits_it(intake: MediaIntake, hander: Hander, database: Database) -> None:
    hand_over(intake, hander, photo())
    with database.reading() as session:
        [row] = list_media(session, hander.programme_id, "uuid:a")
        assert (row.name, row.size, row.found_type) == ("1.jpg", len(PHOTO), "image/jpeg")
        assert row.completed_at is not None
        assert find_broken_link(session, hander.programme_id) is None


def test_it_stores_the_same_bytes_of_two_interviews_once(
    intake: MediaIntake, hander: Hander, store: FolderStore
) -> None:
    hand_over(intake, hander, photo())
    assert intake.announce(hander, photo(instance="uuid:b")).complete
    assert len(files_in(store.folder)) == 1


def test_it_keeps_other_bytes_of_the_same_name_beside_the_first(
    intake: MediaIntake, hander: Hander, database: Database
) -> None:
    hand_over(intake, hander, photo())
    intake.keep(hander, "uuid:a", "1.jpg", "image/jpeg", b"other bytes")
    with database.reading() as session:
        assert len({row.sha256 for row in list_media(session, hander.programme_id, "uuid:a")}) == 2


def test_it_says_where_to_go_on_whatever_is_sent(intake: MediaIntake, hander: Hander) -> None:
    intake.announce(hander, photo())
    assert intake.take(hander, SHA256, 0, PHOTO[:1000]).offset == 1000
    assert intake.take(hander, SHA256, 0, PHOTO[:1000]).offset == 1000, "the same piece again"
    assert intake.take(hander, SHA256, 5000, PHOTO[5000:]).offset == 1000, "a piece from further on"
    assert intake.take(hander, SHA256, 1000, PHOTO[1000:] + b"and more").complete, "what is over is left out"


def test_it_drops_a_whole_file_that_is_not_what_was_announced(
    intake: MediaIntake, hander: Hander, store: FolderStore
) -> None:
    intake.announce(hander, photo())
    wrong = bytes(len(PHOTO))
    with pytest.raises(MediaDigestWrong):
        intake.take(hander, SHA256, 0, wrong)
    assert not store.has(hander.programme_id, SHA256)
    hand_over(intake, hander, photo())
    assert store.read(hander.programme_id, SHA256) == PHOTO


def test_it_takes_nothing_that_nobody_announced(intake: MediaIntake, hander: Hander) -> None:
    with pytest.raises(MediaNotAnnounced):
        intake.take(hander, SHA256, 0, PHOTO)


def test_it_takes_only_so_many_files_for_one_interview(
    intake: MediaIntake, hander: Hander, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey_server.db.media.pieces.MOST_PER_INTERVIEW", 2)
    for name in ("1.jpg", "2.jpg"):
        intake.announce(hander, photo(name))
    with pytest.raises(TooManyMedia):
        intake.announce(hander, photo("3.jpg"))


def test_it_finishes_what_a_killed_server_had_renamed_but_not_noted(
    intake: MediaIntake, hander: Hander, store: FolderStore, database: Database
) -> None:
    intake.announce(hander, photo())
    keep_blob(store, hander.programme_id, PHOTO)
    assert intake.announce(hander, photo()).complete
    with database.reading() as session:
        assert list_media(session, hander.programme_id, "uuid:a")[0].completed_at is not None


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "ab", "A" * 64, "a" * 63 + "/", "a" * 64 + "\n"])
def test_it_makes_a_path_of_nothing_but_a_digest(store: FolderStore, name: str) -> None:
    with pytest.raises(UnknownMedia):
        store.append(1, name, 0, b"x")
    with pytest.raises(UnknownMedia):
        store.read(1, name)
    assert files_in(store.folder) == []


def test_it_goes_on_after_the_disk_was_full(store: FolderStore) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        assert store.append(1, SHA256, 0, PHOTO[:PIECE]) == PIECE
        with pytest.raises(MediaDiskFull):
            store.append(1, SHA256, PIECE, PHOTO[PIECE : 2 * PIECE])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert store.arrived(1, SHA256) == PIECE, "no half piece stays"
    store.append(1, SHA256, PIECE, PHOTO[PIECE:])
    store.complete(1, SHA256)
    assert store.read(1, SHA256) == PHOTO


def test_it_leaves_room_for_interviews(tmp_path: Path) -> None:
    with pytest.raises(MediaDiskFull):
        FolderStore(tmp_path, reserve=2**62).append(1, SHA256, 0, PHOTO)


def test_it_lets_go_of_what_nobody_has_gone_on_with(store: FolderStore) -> None:
    store.append(1, SHA256, 0, PHOTO[:PIECE])
    store.append(1, "ab" * 32, 0, PHOTO[:PIECE])
    os.utime(store.folder / "1" / "arriving" / SHA256, (0, 0))
    assert store.drop_abandoned(1, now() - timedelta(days=60)) == 1
    assert (store.arrived(1, SHA256), store.arrived(1, "ab" * 32)) == (0, PIECE)


@pytest.mark.parametrize("seed", range(4))
def test_it_loses_nothing_when_the_server_is_killed_at_any_piece(tmp_path: Path, seed: int) -> None:
    body = random.Random(seed).randbytes(3_000_000)
    digest = hashlib.sha256(body).hexdigest()
    source, folder = tmp_path / "source", tmp_path / "media"
    source.write_bytes(body)
    store = FolderStore(folder)
    command = [sys.executable, "-c", WRITER, str(folder), str(source), digest]
    limit = random.Random(seed).randint(1, 2_900_000)
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    while store.arrived(1, digest) < limit and writer.poll() is None:
        os.sched_yield()
    writer.kill()
    writer.communicate()
    assert not store.has(1, digest) or store.read(1, digest) == body
    again = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert "whole" in again.stdout
    assert store.read(1, digest) == body
    assert files_in(folder) == [f"1/{digest[:2]}/{digest}"]


@pytest.mark.parametrize(
    ("head", "declared", "found", "lies"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg", "image/jpeg", False),
        (b"\x89PNG\r\n\x1a\n", "image/jpeg", "image/png", False),
        (b"<html><script>", "image/jpeg", "text/html", True),
        (b"<svg onload=", "image/png", "text/html", True),
        (b"MZ\x90\x00", "application/pdf", "application/x-msdownload", True),
        (b"\x7fELF\x02", "application/octet-stream", "application/x-executable", True),
        (b"\x1aE\xdf\xa3", "audio/webm", "video/webm", False),
        (b"PK\x03\x04", "application/vnd.oasis.opendocument.text", "application/zip", False),
        (b"PK\x03\x04", "image/jpeg", "application/zip", True),
        (b"event,node,start,end\n", "text/csv", "text/plain", False),
        (b"%PDF-1.7", "application/pdf", "application/pdf", False),
        (b"#!/bin/sh\n", "text/plain", "text/x-script", True),
        (b"\x00\x01\x02", "application/octet-stream", "application/octet-stream", False),
    ],
)
def test_it_names_files_that_are_not_what_they_say(head: bytes, declared: str, found: str, lies: bool) -> None:
    assert (find_type(head), is_lying(declared, found)) == (found, lies)
