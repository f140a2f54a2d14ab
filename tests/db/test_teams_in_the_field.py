"""What a team's phone is told: its sites of today and tomorrow, what is done, where work has stopped."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from survey_server.db.field.devices import add_device
from survey_server.db.field.policies import set_policies
from survey_server.db.field.sites import get_site, set_sites, set_wave_sites, stamp_of
from survey_server.db.field.stops import lift_stop, order_stop
from survey_server.db.field.teams import (
    assign,
    list_assignments,
    withdraw,
)
from survey_server.db.models import Device, Programme, Team, Wave
from survey_server.db.session import Database
from survey_server.problems import (
    EditedMeanwhile,
    UnfitAssignment,
    UnfitStop,
)
from tests.db.fieldwork import DAY, ME, NOON, SECRET, edit, field_of, into_the_field, send
from tests.web.field import interview


def test_it_gives_a_phone_the_sites_of_its_team_for_today_and_tomorrow(
    database: Database, wave: Wave, team: tuple[Team, Device]
) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT01"])
    with database.transaction() as session:
        later = [get_site(session, wave.programme_id, "GT00").id]
        assign(session, wave, later, team[0].id, date(2026, 3, 15), date(2026, 3, 16), actor=ME)
    view = field_of(database, team[1])
    assert [(each["site"]["code"], each["target"], each["starts"]) for each in view["assignments"]] == [
        ("GT00", 5, "2026-03-05"),
        ("GT01", 5, "2026-03-05"),
    ]
    assert field_of(database, team[1], NOON + timedelta(days=4))["assignments"] == []


def test_it_counts_what_the_team_has_brought(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT01"])
    send(database, team[1], "mini", interview("uuid:a", today="2026-03-05", psu="GT01"), "uuid:a")
    assert [each["received"] for each in field_of(database, team[1])["assignments"]] == [0, 1]
    with database.reading() as session:
        lines = list_assignments(session, wave.programme_id, wave_id=wave.id, team_id=team[0].id, on=DAY)
    assert [(line.site.code, line.received, line.done) for line in lines] == [("GT00", 0, False), ("GT01", 1, False)]


def test_it_tells_a_phone_no_arm_stratum_weight_probability_or_position(
    database: Database, wave: Wave, team: tuple[Team, Device]
) -> None:
    with database.transaction() as session:
        row = {"code": "GT00", "latitude": 14.678912, "longitude": -90.512345, "population": 4321, **SECRET}
        set_sites(session, wave.programme_id, [row], actor=ME)
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        order_stop(session, wave.programme_id, "department", "GT17", "Bloqueo en la ruta", actor=ME)
        programme = session.get_one(Programme, wave.programme_id)
        set_policies(
            session, programme, {"referral": {"es": "PDH 1555", "en": "PDH 1555", "dated": "2026-03"}}, actor=ME
        )
    told = json.dumps(field_of(database, team[1]))
    assert "GT00" in told
    for secret in ("ESTRATO-X", "BRAZO-X", "1.75", "0.0625", "14.678912", "-90.512345", "4321", "risk", "tier"):
        assert secret not in told


def test_it_gives_nothing_to_a_phone_without_a_team(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        other, _ = add_device(session, wave.programme_id, "T-02", "EN002")
    assert field_of(database, other)["assignments"] == []


@pytest.mark.parametrize(
    ("change", "starts", "ends"),
    [
        ({}, date(2026, 3, 6), date(2026, 3, 5)),
        ({}, date(2026, 2, 27), date(2026, 3, 5)),
        ({"risk_tier": 4}, DAY, DAY),
    ],
)
def test_it_refuses_assignments_that_cannot_be(
    database: Database, wave: Wave, team: tuple[Team, Device], change: dict[str, int], starts: date, ends: date
) -> None:
    with database.transaction() as session:
        set_sites(session, wave.programme_id, [{"code": "GT00", **change}], actor=ME)
        set_wave_sites(session, wave, ["GT00"], actor=ME)
        site_id = get_site(session, wave.programme_id, "GT00").id
    with pytest.raises(UnfitAssignment), database.transaction() as session:
        assign(session, wave, [site_id], team[0].id, starts, ends, actor=ME)


def test_it_takes_assignments_back(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        lines = list_assignments(session, wave.programme_id)
        assert withdraw(session, wave.programme_id, [line.assignment.id for line in lines], actor=ME) == 1
    assert field_of(database, team[1])["assignments"] == []


def test_it_tells_the_second_of_two_who_edit_a_team(database: Database, team: tuple[Team, Device]) -> None:
    seen = stamp_of(team[0].changed_at)
    edit(database, team[0], devices=[])
    with pytest.raises(EditedMeanwhile):
        edit(database, team[0], devices=[team[1].id], seen=seen)


def test_it_stops_work_in_an_area_and_lets_it_go_on(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT06"])
    with database.transaction() as session:
        stop = order_stop(session, wave.programme_id, "department", "GT17", "Enfrentamiento cerca", actor=ME)
    view = field_of(database, team[1])
    assert [(each["site"]["code"], each["stopped"]) for each in view["assignments"]] == [
        ("GT00", True),
        ("GT06", False),
    ]
    assert [(each["message"], each["sites"]) for each in view["stop_work"]] == [("Enfrentamiento cerca", ["GT00"])]
    with database.transaction() as session:
        lift_stop(session, wave.programme_id, stop.id, "La ruta está libre", actor=ME)
    assert field_of(database, team[1])["stop_work"] == []


def test_it_keeps_stops_elsewhere_from_a_team(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        order_stop(session, wave.programme_id, "department", "GT12", "Bloqueo", actor=ME)
    assert field_of(database, team[1])["stop_work"] == []


@pytest.mark.parametrize(
    ("level", "area", "message"), [("department", "", "x"), ("site", "ZZ", "x"), ("programme", "", " ")]
)
def test_it_refuses_stops_of_nothing(database: Database, wave: Wave, level: str, area: str, message: str) -> None:
    with pytest.raises(UnfitStop), database.transaction() as session:
        order_stop(session, wave.programme_id, level, area, message, actor=ME)
