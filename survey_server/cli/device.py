"""`survey-server device`: enrol, list and revoke phones."""

from __future__ import annotations

import click
import segno

from survey_server.config import Config
from survey_server.db.devices import add_enrolment, enrol_link, get_device_by_id, list_devices, set_device_revoked
from survey_server.db.keys import Keyring, get_office_key
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.db.teams import get_team_by_code


@click.group()
def device() -> None:
    """Phones: enrolled by a link that works once."""


@device.command()
@click.argument("programme")
@click.argument("label")
@click.option("--interviewer", default="", help="Code of who carries the phone; LABEL when left out.")
@click.option("--team", default="", help="Code of the team that it belongs to from its first contact on.")
def enrol(programme: str, label: str, interviewer: str, team: str) -> None:
    """Make the one-time link, and its QR code, for the phone LABEL."""
    config = Config.from_environment()
    with open_database(config.database_url).transaction() as session:
        programme_id = get_programme(session, programme).id
        team_id = get_team_by_code(session, programme_id, team).id if team else None
        code = add_enrolment(session, programme_id, label, interviewer or label, team_id=team_id)
        office_kid = get_office_key(session, Keyring(config.secret_key), programme_id).kid
    link = enrol_link(config.base_url, code, office_kid)
    click.echo(f"Open once, on the phone, within three days:\n{link}\n")
    segno.make(link, error="l").terminal(compact=True)


@device.command("list")
@click.argument("programme")
def list_all(programme: str) -> None:
    """List the phones of PROGRAMME with their last contact."""
    with open_database(Config.from_environment().database_url).reading() as session:
        for one in list_devices(session, get_programme(session, programme).id):
            seen = one.seen_at.isoformat(timespec="minutes") if one.seen_at else "never"
            click.echo(f"{one.id}\t{one.label}\t{one.interviewer}\t{'revoked' if one.revoked_at else seen}")


@device.command()
@click.argument("programme")
@click.argument("number", type=int)
@click.argument("reason")
def revoke(programme: str, number: int, reason: str) -> None:
    """Take the phone NUMBER out of service; what it still sends is kept in quarantine."""
    with open_database(Config.from_environment().database_url).transaction() as session:
        row = get_device_by_id(session, get_programme(session, programme).id, number)
        set_device_revoked(session, row, reason, actor="command")
    click.echo(f"{row.label} is out of service.")
