"""Waves: rounds of fieldwork of a form, and which of them an interview belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.audit import add_audit
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import Form, Wave, now
from survey_server.db.webhooks import add_event
from survey_server.problems import UnfitWave, UnknownWave

STATES = ("planned", "open", "closed", "locked")


def add_wave(
    session: Session,
    form: Form,
    name: str,
    starts: date,
    ends: date,
    *,
    ordinal: int | None = None,
    state: str = "planned",
    actor: str = "command",
) -> Wave:
    """A new wave of `form`, after the last unless `ordinal` says which; its dates may not overlap another's."""
    if ends < starts:
        raise UnfitWave(f"The wave would end ({ends}) before it starts ({starts}).", why="backwards")
    for other in list_waves(session, form.programme_id, form):
        if starts <= other.ends and other.starts <= ends:
            clash = f"The dates overlap wave {other.ordinal} ({other.name}), {other.starts} to {other.ends}."
            raise UnfitWave(clash, why="clash")
        if other.ordinal == ordinal or other.name == name:
            raise UnfitWave(f"{form.form_id} has wave {other.ordinal} ({other.name}) already.", why="clash")
    wave = Wave(
        programme_id=form.programme_id,
        form_row=form.id,
        ordinal=ordinal or _next_ordinal(session, form),
        name=name,
        starts=starts,
        ends=ends,
        state=_fit_state(state),
    )
    session.add(wave)
    session.flush()
    touch_fieldwork(session, form.programme_id)
    add_audit(session, form.programme_id, actor, "add-wave", str(wave.id), form=form.form_id, ordinal=wave.ordinal)
    return wave


def set_wave_state(session: Session, wave: Wave, state: str, *, actor: str) -> None:
    """Open, close or lock a wave. A lock is for good: the analysis rests on it."""
    if wave.state == "locked" and state != "locked":
        raise UnfitWave(f"Wave {wave.ordinal} ({wave.name}) is locked; what is locked stays so.")
    session.execute(
        update(Wave)
        .where(Wave.programme_id == wave.programme_id, Wave.id == wave.id)
        .values(state=_fit_state(state), changed_at=now())
    )
    touch_fieldwork(session, wave.programme_id)
    add_audit(session, wave.programme_id, actor, "set-wave-state", str(wave.id), state=state)
    if wave.form_row not in restricted_forms(session, wave.programme_id):
        form = session.get_one(Form, (wave.programme_id, wave.form_row)).form_id
        add_event(session, wave.programme_id, "wave.state", form=form, wave=wave.name, state=state)


def list_waves(session: Session, programme_id: int, form: Form | None = None) -> list[Wave]:
    """The waves of the programme, or of one form of it, in their order."""
    query = select(Wave).where(Wave.programme_id == programme_id)
    if form is not None:
        query = query.where(Wave.form_row == form.id)
    return list(session.scalars(query.order_by(Wave.ordinal, Wave.id)))


def get_wave(session: Session, form: Form, name: str) -> Wave:
    """The wave of `form` with this name or order number; raises UnknownWave."""
    for wave in list_waves(session, form.programme_id, form):
        if name in (wave.name, str(wave.ordinal)):
            return wave
    raise UnknownWave(f"{form.form_id} has no wave {name!r}.")


def find_wave_on(waves: Sequence[Wave], day: date) -> Wave | None:
    """The wave in whose dates `day` falls."""
    return next((wave for wave in waves if wave.starts <= day <= wave.ends), None)


def find_nearest_wave(waves: Sequence[Wave], day: date) -> Wave | None:
    """The wave whose dates are nearest to `day`, the earlier of two: for an interview out of every wave's dates."""
    return min(waves, key=lambda wave: (max(wave.starts - day, day - wave.ends), wave.ordinal), default=None)


def _next_ordinal(session: Session, form: Form) -> int:
    last = session.scalar(
        select(func.max(Wave.ordinal)).where(Wave.programme_id == form.programme_id, Wave.form_row == form.id)
    )
    return (last or 0) + 1


def _fit_state(state: str) -> str:
    if state not in STATES:
        raise UnfitWave(f"{state!r} is no state of a wave: {', '.join(STATES)}.")
    return state
