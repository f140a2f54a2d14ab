"""`survey-server retention` and `withdraw`: how long data are kept, and interviews taken back."""

from __future__ import annotations

from datetime import date, datetime

import click

from survey_server.config import Config
from survey_server.db.intake.keys import Keyring
from survey_server.db.keeping.erasure import drop_blobs
from survey_server.db.keeping.retention import Due, apply_retention, get_retention, list_due, set_retention
from survey_server.db.keeping.withdrawals import withdraw as take_back
from survey_server.db.media.stores import open_media_store
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database


@click.command()
@click.argument("programme")
@click.option("--keep", "changes", multiple=True, metavar="RULE=DAYS", help="Change a rule; RULE= keeps for ever.")
@click.option("--ends", type=click.DateTime(["%Y-%m-%d"]), help="The programme's last day; `cases` counts from it.")
@click.option("--on/--off", "on", default=None, help="Whether the server applies the rules by itself, every day.")
@click.option("--apply", "apply_now", is_flag=True, help="Take what is due now. Without it, nothing is taken.")
def retention(
    programme: str, changes: tuple[str, ...], ends: datetime | None, on: bool | None, apply_now: bool
) -> None:
    """Show how long PROGRAMME keeps what, and what is due; change it; take what is due."""
    config = Config.from_environment()
    database = open_database(config.database_url)
    with database.transaction() as session:
        row = get_programme(session, programme)
        before = get_retention(row)
        if changes or ends or on is not None:
            chosen = before.changed(on=on, ends=ends and ends.date(), days=dict(map(_change, changes)))
            set_retention(session, row, chosen, actor="command")
    if apply_now:
        with database.transaction() as session:
            row = get_programme(session, programme)
            taken, blobs = apply_retention(session, row, Keyring(config.secret_key), actor="command")
        drop_blobs(open_media_store(config), blobs)
        _say(taken, "taken")
        return
    with database.reading() as session:
        row = get_programme(session, programme)
        chosen = get_retention(row)
        _say(list_due(session, row), "due")
    click.echo(f"By itself: {'every day' if chosen.on else 'no'}. Last day of the programme: {_day(chosen.ends)}.")


@click.command()
@click.argument("programme")
@click.argument("code")
def withdraw(programme: str, code: str) -> None:
    """Erase the interview whose person has the withdrawal CODE on their card."""
    config = Config.from_environment()
    with open_database(config.database_url).transaction() as session:
        count, blobs = take_back(session, get_programme(session, programme), code, actor="command")
    drop_blobs(open_media_store(config), blobs)
    click.echo(f"{count} erased.")


def _change(text: str) -> tuple[str, int | None]:
    name, _, days = text.partition("=")
    if days and not days.isdigit():
        raise click.BadParameter(f"{text!r}: write RULE=DAYS, or RULE= to keep for ever.")
    return name, int(days) if days else None


def _say(rules: list[Due], word: str) -> None:
    for due in rules:
        kept = "for ever" if due.days is None else f"{due.days} days"
        click.echo(f"{due.rule.name:14} after {due.rule.begins:13} kept {kept:10} {word} {due.count:>8}")


def _day(day: date | None) -> str:
    return day.isoformat() if day else "not set, so cases stay"
