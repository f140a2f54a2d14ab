"""Reads from the database what a report is made from: every form of a programme that has the waves asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence

from survey_server.db.forms import load_registry
from survey_server.db.frames import wave_frame
from survey_server.db.models import Form, Programme, Wave
from survey_server.db.report_data import count_wave, find_waves, versions_met
from survey_server.db.session import Session
from survey_server.reports.questionnaire import questionnaire_of
from survey_server.reports.wave_data import FieldFacts, ProgrammeInfo, WaveData, WaveInfo
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary


def summarise(
    session: Session, programme: Programme, waves: Sequence[str], language: str, edition: str = "full"
) -> WaveSummary:
    """The report on one wave, or on the first and the last of several; raises UnknownWave, NothingToReport."""
    before = read_waves(session, programme, waves[0]) if len(waves) > 1 else []
    after = read_waves(session, programme, waves[-1])
    return build_wave_summary(_info(programme), before, after, language, edition)


def read_waves(session: Session, programme: Programme, name: str) -> list[WaveData]:
    """The wave of this name or number of every form that has one with submissions; raises UnknownWave."""
    data = [_read_wave(session, form, wave) for form, wave in find_waves(session, programme, name)]
    return [one for one in data if one is not None]


def _info(programme: Programme) -> ProgrammeInfo:
    told = {key: str(programme.policies.get(key, "")) for key in ("funder", "implementers")}
    return ProgrammeInfo(programme.code, programme.name, programme.demo, **told)


def _read_wave(session: Session, form: Form, wave: Wave) -> WaveData | None:
    frame = wave_frame(session, wave)
    versions = versions_met(session, form, set(frame["_version"]))
    if frame.empty or not versions:
        return None
    counts = count_wave(session, form, wave)
    return WaveData(
        form_id=form.form_id,
        wave=WaveInfo(wave.name, wave.ordinal, wave.starts, wave.ends, wave.state),
        questionnaires=tuple(questionnaire_of(json.loads(version.phone)) for version in versions),
        registry=load_registry(versions[-1]),
        frame=frame,
        facts=FieldFacts(
            counts.planned_sites, counts.planned_interviews, counts.conflicts, counts.quarantined, counts.issues
        ),
    )
