"""`survey-server import-outbox`: what a phone saved to a file because it had no line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.intake.keys import Keyring
from survey_server.db.media.pieces import MediaIntake
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.web.media import make_store
from survey_server.web.outbox_files import read_outbox_file, stored, take_in_outbox


@click.command("import-outbox")
@click.argument("programme")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_outbox(programme: str, file: Path) -> None:
    """Take in FILE, the unsent interviews that a phone of PROGRAMME saved, as if it had sent them; prints each receipt.

    Repeating it adds nothing. The exit status is 1 when something was not stored as an interview.
    """
    config = Config.from_environment()
    database = open_database(config.database_url)
    with database.reading() as session:
        programme_id = get_programme(session, programme).id
    outbox = read_outbox_file(file.read_bytes())
    keyring = Keyring(config.secret_key)
    taken = take_in_outbox(
        database, keyring, MediaIntake(database, make_store(config), keyring), programme_id, "command", outbox
    )
    for receipt in taken.receipts:
        said = receipt.problem.title if receipt.problem else f"{receipt.issues} issues" if receipt.issues else "stored"
        click.echo(f"{receipt.status}\t{receipt.receipt}\t{receipt.id}\t{said}")
    kept, total = stored(taken.receipts), len(taken.receipts)
    click.echo(f"{kept} of {total} interviews of {outbox.device_label or 'a phone'}, {taken.files} files.")
    if taken.damaged_files:
        click.echo(f"{taken.damaged_files} files are damaged or were refused: ask for the phone itself.", err=True)
    sys.exit(0 if kept == total and not taken.damaged_files else 1)
