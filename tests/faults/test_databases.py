"""The database is locked, gone, full or shared: phones are told to wait, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import http.client
import resource
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from survey_server.db.forms import get_form
from survey_server.db.media.files import FolderStore
from survey_server.db.media.stores import open_object_store
from survey_server.db.migrate import migrate
from survey_server.db.models import Submission, SubmissionIssue
from survey_server.db.session import open_database
from survey_server.db.waves import add_wave
from tests.faults.conftest import Postgres
from tests.faults.office import Office, add_coordinator
from tests.faults.senders import Field, Senders, check_nothing_lost, make_field
from tests.serving import Server, packed_batch, running
from tests.web.field import new_item

LIMITED = (
    "import resource, signal, sys; n = int(sys.argv.pop(1)); signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (n, resource.RLIM_INFINITY));"
    "from survey_server.cli import cli; cli(['serve', *sys.argv[1:]])"
)
"""A server whose files may not grow beyond so many bytes: the kernel refuses to write, as on a disk that is full."""


def post(server: Server, here: Field, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
    """What a batch is answered with."""
    headers = {"Authorization": f"Bearer {here.token}", "Content-Encoding": "gzip", "Content-Type": "application/json"}
    return ask(server, "POST", "/api/v1/sync", body, headers)


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def test_it_lets_phones_wait_while_another_process_holds_the_database(sqlite_url: str, tmp_path: Path) -> None:
    here = make_field(open_database(sqlite_url))
    batch = packed_batch([new_item() for _ in range(3)])
    with running(tmp_path, sqlite_url, "--field-only") as server:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            status, headers, _ = post(server, here, batch)
            assert (status, headers["Retry-After"] is not None) == (503, True)
            holder.execute("ROLLBACK")
        assert post(server, here, batch)[0] == 200


def test_it_writes_to_no_file_that_was_taken_away_and_goes_on_when_it_is_back(sqlite_url: str, tmp_path: Path) -> None:
    """A process that holds a file open could write to it for ever: what it acknowledged would be nowhere."""
    here = make_field(open_database(sqlite_url))
    path, away = Path(sqlite_url.removeprefix("sqlite:///")), tmp_path / "away.db"
    with running(tmp_path, sqlite_url, "--field-only") as server, Senders(here, [server.port]) as senders:
        senders.wait_for(20)
        path.rename(away)
        assert post(server, here, packed_batch([new_item()]))[0] == 503
        assert ask(server, "GET", "/readyz")[0] == 503
        assert not path.exists()
        away.rename(path)
        senders.wait_for(20)
        assert ask(server, "GET", "/readyz")[0] == 200
    assert senders.refused == []
    check_nothing_lost(senders, FolderStore(tmp_path / "media"))


@pytest.mark.postgres
def test_it_goes_on_when_postgresql_was_restarted_and_when_it_was_gone_for_a_while(
    postgres: Postgres, tmp_path: Path
) -> None:
    migrate(postgres.url)
    here = make_field(open_database(postgres.url))
    with running(tmp_path, postgres.url, "--field-only") as server:
        with Senders(here, [server.port]) as senders:
            senders.wait_for(20)
            postgres.do("restart", "-m", "immediate")  # as after a crash: it recovers from its log
            senders.wait_for(40)
            postgres.do("stop", "-m", "fast")
            assert ask(server, "GET", "/readyz")[0] == 503
            status, headers, _ = post(server, here, packed_batch([new_item()]))
            assert (status, headers["Retry-After"] is not None) == (503, True)
            postgres.start()
            senders.wait_for(40)
        assert ask(server, "GET", "/readyz")[0] == 200
    assert senders.refused == []
    here.database.close()
    check_nothing_lost(senders, FolderStore(tmp_path / "media"))
    here.database.close()


@pytest.mark.parametrize("short_of", ["disk", "quota"])
def test_it_says_that_there_is_no_room_keeps_what_it_has_and_goes_on_when_there_is(
    sqlite_template: bytes, small_disk: Path, tmp_path: Path, short_of: str
) -> None:
    folder = small_disk if short_of == "disk" else tmp_path
    path, ballast = folder / "survey.db", folder / "ballast"
    path.write_bytes(sqlite_template)
    here = make_field(open_database(f"sqlite:///{path}"))
    here.database.close()
    ballast.write_bytes(bytes(6_000_000))
    server = Server(folder, f"sqlite:///{path}", "--field-only")
    server.log = tmp_path / "server.log"
    server.environment["SURVEY_MEDIA_RESERVE_MB"] = "1"
    if short_of == "quota" or not small_disk.is_mount():
        server.begin = (LIMITED, str(path.stat().st_size + 300_000))
    server.start()
    with Senders(here, [server.port]) as senders:
        senders.wait_for(20)
        senders.wait_for_waits(20)
        ballast.unlink()
        for worker in server.workers():
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        senders.wait_for(40)
    server.kill()
    assert senders.refused == []
    assert senders.waits <= {503, 507}
    check_nothing_lost(senders, FolderStore(folder / "media"))
    here.database.close()


@pytest.mark.postgres
def test_it_flags_what_one_server_takes_once_the_wave_was_closed_on_the_other(
    postgres_url: str, object_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines that share a database, an object store and a secret, and nothing else."""
    monkeypatch.setenv("SURVEY_SECOND_FACTOR", "offered")
    monkeypatch.setenv("SURVEY_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("SURVEY_MEDIA_URL", f"{object_store_url}/{tmp_path.name}")
    here = make_field(open_database(postgres_url))
    with here.database.transaction() as session:
        form = get_form(session, here.programme.id, "mini")
        wave = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 31), state="open")
    add_coordinator(here)
    machines = [tmp_path / name for name in ("one", "other")]
    for folder in machines:
        folder.mkdir()
    with running(machines[0], postgres_url) as one, running(machines[1], postgres_url, "--field-only") as other:
        office = Office(one)
        with Senders(here, [one.port, other.port]) as senders:
            senders.wait_for(40)
            assert _flagged(here) == set()
            office.post(f"/p/{here.programme.code}/waves/{wave.id}/state", state="closed")
            after = new_item()
            assert post(other, here, packed_batch([after]))[0] == 200
            senders.wait_for(40)
    assert senders.refused == []
    assert len(senders.photos) > 0
    check_nothing_lost(senders, open_object_store(f"{object_store_url}/{tmp_path.name}"))
    flagged = _flagged(here)
    assert after["id"] in flagged
    with here.database.reading() as session:
        query = select(Submission.instance_id, Submission.received_at).where(Submission.wave_id == wave.id)
        received = {row.instance_id: row.received_at for row in session.execute(query)}
    assert {one for one, at in received.items() if at > received[after["id"]]} <= flagged


def _flagged(here: Field) -> set[str]:
    """The interviews that came after the end of their wave."""
    mine = (SubmissionIssue.submission_id == Submission.id) & (SubmissionIssue.programme_id == Submission.programme_id)
    query = select(Submission.instance_id).join(SubmissionIssue, mine).where(SubmissionIssue.kind == "closed-wave")
    with here.database.reading() as session:
        return set(session.scalars(query))
