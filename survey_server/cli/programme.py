"""`survey-server programme`: add and list programmes."""

from __future__ import annotations

import json
from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.programmes import add_programme, get_programme, list_programmes, set_plan
from survey_server.db.session import open_database
from survey_server.reports.plan import Plan


@click.group()
def programme() -> None:
    """Programmes: what people, forms, waves and data belong to."""


@programme.command()
@click.argument("code")
@click.argument("name")
def create(code: str, name: str) -> None:
    """Add the programme NAME, called CODE in addresses and commands."""
    with open_database(Config.from_environment().database_url).transaction() as session:
        add_programme(session, code, name)
    click.echo(f"Programme {code} is there.")


@programme.command("list")
def list_all() -> None:
    """List the programmes."""
    with open_database(Config.from_environment().database_url).reading() as session:
        for one in list_programmes(session):
            click.echo(f"{one.code}\t{one.name}")


@programme.command()
@click.argument("code")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def plan(code: str, file: Path) -> None:
    """Set what was planned in the programme CODE, from the JSON in FILE; the report measures against it."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{file} isn't JSON: {error}") from None
    if not isinstance(told, dict):
        raise click.ClickException(f"{file} must hold one object, such as {{}} for no plan.")
    Plan.of(told)
    with open_database(Config.from_environment().database_url).transaction() as session:
        set_plan(session, get_programme(session, code), told, actor="command")
    click.echo(f"The plan of {code} is set.")
