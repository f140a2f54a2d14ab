"""The kinds of data that go after some time: how many are due, and how they are taken away."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, delete, false, func, select
from sqlalchemy.orm import Session

from survey_server.db.audit import ERASE, ERASED, erase_old_rows
from survey_server.db.field.policies import set_policies
from survey_server.db.intake.keys import Keyring, destroy_key, renew_key
from survey_server.db.keeping.erasure import Blob, erase_media, erase_positions, erase_submissions
from survey_server.db.models import (
    Assignment,
    AuditRow,
    Form,
    Media,
    Programme,
    Sealed,
    SealingKey,
    Submission,
    SubmissionVersion,
    Wave,
    WaveKey,
    now,
)

POLICY = "retention"
"""Where a programme's policies say how long it keeps what."""

_CONTACTS, _CHECK_INS, _RESTRICTED = "ssr_contact", "ssr_checkin", "ssr_restricted"
_OUTCOME = "disp"
_TIMINGS = "audit.csv"

Find = Callable[[Session, Programme, datetime], list[int]]


@dataclass(frozen=True)
class Taking:
    """Whose data is taken, what was due by `until`, and by whom."""

    session: Session
    programme: Programme
    until: datetime
    keyring: Keyring
    actor: str


@dataclass(frozen=True)
class Taken:
    """How much went, what may be told of it, and the files to delete once it is committed."""

    count: int
    blobs: Sequence[Blob] = ()
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind of data."""

    count: Callable[[Session, Programme, datetime], int]
    take: Callable[[Taking], Taken]


def _locked_waves(session: Session, programme: Programme, until: datetime) -> list[int]:
    """Waves that have been locked, and not changed since, by then."""
    query = select(Wave.id).where(Wave.programme_id == programme.id, Wave.state == "locked", Wave.changed_at <= until)
    return list(session.scalars(query))


def _form_row(session: Session, programme: Programme, form_id: str) -> int | None:
    return session.scalar(select(Form.id).where(Form.programme_id == programme.id, Form.form_id == form_id))


def _ids(session: Session, programme: Programme, *conditions: ColumnElement[bool]) -> list[int]:
    return list(session.scalars(select(Submission.id).where(Submission.programme_id == programme.id, *conditions)))


def _contact_ids(session: Session, programme: Programme, until: datetime) -> list[int]:
    row = _form_row(session, programme, _CONTACTS)
    waves = _locked_waves(session, programme, until)
    return _ids(session, programme, Submission.form_row == row, Submission.wave_id.in_(waves))


def _check_in_ids(session: Session, programme: Programme, until: datetime) -> list[int]:
    """Check-ins from before, of waves that had ended by then, or of none."""
    row = _form_row(session, programme, _CHECK_INS)
    going = select(Wave.id).where(Wave.programme_id == programme.id, Wave.ends > until.date())
    over = Submission.wave_id.is_(None) | Submission.wave_id.not_in(going)
    return _ids(session, programme, Submission.form_row == row, over, Submission.received_at <= until)


def _restricted_ids(session: Session, programme: Programme, until: datetime) -> list[int]:
    row = _form_row(session, programme, _RESTRICTED)
    return _ids(session, programme, Submission.form_row == row, Submission.received_at <= until)


def _case_ids(session: Session, programme: Programme, until: datetime) -> list[int]:
    """Everything but restricted reports, which have a rule of their own, once the programme has been over so long."""
    told = programme.policies.get(POLICY, {}).get("ends")
    if not told or datetime.combine(date.fromisoformat(told), time.max, UTC) > until:
        return []
    return _ids(session, programme, Submission.form_row != (_form_row(session, programme, _RESTRICTED) or 0))


def _position_ids(session: Session, programme: Programme, until: datetime) -> list[int]:
    """Submissions of due waves that have come or changed since positions were last taken away."""
    done = programme.policies.get(POLICY, {}).get("positions_done")
    since = Submission.changed_at > datetime.fromisoformat(done) if done else Submission.id.is_not(None)
    return _ids(session, programme, Submission.wave_id.in_(_locked_waves(session, programme, until)), since)


def _erasing(find: Find) -> Kind:
    """A kind whose submissions go whole."""

    def take(taking: Taking) -> Taken:
        ids = find(taking.session, taking.programme, taking.until)
        return Taken(len(ids), erase_submissions(taking.session, taking.programme.id, ids))

    return Kind(_counted(find), take)


def _counted(find: Find) -> Callable[[Session, Programme, datetime], int]:
    return lambda session, programme, until: len(find(session, programme, until))


def _take_contacts(taking: Taking) -> Taken:
    """Visits go; how often each outcome was written down stays in the audit log, so that rates can still be told."""
    ids = _contact_ids(taking.session, taking.programme, taking.until)
    outcomes = _outcomes(taking.session, taking.programme, ids)
    return Taken(len(ids), erase_submissions(taking.session, taking.programme.id, ids), {"outcomes": outcomes})


def _outcomes(session: Session, programme: Programme, ids: Sequence[int]) -> dict[str, int]:
    query = select(SubmissionVersion.answers).where(
        SubmissionVersion.programme_id == programme.id, SubmissionVersion.submission_id.in_(ids)
    )
    return dict(Counter(str(json.loads(text).get(_OUTCOME, "")) for text in session.scalars(query)))


def _take_check_ins(taking: Taking) -> Taken:
    """Check-ins, and where teams were sent."""
    over = select(Wave.id).where(Wave.programme_id == taking.programme.id, Wave.ends <= taking.until.date())
    routes = Assignment.programme_id == taking.programme.id, Assignment.wave_id.in_(over)
    taking.session.execute(delete(Assignment).where(*routes))
    return _erasing(_check_in_ids).take(taking)


def _take_positions(taking: Taking) -> Taken:
    ids = _position_ids(taking.session, taking.programme, taking.until)
    count = erase_positions(taking.session, taking.programme.id, ids)
    if ids:
        told = {**taking.programme.policies.get(POLICY, {}), "positions_done": now().isoformat()}
        set_policies(taking.session, taking.programme, {POLICY: told}, actor=taking.actor)
    return Taken(count)


def _timing_files(session: Session, programme: Programme, until: datetime) -> ColumnElement[bool]:
    waves = _locked_waves(session, programme, until)
    version = SubmissionVersion
    mine = (Submission.programme_id == version.programme_id) & (Submission.id == version.submission_id)
    instances = select(version.instance_id).join(Submission, mine)
    of_waves = instances.where(Submission.programme_id == programme.id, Submission.wave_id.in_(waves))
    return (Media.name == _TIMINGS) & Media.instance_id.in_(of_waves) if waves else false()


def _count_timings(session: Session, programme: Programme, until: datetime) -> int:
    chosen = Media.programme_id == programme.id, _timing_files(session, programme, until)
    return session.scalar(select(func.count()).select_from(Media).where(*chosen)) or 0


def _take_timings(taking: Taking) -> Taken:
    session, programme, until = taking.session, taking.programme, taking.until
    count = _count_timings(session, programme, until)
    return Taken(count, erase_media(session, programme.id, _timing_files(session, programme, until)))


def _sealed_copies(session: Session, programme: Programme, until: datetime) -> list[ColumnElement[bool]]:
    """Sealed interviews that were opened and whose content is still kept. What nobody has opened stays."""
    waves = _locked_waves(session, programme, until)
    opened = Sealed.submission_id.is_not(None), Sealed.content.is_not(None)
    return [Sealed.programme_id == programme.id, Sealed.wave_id.in_(waves), *opened]


def _count_sealed(session: Session, programme: Programme, until: datetime) -> int:
    copies = session.scalar(select(func.count()).select_from(Sealed).where(*_sealed_copies(session, programme, until)))
    return (copies or 0) + len(_old_keys(session, programme, until))


def _take_sealed(taking: Taking) -> Taken:
    """Sealed copies go, and the server's own keys that only due waves used."""
    copies = list(
        taking.session.scalars(select(Sealed).where(*_sealed_copies(taking.session, taking.programme, taking.until)))
    )
    for copy in copies:
        copy.content = None
    taking.session.flush()
    keys = _old_keys(taking.session, taking.programme, taking.until)
    for key, waves in keys:
        for wave_id in waves:
            renew_key(taking.session, taking.keyring, taking.programme.id, wave_id, taking.actor)
        destroy_key(taking.session, taking.programme.id, key.kid, taking.actor)
    return Taken(len(copies) + len(keys), told={"keys": len(keys)})


