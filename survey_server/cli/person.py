"""`survey-server person`: who signs in to the office, and what they may do."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence

import click

from survey_server.config import Config
from survey_server.db.access.people import (
    LINK_LIVES,
    add_link,
    add_person,
    get_person_by_login,
    list_people,
    set_password,
    set_roles,
)
from survey_server.db.access.second_factor import reset_second_factor
from survey_server.db.audit import SERVER, add_audit
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.web.office.access.people import GIVEN_ROLES

_ROLES_HELP = f"PROGRAMME:ROLE, as often as needed; roles are {', '.join(GIVEN_ROLES)}."


@click.group()
def person() -> None:
    """The people of the office: logins and roles."""


@person.command()
@click.argument("login")
@click.option("--name", default="", help="The person's name; LOGIN when left out.")
@click.option("--language", type=click.Choice(["es", "en"]), default="es", show_default=True)
@click.option("--administrator", is_flag=True, help="Runs the server: people, phones, programmes; reads no answers.")
@click.option("--role", "roles", multiple=True, metavar="PROGRAMME:ROLE", help=_ROLES_HELP)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--password", "generate", is_flag=True, help="Print a password that must be changed at the first login.")
def add(
    login: str,
    name: str,
    language: str,
    administrator: bool,
    roles: Sequence[str],
    password_stdin: bool,
    generate: bool,
) -> None:
    """Add LOGIN; prints a one-time link to choose a password, unless one is given here."""
    config = Config.from_environment()
    made, by_programme = "", _by_programme(roles)
    with open_database(config.database_url).transaction() as session:
        one = add_person(session, login, name, language=language, administrator=administrator)
        add_audit(session, SERVER, "command", "add-person", f"person:{one.id}", administrator=administrator)
        for programme, names in by_programme.items():
            set_roles(session, one, get_programme(session, programme), names, actor="command")
        if password_stdin:
            set_password(session, one, sys.stdin.readline().rstrip("\r\n"))
        elif generate:
            made = secrets.token_urlsafe(12)
            set_password(session, one, made, must_change=True)
        link = "" if password_stdin or generate else add_link(session, one)
    click.echo(f"{one.login} can sign in at {config.base_url}/office/" if not link else _told(config, link))
    if made:
        click.echo(f"Password, to be changed at the first login: {made}")


@person.command()
@click.argument("login")
def link(login: str) -> None:
    """Make a one-time link by which LOGIN chooses a new password."""
    config = Config.from_environment()
    with open_database(config.database_url).transaction() as session:
        one = get_person_by_login(session, login)
        code = add_link(session, one)
        add_audit(session, SERVER, "command", "add-link", f"person:{one.id}")
    click.echo(_told(config, code))


@person.command("second-factor")
@click.argument("login")
def second_factor(login: str) -> None:
    """Forget LOGIN's second factor; prints a one-time link by which they set up another, with their password."""
    config = Config.from_environment()
    with open_database(config.database_url).transaction() as session:
        one = get_person_by_login(session, login)
        reset_second_factor(session, one)
        code = add_link(session, one, "second-factor")
        add_audit(session, SERVER, "command", "reset-second-factor", f"person:{one.id}")
    click.echo(f"Open once, within {LINK_LIVES.days} days, to set up another second factor:\n{_address(config, code)}")


@person.command()
@click.argument("login")
@click.argument("programme")
@click.argument("roles", nargs=-1, type=click.Choice(GIVEN_ROLES))
def role(login: str, programme: str, roles: Sequence[str]) -> None:
    """Give LOGIN exactly these ROLES in PROGRAMME; none takes all away."""
    with open_database(Config.from_environment().database_url).transaction() as session:
        found = get_programme(session, programme)
        set_roles(session, get_person_by_login(session, login), found, roles, actor="command")
    click.echo(f"{login} in {programme}: {', '.join(roles) or 'no roles'}.")


@person.command("list")
def list_all() -> None:
    """List everybody with their roles."""
    with open_database(Config.from_environment().database_url).reading() as session:
        for one in list_people(session):
            held = [f"{code}:{role}" for code, roles in sorted(one.roles.items()) for role in sorted(roles)]
            kind = ["administrator"] * one.administrator + ["stopped"] * (not one.active)
            click.echo("\t".join((one.login, one.name, " ".join(kind + held))))


def _by_programme(roles: Sequence[str]) -> dict[str, list[str]]:
    by_programme: dict[str, list[str]] = {}
    for given in roles:
        programme, _, name = given.partition(":")
        if name not in GIVEN_ROLES:
            raise click.BadParameter(f"{given!r} isn't PROGRAMME:ROLE. {_ROLES_HELP}", param_hint="--role")
        by_programme.setdefault(programme, []).append(name)
    return by_programme


def _told(config: Config, code: str) -> str:
    return f"Open once, within {LINK_LIVES.days} days, to choose a password:\n{_address(config, code)}"


def _address(config: Config, code: str) -> str:
    return f"{config.base_url}/office/link/{code}"
