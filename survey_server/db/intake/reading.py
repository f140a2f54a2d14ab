"""Reads arrivals before anything is written: which submission each is, of which wave, with which issues."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from survey_server.db.compiled import CompiledVersion, load_version
from survey_server.db.field.site_rules import apply_site_rules
from survey_server.db.intake.arrivals import Arrival, Interview, Unfit
from survey_server.db.intake.erased import is_erased
from survey_server.db.intake.fieldwork import Fieldwork, FormInField
from survey_server.db.intake.personal import personal_issues
from survey_server.db.models import Wave
from survey_server.db.review.words import words_of
from survey_server.db.waves import find_nearest_wave, find_wave_on
from survey_server.problems import (
    CheckFailed,
    DigestMismatch,
    FormClosed,
    FormNotHere,
    SealedWithoutKey,
    UnknownVersion,
    WasErased,
)
from survey_server.xlsform.entities import read_changes
from survey_server.xlsform.filling.instance import CheckedInstance, Issue, UnreadableInstance, check_instance
from survey_server.xlsform.kinds import answers_in, column_kinds

CASE = "case_id"
"""The question by which forms name the case, where their design sheet names no other."""
_LONGEST_ID = 249
_LIKELY_YEARS = range(1970, 2200)

logger = logging.getLogger("survey_server")


@dataclass
class Reader:
    """Reads arrivals of one programme on one consistent state of its forms and waves; writes nothing."""

    session: Session
    programme_id: int
    received_at: datetime
    interviewer: str | None
    fieldwork: Fieldwork

    def read(self, arrival: Arrival) -> Interview | Unfit:
        """The interview, or why it can't be one. Never raises for what is in the arrival."""
        digest = arrival.digest
        if arrival.problem is not None:
            return Unfit(arrival, digest, arrival.problem)
        try:
            return self._read(arrival, digest)
        except UnreadableInstance as unreadable:
            return Unfit(arrival, digest, unreadable)
        except (DigestMismatch, FormNotHere, SealedWithoutKey, CheckFailed) as problem:
            return Unfit(arrival, digest, problem)
        except (FormClosed, UnknownVersion, WasErased) as problem:
            return Unfit(arrival, digest, problem)

    def _read(self, arrival: Arrival, digest: str) -> Interview:
        if arrival.sealed:
            raise SealedWithoutKey()
        if arrival.sha256 and arrival.sha256 != digest:
            raise DigestMismatch()
        context = self.fieldwork.forms.get(arrival.form)
        if context is None or context.current_version_id is None:
            raise FormNotHere(f"This programme has no form {arrival.form!r}.")
        claimed = context.versions.get(arrival.version)
        if arrival.strict:
            _check_takes(context, claimed)
        compiled = load_version(self.session, self.programme_id, claimed or context.current_version_id)
        checked = _check(compiled, arrival.body)
        if not 0 < len(checked.instance_id) <= _LONGEST_ID:
            raise UnreadableInstance(f"The instanceID must have 1 to {_LONGEST_ID} characters.")
        if self.fieldwork.has_erased and is_erased(self.session, self.programme_id, checked.instance_id):
            raise WasErased()
        return self._interview(arrival, digest, context, compiled, checked)

    def _interview(
        self, arrival: Arrival, digest: str, context: FormInField, compiled: CompiledVersion, checked: CheckedInstance
    ) -> Interview:
        issues = list(checked.issues)
        version_id = context.versions.get(checked.version)
        if version_id is None:
            issues.append(Issue("unknown-version", "", checked.version))
        if checked.instance_id != arrival.id:
            issues.append(Issue("id-mismatch", "", arrival.id[:_LONGEST_ID]))
        collected_on = _collected_on(compiled, checked) or arrival.collected_on
        if collected_on is None:
            issues.append(Issue("no-date", "", ""))
        day = collected_on or self.received_at.date()
        wave, wave_issue = _wave_of(context.waves, day, arrival.wave)
        if wave_issue:
            issues.append(Issue(wave_issue, "", day.isoformat()))
        site_code = _text(checked.answers, compiled.question_of("site", "psu"))
        if site_issue := self._site_issue(site_code, wave):
            issues.append(Issue(site_issue, "", str(site_code)))
        moment = _likely(checked.started) or _likely(checked.ended)
        issues = apply_site_rules(issues, self.fieldwork, site_code, compiled.form, checked.answers, moment)
        issues += personal_issues(compiled.form, checked.answers)
        changes = read_changes(compiled.entities, arrival.body) if compiled.entities else []
        interviewer = _text(checked.answers, compiled.question_of("interviewer")) or self.interviewer
        case_id = _text(checked.answers, compiled.question_of("case_id")) or _text(checked.answers, CASE)
        kinds = column_kinds(compiled.form)
        return Interview(
            arrival=arrival,
            digest=digest,
            form_row=context.form_row,
            version_id=version_id,
            version=checked.version,
            instance_id=checked.instance_id,
            wave_id=wave.id if wave else None,
            collected_on=day,
            started=_likely(checked.started),
            ended=_likely(checked.ended),
            interviewer=interviewer,
            site_code=site_code,
            answers=json.dumps(checked.answers, ensure_ascii=False, separators=(",", ":")),
            issues=issues,
            entities=changes,
            deprecated_id=checked.deprecated_id,
            case_id=case_id[:_LONGEST_ID] if case_id else None,
            files=sum(1 for _ in answers_in(checked.answers, kinds.files)),
            words=words_of(
                checked.instance_id,
                (case_id, interviewer, site_code, checked.name),
                answers_in(checked.answers, kinds.typed),
            ),
        )

    def _site_issue(self, code: str | None, wave: Wave | None) -> str | None:
        """Whether the site isn't in the office's table, or isn't visited by the wave."""
        if code is None:
            return None
        visitors = self.fieldwork.sites.get(code)
        if visitors is None:
            return "unknown-site"
        if wave is None or wave.id not in self.fieldwork.waves_with_sites or wave.id in visitors:
            return None
        return "site-not-in-wave"


