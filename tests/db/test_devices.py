"""A phone is enrolled once per code; only digests of codes and tokens are stored."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from survey_server.db.field.devices import (
    add_enrolment,
    enrol_device,
    enrol_link,
    get_device,
    list_devices,
    set_device_contact,
    set_device_revoked,
)
from survey_server.db.field.teams import add_team
from survey_server.db.models import Programme, now
from survey_server.db.programmes import add_programme
from survey_server.db.session import Database, open_database
from survey_server.problems import BadToken, CodeUsed, NotThere


def enrol(database: Database, programme: Programme) -> tuple[str, str]:
    """The code and the token of a new phone."""
    with database.transaction() as session:
        code = add_enrolment(session, programme.id, "Equipo 1", "EN001")
    with database.transaction() as session:
        return code, enrol_device(session, code)[1]


def test_it_knows_the_device_by_its_token(database: Database, programme: Programme) -> None:
    _, token = enrol(database, programme)
    with database.reading() as session:
        device = get_device(session, token)
    assert (device.label, device.interviewer, device.revoked_at) == ("Equipo 1", "EN001", None)


def test_it_takes_a_code_only_once(database: Database, programme: Programme) -> None:
    code, _ = enrol(database, programme)
    with pytest.raises(CodeUsed), database.transaction() as session:
        enrol_device(session, code)
    with database.reading() as session:
        assert len(list_devices(session, programme.id)) == 1


def test_it_gives_a_phone_the_team_that_its_code_names(database: Database, programme: Programme) -> None:
    with database.transaction() as session:
        team = add_team(session, programme.id, "N1", "Norte 1", actor="person:7")
        code = add_enrolment(session, programme.id, "Equipo 1", "EN001", team_id=team.id)
        with pytest.raises(NotThere):
            add_enrolment(session, programme.id, "Equipo 2", "EN002", team_id=team.id + 1)
    with database.transaction() as session:
        assert enrol_device(session, code)[0].team_id == team.id


def test_it_takes_no_code_after_its_time(database: Database, programme: Programme) -> None:
    with database.transaction() as session:
        code = add_enrolment(session, programme.id, "x", "x", lives=timedelta(seconds=-1))
    with pytest.raises(CodeUsed), database.transaction() as session:
        enrol_device(session, code)


@pytest.mark.parametrize("code", ["", "1-", "x-y", "-1-a", "99999999999999999999-a", "1-" + "a" * 30, "١-a"])
def test_it_takes_no_code_that_was_never_made(database: Database, programme: Programme, code: str) -> None:
    with pytest.raises(CodeUsed), database.transaction() as session:
        enrol_device(session, code)


@pytest.mark.parametrize("token", ["", ".", "1.", "x.y", "1." + "A" * 43, "-1.a", "99999999999999999999.a"])
def test_it_knows_no_token_that_was_never_given(database: Database, programme: Programme, token: str) -> None:
    with pytest.raises(BadToken), database.reading() as session:
        get_device(session, token)


def test_it_does_not_take_a_token_into_another_programme(database: Database, programme: Programme) -> None:
    _, token = enrol(database, programme)
    with pytest.raises(BadToken), database.reading() as session:
        get_device(session, f"{programme.id + 1}.{token.partition('.')[2]}")


def test_it_remembers_who_was_revoked_and_when_first(database: Database, programme: Programme) -> None:
    _, token = enrol(database, programme)
    with database.transaction() as session:
        set_device_revoked(session, get_device(session, token), "robado", actor="person:1")
    with database.reading() as session:
        first = get_device(session, token)
    with database.transaction() as session:
        set_device_revoked(session, first, "robado, denuncia 12", actor="person:1")
    with database.reading() as session:
        again = get_device(session, token)
    assert (again.revoked_at, again.revoked_reason) == (first.revoked_at, "robado, denuncia 12")


def test_it_keeps_how_far_the_clock_of_the_phone_is_off(database: Database, programme: Programme) -> None:
    _, token = enrol(database, programme)
    moment = now()
    with database.transaction() as session:
        report = {"clock": moment + timedelta(hours=26), "queue": 7, "app_version": "3"}
        set_device_contact(session, get_device(session, token), report, moment)
    with database.reading() as session:
        device = get_device(session, token)
    assert (device.clock_offset_seconds, device.queue_length, device.app_version) == (26 * 3600, 7, "3")
    assert device.seen_at == moment


def test_it_stores_neither_code_nor_token(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        code = add_enrolment(session, add_programme(session, "a", "A").id, "x", "x")
    with database.transaction() as session:
        _, token = enrol_device(session, code)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert code.partition("-")[2] not in dump
    assert token.partition(".")[2] not in dump


def test_it_puts_the_code_where_no_server_sees_it() -> None:
    assert enrol_link("https://x.example", "1-abc") == "https://x.example/#enrol=1-abc"