def _old_keys(session: Session, programme: Programme, until: datetime) -> list[tuple[SealingKey, set[int]]]:
    """Keys of the server's own that only due waves use, with those waves."""
    due = set(_locked_waves(session, programme, until))
    users: dict[int, set[int]] = {}
    for row in session.scalars(select(WaveKey).where(WaveKey.programme_id == programme.id)):
        users.setdefault(row.key_id, set()).add(row.wave_id)
    keys = [(session.get_one(SealingKey, (programme.id, key_id)), waves) for key_id, waves in users.items()]
    return [(key, waves) for key, waves in keys if key.wrapped is not None and key.made_at <= until and waves <= due]


def _take_log(taking: Taking) -> Taken:
    return Taken(erase_old_rows(taking.session, taking.programme.id, taking.until, taking.actor))


def _count_log(session: Session, programme: Programme, until: datetime) -> int:
    old = AuditRow.programme_id == programme.id, AuditRow.at < until, AuditRow.action.not_in((ERASE, ERASED))
    return session.scalar(select(func.count()).select_from(AuditRow).where(*old)) or 0


KINDS: Mapping[str, Kind] = {
    "positions": Kind(_counted(_position_ids), _take_positions),
    "contact-log": Kind(_counted(_contact_ids), _take_contacts),
    "timings": Kind(_count_timings, _take_timings),
    "sealed-copies": Kind(_count_sealed, _take_sealed),
    "check-ins": Kind(_counted(_check_in_ids), _take_check_ins),
    "restricted": _erasing(_restricted_ids),
    "cases": _erasing(_case_ids),
    "access-log": Kind(_count_log, _take_log),
}
"""By the name of the rule that takes them."""
