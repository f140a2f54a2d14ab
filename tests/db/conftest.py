"""A wave in planning and a team with a phone, for the tests of fieldwork."""

from __future__ import annotations

from datetime import date

import pytest

from survey_server.db.field.devices import add_device, get_device_by_id
from survey_server.db.field.sites import set_sites
from survey_server.db.field.teams import (
    add_team,
    list_teams,
)
from survey_server.db.forms import get_form
from survey_server.db.models import Device, Programme, Team, Wave
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from tests.db.fieldwork import ME, edit
from tests.web.field import FORM


@pytest.fixture
def wave(database: Database, programme: Programme) -> Wave:
    """A planned wave of the small form, with twelve sites in two strata in the table."""
    publish_form(database, programme.id, "mini.md", FORM.encode())
    with database.transaction() as session:
        set_sites(
            session,
            programme.id,
            [
                {
                    "code": f"GT{place:02}",
                    "country": "GT",
                    "department": "GT17" if place < 6 else "GT12",
                    "stratum": "norte" if place < 6 else "sur",
                    "population": 100 * (place + 1),
                }
                for place in range(12)
            ],
            actor=ME,
        )
        return add_wave(session, get_form(session, programme.id, "mini"), "W1", date(2026, 3, 1), date(2026, 3, 20))


@pytest.fixture
def team(database: Database, programme: Programme) -> tuple[Team, Device]:
    """A team with one phone."""
    with database.transaction() as session:
        device, _ = add_device(session, programme.id, "T-01", "EN001")
        made = add_team(session, programme.id, "N1", "Norte 1", actor=ME)
    edit(database, made, devices=[device.id])
    with database.reading() as session:
        return list_teams(session, programme.id)[0].team, get_device_by_id(session, programme.id, device.id)
