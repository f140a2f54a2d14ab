"""What a report needs to know of a wave beside its frame: the versions met, and the counts of what went otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.forms import list_forms
from survey_server.db.models import (
    Conflict,
    Form,
    FormVersion,
    Programme,
    Quarantine,
    Submission,
    SubmissionIssue,
    Wave,
    WaveSite,
)
from survey_server.db.waves import list_waves
from survey_server.problems import UnknownWave

LATE = timedelta(days=30)
"""How long after a wave's end something unreadable is still counted with it."""


@dataclass(frozen=True)
class WaveCounts:
    """Counts of one wave: what was planned, and what the office has to look at."""

    planned_sites: int | None
    planned_interviews: int | None
    conflicts: int
    quarantined: int
    issues: dict[str, int]


def find_waves(session: Session, programme: Programme, name: str) -> list[tuple[Form, Wave]]:
    """The wave of this name or number of every form that has one; raises UnknownWave when none has."""
    away = restricted_forms(session, programme.id)
    found = [
        (form, wave)
        for form in list_forms(session, programme.id)
        if form.id not in away
        for wave in list_waves(session, programme.id, form)
        if name in (wave.name, str(wave.ordinal))
    ]
    if not found:
        raise UnknownWave(f"No form of {programme.code} has a wave {name!r}: `survey-server wave list` shows them.")
    return found


def versions_met(session: Session, form: Form, names: Iterable[str]) -> list[FormVersion]:
    """The versions with these texts, oldest first, with phone JSON and registry; of rows under one text the newest."""
    query = (
        select(FormVersion)
        .where(
            FormVersion.programme_id == form.programme_id,
            FormVersion.form_row == form.id,
            FormVersion.version.in_(list(names)),
        )
        .options(undefer(FormVersion.phone), undefer(FormVersion.registry_sheets))
        .order_by(FormVersion.published_at, FormVersion.id)
    )
    return list({version.version: version for version in session.scalars(query)}.values())


def count_wave(session: Session, form: Form, wave: Wave) -> WaveCounts:
    """The counts of one wave."""
    sites = select(func.count(), func.sum(WaveSite.target)).where(
        WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id
    )
    planned_sites, planned_interviews = session.execute(sites).one()
    return WaveCounts(
        planned_sites=planned_sites or None,
        planned_interviews=planned_interviews,
        conflicts=_count_conflicts(session, wave),
        quarantined=_count_quarantined(session, form, wave),
        issues=_count_issues(session, wave),
    )


def _count_conflicts(session: Session, wave: Wave) -> int:
    of_submission = (Conflict.programme_id == Submission.programme_id) & (Conflict.submission_id == Submission.id)
    query = select(func.count()).select_from(Conflict).join(Submission, of_submission)
    return session.scalar(query.where(Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id)) or 0


def _count_issues(session: Session, wave: Wave) -> dict[str, int]:
    issue = SubmissionIssue
    of_submission = (issue.programme_id == Submission.programme_id) & (issue.submission_id == Submission.id)
    query = (
        select(issue.kind, func.count())
        .join(Submission, of_submission)
        .where(Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id)
        .group_by(issue.kind)
        .order_by(issue.kind)
    )
    return {kind: count for kind, count in session.execute(query)}  # noqa: C416 - rows, not pairs


def _count_quarantined(session: Session, form: Form, wave: Wave) -> int:
    """What claimed to be this form, arrived in the wave's time or shortly after, and could not be read."""
    first, last = (datetime.combine(day, time(), UTC) for day in (wave.starts, wave.ends))
    query = select(func.count()).where(
        Quarantine.programme_id == form.programme_id,
        Quarantine.claimed_form == form.form_id,
        Quarantine.received_at >= first,
        Quarantine.received_at < last + LATE,
    )
    return session.scalar(query) or 0
