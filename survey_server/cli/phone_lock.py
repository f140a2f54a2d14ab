"""`survey-server phone-lock`: how the phones of a programme lock."""

from __future__ import annotations

from dataclasses import asdict, replace

import click

from survey_server.config import Config
from survey_server.db.field.phone_lock import LEVELS, get_lock_policy, set_lock_policy
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database


@click.command("phone-lock")
@click.argument("programme")
@click.option("--level", type=click.Choice(LEVELS), help="What opens a phone; prf: a PIN and the phone's own hardware.")
@click.option("--lock-after", type=int, help="Seconds without a touch until it locks.")
@click.option("--lock-on-hide/--no-lock-on-hide", default=None, help="Lock when another app comes in front.")
@click.option("--wipe-after", type=int, help="Wrong tries until it forgets its unfinished interviews.")
@click.option("--empty-pin/--no-empty-pin", default=None, help="Offer an emergency PIN that shows an empty phone.")
def phone_lock(programme: str, **changes: str | int | bool | None) -> None:
    """Show how the phones of PROGRAMME lock, or change it; phones follow from their next contact on."""
    wanted = {name: value for name, value in changes.items() if value is not None}
    with open_database(Config.from_environment().database_url).transaction() as session:
        row = get_programme(session, programme)
        policy = get_lock_policy(session, row)
        if wanted:
            policy = replace(policy, **wanted)  # type: ignore[arg-type]
            set_lock_policy(session, row, policy, actor="command")
    for name, value in asdict(policy).items():
        click.echo(f"{name.replace('_', '-')}\t{value}")
