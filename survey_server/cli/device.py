"""`survey-server device`: enrol, list and revoke phones."""

from __future__ import annotations

import click
import segno

from survey_server.config import Config
from survey_server.db.field.devices import add_enrolment, enrol_link, get_device_by_id, list_devices, set_device_revoked
from survey_server.db.field.teams import get_team_by_code
from survey_server.db.intake.keys import Keyring, get_office_key
from survey_server.db.openrosa.collect import (
    add_app_user,
    collect_settings,
    key_address,
    password_of,
    plain_address,
    settings_text,
    user_name,
)
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database


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


@device.command()
@click.argument("programme")
@click.argument("label")
@click.option("--interviewer", default="", help="Code of who carries the device; LABEL when left out.")
@click.option("--admin-password", default="", help="Protects Collect's own settings on the device.")
def collect(programme: str, label: str, interviewer: str, admin_password: str) -> None:
    """Make the settings code that ODK Collect scans for the device LABEL, and what other OpenRosa apps ask for."""
    config = Config.from_environment()
    with open_database(config.database_url).transaction() as session:
        row = get_programme(session, programme)
        made, key = add_app_user(session, row.id, label, interviewer or label)
        address = key_address(config.base_url, row, key)
        settings = collect_settings(address, row, made.interviewer, admin_password=admin_password or None)
        password = password_of(config.secret_key, row.id, made.id, made.token_sha256)
    click.echo("Scan in Collect (Configure with QR code). Whoever has it is this device: show it to nobody else.\n")
    segno.make(settings_text(settings), error="l").terminal(compact=True)
    click.echo(f"\nServer URL with key:      {address}")
    click.echo(f"Server URL, user, password: {plain_address(config.base_url, row)}  {user_name(made.id)}  {password}")


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
