"""`survey-server run`: everything for a first look: database, administrator, demo programme, report, server."""

from __future__ import annotations

import os
import secrets
from datetime import date
from pathlib import Path

import click
import segno
from flask import Flask

from survey_server.app import create_app
from survey_server.cli.report import write_report
from survey_server.cli.serve import Serving, run_server
from survey_server.config import Config
from survey_server.db.access.people import add_person, find_person, list_people, set_password, set_roles
from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.field.teams import list_teams, set_supervisor
from survey_server.db.intake.keys import Keyring, get_office_key
from survey_server.db.migrate import migrate
from survey_server.db.programmes import get_programme, list_programmes
from survey_server.db.session import Database
from survey_server.demo.programme import CODE, demo_size, is_demo_whole, make_demo
from survey_server.demo.team import TEAM

ADMINISTRATOR = "admin"
DEMO_ROLES = ("coordinator", "analyst", "supervisor", "data-protection")
"""An administrator alone reads no answers; in the demo the first person may look at everything."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 serves other machines too.")
@click.option("--port", default=8000, show_default=True)
@click.option("--prepare-only", is_flag=True, help="Make everything, say where it is, and don't serve.")
def run(host: str, port: int, prepare_only: bool) -> None:
    """Prepare what is missing (database, administrator, demo programme, report), say where everything is, and serve."""
    os.environ.setdefault("SURVEY_BASE_URL", f"http://127.0.0.1:{port}")
    os.environ.setdefault("SURVEY_SECOND_FACTOR", "offered")
    config = Config.from_environment()
    migrate(config.database_url)
    app = create_app(config)
    database: Database = app.extensions["database"]
    password = _add_administrator(database)
    with database.reading() as session:
        codes = {programme.code for programme in list_programmes(session)}
    if not codes:
        _add_demo(app, database)
    if CODE in codes or not codes:
        _say_demo(config, database)
    _say_office(config, password)
    if not prepare_only:
        run_server(Serving(host=host, port=port, office_awake=True))


def _add_administrator(database: Database) -> str | None:
    """The new administrator's first password, or None when there are people already."""
    password = secrets.token_urlsafe(9)
    with database.transaction() as session:
        if list_people(session):
            return None
        person = add_person(session, ADMINISTRATOR, "Administración", administrator=True)
        set_password(session, person, password, must_change=True)
    return password


def _add_demo(app: Flask, database: Database) -> None:
    with click.progressbar(length=demo_size(), label="Making the demo programme") as bar:
        make_demo(app, date.today(), bar.update)
    with database.transaction() as session:
        if person := find_person(session, ADMINISTRATOR):
            programme = get_programme(session, CODE)
            set_roles(session, person, programme, DEMO_ROLES, actor="run")
            for line in list_teams(session, programme.id):
                set_supervisor(session, programme.id, line.team.id, person.id, actor="run")


def _say_office(config: Config, password: str | None) -> None:
    login = f"login {ADMINISTRATOR}, password {password}" if password else "with your own login"
    click.echo(f"Office:       {config.base_url}/office/  ({login})")
    click.echo(f"Phone app:    {config.base_url}/\n")


def _say_demo(config: Config, database: Database) -> None:
    """Where the demo's report is, and a new link and code to enrol a phone."""
    with database.reading() as session:
        whole = is_demo_whole(session)
    if not whole:
        click.echo(f"The demo programme was left half made. To make it anew, stop and delete {config.data_dir}.")
        return
    click.echo(f"\nDemo report:  {_report(config)}")
    with database.transaction() as session:
        programme_id = get_programme(session, CODE).id
        team = next((line.team for line in list_teams(session, programme_id) if line.team.code == TEAM), None)
        code = add_enrolment(session, programme_id, "Primer teléfono", "EN90", team_id=team.id if team else None)
        office_kid = get_office_key(session, Keyring(config.secret_key), programme_id).kid
    link = enrol_link(config.base_url, code, office_kid)
    click.echo(f"Enrol a phone (works once; open it on the phone, or scan it):\n              {link}\n")
    segno.make(link, error="l").terminal(compact=True)
    click.echo()


def _report(config: Config) -> Path:
    path = config.data_dir / "demo-report.pdf"
    if not path.exists():
        click.echo("Drawing the demo report ...")
        write_report(config, CODE, ("W1", "W2"), "es", path)
    return path
