"""Reads from the database what a report is made from: every form of a programme that has the waves asked for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from survey_server.db.analysis.decisions import find_decision
from survey_server.db.analysis.frames import repeat_frame, wave_frame
from survey_server.db.analysis.indicators import list_late_changes, load_registry
from survey_server.db.analysis.report_data import count_wave, find_waves, versions_met
from survey_server.db.field.own_outlines import own_outlines
from survey_server.db.forms import list_forms, read_attachments
from survey_server.db.models import Form, FormVersion, Programme, Wave
from survey_server.db.opening import list_papers
from survey_server.db.review.comparing import decisions_in_force
from survey_server.db.session import Session
from survey_server.db.waves import list_waves
from survey_server.reports.decided import renamed, ruling_of
from survey_server.reports.questionnaire import questionnaire_of
from survey_server.reports.registers.forms import REGISTERS, UNREPORTED
from survey_server.reports.wave_data import Decided, FieldFacts, LateChange, ProgrammeInfo, WaveData, WaveInfo
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary

PLACE_LISTS = ("posts.csv", "units.csv", "venues.csv")
PlaceRows = tuple[Mapping[str, str], ...]


def summarise(
    session: Session, programme: Programme, waves: Sequence[str], language: str, edition: str = "full"
) -> WaveSummary:
    """The report on one wave, or on the first and the last of several; raises UnknownWave, NothingToReport."""
    before = read_waves(session, programme, waves[0]) if len(waves) > 1 else []
    after = read_waves(session, programme, waves[-1])
    if _extents(before) == _extents(after):  # a wave and itself: that wave alone
        before = []
    registers = read_registers(session, programme)
    between = read_earlier(session, programme, after, before)
    find = partial(_decided, session, programme.id)
    return build_wave_summary(_info(session, programme), before, after, language, edition, registers, between, find)


def _extents(waves: Sequence[WaveData]) -> set[tuple[str, int]]:
    return {(data.form_id, data.wave.ordinal) for data in waves}


def _decided(session: Session, programme_id: int, data_hash: str) -> Decided | None:
    """The decision on these figures, once it counts."""
    ruling = find_decision(session, programme_id, data_hash)
    if ruling is None or not ruling.complete:
        return None
    return Decided(
        ruling.reading,
        ruling.decision,
        ruling.reasons,
        ruling.alternatives,
        ruling.changes_mind,
        "; ".join(filter(None, (ruling.dissent, *(each.dissent for each in ruling.signatures)))),
        ruling.written_by,
        ruling.written_at.date(),
        tuple((each.name, each.signed_at.date()) for each in ruling.signatures),
    )


def read_waves(session: Session, programme: Programme, name: str) -> list[WaveData]:
    """The wave of this name or number of every form that has one with submissions; raises UnknownWave."""
    found = find_waves(session, programme, name)
    data = [_read_wave(session, form, wave) for form, wave in found if form.form_id not in (*REGISTERS, *UNREPORTED)]
    return [one for one in data if one is not None]


def read_earlier(
    session: Session, programme: Programme, after: Sequence[WaveData], read: Sequence[WaveData]
) -> list[list[WaveData]]:
    """For each form of `after`, its waves before that one which aren't among those `read`: trends need them."""
    known = {(data.form_id, data.wave.ordinal) for data in read}
    last = {data.form_id: data.wave.ordinal for data in after}
    forms = [form for form in list_forms(session, programme.id) if form.form_id in last]
    return [
        [
            data
            for wave in list_waves(session, programme.id, form)
            if wave.ordinal < last[form.form_id] and (form.form_id, wave.ordinal) not in known
            if (data := _read_wave(session, form, wave)) is not None
        ]
        for form in forms
    ]


