"""Teams, their phones, and the sites and days that they are sent to."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.policies import NOT_ASSIGNABLE
from survey_server.db.field.sites import stamp_of
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import (
    Assignment,
    Device,
    Membership,
    Person,
    Site,
    Submission,
    Team,
    Wave,
    WaveSite,
    now,
)
from survey_server.problems import CodeTaken, EditedMeanwhile, NotThere, UnfitAssignment


@dataclass(frozen=True)
class TeamLine:
    """A team with its phones."""

    team: Team
    devices: tuple[Device, ...]


@dataclass(frozen=True)
class AssignmentLine:
    """One assignment with what its team has brought from there."""

    assignment: Assignment
    team: Team
    site: Site
    target: int | None
    received: int

    @property
    def done(self) -> bool:
        """Whether the target is reached."""
        return bool(self.target) and self.received >= (self.target or 0)


def add_team(session: Session, programme_id: int, code: str, name: str, *, actor: str) -> Team:
    """A new team; raises CodeTaken."""
    if session.scalar(select(Team.id).where(Team.programme_id == programme_id, Team.code == code)):
        raise CodeTaken(f"There is a team {code} already.")
    team = Team(programme_id=programme_id, code=code, name=name)
    session.add(team)
    session.flush()
    add_audit(session, programme_id, actor, "add-team", str(team.id), code=code)
    return team


def get_team(session: Session, programme_id: int, team_id: int, *, for_update: bool = False) -> Team:
    """The team; raises NotThere."""
    team = session.get(Team, (programme_id, team_id), with_for_update=for_update or None)
    if team is None:
        raise NotThere("There is no such team.")
    return team


def get_team_by_code(session: Session, programme_id: int, code: str) -> Team:
    """The team with this code; raises NotThere."""
    team = session.scalar(select(Team).where(Team.programme_id == programme_id, Team.code == code))
    if team is None:
        raise NotThere(f"There is no team {code!r}.")
    return team


def edit_team(
    session: Session,
    programme_id: int,
    team_id: int,
    *,
    name: str,
    active: bool,
    device_ids: Sequence[int] | None,
    duress_sha256: str | None,
    seen: str,
    actor: str,
) -> Team:
    """Change a team as somebody saw it; phones or a duress digest of None stay as they are. Raises EditedMeanwhile."""
    team = get_team(session, programme_id, team_id, for_update=True)
    if stamp_of(team.changed_at) != seen:
        raise EditedMeanwhile(f"{team.code} was changed while the page was open.", at=team.changed_at)
    team.name, team.active = name, active
    team.changed_at = max(now(), team.changed_at + timedelta(milliseconds=1))
    if duress_sha256 is not None:
        team.duress_sha256 = duress_sha256 or None
    if device_ids is not None:
        _compose(session, team, device_ids)
    session.flush()
    touch_fieldwork(session, programme_id)
    devices = {} if device_ids is None else {"devices": len(device_ids)}
    add_audit(session, programme_id, actor, "edit-team", str(team.id), active=active, **devices)
    return team


def _compose(session: Session, team: Team, device_ids: Sequence[int]) -> None:
    for device in session.scalars(select(Device).where(Device.programme_id == team.programme_id)):
        if device.id in device_ids:
            device.team_id = team.id
        elif device.team_id == team.id:
            device.team_id = None


def set_supervisor(session: Session, programme_id: int, team_id: int, person_id: int | None, *, actor: str) -> None:
    """Say who supervises the team, and so who reads what its phones send; raises NotThere for who isn't one here."""
    team = get_team(session, programme_id, team_id, for_update=True)
    if person_id is not None and person_id not in dict(list_supervisors(session, programme_id)):
        raise NotThere("This person is no supervisor in the programme.")
    if team.supervisor_id != person_id:
        team.supervisor_id = person_id
        team.changed_at = max(now(), team.changed_at + timedelta(milliseconds=1))
        session.flush()
        add_audit(session, programme_id, actor, "set-supervisor", str(team_id), person=person_id or 0)


def list_supervisors(session: Session, programme_id: int) -> list[tuple[int, str]]:
    """The people who may supervise a team here, with their names."""
    query = (
        select(Person.id, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.programme_id == programme_id, Membership.role == "supervisor", Person.active)
        .order_by(Person.name, Person.id)
    )
    return [(person_id, name) for person_id, name in session.execute(query)]


def list_teams(session: Session, programme_id: int) -> list[TeamLine]:
    """The teams by code, those that work first."""
    devices: dict[int | None, list[Device]] = {}
    for device in session.scalars(
        select(Device).where(Device.programme_id == programme_id, Device.revoked_at.is_(None)).order_by(Device.label)
    ):
        devices.setdefault(device.team_id, []).append(device)
    query = select(Team).where(Team.programme_id == programme_id).order_by(Team.active.desc(), Team.code)
    return [TeamLine(team, tuple(devices.get(team.id, ()))) for team in session.scalars(query)]


def duress_digest(secret_key: str, programme_id: int, phrase: str) -> str:
    """What is kept of a phrase: enough to know it again, whatever its capitals and blanks, not enough to read it."""
    said = " ".join(phrase.casefold().split())
    return hmac.new(secret_key.encode(), f"duress\0{programme_id}\0{said}".encode(), hashlib.sha256).hexdigest()


