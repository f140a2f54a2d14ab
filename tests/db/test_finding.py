"""Submissions are found by words and filters, by nobody who may not read them, and along indexes on both databases."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from survey_server.db.access.people import add_person
from survey_server.db.access.scopes import Reader
from survey_server.db.field.devices import add_device
from survey_server.db.field.teams import add_team
from survey_server.db.forms import get_form
from survey_server.db.intake.receipts import receipt_code
from survey_server.db.models import Device, Programme, Submission
from survey_server.db.publishing import publish_form
from survey_server.db.review.finding import PAGE, Filter, list_submissions
from survey_server.db.session import Database, Session
from survey_server.db.waves import add_wave
from tests.crowd import add_crowd
from tests.web.field import FORM

CROWD = 3000
ANALYST = Reader(0, frozenset({"analyst"}))


class Found:
    """A programme with a crowd of submissions in a locked and an open wave, and a supervisor of one of ten phones."""

    def __init__(self, database: Database, programme: Programme) -> None:
        self.database, self.programme = database, programme
        publish_form(database, programme.id, "mini.md", FORM.encode())
        with database.transaction() as session:
            self.form = get_form(session, programme.id, "mini")
            day = date(2026, 9, 1)
            self.locked = add_wave(session, self.form, "W1", day, day + timedelta(19), state="locked")
            self.open = add_wave(session, self.form, "W2", day + timedelta(30), day + timedelta(49), state="open")
            supervisor = add_person(session, "super", "Super")
            self.supervisor = Reader(supervisor.id, frozenset({"supervisor"}))
            self.team = add_team(session, programme.id, "N1", "Norte", actor="command").id
            self.devices = [add_device(session, programme.id, f"T-{n}", f"EN{n}")[0].id for n in range(10)]
            session.get_one(Device, (programme.id, self.devices[4])).team_id = self.team
            session.execute(text("UPDATE team SET supervisor_id = :id"), {"id": supervisor.id})
        add_crowd(database, programme, [self.locked, self.open], self.devices, CROWD)
        if not database.is_sqlite:
            with database.transaction() as session:
                session.execute(text("ANALYZE"))

    def ids(self, reader: Reader = ANALYST, **chosen: Any) -> list[int]:
        with self.database.reading() as session:
            page = list_submissions(session, self.programme, Filter(reader, **chosen))
        return [one.submission_id - 10_000_000 for one in page.items]

    def total(self, reader: Reader = ANALYST, **chosen: Any) -> int:
        with self.database.reading() as session:
            return list_submissions(session, self.programme, Filter(reader, **chosen)).total


@pytest.fixture
def found(database: Database, programme: Programme) -> Found:
    return Found(database, programme)


def test_it_finds_by_every_filter_what_a_plain_look_at_each_row_finds(found: Found) -> None:
    with found.database.reading() as session:
        rows = list(session.scalars(select(Submission).order_by(Submission.id.desc())))
    readable = [row for row in rows if row.wave_id == found.locked.id]
    day = date(2026, 9, 7)
    cases: list[tuple[dict[str, Any], Any]] = [
        ({}, lambda row: True),
        ({"wave_id": found.locked.id}, lambda row: True),
        ({"wave_id": found.open.id}, lambda row: False),
        ({"form_row": found.form.id}, lambda row: True),
        ({"site": "P0006"}, lambda row: row.site_code == "P0006"),
        ({"interviewer": "EN004"}, lambda row: row.interviewer == "EN004"),
        ({"state": "rejected"}, lambda row: row.review_state == "rejected"),
        ({"state": "received"}, lambda row: row.review_state == "received"),
        ({"flagged": True}, lambda row: row.issue_count > 0),
        ({"media": True}, lambda row: row.files > 0),
        ({"team_id": found.team}, lambda row: row.device_id == found.devices[4]),
        ({"first": day}, lambda row: row.collected_on >= day),
        ({"last": day}, lambda row: row.collected_on <= day),
        ({"first": day, "last": day, "media": True}, lambda row: row.collected_on == day and row.files > 0),
        (
            {"team_id": found.team, "state": "approved"},
            lambda row: row.device_id == found.devices[4] and row.review_state == "approved",
        ),
        (
            {"site": "P0006", "interviewer": "EN006", "wave_id": found.locked.id},
            lambda row: (row.site_code, row.interviewer) == ("P0006", "EN006"),
        ),
        ({"ids": (10_000_002, 10_000_003, 5)}, lambda row: row.id == 10_000_002),
        ({"words": "camion"}, lambda row: (row.id - 10_000_000) % 5 == 3),
        ({"words": "CAMIÓN carr"}, lambda row: (row.id - 10_000_000) % 5 == 3),
        ({"words": "camion patrulla"}, lambda row: False),
        ({"words": "uuid:0000000a-0000"}, lambda row: row.instance_id.startswith("uuid:0000000a-")),
        ({"words": "P0006-D00002-W1"}, lambda row: row.case_id.startswith("P0006-D00002-W1")),
        ({"words": "machete", "site": None}, lambda row: (row.id - 10_000_000) % 9999 == 7),
        ({"words": receipt_code(10_000_004)}, lambda row: receipt_code(row.id) == receipt_code(10_000_004)),
        ({"words": "'; DROP TABLE x --"}, lambda row: False),
        ({"words": '" * OR (NEAR'}, lambda row: False),
        ({"words": "…"}, lambda row: False),
    ]
    for chosen, fits in cases:
        expected = [row.id - 10_000_000 for row in readable if fits(row)]
        assert found.ids(**chosen) == expected[:PAGE], chosen
        assert found.total(**chosen) == min(len(expected), 1001), chosen


def test_it_finds_by_the_kind_of_an_open_issue(found: Found) -> None:
    expected = [n for n in reversed(range(CROWD)) if n % 10 == 3 and (10_000_000 + n) % 4000 == 3]
    assert found.ids(issue="unknown-site") == [n for n in expected if n % 2 == 0]
    assert found.total(found.supervisor, issue="constraint") == 0  # the phone of that team never sent a flagged one


def test_it_pages_through_everything_once_and_in_the_order_of_arrival(found: Found) -> None:
    seen: list[int] = []
    before = None
    while True:
        with found.database.reading() as session:
            chosen = Filter(ANALYST, words="luz", before=before)
            page = list_submissions(session, found.programme, chosen)
        seen += [one.submission_id - 10_000_000 for one in page.items]
        before = page.next_before
        if before is None:
            break
    assert seen == [n for n in reversed(range(CROWD)) if n % 5 == 2 and n % 2 == 0]


def test_it_shows_a_supervisor_what_the_phones_of_the_team_sent_and_nothing_else(found: Found) -> None:
    with found.database.reading() as session:
        page = list_submissions(session, found.programme, Filter(found.supervisor))
    assert page.total == CROWD // 10
    assert found.total(found.supervisor, words="patrulla") == found.total(found.supervisor, words="camion") == 0
    assert found.total(found.supervisor, words="todo") == CROWD // 10
    assert found.total(Reader(0, frozenset({"observer"}))) == 0
    assert found.total(Reader(0, frozenset())) == 0


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"site": "P0006"},
        {"interviewer": "EN004"},
        {"state": "rejected"},
        {"issue": "unknown-site"},
        {"flagged": True},
        {"media": True},
        {"words": "camion"},
        {"first": date(2026, 9, 3), "last": date(2026, 9, 4)},
        {"before": 10_002_000},
    ],
    ids=str,
)
def test_it_walks_along_an_index_whatever_is_looked_for(found: Found, chosen: dict[str, Any]) -> None:
    for reader in (ANALYST, found.supervisor):
        with found.database.reading() as session:
            plans = _plans(session, found.programme, Filter(reader, **chosen))
        assert len(plans) <= 12  # however many waves, phones and rows there are
        for plan in plans:
            scanned = re.findall(r"SCAN (?:submission\w*|issue)\b(?! VIRTUAL TABLE)|Seq Scan on submission\w*", plan)
            assert not scanned, plan


def _plans(session: Session, programme: Programme, chosen: Filter) -> list[str]:
    """How the database goes about every statement of the list."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    if not sqlite:
        session.execute(text("SET LOCAL enable_seqscan = off"))  # of a few thousand rows it would rather read all
    plans: list[str] = []
    asking = False

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        nonlocal asking
        if asking or not statement.startswith("SELECT"):
            return
        asking = True
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}", parameters)
        plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
        asking = False

    event.listen(session.get_bind(), "before_cursor_execute", explain)
    try:
        list_submissions(session, programme, chosen)
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", explain)
    return plans


def test_it_follows_the_index_of_what_is_looked_for(found: Found) -> None:
    if not found.database.is_sqlite:
        return  # PostgreSQL keeps figures of its data, and chooses by them
    for name, chosen in {
        "ix_submission_state": {"state": "edited"},
        "ix_submission_site": {"site": "P0003"},
        "ix_submission_files": {"media": True},
        "ix_submission_flagged": {"flagged": True},
    }.items():
        with found.database.reading() as session:
            plans = _plans(session, found.programme, Filter(ANALYST, **chosen))  # type: ignore[arg-type]
        assert any(f"INDEX {name} " in plan for plan in plans), plans
