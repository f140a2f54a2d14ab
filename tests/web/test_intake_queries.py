"""Intake stays as quick at a million interviews as at none: it only looks up by key, and a set number of times."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from survey_server.db.session import Database, open_database
from tests.web.field import Phone, item, new_item


def statements_of(database: Database, phone: Phone, *items: Any) -> list[tuple[str, Any]]:
    """What the database is asked while a batch is taken in."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((statement, parameters[0] if many else parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    phone.receipts(*items)
    event.remove(database.engine, "before_cursor_execute", note)
    return asked


def test_it_walks_through_no_table(sqlite_phone: Phone) -> None:
    database = open_database(sqlite_phone.app.config["SURVEY"].database_url)
    known = new_item()
    sqlite_phone.receipts(known)
    asked = statements_of(database, sqlite_phone, known, new_item(age="17"), new_item(psu="X"), item("garbage", "a"))
    plans = []
    with database.reading() as session:
        for statement, parameters in asked:
            if statement.startswith(("SELECT", "UPDATE")):
                rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                plans += [row[3] for row in rows]
    assert len(plans) >= 6
    assert [plan for plan in plans if "SCAN" in plan] == []


def test_it_asks_as_often_for_many_interviews_as_for_one(sqlite_phone: Phone) -> None:
    database = open_database(sqlite_phone.app.config["SURVEY"].database_url)
    sqlite_phone.receipts(new_item())
    one = statements_of(database, sqlite_phone, new_item())
    many = statements_of(database, sqlite_phone, *[new_item() for _ in range(50)])
    assert len(many) == len(one) <= 12
