"""Reads the quality of a wave from the database, and keeps it until something of the wave or the fieldwork changes."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from time import thread_time

from survey_server.db.analysis.frames import repeat_frame, wave_frame
from survey_server.db.analysis.indicators import load_registry
from survey_server.db.analysis.quality_facts import FieldState, find_wave_before, read_field_state, wave_signature
from survey_server.db.analysis.report_data import count_wave, versions_met
from survey_server.db.forms import list_forms
from survey_server.db.models import Form, FormVersion, Programme, Wave, now
from survey_server.db.session import Session
from survey_server.db.waves import list_waves
from survey_server.estimation.quality import Thresholds
from survey_server.reports.quality.wave_checks import Check, grade_of, list_checks
from survey_server.reports.quality.wave_marks import QualityFacts
from survey_server.reports.quality.wave_quality import WaveQuality
from survey_server.reports.quality.wave_response import Response, read_response
from survey_server.reports.quality.wave_selection import DRAWN, LIST
from survey_server.reports.questionnaire import questionnaire_of
from survey_server.reports.registers.forms import BACK_CHECKS, CONTACTS
from survey_server.reports.sample import Sample
from survey_server.reports.wave_data import WaveData, WaveInfo

_KEPT, _ROWS_KEPT = 8, 400_000
_LONG, _TIMES_AS_LONG = 1.0, 20
"""What takes longer than a second of work is shown again for twenty times as long, though more may have come."""
_kept: OrderedDict[tuple[str, int, int], tuple[tuple[object, ...], QualityView]] = OrderedDict()
_locks: dict[tuple[str, int, int], Lock] = {}
_lock = Lock()


@dataclass(frozen=True)
class QualityView:
    """The quality of a wave as it stands, with what it was computed from."""

    form: Form
    wave: Wave
    title: dict[str, str]
    quality: WaveQuality
    checks: tuple[Check, ...]
    field: FieldState
    at: datetime
    """When it was computed."""
    until: datetime
    """Until when it may be shown though more has come since."""

    @property
    def last_day(self) -> date | None:
        """The last day on which anything was collected."""
        days = self.quality.marks.frame["_collected_on"].dropna()
        return days.max().date() if len(days) else None

    @property
    def grade(self) -> str:
        """A to D."""
        return grade_of(self.checks)


def read_wave_quality(session: Session, programme: Programme, form: Form, wave: Wave) -> QualityView | None:
    """The quality of the wave now; None while it has no submissions. Computed once for each state of the data.

    Of a wave so large that this takes long, what was computed a moment ago is told once more: its `at` says when.
    """
    key = (str(session.get_bind().engine.url), wave.programme_id, wave.id)
    back, log = (_other_waves(session, programme, form, name) for name in (BACK_CHECKS, CONTACTS))
    signature = (*wave_signature(session, [wave, *back, *log]), json.dumps(programme.policies.get("quality") or {}))
    with _lock:
        turn = _locks.setdefault(key, Lock())
    with turn:
        with _lock:
            kept = _kept.get(key)
        if kept is not None and (kept[0] == signature or now() < kept[1].until):
            return kept[1]
        found = _read(session, programme, form, wave, back, log)
        if found is not None:
            with _lock:
                _kept[key] = (signature, found)
                _kept.move_to_end(key)
                while len(_kept) > 1 and (len(_kept) > _KEPT or _rows_kept() > _ROWS_KEPT):
                    _kept.popitem(last=False)
        return found


def _rows_kept() -> int:
    return sum(len(view.quality.sample.everyone) for _, view in _kept.values())


def _other_waves(session: Session, programme: Programme, form: Form, name: str) -> list[Wave]:
    """The waves of the form that is kept beside this one: its back-checks, its contact log."""
    forms = [one for one in list_forms(session, programme.id) if one.form_id == name and one.id != form.id]
    return [wave for one in forms for wave in list_waves(session, programme.id, one)]


def _read(
    session: Session, programme: Programme, form: Form, wave: Wave, back: Sequence[Wave], log: Sequence[Wave]
) -> QualityView | None:
    began, at = thread_time(), now()
    sample = _sample(session, form, wave)
    if sample is None:
        return None
    field = read_field_state(session, wave)
    counts = count_wave(session, form, wave)
    facts = QualityFacts(
        team_of_interviewer={phone.interviewer: phone.team for phone in field.phones if phone.team},
        team_of_site=field.team_of_site,
        gps_sites=field.gps_sites,
        clocks=tuple(
            (phone.label, phone.interviewer, phone.clock_offset)
            for phone in field.phones
            if phone.clock_offset is not None
        ),
        lost=field.lost,
        conflicts=counts.conflicts,
        quarantined=counts.quarantined,
        planned_sites=len(field.sites),
        substituted=sum(field.substituted.values()),
        sites_before=len(field.sites_before),
        sites_kept=len(field.sites & field.sites_before),
        units=field.sites,
        time_zone=programme.time_zone,
        modes=field.modes,
        newest_version=_newest(session, form),
    )
    limits = Thresholds.of(programme.policies.get("quality") or {})
    visited = sample.role("consent") is not None and sample.role("psu") is not None
    response = _response(session, programme, wave, facts, log) if visited else None
    quality = WaveQuality(sample, facts, limits, _checks(session, programme, back), response)
    title = dict(sample.data.questionnaire.title)
    checks = list_checks(quality)
    spent = thread_time() - began
    until = at + timedelta(seconds=_TIMES_AS_LONG * spent if spent > _LONG else 0)
    return QualityView(form, wave, title, quality, checks, field, at, until)


def _sample(session: Session, form: Form, wave: Wave) -> Sample | None:
    frame = wave_frame(session, wave)
    versions = versions_met(session, form, set(frame["_version"])) if len(frame) else []
    if not versions:
        return None
    data = WaveData(
        form_id=form.form_id,
        wave=_info(wave),
        questionnaires=tuple(questionnaire_of(json.loads(version.phone)) for version in versions),
        registry=load_registry(session, versions[-1]),
        frame=frame,
        repeats={LIST: repeat_frame(session, wave, LIST)} if DRAWN in frame else {},
    )
    return Sample(data)


def _checks(session: Session, programme: Programme, waves: Sequence[Wave]) -> Sample | None:
    """The back-checks: those of the latest of their waves that has any (they are kept in one long one)."""
    found = (_sample_of(session, programme, wave) for wave in reversed(waves))
    return next((sample for sample in found if sample is not None), None)


def _sample_of(session: Session, programme: Programme, wave: Wave) -> Sample | None:
    return _sample(session, session.get_one(Form, (programme.id, wave.form_row)), wave)


def _response(
    session: Session, programme: Programme, wave: Wave, facts: QualityFacts, log: Sequence[Wave]
) -> Response | None:
    """Who answered, by the contact log: of the form that people are visited for, at sites, with their consent."""
    logs = [sample for one in log if (sample := _sample_of(session, programme, one)) is not None]
    before = find_wave_before(session, wave)
    teams = {**facts.team_of_site, **facts.team_of_interviewer}
    return read_response(logs, _info(wave), _info(before) if before else None, teams)


def _info(wave: Wave) -> WaveInfo:
    return WaveInfo(wave.name, wave.ordinal, wave.starts, wave.ends, wave.state)


def _newest(session: Session, form: Form) -> str:
    version = session.get(FormVersion, (form.programme_id, form.current_version_id or 0))
    return version.version if version else ""
