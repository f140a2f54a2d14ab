"""OpenRosa on both databases: one interview however often and however many at once, flat however much is stored."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.audit import find_broken_link
from survey_server.db.forms import get_form
from survey_server.db.models import Conflict, Device, Media, Programme, Quarantine, Submission, SubmissionVersion
from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.openrosa.entities import find_entity, get_list, list_entity_versions
from survey_server.db.publishing import publish_form
from survey_server.db.review.listings import get_submission
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.web.office.review.media import read_attached
from tests.openrosa.field import BOUNDARY, FORM, OPENROSA, interview, new_id, upload
from tests.openrosa.test_entities import OFFICERS, change

PHOTO = b"\xff\xd8\xff" + bytes(5000)


class Door:
    """The OpenRosa address of one device."""

    def __init__(self, app: Flask, database: Database, programme_id: int, key: str) -> None:
        self.app, self.database, self.programme_id = app, database, programme_id
        self.path = f"/v1/key/{key}/projects/frontera/submission"

    def send(self, xml: bytes, *files: tuple[str, bytes]) -> TestResponse:
        told = OPENROSA | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "User-Agent": "bench/1 x"}
        return self.app.test_client().post(self.path, data=upload(xml, *files), headers=told)

    def rows(self, model: Any) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(select(model)))


@pytest.fixture
def door(database_url: str, database: Database, programme: Programme, tmp_path: Path) -> Door:
    told = {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_DATABASE_URL": database_url, "SURVEY_MEDIA_RESERVE_MB": "1"}
    publish_form(database, programme.id, "visit.md", FORM.format(version="1").encode())
    publish_form(database, programme.id, "officers.md", OFFICERS.encode())
    with database.transaction() as session:
        add_wave(session, get_form(session, programme.id, "visit"), "Antes", date(2026, 3, 1), date(2026, 3, 20))
        key = add_app_user(session, programme.id, "Tableta", "EN001")[1]
    return Door(create_app(Config.from_environment(told)), database, programme.id, key)


def at_once(count: int, do: Callable[[int], TestResponse]) -> list[int]:
    """The statuses of so many requests that begin together."""
    gate, statuses = threading.Barrier(count), [0] * count

    def run(number: int) -> None:
        gate.wait()
        statuses[number] = do(number).status_code

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_it_stores_an_interview_once_that_comes_eight_times_at_once(door: Door) -> None:
    instance_id = new_id()
    xml = interview(instance_id, photo="1.jpg")
    assert at_once(8, lambda _: door.send(xml, ("1.jpg", PHOTO))) == [201] * 8
    assert len(door.rows(Submission)) == len(door.rows(SubmissionVersion)) == len(door.rows(Media)) == 1
    with door.database.reading() as session:
        assert find_broken_link(session, door.programme_id) is None


def test_it_lets_one_of_several_edits_win_that_come_at_once(door: Door) -> None:
    first = new_id()
    door.send(interview(first))
    statuses = at_once(4, lambda n: door.send(interview(new_id(), deprecated=first, person=f"Edit {n}")))
    assert sorted(statuses) == [201, 409, 409, 409]
    assert [row.number for row in door.rows(Submission)] == [2]
    assert len(door.rows(Conflict)) == 3


def test_it_loses_no_change_of_an_entity_that_several_make_at_once(door: Door) -> None:
    one = str(uuid.uuid4())
    door.send(change(one, full="Ana", post="P0", create="1"))
    statuses = at_once(4, lambda n: door.send(change(one, post=f"P{n + 1}", label="", update="1", baseVersion="1")))
    assert statuses == [201] * 4
    with door.database.reading() as session:
        entity = find_entity(session, get_list(session, door.programme_id, "officers"), one)
        assert entity is not None and (entity.version, entity.conflict) == (5, "hard")
        posts = {version.data["post"] for version in list_entity_versions(session, entity)}
    assert posts == {f"P{n}" for n in range(5)}


def test_it_tells_the_office_which_files_are_missing_and_keeps_them_over_an_edit(door: Door) -> None:
    first, second = new_id(), new_id()
    door.send(interview(first, photo="1.jpg", sound="2.m4a"), ("1.jpg", PHOTO))

    def attached() -> dict[str, str]:
        [row] = door.rows(Submission)
        with door.app.test_request_context(), door.database.reading() as session:
            whole = get_submission(session, session.get_one(Programme, door.programme_id), row.id)
            return {one.name: one.state for one in read_attached(session, whole)}

    assert attached() == {"1.jpg": "here", "2.m4a": "missing"}
    edited = interview(second, photo="1.jpg", sound="2.m4a", papers=["3.pdf"], deprecated=first)
    assert door.send(edited, ("3.pdf", b"%PDF-1.7")).status_code == 201
    assert attached() == {"1.jpg": "here", "2.m4a": "missing", "3.pdf": "here"}
    assert door.send(edited, ("2.m4a", b"sound")).status_code == 201
    assert set(attached().values()) == {"here"}


def test_it_keeps_everything_by_the_same_rules_on_both_databases(door: Door) -> None:
    first, second = new_id(), new_id()
    assert door.send(interview(first, photo="1.jpg"), ("1.jpg", PHOTO)).status_code == 201
    assert door.send(interview(second, deprecated=first)).status_code == 201
    assert door.send(interview(first, person="x")).status_code == 409
    assert door.send(interview(new_id(), version="9")).status_code == 404
    assert door.send(b"<").status_code == 400
    assert [row.client["agent"] for row in door.rows(SubmissionVersion)] == ["bench/1 x"] * 2
    assert {row.reason for row in door.rows(Quarantine)} == {"unknown-version", "unreadable-instance"}
    [device] = door.rows(Device)
    assert (device.kind, device.app_version, device.seen_at is not None) == ("collect", "bench/1", True)


def test_it_asks_the_database_a_set_number_of_times_and_walks_through_no_table(door: Door) -> None:
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if not statement.startswith("BEGIN"):
            asked.append((statement, parameters[0] if many else parameters))

    known = interview(new_id(), photo="1.jpg")
    door.send(known, ("1.jpg", PHOTO))
    event.listen(door.database.engine, "before_cursor_execute", note)
    door.send(interview(new_id(), photo="1.jpg"), ("1.jpg", PHOTO))
    new = len(asked)
    door.send(known, ("1.jpg", PHOTO))
    door.send(interview(new_id(), age="17"))
    event.remove(door.database.engine, "before_cursor_execute", note)
    assert new <= 12
    if door.database.is_sqlite:
        with door.database.reading() as session:
            for statement, parameters in asked:
                if statement.startswith(("SELECT", "UPDATE")):
                    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                    assert not any("SCAN" in row[3] for row in plan), statement