def assign(
    session: Session,
    wave: Wave,
    site_ids: Sequence[int],
    team_id: int,
    starts: date,
    ends: date,
    *,
    target: int | None = None,
    visit: Mapping[str, Any] | None = None,
    actor: str,
) -> int:
    """Send a team to sites of the wave; what is assigned to it from that day already is changed. The number of sites.

    Raises UnfitAssignment, and then nothing is assigned.
    """
    get_team(session, wave.programme_id, team_id)
    sites = {site.id: site for site, _ in _wave_sites(session, wave)}
    _check(wave, sites, site_ids, starts, ends)
    for site_id in dict.fromkeys(site_ids):
        known = session.scalar(
            select(Assignment).where(
                Assignment.programme_id == wave.programme_id,
                Assignment.wave_id == wave.id,
                Assignment.site_id == site_id,
                Assignment.team_id == team_id,
                Assignment.starts == starts,
            )
        )
        made = known or Assignment(
            programme_id=wave.programme_id, wave_id=wave.id, site_id=site_id, team_id=team_id, starts=starts
        )
        made.ends, made.target, made.visit, made.changed_at = ends, target, dict(visit or {}), now()
        session.add(made)
    session.flush()
    touch_fieldwork(session, wave.programme_id)
    add_audit(session, wave.programme_id, actor, "assign", str(wave.id), team=team_id, sites=len(set(site_ids)))
    return len(set(site_ids))


def withdraw(session: Session, programme_id: int, assignment_ids: Sequence[int], *, actor: str) -> int:
    """Take assignments back; what was collected stays. The number of those that there were."""
    where = (Assignment.programme_id == programme_id, Assignment.id.in_(list(assignment_ids)))
    found = session.scalar(select(func.count()).select_from(Assignment).where(*where)) or 0
    session.execute(delete(Assignment).where(*where))
    touch_fieldwork(session, programme_id)
    add_audit(session, programme_id, actor, "withdraw-assignments", number=found)
    return found


def list_assignments(
    session: Session,
    programme_id: int,
    *,
    wave_id: int | None = None,
    team_id: int | None = None,
    on: date | None = None,
) -> list[AssignmentLine]:
    """Assignments by day, team and site, each with what the team's phones have brought from the site in the wave."""
    query = (
        select(Assignment, Team, Site, func.coalesce(Assignment.target, WaveSite.target, Site.target))
        .join(Team, and_(Team.programme_id == Assignment.programme_id, Team.id == Assignment.team_id))
        .join(Site, and_(Site.programme_id == Assignment.programme_id, Site.id == Assignment.site_id))
        .outerjoin(
            WaveSite,
            and_(
                WaveSite.programme_id == Assignment.programme_id,
                WaveSite.wave_id == Assignment.wave_id,
                WaveSite.site_id == Assignment.site_id,
            ),
        )
        .where(Assignment.programme_id == programme_id)
        .order_by(Assignment.starts, Team.code, Site.code)
    )
    for column, value in ((Assignment.wave_id, wave_id), (Assignment.team_id, team_id)):
        if value is not None:
            query = query.where(column == value)
    if on is not None:
        query = query.where(Assignment.starts <= on, Assignment.ends >= on)
    counts = count_by_team(session, programme_id, wave_id)
    return [
        AssignmentLine(made, team, site, target, counts.get((made.wave_id, site.code, team.id), 0))
        for made, team, site, target in session.execute(query)
    ]


def count_by_team(session: Session, programme_id: int, wave_id: int | None) -> dict[tuple[int, str, int], int]:
    """(wave, site, team) -> submissions that phones of the team have brought."""
    query = (
        select(Submission.wave_id, Submission.site_code, Device.team_id, func.count())
        .join(Device, and_(Device.programme_id == Submission.programme_id, Device.id == Submission.device_id))
        .where(Submission.programme_id == programme_id, Submission.wave_id.is_not(None), Device.team_id.is_not(None))
        .group_by(Submission.wave_id, Submission.site_code, Device.team_id)
    )
    if wave_id is not None:
        query = query.where(Submission.wave_id == wave_id)
    return {(wave or 0, site or "", team or 0): n for wave, site, team, n in session.execute(query)}


def _check(wave: Wave, sites: Mapping[int, Site], site_ids: Sequence[int], starts: date, ends: date) -> None:
    if not site_ids:
        raise UnfitAssignment("Choose at least one site.", why="no-site")
    if missing := [site_id for site_id in site_ids if site_id not in sites]:
        raise UnfitAssignment(
            f"{len(missing)} of the sites are not in {wave.name}, or wait in reserve.", why="not-in-wave"
        )
    if ends < starts:
        raise UnfitAssignment(f"The last day ({ends}) is before the first ({starts}).", why="backwards")
    if starts < wave.starts or ends > wave.ends:
        raise UnfitAssignment(f"{wave.name} is from {wave.starts} to {wave.ends}.", why="outside-wave")
    if wave.state == "locked":
        raise UnfitAssignment(f"{wave.name} is locked.", why="locked")
    if closed := [sites[site_id].code for site_id in site_ids if sites[site_id].risk_tier == NOT_ASSIGNABLE]:
        raise UnfitAssignment(
            f"Nobody is sent to a site of risk tier {NOT_ASSIGNABLE}: {', '.join(closed)}.", why="risk"
        )


def _wave_sites(session: Session, wave: Wave) -> list[tuple[Site, WaveSite]]:
    query = (
        select(Site, WaveSite)
        .join(WaveSite, and_(WaveSite.programme_id == Site.programme_id, WaveSite.site_id == Site.id))
        .where(WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id, WaveSite.reserve.is_(False))
        .order_by(Site.department, Site.code)
    )
    return [(site, line) for site, line in session.execute(query)]


def list_wave_sites(session: Session, wave: Wave) -> list[tuple[Site, WaveSite]]:
    """The sites that the wave visits, without the reserves that nobody has released."""
    return _wave_sites(session, wave)
