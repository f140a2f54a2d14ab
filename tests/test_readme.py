"""The README is part of the product: what it doesn't tell, nobody finds."""

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from survey_server.cli import COMMANDS, cli
from survey_server.config import Config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def command_names(command: click.Command, path: tuple[str, ...] = ()) -> list[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        subs = {key: command.get_command(context, key) for key in command.list_commands(context)}
        return [name for key, sub in subs.items() if sub for name in command_names(sub, (*path, key))]
    return [" ".join(path)]


@pytest.mark.parametrize("name", command_names(cli))
def test_it_documents_every_command(name: str) -> None:
    assert f"| `{name}` |" in README


def test_it_documents_no_command_that_is_not_there() -> None:
    section = README.partition("\n## Commands\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z -]+)` \|", section, re.MULTILINE)) == set(command_names(cli))


def test_it_offers_every_command_that_is_written() -> None:
    """A command that the list in `cli` forgets is found by nobody."""
    files = {path.stem for path in (ROOT / "survey_server" / "cli").glob("*.py")} - {"__init__"}
    assert files == {place.partition(":")[0] for place in COMMANDS.values()}


def test_it_documents_every_setting() -> None:
    source = (ROOT / "survey_server" / "config.py").read_text()
    used = set(re.findall(r"SURVEY_[A-Z_]+", source))
    documented = set(re.findall(r"^\| `(SURVEY_[A-Z_]+)`", README, re.MULTILINE))
    assert used == documented
    assert len(documented) == len(fields(Config))


def test_it_documents_every_room() -> None:
    rooms = {path.name for path in (ROOT / "survey_server").iterdir() if (path / "__init__.py").exists()} - {"cli"}
    assert {room for room in rooms if f"`{room}/`" not in README} == set()


def test_it_documents_every_address_of_the_phone_api() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "survey_server" / "web").rglob("*.py"))
    addresses = set(re.findall(r"_?(?:get|post)\(\"(/[a-z]+)", sources)) & {"/enrol", "/phone", "/sync", "/forms"}
    assert {address for address in addresses if f"/api/v1{address}" not in README} == set()


def test_it_names_files_that_exist() -> None:
    named = set(re.findall(r"`((?:forms|tests|static|survey_server)/[\w./-]+\.(?:md|csv|py|js))`", README))
    assert {name for name in named if not (ROOT / name).exists()} == set()
