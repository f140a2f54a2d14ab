"""`survey-server wave`: add and list waves, open, close and lock them."""

from __future__ import annotations

from datetime import date, datetime

import click

from survey_server.config import Config
from survey_server.db.field.sites import stamp_of
from survey_server.db.forms import get_form, list_forms
from survey_server.db.models import Wave
from survey_server.db.opening import LEAST_REASON, open_wave
from survey_server.db.programmes import get_programme
from survey_server.db.session import Session, open_database
from survey_server.db.waves import STATES, add_wave, get_wave, list_waves, set_wave_state
from survey_server.problems import WaveNotReady

_DAY = click.DateTime(["%Y-%m-%d"])
_DESPITE = click.option(
    "--despite", default="", metavar="REASON", help="Open it though something is missing; the reason is kept."
)


@click.group()
def wave() -> None:
    """Waves: rounds of fieldwork of a form."""


@wave.command()
@click.argument("programme")
@click.argument("form")
@click.argument("name")
@click.argument("starts", type=_DAY)
@click.argument("ends", type=_DAY)
@click.option("--state", type=click.Choice(STATES), default="planned", show_default=True)
@_DESPITE
def create(programme: str, form: str, name: str, starts: datetime, ends: datetime, state: str, despite: str) -> None:
    """Add the wave NAME of FORM, from STARTS to ENDS (YYYY-MM-DD)."""
    with open_database(Config.from_environment().database_url).transaction() as session:
        row = get_form(session, get_programme(session, programme).id, form)
        first = "planned" if state == "open" else state
        made = add_wave(session, row, name, starts.date(), ends.date(), state=first)
        if state == "open":
            _open(session, made, despite)
        click.echo(f"Wave {made.ordinal} ({made.name}) of {form} is {state}.")


@wave.command("list")
@click.argument("programme")
def list_all(programme: str) -> None:
    """List the waves of PROGRAMME by form."""
    with open_database(Config.from_environment().database_url).reading() as session:
        programme_id = get_programme(session, programme).id
        for form in list_forms(session, programme_id):
            for one in list_waves(session, programme_id, form):
                click.echo(f"{form.form_id}\t{one.ordinal}\t{one.name}\t{_dates(one.starts, one.ends)}\t{one.state}")


@wave.command("set")
@click.argument("programme")
@click.argument("form")
@click.argument("name")
@click.argument("state", type=click.Choice(STATES))
@_DESPITE
def set_state(programme: str, form: str, name: str, state: str, despite: str) -> None:
    """Open, close or lock the wave NAME (or its number) of FORM; late interviews are taken and flagged."""
    with open_database(Config.from_environment().database_url).transaction() as session:
        row = get_form(session, get_programme(session, programme).id, form)
        wave = get_wave(session, row, name)
        if state == "open" and wave.state == "planned":
            _open(session, wave, despite)
        else:
            set_wave_state(session, wave, state, actor="command")
    click.echo(f"Wave {name} of {form} is {state}.")


def _open(session: Session, wave: Wave, reason: str) -> None:
    """As the office opens it: what must be in place is looked at, or the reason is kept why it opens all the same."""
    try:
        missing = open_wave(session, wave, seen=stamp_of(wave.changed_at), reason=reason, actor="command")
    except WaveNotReady as problem:
        names = ", ".join(problem.extras["missing"])
        raise WaveNotReady(
            f"Not in place yet: {names}. Put it right, or open it all the same with --despite REASON"
            f" ({LEAST_REASON} characters or more), which is kept with the wave.",
            missing=problem.extras["missing"],
        ) from problem
    for check in missing:
        click.echo(f"Opened without: {check.name}.", err=True)


def _dates(starts: date, ends: date) -> str:
    return f"{starts.isoformat()} to {ends.isoformat()}"
