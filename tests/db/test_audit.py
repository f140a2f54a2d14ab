"""The audit chain shows what was changed in it afterwards."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, text, update

from survey_server.db.audit import SERVER, add_audit, find_broken_link
from survey_server.db.models import AuditHead, AuditRow
from survey_server.db.session import Database


@pytest.fixture
def chain(database: Database) -> Database:
    with database.transaction() as session:
        for number in range(5):
            add_audit(session, SERVER, "person:1", "export", "wave 1", rows=number, purpose="informe ñ")
    return database


def broken(database: Database) -> int | None:
    with database.reading() as session:
        return find_broken_link(session, SERVER)


def test_it_is_whole_as_written(chain: Database) -> None:
    assert broken(chain) is None


def test_it_is_whole_before_anything_was_written(database: Database) -> None:
    assert broken(database) is None


@pytest.mark.parametrize(
    "change", [{"actor": "person:2"}, {"action": "read"}, {"subject": ""}, {"detail": {"rows": 9}}]
)
def test_it_names_the_row_that_was_changed(chain: Database, change: dict[str, object]) -> None:
    with chain.transaction() as session:
        session.execute(update(AuditRow).where(AuditRow.number == 3).values(change))
    assert broken(chain) == 3


def test_it_names_the_row_that_was_taken_out(chain: Database) -> None:
    with chain.transaction() as session:
        session.execute(delete(AuditRow).where(AuditRow.number == 2))
    assert broken(chain) == 2


def test_it_misses_a_last_row_that_was_cut_off(chain: Database) -> None:
    with chain.transaction() as session:
        session.execute(delete(AuditRow).where(AuditRow.number == 5))
    assert broken(chain) == 5


def test_it_misses_all_rows_when_head_and_rows_are_gone_apart(chain: Database) -> None:
    with chain.transaction() as session:
        session.execute(delete(AuditHead))
    assert broken(chain) == 6


def test_it_keeps_one_chain_when_many_write_at_once(chain: Database) -> None:
    def write() -> None:
        for _ in range(10):
            with chain.transaction() as session:
                add_audit(session, SERVER, "command", "tick")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken(chain) is None
    with chain.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_row")) == 45
