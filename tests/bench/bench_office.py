"""The office among 300,000 submissions: lists, searches, one submission, the progress of a wave; on SQLite."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from survey_server.db.devices import add_device
from survey_server.db.finding import Filter, list_submissions
from survey_server.db.forms import get_form
from survey_server.db.listings import get_submission
from survey_server.db.migrate import migrate
from survey_server.db.models import Device, Programme, Wave
from survey_server.db.people import add_person
from survey_server.db.programmes import add_programme
from survey_server.db.progress import list_days, list_sites, list_waves
from survey_server.db.publishing import publish_form
from survey_server.db.scopes import Reader
from survey_server.db.session import Database, open_database
from survey_server.db.sites import set_sites, set_wave_sites
from survey_server.db.teams import add_team
from survey_server.db.waves import add_wave
from tests.bench.measure import measure
from tests.crowd import add_crowd
from tests.web.field import FORM

SUBMISSIONS = 300_000
SITES = 125
PHONES = 40


def main(count: int = SUBMISSIONS) -> None:
    """Print what each costs, beside its limit."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'office.db'}"
        migrate(url)
        database = open_database(url)
        programme, wave, supervisor = build(database, count)
        for name, reader, chosen in _searches(wave, supervisor):
            _time(
                database, f"{name}", lambda s, r=reader, c=chosen: list_submissions(s, programme, Filter(r, **c)), 200
            )
        _time(database, "one submission", lambda s: get_submission(s, programme, 10_000_000 + count // 2), 200)
        _time(database, f"progress of a wave of {count:,}", lambda s: _progress(s, programme, wave), 1000)
        database.close()


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
    """The slowest of five, with how many statements it takes."""
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    event.listen(database.engine, "before_cursor_execute", count)
    times = []
    for _ in range(5):
        with database.reading() as session:
            started = time.perf_counter()
            ask(session)
            times.append(time.perf_counter() - started)
    event.remove(database.engine, "before_cursor_execute", count)
    measure(what, 1000 * max(times), "ms", f"limit {limit} ms; {statements // 5} statements")
