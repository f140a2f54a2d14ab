"""`survey-server form`: check a form, publish it, list what is published."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.forms import get_current_version, list_forms
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import check_form, publish_form
from survey_server.db.session import open_database
from survey_server.xlsform.complaints import FormProblem

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def form() -> None:
    """Forms: XLSForms as .xlsx, or as .md tables."""


@form.command()
@click.argument("file", type=_FILE)
@click.option("--data", "data", type=_FILE, multiple=True, help="A file that the form reads; repeat for more.")
def check(file: Path, data: tuple[Path, ...]) -> None:
    """Check FILE without publishing it; every complaint names sheet, row, column and cure."""
    try:
        draft = check_form(file.name, file.read_bytes(), _read(data))
    except FormProblem as problem:
        for complaint in problem.complaints:
            click.echo(str(complaint), err=True)
        sys.exit(1)
    for warning in draft.warnings:
        click.echo(f"Warning: {warning}", err=True)
    for name in draft.missing_files:
        click.echo(f"Warning: the form reads {name}; publish it with --data {name}.", err=True)
    click.echo(
        f"{draft.form.id} version {draft.form.version} is in order: {len(draft.registry.indicators)} indicators."
    )


@form.command()
@click.argument("programme")
@click.argument("file", type=_FILE)
@click.option("--data", "data", type=_FILE, multiple=True, help="A file that the form reads; repeat for more.")
def publish(programme: str, file: Path, data: tuple[Path, ...]) -> None:
    """Make FILE the current version of its form in PROGRAMME. The same content twice changes nothing."""
    database = open_database(Config.from_environment().database_url)
    with database.reading() as session:
        programme_id = get_programme(session, programme).id
    done = publish_form(database, programme_id, file.name, file.read_bytes(), _read(data))
    said = {"new": "is published", "unchanged": "was published before", "again": "is current again"}
    click.echo(f"{done.form_id} version {done.version} {said[done.outcome]}.")


@form.command("list")
@click.argument("programme")
def list_all(programme: str) -> None:
    """List the forms of PROGRAMME with their current version."""
    with open_database(Config.from_environment().database_url).reading() as session:
        for row in list_forms(session, get_programme(session, programme).id):
            version = get_current_version(session, row)
            click.echo(f"{row.form_id}\t{version.version}\t{version.hash[:12]}")


def _read(files: tuple[Path, ...]) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in files}
