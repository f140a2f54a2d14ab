"""Phones whose clocks are wrong, servers whose clocks are wrong, and two phones that are copies of one another."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from survey_server.db.audit import find_broken_link
from survey_server.db.forms import get_form
from survey_server.db.models import Conflict, Device, Submission, SubmissionIssue, SubmissionVersion, now
from survey_server.db.session import open_database
from survey_server.db.waves import add_wave
from tests.faults.senders import make_field
from tests.serving import Server, packed_batch, post_batch, running
from tests.web.field import interview, item, new_instance_id

OFF_BY = (
    "import sys, time; days = float(sys.argv.pop(1)); true = time.time_ns, time.time;"
    "time.time_ns = lambda: true[0]() + int(days * 86400e9); time.time = lambda: true[1]() + days * 86400;"
    "from survey_server.cli import cli; cli(['serve', *sys.argv[1:]])"
)
"""A server on a machine whose clock shows another day."""


def test_it_takes_and_flags_interviews_of_a_phone_whose_clock_is_days_off(sqlite_url: str, tmp_path: Path) -> None:
    here = make_field(open_database(sqlite_url))
    with here.database.transaction() as session:
        form, today = get_form(session, here.programme.id, "mini"), now().date()
        add_wave(session, form, "W1", today - timedelta(days=1), today + timedelta(days=1), state="open")
    headers = {"Authorization": f"Bearer {here.token}", "Content-Type": "application/json"}
    with running(tmp_path, sqlite_url, "--field-only") as server, closing(connect(server)) as connection:
        for number, days in enumerate((-400, -3, 3, 400), 1):
            shown, instance_id = now() + timedelta(days=days), new_instance_id()
            one = item(interview(instance_id, today=f"{shown:%Y-%m-%d}"), instance_id)
            body = {"protocol": 1, "device": {"clock": shown.isoformat(), "queue": 1}, "submissions": [one]}
            connection.request("POST", "/api/v1/sync", json.dumps(body), headers)
            [receipt] = json.loads(connection.getresponse().read())["receipts"]
            assert (receipt["status"], receipt["sha256"]) == (201, one["sha256"])
            with here.database.reading() as session:
                kinds = list(session.scalars(select(SubmissionIssue.kind)))
                offset = session.scalars(select(Device.clock_offset_seconds).where(Device.kind == "phone")).one()
            assert kinds.count("outside-wave-dates") == number
            assert offset is not None and abs(offset - days * 86400) < 3600


@pytest.mark.parametrize("days", [-400, 400])
def test_it_takes_interviews_when_its_own_clock_is_days_off_and_when_it_is_put_right(
    sqlite_url: str, tmp_path: Path, days: int
) -> None:
    here = make_field(open_database(sqlite_url))
    with here.database.transaction() as session:
        form = get_form(session, here.programme.id, "mini")
        wave = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 31), state="open")
    server = Server(tmp_path, sqlite_url, "--field-only")
    known = []
    for begin in ((OFF_BY, str(days)), server.begin):
        server.begin = begin
        server.start()
        with closing(connect(server)) as connection:
            items = [item(interview(one), one) for one in (new_instance_id(), new_instance_id())]
            known += items
            receipts = post_batch(connection, here.token, packed_batch(known))
        server.kill()
        assert [one["sha256"] for one in receipts] == [one["sha256"] for one in known]
        assert {one["status"] for one in receipts} <= {200, 201}
    with here.database.reading() as session:
        rows = session.execute(select(Submission.instance_id, Submission.wave_id, Submission.received_at)).all()
        assert find_broken_link(session, here.programme.id) is None
    assert {row.instance_id for row in rows} == {one["id"] for one in known}
    assert {row.wave_id for row in rows} == {wave.id}
    assert {abs((row.received_at - now()).days) > 300 for row in rows} == {True, False}


def test_it_keeps_both_of_what_two_phones_with_a_cloned_profile_send_at_once(database_url: str, tmp_path: Path) -> None:
    """One token, the same ids, other answers, at the same time: one is stored, the other is kept beside it."""
    here = make_field(open_database(database_url))
    ids = [new_instance_id() for _ in range(30)]
    phones = [[item(interview(one, age=age), one) for one in ids] for age in ("40", "41")]
    answers: dict[int, list[int]] = {}
    with running(tmp_path, database_url, "--field-only") as server:

        def send(phone: int) -> None:
            answers[phone] = []
            with closing(connect(server)) as connection:
                for start in range(0, 30, 3):
                    batch = packed_batch(phones[phone][start : start + 3])
                    answers[phone] += [one["status"] for one in post_batch(connection, here.token, batch)]

        threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with closing(connect(server)) as connection:
            again = [post_batch(connection, here.token, packed_batch(phone)) for phone in phones]
    assert Counter(answers[0] + answers[1]) == {201: 30, 409: 30}
    assert [{one["status"] for one in pair} for pair in zip(*again, strict=True)] == [{200, 409}] * 30
    with here.database.reading() as session:
        stored = set(session.scalars(select(SubmissionVersion.sha256)))
        beside = list(session.scalars(select(Conflict.sha256)))
        assert find_broken_link(session, here.programme.id) is None
    assert len(stored) == len(beside) == 30
    assert stored | set(beside) == {one["sha256"] for phone in phones for one in phone}


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