def read_registers(session: Session, programme: Programme) -> list[WaveData]:
    """The forms that are kept all along, each with the submissions of all its waves."""
    found = []
    for form in list_forms(session, programme.id):
        if form.form_id in REGISTERS:
            waves = [_read_wave(session, form, wave) for wave in list_waves(session, programme.id, form)]
            if known := [wave for wave in waves if wave is not None]:
                found.append(_joined(known))
    return found


def _joined(waves: Sequence[WaveData]) -> WaveData:
    """Several waves of a form as one, under the last one's name and registry."""
    versions = {q.version: q for wave in waves for q in wave.questionnaires}
    names = dict.fromkeys(name for wave in waves for name in wave.repeats)
    repeats = {name: [wave.repeats[name] for wave in waves if name in wave.repeats] for name in names}
    return replace(
        waves[-1],
        questionnaires=tuple(versions.values()),
        frame=pd.concat([wave.frame for wave in waves], ignore_index=True) if len(waves) > 1 else waves[0].frame,
        repeats={name: pd.concat(frames, ignore_index=True) for name, frames in repeats.items()},
    )


def _info(session: Session, programme: Programme) -> ProgrammeInfo:
    told = {key: str(programme.policies.get(key, "")) for key in ("funder", "implementers")}
    recipients = {key: tuple(names) for key, names in (programme.policies.get("recipients") or {}).items()}
    plan = dict(programme.policies.get("plan") or {})
    forms = tuple(form.form_id for form in list_forms(session, programme.id))
    outlines = own_outlines(session, programme.id).get("department", ())
    return ProgrammeInfo(
        programme.code,
        programme.name,
        programme.demo,
        recipients=recipients,
        outlines=outlines,
        plan=plan,
        forms=forms,
        **told,
    )


def _plan(session: Session, form: Form) -> dict[str, Any]:
    programme = session.get_one(Programme, form.programme_id)
    return dict(programme.policies.get("plan") or {})


def _read_wave(session: Session, form: Form, wave: Wave) -> WaveData | None:
    frame = wave_frame(session, wave)
    versions = versions_met(session, form, set(frame["_version"]))
    if frame.empty or not versions:
        return None
    counts = count_wave(session, form, wave)
    rulings = tuple(map(ruling_of, decisions_in_force(session, form)))
    questionnaires, frame = renamed(
        [questionnaire_of(json.loads(version.phone)) for version in versions], frame, rulings
    )
    return WaveData(
        form_id=form.form_id,
        wave=WaveInfo(wave.name, wave.ordinal, wave.starts, wave.ends, wave.state, _ethics(session, wave)),
        questionnaires=questionnaires,
        registry=load_registry(session, versions[-1]),
        frame=frame,
        rulings=rulings,
        facts=FieldFacts(
            counts.planned_sites, counts.planned_interviews, counts.conflicts, counts.quarantined, counts.issues
        ),
        repeats={
            name: repeat_frame(session, wave, name)
            for name in dict.fromkeys(name for questionnaire in questionnaires for name in questionnaire.repeats)
            if form.form_id in REGISTERS
        },
        margins=_plan(session, form).get("margins", {}).get(form.form_id, {}),
        files=dict(_place_lists(session, form, versions[-1])),
        late_changes=tuple(
            LateChange(late.code, late.wave, tuple(late.columns), late.at.date(), late.reason)
            for late in list_late_changes(session, form.programme_id, form.id)
        ),
    )


def _ethics(session: Session, wave: Wave) -> tuple[str, ...]:
    """The references of the ethics approvals of a wave."""
    papers = (paper for paper in list_papers(session, wave) if paper.kind == "ethics")
    return tuple(f"{paper.reference} ({paper.dated.isoformat()})" for paper in papers)


def _place_lists(session: Session, form: Form, version: FormVersion) -> Iterator[tuple[str, PlaceRows]]:
    """The lists of places of a version, as rows: what is open, and where."""
    attached = read_attachments(session, form.programme_id, version.id, PLACE_LISTS)
    for name, content in sorted(attached.items()):
        yield name, tuple(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
