"""What a phone of a team takes to the field: its own sites of today and tomorrow, stops, policies, the referral card.

No arm, stratum, weight, probability or position is ever among it: who knows them is not blind any more.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey_server.db.field.dwellings import list_dwellings
from survey_server.db.field.policies import LATE_AFTER_MINUTES, check_in_times, phone_rules, policy_of, referral_of
from survey_server.db.field.stops import covers, list_stops
from survey_server.db.field.teams import AssignmentLine, list_assignments
from survey_server.db.intake.fieldwork import load_fieldwork
from survey_server.db.models import Assignment, Device, Form, Programme, Site, StopWork, Submission, Team, Wave, now

LIVES = timedelta(days=7)
"""A phone that hasn't called for so long shows its list no more."""


def view_field(session: Session, programme: Programme, device: Device, at: datetime | None = None) -> dict[str, Any]:
    """`assignments`, `stop_work`, `policies` and `referral` for one phone."""
    at = at or now()
    today = at.astimezone(ZoneInfo(programme.time_zone)).date()
    team = session.get(Team, (programme.id, device.team_id)) if device.team_id is not None else None
    rules = phone_rules(programme)
    stops = list_stops(session, programme.id, in_force=True)
    lines: list[AssignmentLine] = []
    if team is not None and team.active:
        every = list_assignments(session, programme.id, team_id=team.id)
        lines = [
            line
            for line in every
            if line.assignment.starts <= today + timedelta(days=1) and line.assignment.ends >= today
        ]
    return {
        "assignments": _view_assignments(session, programme, lines, stops),
        "stop_work": _view_stops(session, programme, device, stops),
        "policies": {
            "team": team.code if team else None,
            "check_in_times": [f"{hour:%H:%M}" for hour in check_in_times(programme)] if lines else [],
            "check_in_late_minutes": LATE_AFTER_MINUTES,
            "assignments_until": (at + LIVES).isoformat(),
            "keep_sent_days": rules.keep_sent_days,
            "draft_days": rules.draft_days,
            "gps": {"elsewhere": rules.gps, "none": _sites_without_gps(session, programme, device)},
        },
        "referral": referral_of(programme),
    }


def _view_assignments(
    session: Session, programme: Programme, lines: list[AssignmentLine], stops: list[StopWork]
) -> list[dict[str, Any]]:
    waves = {wave.id: (wave, form_id) for wave, form_id in _open_waves(session, programme)}
    dwellings: dict[tuple[int, int], list[int]] = defaultdict(list)
    for wave_id in {line.assignment.wave_id for line in lines} & waves.keys():
        for each in list_dwellings(session, waves[wave_id][0]):
            if not each.reserve or each.released_at:
                dwellings[wave_id, each.site_id].append(each.number)
    return [
        _view(line, *waves[line.assignment.wave_id], dwellings[line.assignment.wave_id, line.site.id], stops)
        for line in lines
        if line.assignment.wave_id in waves
    ]


def _view(
    line: AssignmentLine, wave: Wave, form_id: str, dwellings: list[int], stops: list[StopWork]
) -> dict[str, Any]:
    policy = policy_of(line.site)
    return {
        "id": str(line.assignment.id),
        "form": form_id,
        "wave": {"id": str(wave.id), "name": wave.name, "ordinal": wave.ordinal},
        "site": {
            "code": line.site.code,
            "name": line.site.name,
            "country": line.site.country,
            "department": line.site.department,
            "department_name": line.site.extra.get("department_name"),
            "municipality": line.site.municipality,
        },
        "starts": line.assignment.starts.isoformat(),
        "ends": line.assignment.ends.isoformat(),
        "target": line.target,
        "received": line.received,
        "dwellings": sorted(dwellings),
        "visit": line.assignment.visit,
        "policies": {
            "gps": policy.gps,
            "night": policy.night,
            "pairs": policy.pairs,
            "check_ins": policy.check_ins,
            "score": policy.score,
        },
        "stopped": any(covers(stop, line.site) for stop in stops),
    }


def _view_stops(session: Session, programme: Programme, device: Device, stops: list[StopWork]) -> list[dict[str, Any]]:
    """Stops that concern the phone: of the areas where its team works or has worked, and those of the programme."""
    if not stops:
        return []
    sites = list(session.scalars(select(Site).where(Site.programme_id == programme.id)))
    mine = _own_sites(session, programme, device)
    views = []
    for stop in stops:
        codes = sorted(site.code for site in sites if covers(stop, site))
        if stop.level != "programme" and mine and not mine & set(codes):
            continue
        views.append(
            {
                "id": str(stop.id),
                "level": stop.level,
                "area": stop.area,
                "message": stop.message,
                "since": stop.ordered_at.isoformat(),
                "sites": [code for code in codes if code in mine] if mine else codes,
            }
        )
    return views


def _sites_without_gps(session: Session, programme: Programme, device: Device) -> list[str]:
    """Where this phone may take no position; of other teams' places it learns nothing."""
    codes = load_fieldwork(session, programme.id).no_gps
    mine = _own_sites(session, programme, device) if codes else set()
    return sorted(codes & mine if mine else codes)


def _own_sites(session: Session, programme: Programme, device: Device) -> set[str]:
    sent = select(Submission.site_code).where(
        Submission.programme_id == programme.id,
        Submission.device_id == device.id,
        Submission.site_code.is_not(None),
    )
    planned = (
        select(Site.code)
        .join(Assignment, and_(Assignment.programme_id == Site.programme_id, Assignment.site_id == Site.id))
        .where(Site.programme_id == programme.id, Assignment.team_id == device.team_id)
    )
    if device.team_id is None:
        return set()  # nobody knows where a phone without a team works: it is told of every stop
    return {code for code in [*session.scalars(sent.distinct()), *session.scalars(planned)] if code}


def _open_waves(session: Session, programme: Programme) -> list[tuple[Wave, str]]:
    query = (
        select(Wave, Form.form_id)
        .join(Form, and_(Form.programme_id == Wave.programme_id, Form.id == Wave.form_row))
        .where(Wave.programme_id == programme.id, Wave.state == "open")
    )
    return [(wave, form_id) for wave, form_id in session.execute(query)]
