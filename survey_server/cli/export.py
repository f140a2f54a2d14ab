"""`survey-server export`: the submissions of a form as a file for another program."""

from __future__ import annotations

from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.audit import add_audit
from survey_server.db.intake.keys import Keyring
from survey_server.db.media.stores import open_media_store
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.exports.attached import Files
from survey_server.exports.make import FORMATS, make_export


@click.command()
@click.argument("programme")
@click.argument("form")
@click.option("--wave", metavar="WAVE", help="One wave alone, by name or number.")
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option("--lang", "language", type=click.Choice(["es", "en"]), default="es", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.option("--purpose", required=True, help="What the data are for: kept in the audit log.")
def export(programme: str, form: str, wave: str | None, kind: str, language: str, out: Path, purpose: str) -> None:
    """Export the submissions of FORM in PROGRAMME: csv (csv-media: with photos), xlsx, sav, dta, parquet, geojson, xml,
    codebook, research."""
    config = Config.from_environment()
    database = open_database(config.database_url)
    files = Files(open_media_store(config), Keyring(config.secret_key))
    with database.transaction() as session:
        found = get_programme(session, programme).id
        add_audit(session, found, "command", "export", form, wave=wave or "", format=kind, purpose=purpose)
    with click.progressbar(length=100, label=out.name) as bar:
        done = make_export(
            *(database, programme, form, wave, kind, out, language),
            lambda n, of: bar.update(100 * n // of - bar.pos),
            files=files,
        )
    click.echo(f"{out}: {done.submissions} submissions, SHA-256 {done.sha256}")
