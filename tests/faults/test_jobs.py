"""Two servers share the jobs of one database; one dies in the middle of its jobs, and the other does them too."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from survey_server.db.access.people import find_person, set_roles
from survey_server.db.field.sites import set_sites, set_wave_sites
from survey_server.db.forms import get_form
from survey_server.db.jobs import add_job
from survey_server.db.media.shelves import ObjectShelf, read_whole
from survey_server.db.media.stores import open_bucket
from survey_server.db.models import Job, MadeReport, Wave, WebhookDelivery
from survey_server.db.session import open_database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.db.webhooks import EVENTS, add_ping, add_webhook
from survey_server.web.office.results.export_files import ExportFiles
from survey_server.web.office.results.report_files import ReportFiles
from tests.faults.office import LOGIN, Office, add_coordinator
from tests.faults.senders import Field, make_field
from tests.keeping.interviews import add_interviews
from tests.serving import Server

SHORT_LEASE = (
    "import datetime; from survey_server.db import jobs; jobs.LEASE = datetime.timedelta(seconds=6);"
    "from survey_server import sending; sending.post.__defaults__ = (90.0,);"
    "from survey_server.cli import cli; cli(['serve', *__import__('sys').argv[1:]])"
)
"""A server whose jobs are taken for lost after six seconds of silence, and that waits long for listeners; all in one
process, so that what is set here holds for the jobs too."""
MINE = ("report", "export", "webhook")
PATIENCE = 90


class Listener:
    """An address that webhooks tell; it keeps them waiting until `answers` is set."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self.answers = threading.Event()
        listener = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                listener.told[self.headers["Survey-Delivery"]] += 1
                listener.answers.wait(PATIENCE)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextmanager
def held(url: str) -> Iterator[None]:
    """Nobody can read the forms while the block runs: whatever is made of them stays where it is."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE form IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def add_locked_wave(here: Field) -> None:
    """Twenty interviews at a site, which the coordinator may export."""
    site = {"code": "A", "name": "Aldea A", "department": "GT17", "department_name": "Petén", "stratum": "Norte"}
    with here.database.transaction() as session:
        set_sites(session, here.programme.id, [{**site, "arm": "Programa", "weight": 1.75}], actor="command")
        form = get_form(session, here.programme.id, "mini")
        wave = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 31), state="open")
        set_wave_sites(session, wave, ["A"], actor="command")
    add_interviews(here.database, here.programme, range(20))
    with here.database.transaction() as session:
        set_wave_state(session, session.get_one(Wave, (here.programme.id, wave.id)), "locked", actor="command")
        person = find_person(session, LOGIN)
        assert person is not None
        set_roles(session, person, here.programme, ["coordinator", "analyst"], actor="command")


def make_work(here: Field, shelf: ObjectShelf) -> tuple[list[str], list[str]]:
    """Two reports and two exports that somebody asks for: their ids."""
    reports, exports = ReportFiles(shelf, here.programme.code), ExportFiles(shelf, here.programme.code)
    asked = [reports.ask(("W1",), each, "full", asked_by="person:1", interim=False).id for each in ("es", "en")]
    wanted = [exports.ask("mini", "W1", kind, "prueba", "person:1").id for kind in ("csv", "xlsx")]
    with here.database.transaction() as session:
        person = find_person(session, LOGIN)
        assert person is not None
        for report in asked:
            add_job(session, here.programme.id, "report", {"report": report}, key=report)
        for export in wanted:
            detail = {"export": export, "person": person.id, "language": "es"}
            add_job(session, here.programme.id, "export", detail)
    return asked, wanted


def jobs_of(here: Field) -> list[Job]:
    with here.database.reading() as session:
        return list(session.scalars(select(Job).where(Job.kind.in_(MINE))))


def wait_for(here: Field, state: str, kinds: tuple[str, ...], servers: list[Server]) -> None:
    """Until every job of these kinds is in this state."""
    pause = threading.Event()
    for _ in range(PATIENCE * 20):
        states = {job.state for job in jobs_of(here) if job.kind in kinds}
        if states == {state}:
            return
        if "failed" in states:
            break
        pause.wait(0.05)
    pytest.fail(f"{[(job.kind, job.state, job.problem) for job in jobs_of(here)]} {servers[0].log.read_text()}")


@pytest.mark.postgres
def test_it_makes_once_what_two_servers_have_in_hand_when_one_is_killed(
    postgres_url: str, object_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_url, listener = f"{object_store_url}/{tmp_path.name}", Listener()
    monkeypatch.setenv("SURVEY_SECOND_FACTOR", "offered")
    monkeypatch.setenv("SURVEY_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("SURVEY_MEDIA_URL", store_url)
    monkeypatch.setenv("SURVEY_WEBHOOKS", "lan")
    here = make_field(open_database(postgres_url))
    add_coordinator(here)
    add_locked_wave(here)
    shelf, servers = ObjectShelf(open_bucket(store_url)), []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        servers.append(Server(tmp_path / name, postgres_url, "--one-process"))
        servers[-1].begin = (SHORT_LEASE,)
        servers[-1].start()
    try:
        with held(postgres_url):
            reports, exports = make_work(here, shelf)
            wait_for(here, "running", ("report", "export"), servers)
            with here.database.transaction() as session:
                url = f"http://127.0.0.1:{listener.server.server_port}/"
                webhook = add_webhook(session, here.programme.id, "A", url, EVENTS[:1], person_id=1)
                add_ping(session, webhook)
                add_ping(session, webhook)
            wait_for(here, "running", MINE, servers)
            servers[0].kill()
        listener.answers.set()
        wait_for(here, "done", MINE, servers)
        office = Office(servers[1])
        pages = [office.get(f"/p/{here.programme.code}/reports/{report}") for report in reports]
    finally:
        for server in servers:
            server.kill()
        listener.server.shutdown()
        listener.server.server_close()
    assert all(".pdf" in page for page in pages)
    assert Counter((job.kind, job.tries) for job in jobs_of(here)) == Counter(
        (kind, n) for kind in MINE for n in (1, 2)
    )
    assert len(listener.told) == 2 and listener.told.total() <= 3
    with here.database.reading() as session:
        assert sorted(row.language for row in session.scalars(select(MadeReport))) == ["en", "es"]
        assert set(session.scalars(select(WebhookDelivery.state))) == {"delivered"}
    made = ExportFiles(shelf, here.programme.code)
    for export in map(made.get, exports):
        content = read_whole(shelf, f"{made.place}/{export.id}/{export.name}")
        assert (export.state, export.sha256) == ("ready", hashlib.sha256(content).hexdigest())
    assert not any(
        (tmp_path / name / folder).exists() for name in ("one", "other") for folder in ("reports", "exports")
    )
