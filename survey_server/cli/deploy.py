"""`survey-server deploy`: what systemd and Caddy need to know to run this server."""

from __future__ import annotations

import getpass
import shutil
import sys
from pathlib import Path
from string import Template

import click

from survey_server.config import Config

_TEMPLATES = Path(__file__).parent.parent / "templates" / "deploy"
_SITE = click.option("--site", default="encuesta.example.org", show_default=True, help="The name phones open it by.")
_PORT = click.option("--port", default=8000, show_default=True, help="Where the server listens for Caddy.")


@click.group()
def deploy() -> None:
    """What systemd and Caddy need to know to run this server."""


@deploy.command()
@_SITE
@_PORT
@click.option("--user", default=getpass.getuser, show_default="you", help="The user that it runs as.")
def unit(site: str, port: int, user: str) -> None:
    """Print a systemd unit for this folder."""
    found = shutil.which("survey-server", path=str(Path(sys.executable).parent)) or "survey-server"
    config = Config.from_environment()
    facts = {"site": site, "port": port, "user": user, "folder": Path.cwd(), "data_dir": config.data_dir}
    _print("survey-server.service", command=found, **facts)


@deploy.command()
@_SITE
@_PORT
def caddyfile(site: str, port: int) -> None:
    """Print a Caddyfile: HTTPS with a certificate that renews itself, in front of this server."""
    _print("Caddyfile", site=site, port=port)


def _print(name: str, **facts: object) -> None:
    click.echo(Template((_TEMPLATES / name).read_text(encoding="utf-8")).substitute(facts), nl=False)
