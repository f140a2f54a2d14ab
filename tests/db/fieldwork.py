"""Work in the field as tests set it up: days, secrets of the design, teams at work, what phones send."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from survey_server.db.field.devices import Sender, get_device_by_id
from survey_server.db.field.sites import get_site, set_wave_sites, stamp_of
from survey_server.db.field.team_view import view_field
from survey_server.db.field.teams import (
    assign,
    edit_team,
)
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Device, Programme, Team, Wave
from survey_server.db.session import Database
from survey_server.db.waves import set_wave_state

DAY = date(2026, 3, 5)
NOON = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)  # noon in Guatemala
ME = "person:7"
SECRET = {"stratum": "ESTRATO-X", "arm": "BRAZO-X", "weight": 1.75, "probability": 0.0625}


def edit(database: Database, team: Team, *, devices: list[int], duress: str | None = None, seen: str = "") -> None:
    with database.transaction() as session:
        edit_team(
            session,
            team.programme_id,
            team.id,
            name=team.name,
            active=True,
            device_ids=devices,
            duress_sha256=duress,
            seen=seen or stamp_of(team.changed_at),
            actor=ME,
        )


def into_the_field(database: Database, wave: Wave, team: Team, codes: list[str], *, target: int | None = 5) -> None:
    with database.transaction() as session:
        set_wave_sites(session, wave, codes, actor=ME)
        set_wave_state(session, wave, "open", actor=ME)
        ids = [get_site(session, wave.programme_id, code).id for code in codes]
        assign(session, wave, ids, team.id, DAY, DAY + timedelta(days=1), target=target, actor=ME)


def field_of(database: Database, device: Device, at: datetime = NOON) -> dict:  # type: ignore[type-arg]
    with database.reading() as session:
        fresh = get_device_by_id(session, device.programme_id, device.id)
        return view_field(session, session.get_one(Programme, device.programme_id), fresh, at)


def send(database: Database, device: Device, form: str, xml: str, instance: str) -> None:
    with database.reading() as session:
        revision = session.get_one(Programme, device.programme_id).field_revision
    sender = Sender(device.programme_id, device.id, device.interviewer, False, revision)
    source = Source(device.programme_id, "phone", f"device:{device.id}", sender)
    take_in(database, source, [Arrival(instance, form, "1", xml.encode())])
