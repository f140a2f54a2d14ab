"""The office among 300,000 submissions on SQLite: lists, searches, progress of waves, pages of the API, sizes of pages.

Beside each: a count of the same rows and a read of one row by its key, by SQLite alone.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from survey_server.db.access.people import add_person, set_password, set_roles
from survey_server.db.access.scopes import Reader
from survey_server.db.access.tokens import add_token
from survey_server.db.field.devices import add_device
from survey_server.db.field.progress import list_days, list_sites, list_waves
from survey_server.db.field.sites import set_sites, set_wave_sites
from survey_server.db.field.teams import add_team
from survey_server.db.forms import get_form
from survey_server.db.migrate import migrate
from survey_server.db.models import Device, Form, Programme, Wave
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.review.finding import Filter, list_submissions
from survey_server.db.review.listings import get_submission
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave
from tests.bench.measure import measure
from tests.bench.pages import LOGIN, PASSWORD, measure_pages
from tests.crowd import add_crowd
from tests.web.field import FORM

SUBMISSIONS = 300_000
SMALL = 20_000
SITES = 125
PHONES = 40


def main(count: int = SUBMISSIONS) -> None:
    """Print what each costs, beside its limit."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'office.db'}"
        migrate(url)
        database = open_database(url)
        programme, wave, supervisor = build(database, count)
        small = build_small(database, programme, wave)
        raw(url.removeprefix("sqlite:///"))
        for name, reader, chosen in _searches(wave, supervisor):
            _time(
                database, f"{name}", lambda s, r=reader, c=chosen: list_submissions(s, programme, Filter(r, **c)), 200
            )
        _time(database, "one submission", lambda s: get_submission(s, programme, 10_000_000 + count // 2), 200)
        _time(database, f"progress where a wave has {SMALL:,}", lambda s: _progress(s, programme, small), 300)
        _time(database, f"progress of a wave of {count:,}", lambda s: _progress(s, programme, wave), 1000)
        token = add_reader(database, programme)
        database.close()
        measure_pages(Path(folder), url, token, wave.id, count)


def build(database: Database, count: int) -> tuple[Programme, Wave, Reader]:
    """One programme with a locked wave that holds them all, and a supervisor of one of its forty phones."""
    with database.transaction() as session:
        programme = add_programme(session, "norte", "Norte")
    publish_form(database, programme.id, "mini.md", FORM.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        day = date(2026, 9, 1)
        wave = add_wave(session, form, "W1", day, day + timedelta(19), state="locked")
        codes = [f"P{number:04d}" for number in range(SITES)]
        rows = [{"code": code, "name": code, "department": "GT17", "target": count // SITES} for code in codes]
        set_sites(session, programme.id, rows, actor="command")
        set_wave_sites(session, wave, codes, actor="command")
        person = add_person(session, "super", "Super")
        team = add_team(session, programme.id, "N1", "Norte", actor="command").id
        devices = [add_device(session, programme.id, f"T-{n}", f"EN{n}")[0].id for n in range(PHONES)]
        session.get_one(Device, (programme.id, devices[4])).team_id = team
        session.execute(text("UPDATE team SET supervisor_id = :id"), {"id": person.id})
    add_crowd(database, programme, [wave], devices, count, sites=SITES)
    return programme, wave, Reader(person.id, frozenset({"supervisor"}))


def build_small(database: Database, programme: Programme, wave: Wave) -> Wave:
    """A second wave of the same form."""
    with database.transaction() as session:
        form = session.get_one(Form, (programme.id, wave.form_row))
        day = date(2027, 9, 1)
        small = add_wave(session, form, "W2", day, day + timedelta(19), state="open")
        set_wave_sites(session, small, [f"P{number:04d}" for number in range(SITES)], actor="command")
    add_crowd(database, programme, [small], [], SMALL, sites=SITES, first=10 * SUBMISSIONS)
    return small


def raw(path: str) -> None:
    """What SQLite needs alone."""
    connection = sqlite3.connect(path)
    started = time.perf_counter()
    (rows,) = connection.execute("SELECT count(*) FROM submission INDEXED BY ix_submission_progress").fetchone()
    measure(f"raw: count {rows:,} rows along an index", 1000 * (time.perf_counter() - started), "ms")
    started = time.perf_counter()
    read = connection.execute("SELECT answers FROM submission_version ORDER BY submission_id LIMIT 1000").fetchall()
    measure(f"raw: read the answers of {len(read):,} submissions", 1000 * (time.perf_counter() - started), "ms")
    connection.close()


def add_reader(database: Database, programme: Programme) -> str:
    """A token of an analyst, who may log in too."""
    with database.transaction() as session:
        person = add_person(session, LOGIN, "Ana")
        set_password(session, person, PASSWORD)
        set_roles(session, person, programme, ["analyst", "data-protection"], actor="command")
        until = datetime.now(UTC) + timedelta(days=2)
        _, token = add_token(session, programme.id, "Bench", ["mini"], "bench of the API", until, person_id=person.id)
    return token


def _searches(wave: Wave, supervisor: Reader) -> list[tuple[str, Reader, dict[str, Any]]]:
    analyst = Reader(0, frozenset({"analyst"}))
    return [
        ("the newest page", analyst, {}),
        ("a page in the middle", analyst, {"before": 10_150_000}),
        ("a word that 60,000 hold", analyst, {"words": "camión"}),
        ("a word that 30 hold", analyst, {"words": "machete"}),
        ("a case", analyst, {"words": "P0006-D00002-W1"}),
        ("an instance id", analyst, {"words": "uuid:0000ffff-0000-4000-8000-00000000ffff"}),
        ("what isn't there", analyst, {"words": "xyzzy"}),
        ("a site", analyst, {"site": "P0006"}),
        ("an interviewer of a site", analyst, {"site": "P0006", "interviewer": "EN006"}),
        ("rejected", analyst, {"state": "rejected", "wave_id": wave.id}),
        ("edited: none", analyst, {"state": "edited"}),
        ("a rare kind of issue", analyst, {"issue": "unknown-site"}),
        ("a frequent kind of issue", analyst, {"issue": "constraint"}),
        ("with photos", analyst, {"media": True}),
        ("two days", analyst, {"first": date(2026, 9, 3), "last": date(2026, 9, 4)}),
        ("days without any", analyst, {"first": date(2026, 11, 3)}),
        ("a supervisor's team", supervisor, {}),
        ("a word in a supervisor's team", supervisor, {"words": "camión"}),
    ]


def _progress(session: Any, programme: Programme, wave: Wave) -> None:
    list_waves(session, programme)
    list_sites(session, programme, wave.id)
    list_days(session, programme, wave.id)


def _time(database: Database, what: str, ask: Callable[[Any], Any], limit: int) -> None:
    """The slowest of five, with what the quickest takes of the processor, and how many statements."""
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    event.listen(database.engine, "before_cursor_execute", count)
    times, used = [], []
    for _ in range(5):
        with database.reading() as session:
            started, processor = time.perf_counter(), time.process_time()
            ask(session)
            times.append(time.perf_counter() - started)
            used.append(time.process_time() - processor)
    event.remove(database.engine, "before_cursor_execute", count)
    beside = f"limit {limit} ms; {1000 * min(used):.0f} ms of CPU, {statements // 5} statements"
    measure(what, 1000 * max(times), "ms", beside)
