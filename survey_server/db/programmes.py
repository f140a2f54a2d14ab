"""Programmes: what everything else belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import Programme
from survey_server.db.stamps import check_stamp, stamp_of_values
from survey_server.problems import CodeTaken, UnfitCode, UnknownProgramme

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def add_programme(
    session: Session,
    code: str,
    name: str,
    *,
    languages: Sequence[str] = ("es", "en"),
    demo: bool = False,
    actor: str = "command",
) -> Programme:
    """A new, empty programme; its code names it in addresses and commands."""
    if not _CODE.fullmatch(code):
        raise UnfitCode(f"{code!r} can't name a programme: use small letters, digits and -, at most 40.")
    if session.scalar(select(Programme.id).where(Programme.code == code)) is not None:
        raise CodeTaken(f"There is a programme {code!r} already.")
    programme = Programme(code=code, name=name, languages=list(languages), demo=demo)
    session.add(programme)
    session.flush()
    add_audit(session, programme.id, actor, "add-programme", code)
    return programme


def get_programme(session: Session, code: str) -> Programme:
    """The programme with this code; raises UnknownProgramme."""
    programme = session.scalar(select(Programme).where(Programme.code == code))
    if programme is None:
        raise UnknownProgramme(f"There is no programme {code!r}.")
    return programme


def list_programmes(session: Session) -> list[Programme]:
    """All programmes by name; which of them somebody may see is the caller's to decide."""
    return list(session.scalars(select(Programme).order_by(Programme.name, Programme.id)))


def set_plan(session: Session, programme: Programme, plan: Mapping[str, Any], *, actor: str) -> None:
    """What was planned, which reports measure against; what it may hold is the reports' to say."""
    programme.policies = {**programme.policies, "plan": dict(plan)}
    add_audit(session, programme.id, actor, "set-plan", programme.code, parts=sorted(plan))


def stamp_of_programme(programme: Programme) -> str:
    """What a page gives back to say in which state it saw the programme."""
    return stamp_of_values(*_said(programme))


def _said(programme: Programme) -> tuple[Any, ...]:
    return programme.name, programme.languages, programme.time_zone, programme.policies


def edit_programme(
    session: Session,
    programme_id: int,
    *,
    name: str,
    languages: Sequence[str],
    time_zone: str,
    policies: Mapping[str, Any],
    seen: str,
    actor: str,
) -> Programme:
    """Change what the programme is, as somebody saw it; a policy that is None or blank is taken away.

    Raises EditedMeanwhile when somebody else changed it in between: nothing is overwritten.
    """
    fresh = session.get_one(Programme, programme_id, with_for_update=True)
    check_stamp(seen, *_said(fresh))
    kept = {**fresh.policies, **policies}
    changed = sorted(key for key in policies if policies[key] != fresh.policies.get(key))
    fresh.name, fresh.languages, fresh.time_zone = name, list(languages), time_zone
    fresh.policies = {key: value for key, value in kept.items() if value not in (None, "", {}, [])}
    session.flush()
    touch_fieldwork(session, programme_id)
    add_audit(session, programme_id, actor, "edit-programme", fresh.code, policies=changed)
    return fresh
