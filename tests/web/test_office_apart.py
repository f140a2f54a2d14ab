"""The office as a process of its own: what the field's process hands over, and what comes back."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from werkzeug.test import Client

from survey_server.apart_app import wake_for_jobs
from survey_server.config import Config
from survey_server.db.jobs import SERVER, add_job, get_job, list_jobs
from survey_server.db.media.files import FolderStore
from survey_server.db.models import Programme, now
from survey_server.db.review import integrity
from survey_server.db.session import Database, open_database
from survey_server.door import open_door
from survey_server.office_process import Office
from survey_server.web.apart import OfficeApart
from tests.faults.office import Office as Coordinator
from tests.faults.office import add_coordinator
from tests.faults.senders import Field, Senders, check_nothing_lost, make_field
from tests.serving import running

LARGE = os.urandom(3_000_000)
TOLD = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "HTTP_X_TOLD", "wsgi.url_scheme", "PATH")


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """Say what was asked, and send the body back."""
    start_response("418 So it is", [("X-A", "1"), ("X-A", "2"), ("X-Empty", "")])
    yield "|".join(str(environ.get(name, "-")) for name in TOLD).encode("latin-1") + b"\n"
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    yield from (body[start : start + 100_000] for start in range(0, len(body), 100_000))


def field(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [])
    return [b"field"]


@contextmanager
def office_of(app: WSGIApplication) -> Iterator[Client]:
    """A browser before a field's application whose office is `app`."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/door")
        listener.listen()
        office = Office(listener, app, lambda: False)
        thread = threading.Thread(target=office.serve, daemon=True)
        thread.start()
        try:
            yield Client(OfficeApart(field, f"{folder}/door"))
        finally:
            office.stopping.set()
            thread.join()