def _check_takes(context: FormInField, claimed: int | None) -> None:
    if context.state == "closed":
        raise FormClosed()
    if claimed is None:
        raise UnknownVersion()


def _check(compiled: CompiledVersion, body: bytes) -> CheckedInstance:
    """Read and check one interview. Should the check itself fail, one interview must not hold up a phone's others."""
    try:
        return check_instance(compiled.form, body)
    except UnreadableInstance:
        raise
    except Exception as fault:
        logger.error("Checking an interview of %s failed: %s", compiled.form.id, type(fault).__name__)
        raise CheckFailed() from fault


def _wave_of(waves: Sequence[Wave], day: date, claimed: int | None) -> tuple[Wave | None, str | None]:
    """The wave in which the interview was *collected*, however late it comes, and what is odd about it."""
    wave = find_wave_on(waves, day)
    if wave is None:
        near = next((wave for wave in waves if wave.id == claimed), None) or find_nearest_wave(waves, day)
        return near, "outside-wave-dates" if near else "no-wave"
    odd = {"planned": "wave-not-open", "closed": "closed-wave", "locked": "closed-wave"}
    return wave, odd.get(wave.state)


def _collected_on(compiled: CompiledVersion, checked: CheckedInstance) -> date | None:
    told = _text(checked.answers, compiled.question_of("collected"))
    for text in (told, checked.today):
        try:
            if text and (day := date.fromisoformat(text[:10])).year in _LIKELY_YEARS:
                return day
        except ValueError:
            continue
    moment = _likely(checked.started) or _likely(checked.ended)
    return moment.date() if moment else None


def _likely(moment: datetime | None) -> datetime | None:
    """The moment, unless no clock in use could have shown it: such a one would only break what reckons with it."""
    return moment if moment and moment.year in _LIKELY_YEARS else None


def _text(answers: Mapping[str, Any], question: str | None) -> str | None:
    value = answers.get(question) if question else None
    return None if value is None or value == "" else str(value)
