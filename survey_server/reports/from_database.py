"""Reads from the database what a report is made from: every form of a programme that has the waves asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from survey_server.db.forms import list_forms, load_registry
from survey_server.db.frames import wave_frame
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
from survey_server.reports.questionnaire import questionnaire_of
from survey_server.reports.wave_data import FieldFacts, ProgrammeInfo, WaveData, WaveInfo
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary

LATE = timedelta(days=30)
"""How long after a wave's end something unreadable is still counted with it."""


def summarise(
    session: Session, programme: Programme, waves: Sequence[str], language: str, edition: str = "full"
) -> WaveSummary:
    """The report on one wave, or on two compared; waves by name or number. Raises UnknownWave, NothingToReport."""
    data = [read_waves(session, programme, name) for name in waves]
    return build_wave_summary(_info(programme), data[0] if len(data) > 1 else [], data[-1], language, edition)


def read_waves(session: Session, programme: Programme, name: str) -> list[WaveData]:
    """The wave of this name or number of every form that has one with submissions; raises UnknownWave."""
    found = [
        (form, wave)
        for form in list_forms(session, programme.id)
        for wave in list_waves(session, programme.id, form)
        if name in (wave.name, str(wave.ordinal))
    ]
    if not found:
        raise UnknownWave(f"No form of {programme.code} has a wave {name!r}: `survey-server wave list` shows them.")
    data = [_read_wave(session, form, wave) for form, wave in found]
    return [one for one in data if one is not None]


def _info(programme: Programme) -> ProgrammeInfo:
    told = {key: str(programme.policies.get(key, "")) for key in ("funder", "implementers")}
    return ProgrammeInfo(programme.code, programme.name, programme.demo, **told)


def _read_wave(session: Session, form: Form, wave: Wave) -> WaveData | None:
    frame = wave_frame(session, wave)
    versions = _versions(session, form, set(frame["_version"]))
    if frame.empty or not versions:
        return None
    return WaveData(
        form_id=form.form_id,
        wave=WaveInfo(wave.name, wave.ordinal, wave.starts, wave.ends, wave.state),
        questionnaires=tuple(questionnaire_of(json.loads(version.phone)) for version in versions),
        registry=load_registry(versions[-1]),
        frame=frame,
        facts=_facts(session, form, wave),
    )


def _versions(session: Session, form: Form, names: set[str]) -> list[FormVersion]:
    """The versions met in a wave, oldest first; of several rows under one version text the newest."""
    query = (
        select(FormVersion)
        .where(
            FormVersion.programme_id == form.programme_id,
            FormVersion.form_row == form.id,
            FormVersion.version.in_(names),
        )
        .options(undefer(FormVersion.phone), undefer(FormVersion.registry_sheets))
        .order_by(FormVersion.published_at, FormVersion.id)
    )
    return list({version.version: version for version in session.scalars(query)}.values())


def _facts(session: Session, form: Form, wave: Wave) -> FieldFacts:
    in_wave = (Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id)
    conflict = (Conflict.programme_id == Submission.programme_id) & (Conflict.submission_id == Submission.id)
    issue = (SubmissionIssue.programme_id == Submission.programme_id) & (SubmissionIssue.submission_id == Submission.id)
    sites = select(func.count(), func.sum(WaveSite.target)).where(
        WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id
    )
    kinds = select(SubmissionIssue.kind, func.count()).join(Submission, issue).where(*in_wave)
    planned_sites, planned_interviews = session.execute(sites).one()
    return FieldFacts(
        planned_sites=planned_sites or None,
        planned_interviews=planned_interviews,
        conflicts=session.scalar(select(func.count()).select_from(Conflict).join(Submission, conflict).where(*in_wave))
        or 0,
        quarantined=_quarantined(session, form, wave),
        issues={kind: count for kind, count in session.execute(kinds.group_by(SubmissionIssue.kind))},  # noqa: C416 - rows, not pairs,
    )


def _quarantined(session: Session, form: Form, wave: Wave) -> int:
    """What claimed to be this form, arrived in the wave's time or shortly after, and could not be read."""
    first, last = (datetime.combine(day, time(), UTC) for day in (wave.starts, wave.ends))
    query = select(func.count()).where(
        Quarantine.programme_id == form.programme_id,
        Quarantine.claimed_form == form.form_id,
        Quarantine.received_at >= first,
        Quarantine.received_at < last + LATE,
    )
    return session.scalar(query) or 0