def test_it_hands_a_request_over_as_it_came_and_the_answer_back_as_it_went() -> None:
    with office_of(echo) as browser:
        told = {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_TOLD": "a=\xf1", "wsgi.url_scheme": "https"}
        answer = browser.post(
            "/office/\u00f1and\u00fa?x=%C3%B1&y=", data=LARGE, environ_overrides=told, base_url="https://x"
        )
        line, _, body = answer.data.partition(b"\n")
        method, path, *rest = line.split(b"|")
        assert (method, path.decode()) == (b"POST", "/office/ñandú")
        assert rest == [b"x=%C3%B1&y=", b"192.0.2.7", b"a=\xf1", b"https", b"-"]
        assert (answer.status, answer.headers.getlist("X-A")) == ("418 So it is", ["1", "2"])
        assert (answer.headers["X-Empty"], body == LARGE) == ("", True)
        assert browser.head("/office").status_code == 418
        for other in ("/", "/officer", "/api/v1/sync", "/v1/key/x/projects/y/formList"):
            assert browser.get(other).data == b"field"


def test_it_lets_nobody_slip_a_header_in() -> None:
    """SCGI ends each value with a zero byte: who sends one is answered by the field's application, which refuses it."""
    with office_of(echo) as browser:
        assert browser.get("/office/a%00REMOTE_ADDR%00127.0.0.1").data == b"field"
        assert browser.get("/office/a", environ_overrides={"HTTP_X": "a\0HTTP_COOKIE\0b"}).data == b"field"
        assert browser.post("/office/a", environ_overrides={"CONTENT_LENGTH": "-1"}).data == b"field"


def test_it_says_try_again_when_the_office_ends_before_it_answers_or_is_not_there(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/door")
        listener.listen()
        thread = threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True)
        thread.start()
        answer = Client(OfficeApart(field, f"{folder}/door")).get("/office/")
        thread.join()
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert Client(OfficeApart(field, f"{tmp_path.name}/door")).get("/office/").status_code == 503


def test_it_keeps_threads_free_for_phones_while_the_office_is_silent() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/door")
        listener.listen()
        browser = Client(OfficeApart(field, f"{folder}/door", most=1))
        waiting = threading.Thread(target=browser.get, args=("/office/",), daemon=True)
        waiting.start()
        connection = listener.accept()[0]
        assert browser.get("/office/").status_code == 503
        assert browser.get("/api/v1/sync").data == b"field"
        connection.close()
        waiting.join()
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        assert browser.get("/office/").status_code == 503


def test_it_ends_when_nobody_needs_it_and_stays_while_somebody_does() -> None:
    with socket.socket(socket.AF_UNIX) as listener, tempfile.TemporaryDirectory() as folder:
        listener.bind(f"{folder}/door")
        listener.listen()
        asked: list[bool] = []

        def is_needed() -> bool:
            asked.append(True)
            return len(asked) < 3

        Office(listener, echo, is_needed).serve(idle_seconds=0)
    assert len(asked) == 3


def test_it_removes_what_killed_servers_left_behind_and_nothing_that_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed, used, young, other = (tmp_path / name for name in ("survey-door-a", "survey-door-b", "survey-door-c", "d"))
    for folder in (killed, used, young, other):
        folder.mkdir()
        (folder / "door").touch()
    for folder in (killed, used, other):
        os.utime(folder, (0, 0))
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with open_door():
        (own,) = {*tmp_path.iterdir()} - {used, young, other}
        os.utime(own, (0, 0))
        with open_door():
            assert own.exists()
    os.close(lock)
    assert {*tmp_path.iterdir()} == {used, young, other}


def test_it_watches_for_restricted_reports_without_waking_the_office_and_wakes_it_for_other_jobs(
    database: Database, database_url: str, programme: Programme, tmp_path: Path
) -> None:
    def add(kind: str, programme_id: int) -> None:
        with database.transaction() as session:
            add_job(session, programme_id, kind, key=kind)

    def is_planned_anew() -> bool:
        with database.reading() as session:
            newest = list_jobs(session, SERVER, integrity.JOB)[0]
        return newest.state == "waiting" and newest.due > now() + timedelta(minutes=2)

    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/door")
        listener.listen()
        listener.settimeout(60)
        config = Config.from_environment({"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_DATABASE_URL": database_url})
        add(integrity.JOB, SERVER)
        stop = threading.Event()
        thread = threading.Thread(target=wake_for_jobs, args=(config, f"{folder}/door", stop))
        thread.start()
        try:
            while not is_planned_anew():
                assert thread.is_alive()
                assert not select.select([listener], [], [], 0.1)[0]
            add("export", programme.id)
            listener.accept()[0].close()
        finally:
            stop.set()
            thread.join()


def state_of(here: Field, job: int) -> str:
    with here.database.reading() as session:
        return get_job(session, here.programme.id, job).state


def libraries_of(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def test_it_computes_in_another_process_which_may_die_be_renewed_and_stop_while_interviews_come(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURVEY_SECOND_FACTOR", "offered")
    here = make_field(open_database(sqlite_url))
    add_coordinator(here)
    page = f"/p/{here.programme.code}"
    with running(tmp_path, sqlite_url) as server:
        coordinator = Coordinator(server)
        assert here.programme.name in coordinator.get(page)
        first = server.processes()
        assert {name: len(pids) for name, pids in first.items()} == {"worker": 1, "door": 1, "office": 1}
        assert "numpy" in libraries_of(first["office"][0])
        assert not any(name in libraries_of(first["worker"][0]) for name in ("numpy", "pandas", "pango"))
        os.kill(first["office"][0], signal.SIGKILL)
        with here.database.transaction() as session:
            job = add_job(session, here.programme.id, "forget-old-jobs")
        while state_of(here, job) != "done":
            threading.Event().wait(0.05)  # nobody asks for a page: the job wakes the office
        assert here.programme.name in coordinator.get(page)
        second = server.processes()
        assert second["office"] != first["office"] and second["worker"] == first["worker"]
        with Senders(here, [server.port]) as senders:
            senders.wait_for(5)
            server.reload()
            while set(server.processes()["worker"]) & set(second["worker"]):
                senders.wait_for(5)
            senders.wait_for(5)
        assert here.programme.name in coordinator.get(page)
        last = server.processes()
        assert not set(last["worker"]) & set(second["worker"])
        assert server.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pids in last.values() for pid in pids)
    assert senders.refused == []
    check_nothing_lost(senders, FolderStore(tmp_path / "media"))
