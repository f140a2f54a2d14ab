"""`survey-server key`: the keys that phones seal to; those of profile 2 are made and kept far from the server."""

from __future__ import annotations

import json
from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.forms import get_form, list_forms
from survey_server.db.intake.keys import NO_WAVE, Keyring, destroy_key, ensure_keys, list_keys, register_key, renew_key
from survey_server.db.models import Programme, Wave
from survey_server.db.programmes import get_programme
from survey_server.db.session import Session, open_database
from survey_server.db.waves import get_wave, list_waves
from survey_server.disk import write_new
from survey_server.problems import UnfitKey
from survey_server.sealing import (
    KeyFile,
    fingerprint,
    make_key,
    read_key_file,
    read_public_file,
    sign_statement,
    write_key_file,
)

_FILE = click.Path(path_type=Path, dir_okay=False)
SHORTEST = 12


@click.group()
def key() -> None:
    """Keys: what phones seal interviews to, and who can open them."""


@key.command()
@click.argument("file", type=_FILE)
@click.option("--programme", required=True, help="Code of the programme that the key is for.")
@click.option(
    "--signed-by", type=_FILE, help="The key file in use until now: phones then follow without enrolling anew."
)
@click.password_option("--passphrase", help="At least 12 characters. Without it nobody opens anything, ever.")
def make(file: Path, programme: str, signed_by: Path | None, passphrase: str) -> None:
    """Make a key pair for profile 2, away from the server: FILE stays with you, FILE.public goes to the server."""
    if len(passphrase.strip()) < SHORTEST:
        raise UnfitKey(f"Choose a passphrase of at least {SHORTEST} characters.")
    sealing = make_key()
    if signed_by is None:
        office = make_key()
    else:
        before = read_key_file(signed_by.read_text(), click.prompt(f"Passphrase of {signed_by}", hide_input=True))
        if before.programme != programme:
            raise UnfitKey(f"{signed_by} is of the programme {before.programme!r}.")
        office = before.office
    keys = KeyFile(programme, sealing, office, [sign_statement(office, sealing, programme)])
    write_new(file, write_key_file(keys, passphrase).encode())
    public = file.with_name(f"{file.name}.public")
    public.write_text(json.dumps(keys.public(), indent=1))
    click.echo(f"Office key:   {fingerprint(office.thumbprint())}")
    click.echo(f"Sealing key:  {fingerprint(sealing.thumbprint())}")
    click.echo(f"Keep {file} and its passphrase in two places without a network. Give {public} to the server.")


@key.command()
@click.argument("place", metavar="PROGRAMME[/FORM/WAVE]")
@click.argument("file", type=_FILE)
def register(place: str, file: Path) -> None:
    """Let phones seal to the key whose public half is FILE: for one wave, or for all of the programme."""
    config = Config.from_environment()
    told = read_public_file(file.read_text())
    with open_database(config.database_url).transaction() as session:
        programme, wave = find_place(session, place)
        waves = [wave.id] if wave else [NO_WAVE, *(one.id for one in list_waves(session, programme.id))]
        row = register_key(session, Keyring(config.secret_key), programme, told, waves, "command")
        click.echo(f"Phones seal to {fingerprint(row.kid)} from their next contact on. The server can't open it.")


@key.command()
@click.argument("place", metavar="PROGRAMME/FORM/WAVE")
def renew(place: str) -> None:
    """Give one wave a new key of the server's own (profile 1); what was sealed to the old one is still opened."""
    config = Config.from_environment()
    with open_database(config.database_url).transaction() as session:
        programme, wave = find_place(session, place)
        row = renew_key(session, Keyring(config.secret_key), programme.id, wave.id if wave else NO_WAVE, "command")
        click.echo(f"Phones seal to {fingerprint(row.kid)} from their next contact on.")


@key.command()
@click.argument("programme")
@click.argument("kid")
@click.confirmation_option(prompt="Sealed copies that came with this key can then never be opened again. Go on?")
def destroy(programme: str, kid: str) -> None:
    """Forget the private half of a key that no wave uses any more (`key list` shows the long name)."""
    with open_database(Config.from_environment().database_url).transaction() as session:
        destroy_key(session, get_programme(session, programme).id, kid, "command")
    click.echo("The private half is gone.")


@key.command("list")
@click.argument("programme")
def list_all(programme: str) -> None:
    """List which key each wave of PROGRAMME uses, with the fingerprint that its phones show."""
    config = Config.from_environment()
    database = open_database(config.database_url)
    with database.transaction() as session:
        row = get_programme(session, programme)
        ensure_keys(session, Keyring(config.secret_key), row.id)
        names = {wave.id: (wave.form_row, wave.name) for wave in list_waves(session, row.id)}
        forms = {form.id: form.form_id for form in list_forms(session, row.id)}
        for one in list_keys(session, row.id):
            form_row, name = names.get(one.wave_id, (0, "-"))
            place = f"{forms.get(form_row, '-')}\t{name}"
            click.echo(f"{place}\tprofile {one.profile}\t{one.fingerprint}\t{one.kid}")


def find_place(session: Session, place: str) -> tuple[Programme, Wave | None]:
    """ "demo" or "demo/ssr_perception/W1": the programme, and the wave when one is named."""
    code, *rest = place.split("/", 2)
    programme = get_programme(session, code)
    if not rest:
        return programme, None
    if len(rest) != 2:
        raise UnfitKey(f"Write PROGRAMME or PROGRAMME/FORM/WAVE, not {place!r}.")
    return programme, get_wave(session, get_form(session, programme.id, rest[0]), rest[1])
