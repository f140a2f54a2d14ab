"""`survey-server alias`: aliases of officers, made on the registrar's machine and never on the server."""

from __future__ import annotations

import csv
import os
import secrets
from pathlib import Path

import click

from survey_server.aliases import make_aliases
from survey_server.disk import write_new
from survey_server.problems import UnfitRoster

_SHORTEST = 16


@click.command()
@click.argument("roster", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("aliases", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--secret", "secret_file", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--wave", required=True, help="Name of the wave; another wave, other aliases.")
@click.option("--column", default="badge", show_default=True, help="The column of ROSTER that holds the badge.")
def alias(roster: Path, aliases: Path, secret_file: Path, wave: str, column: str) -> None:
    """Give each badge of ROSTER (CSV) its alias for one wave, in the new file ALIASES; badge and alias alone.

    The secret is made in the file that --secret names when there is none. Keep both files away from the server.
    """
    badges = _read_badges(roster, column)
    made = make_aliases(badges, wave, _secret(secret_file))
    with os.fdopen(os.open(aliases, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="") as written:
        rows = csv.writer(written)
        rows.writerow([column, "alias", "wave"])
        rows.writerows([badge, made[badge], wave] for badge in sorted(made))
    click.echo(f"{len(made)} aliases of wave {wave} in {aliases}. Delete it 12 months after the wave.")


def _read_badges(roster: Path, column: str) -> list[str]:
    with roster.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.DictReader(opened)
        if column not in (rows.fieldnames or []):
            raise UnfitRoster(f"{roster} has no column {column!r}: {', '.join(rows.fieldnames or [])}.")
        badges = [(row[column] or "").strip() for row in rows]
    twice = sorted({badge for badge in badges if badge and badges.count(badge) > 1})
    if twice or not any(badges):
        raise UnfitRoster(f"{len(twice)} badges are on the roster twice." if twice else f"{roster} names no badge.")
    return badges


def _secret(file: Path) -> bytes:
    if not file.exists():
        write_new(file, secrets.token_urlsafe(32).encode())
    secret = file.read_text().strip().encode()
    if len(secret) < _SHORTEST:
        raise UnfitRoster(f"The secret in {file} is too short: let this command make one.")
    return secret
