"""The audit log can be searched, and a change in it is found by the command."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from survey_server.cli import cli
from survey_server.db.audit import add_audit
from survey_server.db.audit_reading import PAGE, AuditSearch, list_actions, search_audit
from survey_server.db.models import AuditRow, Programme, now
from survey_server.db.session import Database


def add(database: Database, programme: Programme, *rows: tuple[str, str, str]) -> None:
    with database.transaction() as session:
        for actor, action, subject in rows:
            add_audit(session, programme.id, actor, action, subject)


def search(database: Database, programme: Programme, wanted: AuditSearch) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(row.action, row.subject) for row in search_audit(session, programme, wanted).rows]


def test_it_searches_by_who_what_and_about_what(database: Database, programme: Programme) -> None:
    add(database, programme, ("person:1", "export", "mini"), ("person:2", "login", ""), ("person:1", "login", ""))
    add(database, programme, ("person:10", "login", ""))
    assert search(database, programme, AuditSearch(action="export")) == [("export", "mini")]
    assert len(search(database, programme, AuditSearch(actor="person:1"))) == 2
    assert len(search(database, programme, AuditSearch(actor="person"))) == 4
    assert search(database, programme, AuditSearch(subject="min", actor="person:1")) == [("export", "mini")]
    assert search(database, programme, AuditSearch(subject="%")) == []
    with database.reading() as session:
        assert {"export", "login"} <= set(list_actions(session, programme.id))


def test_it_searches_by_the_days_of_the_programme(database: Database, programme: Programme) -> None:
    add(database, programme, ("command", "export", "x"))
    today = (now() - timedelta(hours=6)).date()  # Guatemala has no summer time
    found = [("export", "x")]
    assert search(database, programme, AuditSearch(action="export", first=today, last=today)) == found
    assert search(database, programme, AuditSearch(action="export", last=today - timedelta(days=1))) == []
    assert search(database, programme, AuditSearch(action="export", first=date(2100, 1, 1))) == []


def test_it_gives_long_logs_page_by_page_without_a_gap(database: Database, programme: Programme) -> None:
    add(database, programme, *[("command", "tick", str(number)) for number in range(PAGE + 20)])
    with database.reading() as session:
        one = search_audit(session, programme, AuditSearch(action="tick"))
        two = search_audit(session, programme, AuditSearch(action="tick", before=one.next_before))
    subjects = [int(row.subject) for row in (*one.rows, *two.rows)]
    assert subjects == list(reversed(range(PAGE + 20)))
    assert two.next_before is None


def test_the_command_tells_a_whole_chain_from_a_changed_one(
    database: Database, database_url: str, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, programme, ("person:1", "login", ""), ("person:1", "export", "mini"))
    monkeypatch.setenv("SURVEY_DATABASE_URL", database_url)
    whole = CliRunner().invoke(cli, ["audit", "verify"])
    assert (whole.exit_code, "BROKEN" in whole.output) == (0, False)
    with database.transaction() as session:
        session.execute(update(AuditRow).where(AuditRow.action == "export").values(subject="other"))
    broken = CliRunner().invoke(cli, ["audit", "verify", programme.code])
    assert broken.exit_code == 1
    assert "BROKEN at row" in broken.output
