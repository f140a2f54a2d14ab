"""Intake stays as quick at a million interviews as at none: it only looks up by key, and a set number of times."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event

from survey_server.db.session import Database, open_database
from tests.web.field import Phone, item, new_item

MOST_FOR_ONE = 12
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def statements_of(database: Database, phone: Phone, *items: Any) -> list[str]:
    """What SQLite itself was asked while a batch was taken in, with the values in their places."""
    asked: list[str] = []

    def listen(connection: sqlite3.Connection, *_: Any) -> None:
        connection.set_trace_callback(lambda text: text.startswith(VERBS) and asked.append(text))

    def leave(connection: sqlite3.Connection, *_: Any) -> None:
        connection.set_trace_callback(None)

    event.listen(database.engine, "checkout", listen)
    event.listen(database.engine, "checkin", leave)
    phone.receipts(*items)
    event.remove(database.engine, "checkout", listen)
    event.remove(database.engine, "checkin", leave)
    return asked


def test_it_walks_through_no_table(sqlite_phone: Phone) -> None:
    database = open_database(sqlite_phone.app.config["SURVEY"].database_url)
    known = new_item()
    sqlite_phone.receipts(known)
    asked = statements_of(database, sqlite_phone, known, new_item(age="17"), new_item(psu="X"), item("garbage", "a"))
    plans = []
    with database.reading() as session:
        for statement in asked:
            if statement.startswith(("SELECT", "UPDATE")):
                rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
                plans += [row[3] for row in rows]
    assert len(plans) >= 6
    assert [plan for plan in plans if "SCAN" in plan] == []


def test_it_asks_no_more_for_each_of_many_interviews_than_for_one(sqlite_phone: Phone) -> None:
    database = open_database(sqlite_phone.app.config["SURVEY"].database_url)
    sqlite_phone.receipts(new_item())
    one = statements_of(database, sqlite_phone, new_item())
    many = statements_of(database, sqlite_phone, *[new_item() for _ in range(50)])
    assert len(one) <= MOST_FOR_ONE, one
    own = ("SELECT submission_version", "INSERT INTO submission")
    each_of_one, each_of_many = ([text for text in asked if text.startswith(own)] for asked in (one, many))
    assert len(each_of_many) == 50 * len(each_of_one)
    assert len(many) - len(each_of_many) == len(one) - len(each_of_one), "the rest once for all"
