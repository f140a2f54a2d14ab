"""From every earlier migration with a row in every table: up to the newest, an interview taken there, and back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Float, LargeBinary, MetaData, String, Table, insert, select

from survey_server.db.audit import add_audit, find_broken_link
from survey_server.db.field.devices import add_device, get_sender
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import Arrival, take_in
from survey_server.db.migrate import is_of_models, migrate, migrate_down
from survey_server.db.models import Submission
from survey_server.db.publishing import publish_form
from survey_server.db.session import Session, open_database
from tests.web.field import FORM, interview, new_instance_id

STEPS = Path(__file__).parents[2] / "migrations" / "versions"
REVISIONS = sorted(path.name[:4] for path in STEPS.glob("[0-9]*.py"))
PROGRAMME = 7
"""Every number is this one and every text too, so that whatever refers to something refers to what is there."""
OWN = {"languages": [], "answers": "{}", "level": "programme"}
CHAIN = ("audit_head", "audit_row")
MOVING = {"field_revision"}
"""What says that a form was published since."""

Rows = dict[str, list[dict[str, Any]]]


def tables_of(session: Session) -> list[Table]:
    """The tables that are there, those first that others refer to."""
    there = MetaData()
    there.reflect(session.connection(), only=lambda name, _: is_of_models(name, "table") and name != "alembic_version")
    return there.sorted_tables


def value_of(column: Column[Any]) -> Any:
    """Something that fits the column."""
    if column.name in OWN:
        return OWN[column.name]
    for kind, value in (
        (JSON, {}),
        (LargeBinary, b"<data/>"),
        (Boolean, False),
        (Date, date(2026, 3, 5)),
        (Float, 1.5),
    ):
        if isinstance(column.type, kind):
            return value
    return str(PROGRAMME) if isinstance(column.type, String) else PROGRAMME


def fill(session: Session) -> None:
    """One row for every table, and a link of the audit chain."""
    for table in tables_of(session):
        if table.name not in CHAIN:
            session.execute(insert(table).values({column.name: value_of(column) for column in table.columns}))
    add_audit(session, PROGRAMME, "command", "publish-form", "encuesta")


def rows_of(session: Session) -> Rows:
    return {
        table.name: [dict(row) for row in session.execute(select(table)).mappings()] for table in tables_of(session)
    }


def is_among(row: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    """Whether one of the rows holds what this one does, as far as it has its columns."""
    return any(all(other[name] == row[name] for name in row.keys() & other.keys() - MOVING) for other in rows)


def lost(before: Rows, after: Rows) -> list[tuple[str, dict[str, Any]]]:
    """The rows that are gone or changed, but for the head of the chain, which moves on."""
    kept = {name: rows for name, rows in before.items() if name != "audit_head"}
    return [(name, row) for name, rows in kept.items() for row in rows if not is_among(row, after[name])]


@pytest.mark.parametrize("revision", REVISIONS)
def test_it_brings_the_data_of_an_earlier_version_up_takes_interviews_and_brings_them_back(
    empty_database_url: str, revision: str
) -> None:
    migrate(empty_database_url, revision)
    database = open_database(empty_database_url)
    with database.transaction() as session:
        fill(session)
    with database.reading() as session:
        before = rows_of(session)
    migrate(empty_database_url)
    with database.reading() as session:
        assert lost(before, rows_of(session)) == []
    with database.transaction() as session:
        token = add_device(session, PROGRAMME, "Equipo", "EN001")[1]
    publish_form(database, PROGRAMME, "mini.md", FORM.encode())
    with database.reading() as session:
        sender = get_sender(session, token)
    instance_id = new_instance_id()
    arrival = Arrival(instance_id, "mini", "1", interview(instance_id).encode())
    [receipt] = take_in(database, Source(PROGRAMME, "phone", f"device:{sender.id}", sender), [arrival])
    assert receipt.status == 201
    migrate_down(empty_database_url, revision)
    with database.reading() as session:
        after = rows_of(session)
        assert set(after) == set(before)
        assert lost(before, after) == []
        assert find_broken_link(session, PROGRAMME) is None
        assert instance_id in session.scalars(select(Submission.instance_id)).all()
