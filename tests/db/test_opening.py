"""What a wave needs before it opens, what opening locks, and what a lost phone may expose."""

from __future__ import annotations

from datetime import date

import pytest

from survey_server.db.field.devices import add_device, get_device_by_id
from survey_server.db.field.lost_phones import close_incident, list_incidents, report_lost_device
from survey_server.db.field.sites import set_sites, set_wave_sites, stamp_of
from survey_server.db.forms import get_form
from survey_server.db.models import Device, Programme, Team, Wave
from survey_server.db.opening import add_paper, check_opening, headlines_still_locked, list_papers, open_wave
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.problems import (
    EditedMeanwhile,
    WaveNotReady,
)
from tests.db.fieldwork import ME, into_the_field, send
from tests.web.field import FORM, interview

HEADLINES = (
    FORM
    + """
| indicators |
| | code | label::Español (es) | level | estimator | formula | scale | direction | minimum_change | headline | family |
| | S01 | Edad | outcome | mean | ${age} | 1 | up | 2 | yes | headline |
"""
)


def prepare(database: Database, wave: Wave) -> None:
    """Everything that opening asks for."""
    with database.transaction() as session:
        set_wave_sites(session, wave, ["GT00"], actor=ME)
        add_device(session, wave.programme_id, "T-01", "EN001")
        for kind in ("ethics", "permission", "agreement"):
            add_paper(session, wave, kind, f"{kind} 17/2026", date(2026, 1, 5), date(2026, 12, 31), actor=ME)


def states(database: Database, wave: Wave) -> dict[str, str]:
    with database.reading() as session:
        return {check.name: check.state for check in check_opening(session, wave)}


def test_it_opens_a_wave_when_all_is_in_place(database: Database, wave: Wave) -> None:
    prepare(database, wave)
    with database.transaction() as session:
        assert open_wave(session, wave, seen=stamp_of(wave.changed_at), actor=ME) == []
    with database.reading() as session:
        assert session.get_one(Wave, (wave.programme_id, wave.id)).state == "open"


def test_it_names_what_is_missing_and_opens_nothing(database: Database, wave: Wave) -> None:
    with pytest.raises(WaveNotReady) as caught, database.transaction() as session:
        open_wave(session, wave, seen=stamp_of(wave.changed_at), actor=ME)
    assert {"sites", "ethics", "permission", "agreement", "phones"} <= set(caught.value.extras["missing"])
    with database.reading() as session:
        assert session.get_one(Wave, (wave.programme_id, wave.id)).state == "planned"


def test_it_opens_without_papers_for_a_reason_that_is_kept(database: Database, wave: Wave) -> None:
    reason = "Prueba piloto interna, sin personas de fuera del equipo"
    with database.transaction() as session:
        open_wave(session, wave, seen=stamp_of(wave.changed_at), reason=reason, actor=ME)
    with database.reading() as session:
        assert [(paper.kind, paper.reference) for paper in list_papers(session, wave)] == [("override", reason)]


def test_it_wants_papers_that_hold_to_the_end_of_the_wave(database: Database, wave: Wave) -> None:
    prepare(database, wave)
    assert states(database, wave)["ethics"] == "ok"
    with database.transaction() as session:
        form = get_form(session, wave.programme_id, "mini")
        late = add_wave(session, form, "W2", date(2027, 3, 1), date(2027, 3, 20))
        add_paper(session, late, "ethics", "17/2026", date(2026, 1, 5), date(2027, 3, 10), actor=ME)
    assert states(database, late)["ethics"] == "missing"


def test_it_tells_the_second_of_two_who_open_a_wave(database: Database, wave: Wave) -> None:
    with pytest.raises(EditedMeanwhile), database.transaction() as session:
        open_wave(session, wave, seen="1", reason="una razón que es bastante larga", actor=ME)


def test_it_sends_nobody_to_a_site_that_is_too_dangerous(database: Database, wave: Wave) -> None:
    prepare(database, wave)
    with database.transaction() as session:
        set_sites(session, wave.programme_id, [{"code": "GT00", "risk_tier": 4}], actor=ME)
    assert states(database, wave)["risk"] == "missing"


def test_it_locks_the_headline_indicators_by_hash(database: Database, programme: Programme) -> None:
    publish_form(database, programme.id, "mini.md", HEADLINES.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        made = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20))
        reason = "Prueba piloto interna del equipo"
        open_wave(session, made, seen=stamp_of(made.changed_at), reason=reason, actor=ME)
    with database.reading() as session:
        opened = session.get_one(Wave, (programme.id, made.id))
        lock = opened.plan["headlines"]
        assert [each["code"] for each in lock["indicators"]] == ["S01"]
        assert headlines_still_locked(session, opened) is True
    changed = HEADLINES.replace("| up | 2 |", "| up | 3 |").replace("| mini | 1 |", "| mini | 2 |")
    assert changed != HEADLINES
    publish_form(database, programme.id, "mini.md", changed.encode())
    with database.reading() as session:
        assert headlines_still_locked(session, session.get_one(Wave, (programme.id, made.id))) is False


def test_it_lists_what_a_lost_phone_may_expose_and_opens_an_incident(
    database: Database, wave: Wave, team: tuple[Team, Device]
) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT01"])
    send(database, team[1], "mini", interview("uuid:a", today="2026-03-05", psu="GT01"), "uuid:a")
    with database.transaction() as session:
        made = report_lost_device(session, wave.programme_id, team[1].id, "seized", "En un retén", actor=ME)
    assert (made.kind, made.exposed["sites"], made.exposed["received"]) == ("device-seized", ["GT00", "GT01"], 1)
    with database.reading() as session:
        device = get_device_by_id(session, wave.programme_id, team[1].id)
        assert (device.revoked_reason, device.revoked_at is not None) == ("seized", True)
    with database.transaction() as session:
        close_incident(session, wave.programme_id, made.id, "Se recuperó sellado", actor=ME)
    with database.reading() as session:
        assert [incident.outcome for incident in list_incidents(session, wave.programme_id)] == ["Se recuperó sellado"]
