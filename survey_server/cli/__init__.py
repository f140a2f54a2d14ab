"""The command line: `survey-server COMMAND`. Each command group has its own file; this one only lists them."""

from __future__ import annotations

import sys

import click

from survey_server.cli.device import device
from survey_server.cli.engine import scenario, xpath
from survey_server.cli.form import form
from survey_server.cli.imports import import_
from survey_server.cli.person import person
from survey_server.cli.programme import programme
from survey_server.cli.report import report
from survey_server.cli.run import run
from survey_server.cli.serve import serve
from survey_server.cli.site import site
from survey_server.cli.wave import wave
from survey_server.problems import Problem

COMMANDS: tuple[click.Command, ...] = (
    run,
    serve,
    programme,
    form,
    wave,
    site,
    person,
    device,
    import_,
    report,
    xpath,
    scenario,
)


@click.group()
@click.version_option(package_name="survey-server")
def cli() -> None:
    """Field surveys from an offline phone to a printed comparison."""


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run a command; a Problem is printed as one message, with exit status 1."""
    try:
        cli()
    except Problem as problem:
        said = dict.fromkeys((problem.title, problem.detail))  # once, when the detail is the title
        click.echo(": ".join(said), err=True)
        sys.exit(1)
