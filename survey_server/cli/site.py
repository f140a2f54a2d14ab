"""`survey-server site`: load the site table of a programme, list it."""

from __future__ import annotations

from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.field.sites import list_sites, set_sites, set_wave_sites
from survey_server.db.forms import get_form
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.db.waves import get_wave
from survey_server.xlsform.importing.tables import read_table


@click.group()
def site() -> None:
    """Sites: the sampling points, with stratum, arm and weight that never reach a phone."""


@site.command()
@click.argument("programme")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--wave", "waves", multiple=True, metavar="FORM/WAVE", help="A wave that visits exactly these sites.")
def load(programme: str, file: Path, waves: tuple[str, ...]) -> None:
    """Add or change the sites in FILE (.csv, .xlsx, .sav; a column `code`); sites that it doesn't name stay."""
    table = read_table(file)
    rows = [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]
    with open_database(Config.from_environment().database_url).transaction() as session:
        programme_id = get_programme(session, programme).id
        count = set_sites(session, programme_id, rows, actor="command")
        for name in waves:
            form_id, _, wave_name = name.partition("/")
            wave = get_wave(session, get_form(session, programme_id, form_id), wave_name)
            set_wave_sites(session, wave, [row["code"].strip() for row in rows], actor="command")
    click.echo(f"{count} sites of {programme} are loaded.")


@site.command("list")
@click.argument("programme")
def list_all(programme: str) -> None:
    """List the sites of PROGRAMME."""
    with open_database(Config.from_environment().database_url).reading() as session:
        for one in list_sites(session, get_programme(session, programme).id):
            click.echo("\t".join(str(value or "") for value in (one.code, one.name, one.stratum, one.arm, one.weight)))
