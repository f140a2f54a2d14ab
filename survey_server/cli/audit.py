"""`survey-server audit`: whether anybody has touched the audit log."""

from __future__ import annotations

import sys

import click

from survey_server.config import Config
from survey_server.db.audit import SERVER
from survey_server.db.audit_reading import check_chain
from survey_server.db.programmes import get_programme, list_programmes
from survey_server.db.session import open_database


@click.group()
def audit() -> None:
    """The audit log: append-only rows, each sealed to the one before."""


@audit.command()
@click.argument("programme", required=False)
def verify(programme: str | None) -> None:
    """Walk the chain of PROGRAMME, or all chains and the server's own; exit status 1 when one is broken."""
    with open_database(Config.from_environment().database_url).reading() as session:
        chosen = [get_programme(session, programme)] if programme else list_programmes(session)
        chains = [] if programme else [check_chain(session, SERVER, "(server)")]
        chains += [check_chain(session, each.id, each.code) for each in chosen]
    for chain in chains:
        state = "whole" if chain.broken_at is None else f"BROKEN at row {chain.broken_at}"
        click.echo(f"{chain.programme:<20} {chain.rows:>9} rows  {state}  {chain.last_hash[:16]}")
    if any(chain.broken_at is not None for chain in chains):
        sys.exit(1)
