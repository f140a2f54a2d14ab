"""The one way in: interviews are stored once, in one transaction per batch, and answered after the commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from survey_server.db.arrivals import Arrival, FormContext, Interview, Reader, Unfit, read_forms
from survey_server.db.models import Submission, SubmissionVersion
from survey_server.db.session import Database
from survey_server.db.sites import find_sites_of_waves, list_waves_with_sites
from survey_server.db.storing import Known, Receipt, Source, Writer
from survey_server.problems import QuarantinedFromRevoked
from survey_server.xlsform.instance import Issue

__all__ = ["Arrival", "Receipt", "Source", "take_in"]

_TRIES = 4

Item = Interview | Unfit | Known


def take_in(database: Database, source: Source, arrivals: Sequence[Arrival]) -> list[Receipt]:
    """Store what is new, flag what is odd, keep what can't be read: one receipt per arrival, in their order.

    All or nothing: when this raises, nothing of the batch is stored; when it returns, everything is on the disk.
    """
    for tries_left in reversed(range(_TRIES)):
        read = _read(database, source, arrivals)
        try:
            with database.transaction() as session:
                return Writer(session, source, read.known).write(read.items)
        except IntegrityError:
            # Another request stored one of these ids between our reading and our writing: look again.
            if not tries_left:
                raise
    raise AssertionError("unreachable")


@dataclass(frozen=True)
class _Read:
    """A batch as read: each arrival with what became of it, and the submissions whose ids are taken."""

    items: list[tuple[Arrival, Item]]
    known: dict[tuple[int, str], Known]


def _read(database: Database, source: Source, arrivals: Sequence[Arrival]) -> _Read:
    with database.reading() as session:
        forms = read_forms(session, source.programme_id, {arrival.form for arrival in arrivals})
        known = _find_known(session, source.programme_id, _claimed_keys(forms, arrivals))
        interviewer = source.device.interviewer if source.device else None
        reader = Reader(session, source.programme_id, source.received_at, interviewer, forms)
        items: list[tuple[Arrival, Item]] = []
        for arrival in arrivals:
            again = _find_again(forms, known, arrival)
            items.append((arrival, again or _judge(source, reader, arrival)))
        unclaimed = {
            (it.form_row, it.instance_id)
            for _, it in items
            if isinstance(it, Interview) and it.instance_id != it.arrival.id
        }
        known |= _find_known(session, source.programme_id, unclaimed)
        return _Read(_flag_sites(session, source.programme_id, items), known)


def _judge(source: Source, reader: Reader, arrival: Arrival) -> Interview | Unfit:
    if source.device and source.device.revoked_at:
        return Unfit(arrival, arrival.digest, QuarantinedFromRevoked())
    return reader.read(arrival)


def _claimed_keys(forms: dict[str, FormContext], arrivals: Iterable[Arrival]) -> set[tuple[int, str]]:
    return {(forms[arrival.form].form_row, arrival.id) for arrival in arrivals if arrival.form in forms}


def _find_again(forms: dict[str, FormContext], known: dict[tuple[int, str], Known], arrival: Arrival) -> Known | None:
    """The stored document with the same id and the same bytes: no need to read it again."""
    if arrival.form not in forms:
        return None
    stored = known.get((forms[arrival.form].form_row, arrival.id))
    return stored if stored and stored.sha256 == arrival.digest else None


def _find_known(session: Session, programme_id: int, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Known]:
    """Which of these (form, instance id) are stored: a look-up by key, whatever the table's size."""
    by_form: dict[int, list[str]] = {}
    for form_row, instance_id in keys:
        by_form.setdefault(form_row, []).append(instance_id)
    known = {}
    for form_row, instance_ids in by_form.items():
        version, submission = SubmissionVersion, Submission
        query = (
            select(version.instance_id, version.submission_id, version.sha256, submission.issue_count)
            .join(
                submission,
                (submission.programme_id == version.programme_id) & (submission.id == version.submission_id),
            )
            .where(
                version.programme_id == programme_id,
                version.form_row == form_row,
                version.instance_id.in_(instance_ids),
            )
        )
        for instance_id, submission_id, sha256, issues in session.execute(query):
            known[form_row, instance_id] = Known(submission_id, sha256, issues)
    return known


def _flag_sites(session: Session, programme_id: int, items: list[tuple[Arrival, Item]]) -> list[tuple[Arrival, Item]]:
    """Flag the interviews whose site isn't in the office's table, or isn't visited by their wave."""
    interviews = [item for _, item in items if isinstance(item, Interview) and item.site_code]
    if not interviews:
        return items
    sites = find_sites_of_waves(session, programme_id, {str(item.site_code) for item in interviews})
    wave_ids = {item.wave_id for item in interviews if item.wave_id is not None}
    listed = list_waves_with_sites(session, programme_id, wave_ids)
    for interview in interviews:
        code = str(interview.site_code)
        if code not in sites:
            interview.issues.append(Issue("unknown-site", "", code))
        elif interview.wave_id in listed and interview.wave_id not in sites[code]:
            interview.issues.append(Issue("site-not-in-wave", "", code))
    return items
