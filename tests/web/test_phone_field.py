"""What a phone is told of the fieldwork, through the API: its own team's sites and nothing that would unblind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from survey_server.db.field.devices import add_device
from survey_server.db.field.sites import get_site, set_sites, set_wave_sites
from survey_server.db.field.stops import order_stop
from survey_server.db.field.teams import add_team, assign
from survey_server.db.forms import get_form
from survey_server.db.models import Programme, Wave, now
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.web.schemas import PhoneAnswer

SECRETS = {"stratum": "ESTRATO-X", "arm": "BRAZO-X", "weight": 1.75, "probability": 0.0625, "latitude": 14.123456}


@pytest.fixture
def token(database: Database, programme: Programme, mini: list[Wave]) -> str:
    """The token of a phone whose team is sent to a site today."""
    today = now().date()
    with database.transaction() as session:
        row = {"code": "GT17", "name": "Aldea", "department": "GT17", "longitude": -90.654321, **SECRETS}
        set_sites(session, programme.id, [row, {"code": "GT18", "department": "GT18"}], actor="command")
        form = get_form(session, programme.id, "mini")
        first = today + timedelta(days=-400)
        wave = add_wave(
            session, form, "W9", max(first, today - timedelta(days=1)), today + timedelta(days=3), state="open"
        )
        set_wave_sites(session, wave, ["GT17", "GT18"], actor="command")
        team = add_team(session, programme.id, "N1", "Norte", actor="command")
        device, made = add_device(session, programme.id, "T-01", "EN001")
        device.team_id = team.id
        site = get_site(session, programme.id, "GT17")
        assign(session, wave, [site.id], team.id, today, today + timedelta(days=1), target=8, actor="command")
        order_stop(session, programme.id, "department", "GT17", "Bloqueo", actor="command")
    return made


def test_it_tells_a_phone_its_work_and_its_stops(app: Flask, token: str) -> None:
    answer = app.test_client().get("/api/v1/phone", headers={"Authorization": f"Bearer {token}"})
    told = answer.get_json()
    assert PhoneAnswer().validate(told) == {}
    assert [(each["site"]["code"], each["target"], each["stopped"]) for each in told["assignments"]] == [
        ("GT17", 8, True)
    ]
    assert [stop["message"] for stop in told["stop_work"]] == ["Bloqueo"]
    assert told["policies"]["team"] == "N1"
    assert told["referral"] is None


def test_it_tells_a_phone_nothing_that_would_unblind_it(app: Flask, token: str) -> None:
    text = app.test_client().get("/api/v1/phone", headers={"Authorization": f"Bearer {token}"}).text
    for secret in ("ESTRATO", "BRAZO", "1.75", "0.0625", "14.123456", "90.654321", "GT18", "stratum", "weight"):
        assert secret not in text
