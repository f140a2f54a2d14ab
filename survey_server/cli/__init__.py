"""The command line: `survey-server COMMAND`. Each command group has its own file; this one only lists them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

import click

from survey_server.problems import Problem

COMMANDS: Mapping[str, str] = {
    "run": "run:run",
    "serve": "serve:serve",
    "work": "work:work",
    "programme": "programme:programme",
    "form": "form:form",
    "wave": "wave:wave",
    "site": "site:site",
    "person": "person:person",
    "device": "device:device",
    "entity": "entity:entity",
    "phone-lock": "phone_lock:phone_lock",
    "key": "key:key",
    "unseal": "unseal:unseal",
    "form-key": "form_key:form_key",
    "import": "imports:import_",
    "import-outbox": "outbox:import_outbox",
    "audit": "audit:audit",
    "report": "report:report",
    "export": "export:export",
    "retention": "retention:retention",
    "withdraw": "retention:withdraw",
    "lan": "lan:lan",
    "deploy": "deploy:deploy",
    "alias": "alias:alias",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "migrate": "backup:migrate",
    "migrate-database": "backup:migrate_database",
    "move-media": "move_media:move_media",
    "xpath": "engine:xpath",
    "scenario": "engine:scenario",
}
"""Each command's name, and its file and variable: a command starts with its own libraries alone."""


class Commands(click.Group):
    """A group that opens a command's file when the command is called, or asked for its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, variable = COMMANDS[cmd_name].split(":")
        with _without_collecting():
            command: click.Command = getattr(import_module(f"{__name__}.{module}"), variable)
        return command


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Libraries make many objects that stay: they are neither looked through while they load nor ever after."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


@click.group(cls=Commands)
@click.version_option(package_name="survey-server")
def cli() -> None:
    """Field surveys from an offline phone to a printed comparison."""


def main() -> None:
    """Run a command; a Problem is printed as one message, with exit status 1."""
    try:
        cli()
    except Problem as problem:
        said = dict.fromkeys((problem.title, problem.detail))  # once, when the detail is the title
        click.echo(": ".join(said), err=True)
        sys.exit(1)
