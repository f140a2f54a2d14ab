"""Check-ins of teams (form M): who is well, who is late, who asked for help without saying so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey_server.db.field.policies import LATE_AFTER_MINUTES, check_in_times
from survey_server.db.field.teams import duress_digest
from survey_server.db.models import (
    Assignment,
    Device,
    Form,
    Programme,
    Submission,
    SubmissionVersion,
    Team,
    is_current_version,
    now,
)

FORM = "ssr_checkin"
_LOOKED_AT = timedelta(hours=48)
STATES = ("alarm", "overdue", "support", "due", "well", "home")
"""From the most urgent to the least; `home`: nothing is planned for the team today."""


@dataclass(frozen=True)
class CheckIn:
    """A team as its last check-in left it."""

    team: Team
    state: str
    last: datetime | None
    due: datetime | None
    answers: dict[str, Any]


def list_check_ins(
    session: Session, programme: Programme, secret_key: str, *, at: datetime | None = None
) -> list[CheckIn]:
    """Every team that works, the most urgent first. `answers` holds status, people and phones, never the phrase."""
    at = at or now()
    zone = ZoneInfo(programme.time_zone)
    today = at.astimezone(zone).date()
    in_field = set(
        session.scalars(
            select(Assignment.team_id).where(
                Assignment.programme_id == programme.id, Assignment.starts <= today, Assignment.ends >= today
            )
        )
    )
    said = _last_said(session, programme, at)
    teams = session.scalars(select(Team).where(Team.programme_id == programme.id, Team.active.is_(True)))
    lines = [_line(team, said.get(team.id), team.id in in_field, programme, secret_key, at) for team in teams]
    return sorted(lines, key=lambda line: (STATES.index(line.state), line.team.code))


def next_due(times: Sequence[time], last: datetime | None, promised: str, at: datetime, zone: ZoneInfo) -> datetime:
    """When a team had to check in next: what it promised, else the programme's first hour after its last word."""
    if last is not None and promised:
        hour = time.fromisoformat(promised[:5])
        local = last.astimezone(zone)
        due = datetime.combine(local.date(), hour, zone)
        return due if due > local else due + timedelta(days=1)
    start = (last or datetime.combine(at.astimezone(zone).date(), time(0), zone)).astimezone(zone)
    days = (start.date() + timedelta(days=day) for day in range(3))
    moments = (datetime.combine(day, hour, zone) for day in days for hour in sorted(times))
    return next(moment for moment in moments if moment > start)


def _line(
    team: Team,
    said: tuple[datetime, dict[str, Any]] | None,
    in_field: bool,
    programme: Programme,
    secret_key: str,
    at: datetime,
) -> CheckIn:
    last, answers = said or (None, {})
    phrase = str(answers.get("phrase") or "")
    shown = {name: answers.get(name) for name in ("status", "n_team", "n_devices", "sec", "next_chk")}
    if team.duress_sha256 and phrase and duress_digest(secret_key, programme.id, phrase) == team.duress_sha256:
        return CheckIn(team, "alarm", last, None, shown)
    left = str(answers.get("status")) == "4" and not in_field
    if not in_field and (last is None or left):
        return CheckIn(team, "home", last, None, shown)
    due = next_due(
        check_in_times(programme), last, str(answers.get("next_chk") or ""), at, ZoneInfo(programme.time_zone)
    )
    if at > due + timedelta(minutes=LATE_AFTER_MINUTES):
        return CheckIn(team, "overdue", last, due, shown)
    if str(answers.get("status")) == "3":
        return CheckIn(team, "support", last, due, shown)
    return CheckIn(team, "due" if at > due or last is None else "well", last, due, shown)


def _last_said(session: Session, programme: Programme, at: datetime) -> dict[int, tuple[datetime, dict[str, Any]]]:
    """Team -> when and what it last said, within two days."""
    query = (
        select(Device.team_id, Submission.ended, Submission.started, Submission.received_at, SubmissionVersion.answers)
        .join(Device, and_(Device.programme_id == Submission.programme_id, Device.id == Submission.device_id))
        .join(Form, and_(Form.programme_id == Submission.programme_id, Form.id == Submission.form_row))
        .join(SubmissionVersion, is_current_version())
        .where(
            Submission.programme_id == programme.id,
            Form.form_id == FORM,
            Device.team_id.is_not(None),
            Submission.received_at > at - _LOOKED_AT,
        )
    )
    found: dict[int, tuple[datetime, dict[str, Any]]] = {}
    for team_id, ended, started, received_at, answers in session.execute(query):
        # A clock that runs ahead can't make a team look well for longer than its message is here.
        moment = min(ended or started or received_at, received_at)
        if team_id is not None and (team_id not in found or moment >= found[team_id][0]):
            found[team_id] = (moment, json.loads(answers))
    return found
