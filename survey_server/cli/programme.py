"""`survey-server programme`: add and list programmes."""

from __future__ import annotations

import click

from survey_server.config import Config
from survey_server.db.programmes import add_programme, list_programmes
from survey_server.db.session import open_database


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
