"""How far a wave is, counted on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select

from survey_server.db.field.progress import (
    count_waiting,
    list_days,
    list_forms,
    list_issue_counts,
    list_sites,
    list_waves,
)
from survey_server.db.field.sites import set_sites, set_wave_sites
from survey_server.db.field.teams import count_by_team
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme, Submission, Wave
from survey_server.db.publishing import publish_form
from survey_server.db.review.listings import get_submission, list_phones, list_quarantine
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.problems import NotThere
from tests.web.field import FORM, interview


@pytest.fixture
def waves(database: Database, programme: Programme) -> list[Wave]:
    """Six interviews of one wave, one of another: three at A, two at B, one at Z that nobody planned."""
    publish_form(database, programme.id, "mini.md", FORM.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        first = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20), state="open")
        second = add_wave(session, form, "W2", date(2026, 9, 1), date(2026, 9, 20), state="open")
        rows = [
            {"code": "A", "name": "Aldea A", "target": 3, "department": "GT17", "department_name": "Petén"},
            {"code": "B", "name": "Aldea B", "target": 4, "department": "GT17"},
            {"code": "C", "name": "Aldea C", "target": 4},
        ]
        set_sites(session, programme.id, rows, actor="command")
        set_wave_sites(session, first, ["A", "B", "C"], actor="command")
    sent = [("A", "05"), ("A", "05"), ("A", "06"), ("B", "06"), ("B", "09"), ("Z", "09")]
    texts = [interview(f"uuid:{n}", today=f"2026-03-{day}", psu=site) for n, (site, day) in enumerate(sent)]
    texts += [interview("uuid:young", today="2026-09-05", age="12"), "<data"]
    arrivals = [Arrival(f"uuid:{n}", "mini", "1", text.encode()) for n, text in enumerate(texts)]
    take_in(database, Source(programme.id, "phone", "device:1"), arrivals)
    return [first, second]


def test_it_counts_each_wave(database: Database, programme: Programme, waves: list[Wave]) -> None:
    with database.reading() as session:
        first, second = list_waves(session, programme)
    assert (first.received, first.sites_reached, first.sites_planned, first.target) == (6, 3, 3, 11)
    assert (second.received, second.with_issues, second.sites_planned, second.target) == (1, 1, 0, 0)
    assert first.last_received is not None


def test_it_counts_sites_planned_or_not(database: Database, programme: Programme, waves: list[Wave]) -> None:
    with database.reading() as session:
        sites = {site.code: site for site in list_sites(session, programme, waves[0].id)}
    assert {code: (site.planned, site.received, site.done) for code, site in sites.items()} == {
        "A": (True, 3, True),
        "B": (True, 2, False),
        "C": (True, 0, False),
        "Z": (False, 1, True),
    }
    assert sites["A"].department == "Petén"
    assert sites["B"].department == "GT17"
    assert sites["Z"].with_issues == 1


def test_it_counts_days_and_issues(database: Database, programme: Programme, waves: list[Wave]) -> None:
    with database.reading() as session:
        days = list_days(session, programme, waves[0].id)
        issues = list_issue_counts(session, programme, waves[0].id)
        everywhere = {issue.kind for issue in list_issue_counts(session, programme)}
    assert [(day.day, day.received) for day in days] == [
        (date(2026, 3, 5), 2),
        (date(2026, 3, 6), 2),
        (date(2026, 3, 9), 2),
    ]
    assert [(issue.kind, issue.submissions) for issue in issues] == [("unknown-site", 1)]
    assert "constraint" in everywhere


def test_it_lists_forms_with_what_each_version_received(
    database: Database, programme: Programme, waves: list[Wave]
) -> None:
    with database.reading() as session:
        (form,) = list_forms(session, programme)
    assert [(version, received) for version, _, received in form.versions] == [("1", 7)]


def test_it_says_what_waits_for_the_office(database: Database, programme: Programme, waves: list[Wave]) -> None:
    with database.reading() as session:
        waiting = count_waiting(session, programme)
        quarantined = list_quarantine(session, programme)
        assert list_phones(session, programme) == []
    assert (waiting.quarantined, waiting.conflicts, waiting.outside) == (1, 0, 0)
    assert quarantined[0].content == b"<data"


def test_it_gives_a_submission_whole_and_only_in_its_programme(
    database: Database, programme: Programme, waves: list[Wave]
) -> None:
    with database.reading() as session:
        of_wave = select(Submission).where(Submission.wave_id == waves[1].id)
        row = session.scalars(of_wave.order_by(Submission.id.desc())).first()
        assert row is not None
        whole = get_submission(session, programme, row.id)
        with pytest.raises(NotThere):
            get_submission(session, Programme(id=programme.id + 1), row.id)
    assert whole.answers["age"] == 12
    assert {issue.kind for issue in whole.issues} >= {"constraint"}
    assert whole.form_id == "mini"
    assert whole.wave and whole.wave.name == "W2"


def test_it_counts_from_an_index_alone(database: Database, programme: Programme, waves: list[Wave]) -> None:
    if not database.is_sqlite:  # PostgreSQL decides by its statistics
        return
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.reading() as session:
        for ask in (list_sites, list_days):
            ask(session, programme, waves[0].id)
        list_waves(session, programme)
        list_forms(session, programme)
        count_by_team(session, programme.id, waves[0].id)
    event.remove(database.engine, "before_cursor_execute", note)
    counting = [one for one in asked if "FROM submission" in one[0] and "count(" in one[0]]
    assert len(counting) == 5
    with database.reading() as session:
        for statement, parameters in counting:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            steps = [row[3] for row in plan if "submission" in row[3]]
            assert steps
            assert all("COVERING INDEX ix_submission_progress" in step for step in steps), (statement, steps)
