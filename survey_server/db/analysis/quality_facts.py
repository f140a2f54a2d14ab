"""What a wave's quality rests on beside its frame: teams, phones and their clocks, sites, what couldn't be taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_server.db.field.policies import policy_of
from survey_server.db.models import (
    Assignment,
    Device,
    Form,
    Incident,
    Media,
    Programme,
    Site,
    Submission,
    SubmissionVersion,
    Team,
    Wave,
    WaveSite,
)

LOST = ("device-lost", "device-seized")


@dataclass(frozen=True)
class PhoneFact:
    """A phone that works for the programme, as it last reported itself."""

    label: str
    interviewer: str
    team: str
    seen_at: datetime | None
    queue: int | None
    clock_offset: float | None


@dataclass(frozen=True)
class FieldState:
    """Teams, phones and sites of a wave; codes only."""

    phones: tuple[PhoneFact, ...]
    team_names: dict[str, str]
    team_of_site: dict[str, str]
    gps_sites: frozenset[str]
    sites: frozenset[str]
    sites_before: frozenset[str]
    """The codes of the sites of the wave, reserves left out, and of the wave before it."""
    substituted: dict[str, int]
    """Sites that stand in for another, by the reason given."""
    modes: dict[str, int]
    lost: int


def read_field_state(session: Session, wave: Wave) -> FieldState:
    """How teams, phones and sites of the wave stand now."""
    programme_id = wave.programme_id
    teams = {team.id: team for team in session.scalars(select(Team).where(Team.programme_id == programme_id))}
    assigned = session.execute(
        select(Assignment.team_id, Assignment.visit, Site.code)
        .join(Site, (Site.programme_id == Assignment.programme_id) & (Site.id == Assignment.site_id))
        .where(Assignment.programme_id == programme_id, Assignment.wave_id == wave.id)
        .order_by(Assignment.starts, Assignment.id)
    ).all()
    planned, substituted, allowed = _sites(session, wave)
    before = find_wave_before(session, wave)
    return FieldState(
        phones=tuple(_phones(session, programme_id, {key: team.code for key, team in teams.items()})),
        team_names={team.code: team.name for team in teams.values()},
        team_of_site={row.code: teams[row.team_id].code for row in assigned if row.team_id in teams},
        gps_sites=allowed,
        sites=planned,
        sites_before=_sites(session, before)[0] if before else frozenset(),
        substituted=substituted,
        modes=dict(Counter(str(row.visit["mode"]) for row in assigned if row.visit.get("mode"))),
        lost=_count_lost(session, wave),
    )


def wave_signature(session: Session, waves: Sequence[Wave]) -> tuple[object, ...]:
    """What changes whenever a submission of these waves, or the programme's fieldwork, does."""
    found: list[object] = []
    for wave in waves:
        counts = select(func.count(), func.max(Submission.changed_at)).where(
            Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id
        )
        found.append(tuple(session.execute(counts).one()))
    if waves:
        query = select(Programme.field_revision).where(Programme.id == waves[0].programme_id)
        found.append(session.scalar(query))
    return tuple(found)


def ids_of_instances(session: Session, form: Form, instance_ids: Sequence[str]) -> dict[str, int]:
    """The submissions of a form that have these instance ids."""
    found: dict[str, int] = {}
    for start in range(0, len(instance_ids), 500):
        query = select(SubmissionVersion.instance_id, SubmissionVersion.submission_id).where(
            SubmissionVersion.programme_id == form.programme_id,
            SubmissionVersion.form_row == form.id,
            SubmissionVersion.instance_id.in_(instance_ids[start : start + 500]),
        )
        found |= {row.instance_id: row.submission_id for row in session.execute(query)}
    return found


def interviewers_of(session: Session, programme_id: int, device_ids: Collection[int]) -> frozenset[str]:
    """The interviewers of these phones."""
    query = select(Device.interviewer).where(Device.programme_id == programme_id, Device.id.in_(list(device_ids)))
    return frozenset(session.scalars(query))


def logs_of_wave(session: Session, wave: Wave, name: str, most: int) -> list[tuple[Media, str | None]]:
    """The files of this name of the wave's interviews that are here, the latest first, with who made the interview."""
    query = (
        select(Media, Submission.interviewer)
        .join(
            Submission,
            (Submission.programme_id == Media.programme_id) & (Submission.instance_id == Media.instance_id),
        )
        .where(
            Media.programme_id == wave.programme_id,
            Submission.wave_id == wave.id,
            Media.name == name,
            Media.completed_at.is_not(None),
        )
        .order_by(Media.completed_at.desc())
        .limit(most)
    )
    return [(media, interviewer) for media, interviewer in session.execute(query)]


def _phones(session: Session, programme_id: int, teams: dict[int, str]) -> list[PhoneFact]:
    query = (
        select(Device)
        .where(Device.programme_id == programme_id, Device.revoked_at.is_(None))
        .order_by(Device.interviewer, Device.label)
    )
    return [
        PhoneFact(
            device.label,
            device.interviewer,
            teams.get(device.team_id or 0, ""),
            device.seen_at,
            device.queue_length,
            device.clock_offset_seconds,
        )
        for device in session.scalars(query)
    ]


def find_wave_before(session: Session, wave: Wave) -> Wave | None:
    """The wave of the same form before this one."""
    query = (
        select(Wave)
        .where(Wave.programme_id == wave.programme_id, Wave.form_row == wave.form_row, Wave.ordinal < wave.ordinal)
        .order_by(Wave.ordinal.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def _sites(session: Session, wave: Wave) -> tuple[frozenset[str], dict[str, int], frozenset[str]]:
    """Which sites are planned, how many stand in for another by reason, and where positions may be taken."""
    query = (
        select(Site, WaveSite.replaces_id, WaveSite.reason)
        .join(WaveSite, (WaveSite.programme_id == Site.programme_id) & (WaveSite.site_id == Site.id))
        .where(WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id, WaveSite.reserve.is_(False))
    )
    rows = session.execute(query).all()
    allowed = frozenset(site.code for site, *_ in rows if site.latitude is not None and policy_of(site).gps)
    reasons = Counter((reason or "").strip() for _, replaces, reason in rows if replaces is not None)
    return frozenset(site.code for site, *_ in rows), dict(sorted(reasons.items())), allowed


def _count_lost(session: Session, wave: Wave) -> int:
    """Phones lost or seized since the wave began that nobody has closed the case of."""
    query = select(func.count()).where(
        Incident.programme_id == wave.programme_id, Incident.kind.in_(LOST), Incident.closed_at.is_(None)
    )
    return session.scalar(query) or 0
