"""`survey-server form-key`: RSA keys for forms that ODK Collect encrypts, and opening what only their owner can."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from survey_server.cli.key import SHORTEST
from survey_server.config import Config
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.openrosa_intake import Upload, take_in_upload
from survey_server.db.intake.receipts import Receipt
from survey_server.db.intake.seals import list_closed
from survey_server.db.intake.sources import Source
from survey_server.db.media.pieces import Hander
from survey_server.db.media.stores import open_media_store
from survey_server.db.openrosa.form_keys import (
    add_form_key,
    kid_of,
    list_form_keys,
    make_form_key,
    public_text,
    read_pem,
    write_pem,
)
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.disk import write_new
from survey_server.problems import UnfitKey
from survey_server.xlsform.received.heads import read_head

_FILE = click.Path(path_type=Path, dir_okay=False)
_AT_ONCE = 200
_HELP = "Put this text into `public_key` on the settings sheet, raise the form's version, and publish it:"


@click.group("form-key")
def form_key() -> None:
    """Keys for forms that ODK Collect encrypts (`public_key` on the settings sheet)."""


@form_key.command()
@click.argument("programme")
@click.option("--file", type=_FILE, help="Profile 2: keep the private half in FILE, away from the server.")
@click.option("--passphrase", envvar="SURVEY_KEY_PASSPHRASE", help="Of FILE, at least 12 characters.")
def make(programme: str, file: Path | None, passphrase: str | None) -> None:
    """Make a key. Its private half stays on the server (profile 1), or goes to FILE and nowhere else."""
    if file is not None:
        _make_file(file, passphrase)
        return
    config = Config.from_environment()
    with open_database(config.database_url).transaction() as session:
        row = add_form_key(session, Keyring(config.secret_key), get_programme(session, programme).id)
    click.echo(f"{_HELP}\n{row.public}")


def _make_file(file: Path, passphrase: str | None) -> None:
    passphrase = passphrase or click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    if len(passphrase.strip()) < SHORTEST:
        raise UnfitKey(f"Choose a passphrase of at least {SHORTEST} characters.")
    key = make_form_key()
    write_new(file, write_pem(key, passphrase))
    click.echo(f"Keep {file} and its passphrase in two places without a network.")
    click.echo(f"{_HELP}\n{public_text(key.public_key())}")


@form_key.command("list")
@click.argument("programme")
def list_all(programme: str) -> None:
    """List the keys of PROGRAMME whose private half is on the server."""
    with open_database(Config.from_environment().database_url).reading() as session:
        for row in list_form_keys(session, get_programme(session, programme).id):
            click.echo(f"{row.kid[:16]}\t{row.made_at.date().isoformat()}\t{row.public}")


@form_key.command("open")
@click.argument("programme")
@click.argument("keyfile", type=_FILE)
@click.option("--passphrase", envvar="SURVEY_KEY_PASSPHRASE", prompt=True, hide_input=True, help="Of the key file.")
def open_(programme: str, keyfile: Path, passphrase: str) -> None:
    """Take in what Collect encrypted to KEYFILE, with its photos, checked and counted as any others.

    The key is in memory only. Interviews whose files haven't all come stay closed.
    """
    config = Config.from_environment()
    key = read_pem(keyfile.read_bytes(), passphrase)
    kid = kid_of(key.public_key())
    database, store = open_database(config.database_url), open_media_store(config)
    keyring = Keyring(form_keys={kid: key})
    outcome: Counter[str] = Counter()
    with database.reading() as session:
        programme_id = get_programme(session, programme).id
    after = 0
    while True:
        with database.reading() as session:
            rows = list_closed(session, programme_id, None, after=after, limit=_AT_ONCE, encrypted=True)
        if not rows:
            break
        for row in rows:
            if row.kid == kid:
                upload = Upload(row.content or b"", read_head(row.content or b""), [], {})
                source = Source(programme_id, "openrosa", "command", received_at=row.received_at)
                hander = Hander(programme_id, "openrosa", "command", row.device_id)
                outcome[_word(take_in_upload(database, store, keyring, source, hander, upload, stored=row))] += 1
        after = rows[-1].id
    told = ", ".join(f"{count:,} {word}" for word, count in sorted(outcome.items()))
    click.echo(told or "Nothing waits for this key.")


def _word(receipt: Receipt) -> str:
    if receipt.submission_id is not None:
        return "opened"
    return "still closed" if receipt.status == 200 else "refused"
