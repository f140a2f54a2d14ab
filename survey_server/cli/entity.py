"""`survey-server entity`: entity lists, filled from a table and looked at."""

from __future__ import annotations

from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.openrosa.entities import declare_list, list_lists, load_entities
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.problems import BadInput
from survey_server.xlsform.importing.tables import read_table

_FILE = click.Path(exists=True, path_type=Path, dir_okay=False)


@click.group()
def entity() -> None:
    """Entity lists: officers, households, sites that interviews read, create and update."""


@entity.command()
@click.argument("programme")
@click.argument("name")
@click.argument("file", type=_FILE)
def load(programme: str, name: str, file: Path) -> None:
    """Add what FILE (.csv, .xlsx) lists to the list NAME; it needs a column `label`, `name` may hold its own ids."""
    table = read_table(file)
    if "label" not in table.columns:
        raise BadInput(f"{file} has no column `label`.")
    rows = [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]
    with open_database(Config.from_environment().database_url).transaction() as session:
        row = declare_list(session, get_programme(session, programme).id, name)
        added = load_entities(session, row, rows, actor="command")
    click.echo(f"{added:,} added to {name}, {len(rows) - added:,} were there.")


@entity.command("list")
@click.argument("programme")
def list_all(programme: str) -> None:
    """List the entity lists of PROGRAMME, with how many entities they have and how many are in conflict."""
    with open_database(Config.from_environment().database_url).reading() as session:
        for one in list_lists(session, get_programme(session, programme).id):
            told = f"{one.row.name}\t{one.entities:,} entities\t{one.conflicts:,} in conflict\t{one.held:,} waiting"
            click.echo(f"{told}\t{', '.join(one.row.properties)}")
