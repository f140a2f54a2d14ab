"""What came twice: other bytes under a taken id, and several interviews of one case. A person says which one counts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import Reader, visible_submissions
from survey_server.db.audit import add_audit
from survey_server.db.forms import get_current_version, list_forms, load_registry
from survey_server.db.intake.arrivals import Arrival
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.receipts import Receipt, receipt_code
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import take_in
from survey_server.db.models import (
    Conflict,
    Form,
    Programme,
    Submission,
    SubmissionNote,
    SubmissionVersion,
    is_current_version,
    now,
)
from survey_server.db.review.listings import get_submission
from survey_server.db.review.reviewing import LEAST_REASON, REJECTED, set_states
from survey_server.db.session import Database
from survey_server.problems import EditedMeanwhile, NotThere, UnfitReview
from survey_server.xlsform.received.edited import as_edit

LISTED = 100
_CONFLICT = "conflict"


@dataclass(frozen=True)
class Waiting:
    """A conflict that waits for somebody, with the submission whose id it carries."""

    conflict: Conflict
    submission: Submission


@dataclass(frozen=True)
class SameCase:
    """Several submissions of one case of one form, the first received first."""

    form_id: str
    case_id: str
    submissions: tuple[Submission, ...]


def list_conflicts(session: Session, programme: Programme, reader: Reader) -> list[Waiting]:
    """Conflicts that nobody has decided, the newest first, of submissions that the reader may read."""
    query = (
        select(Conflict, Submission)
        .join(
            Submission,
            and_(Submission.programme_id == Conflict.programme_id, Submission.id == Conflict.submission_id),
        )
        .where(
            Conflict.programme_id == programme.id,
            Conflict.resolved_at.is_(None),
            visible_submissions(session, reader, programme.id),
        )
        .order_by(Conflict.id.desc())
        .limit(LISTED)
    )
    return [Waiting(conflict, one) for conflict, one in session.execute(query)]


def list_same_cases(session: Session, programme: Programme, reader: Reader) -> list[SameCase]:
    """Cases of which more than one submission counts; of a case that comes back, more than one of the same occasion."""
    forms = {form.id: form for form in list_forms(session, programme.id)}
    questions = {row: question for row, form in forms.items() if (question := _occasion_of(session, form)) is not None}
    several = _repeated_cases(session, programme, [row for row, question in questions.items() if not question])
    occasions = _occasions(session, programme, {row: question for row, question in questions.items() if question})
    if not several and not occasions:
        return []
    query = (
        select(Submission)
        .where(
            visible_submissions(session, reader, programme.id),
            or_(
                and_(
                    Submission.form_row.in_({row for row, _ in several}),
                    Submission.case_id.in_({case for _, case in several}),
                ),
                Submission.id.in_(occasions),
            ),
            Submission.review_state != REJECTED,
        )
        .order_by(Submission.id)
    )
    groups: dict[tuple[int, str, str], list[Submission]] = {}
    for one in session.scalars(query):
        case = (one.form_row, str(one.case_id))
        if one.id in occasions or case in several:
            groups.setdefault((*case, occasions.get(one.id, "")), []).append(one)
    return [
        SameCase(forms[row].form_id, case, tuple(found)) for (row, case, _), found in groups.items() if len(found) > 1
    ]


def choose_one(
    session: Session,
    programme: Programme,
    reader: Reader,
    counts: tuple[int, int],
    other: tuple[int, int],
    reason: str,
    *,
    actor: str,
) -> None:
    """Let one of two submissions count and reject the other as its duplicate; each with the revision on the screen.

    The one that doesn't count is kept and left out of estimates. Raises UnfitReview, EditedMeanwhile.
    """
    need_reason(reason)
    first = get_submission(session, programme, counts[0]).submission
    words = f"{receipt_code(counts[0])}: {reason}"
    outcome = set_states(
        session, programme, reader, {other[0]: other[1]}, REJECTED, words, actor=actor, kind="duplicate"
    )
    if outcome.changed or first.revision != counts[1]:
        raise EditedMeanwhile("One of the two was changed while the page was open.")
    if outcome.locked:
        raise UnfitReview("Its wave is locked.", why="locked")
    if other[0] not in outcome.done:
        raise NotThere("This submission is not here.")
    _note(session, first, f"{receipt_code(other[0])}: {reason}", actor, "duplicate")


def get_conflict(session: Session, programme: Programme, submission_id: int, conflict_id: int) -> Conflict:
    """A conflict of this submission; raises NotThere."""
    found = session.get(Conflict, (programme.id, conflict_id))
    if found is None or found.submission_id != submission_id:
        raise NotThere("This submission has no such conflict.")
    return found


def keep_first(session: Session, programme: Programme, conflict: Conflict, reason: str, *, actor: str) -> None:
    """What was stored goes on to count; the other stays where it is. Raises UnfitReview, EditedMeanwhile."""
    need_reason(reason)
    fresh = session.get_one(Conflict, (programme.id, conflict.id), with_for_update=True)
    _settle(session, fresh, "kept-first", actor)
    one = session.get_one(Submission, (programme.id, fresh.submission_id))
    one.revision += 1
    _note(session, one, reason, actor, _CONFLICT)


def take_other(
    database: Database, keyring: Keyring | None, programme: Programme, conflict: Conflict, reason: str, *, actor: str
) -> Receipt:
    """The other document becomes the version that counts, the one before stays. Raises UnfitReview, EditedMeanwhile."""
    need_reason(reason)
    with database.reading() as session:
        whole = get_submission(session, programme, conflict.submission_id)
        if get_conflict(session, programme, conflict.submission_id, conflict.id).resolved_at is not None:
            raise EditedMeanwhile("Somebody else has decided this already.")
    current = next(each for each in whole.versions if each.number == whole.submission.number)
    instance_id = f"uuid:{uuid.uuid4()}"
    body = as_edit(conflict.xml, instance_id, current.instance_id)
    arrival = edit_arrival(whole.form_id, whole.submission, instance_id, body, reason)
    receipt = take_in(database, Source(programme.id, "office", actor), [arrival], keyring)[0]
    if receipt.problem is not None:
        raise receipt.problem
    with database.transaction() as session:
        fresh = session.get_one(Conflict, (programme.id, conflict.id), with_for_update=True)
        _settle(session, fresh, "took-other", actor)
    return receipt


def edit_arrival(form_id: str, one: Submission, instance_id: str, body: bytes, reason: str) -> Arrival:
    """An edit of `one` as it is handed in at the one way in."""
    return Arrival(
        instance_id,
        form_id,
        one.version,
        body,
        wave=one.wave_id,
        collected_on=one.collected_on,
        reason=reason,
    )


def need_reason(reason: str) -> None:
    """Raises UnfitReview for a reason too short to be one."""
    if len(reason.strip()) < LEAST_REASON:
        raise UnfitReview("Say why, in a few words.", why="reason")


def _settle(session: Session, conflict: Conflict, resolution: str, actor: str) -> None:
    if conflict.resolved_at is not None:
        raise EditedMeanwhile("Somebody else has decided this already.")
    conflict.resolved_at, conflict.resolution, conflict.resolved_by = now(), resolution, actor
    add_audit(
        session,
        conflict.programme_id,
        actor,
        "decide-conflict",
        str(conflict.submission_id),
        conflict=str(conflict.id),
        resolution=resolution,
    )
    session.flush()


def _note(session: Session, one: Submission, text: str, actor: str, kind: str) -> None:
    session.add(
        SubmissionNote(
            programme_id=one.programme_id, submission_id=one.id, actor=actor, kind=kind, state=None, text=text[:2000]
        )
    )
    session.flush()


def _occasion_of(session: Session, form: Form) -> str | None:
    """The question that tells several submissions of one case apart, "" where a case has one.

    None where they are none of our business: two observers watch the same, or a return is sent again.
    """
    if form.current_version_id is None:
        return None
    registry = load_registry(get_current_version(session, form))
    if registry.role("pair") or registry.role("revision"):
        return None
    return registry.role("occasion") or ""


def _repeated_cases(session: Session, programme: Programme, rows: Collection[int]) -> set[tuple[int, str]]:
    """Form and case wherever more than one submission names the same."""
    found = session.execute(
        select(Submission.form_row, Submission.case_id)
        .where(
            Submission.programme_id == programme.id,
            Submission.form_row.in_(rows),
            Submission.case_id.is_not(None),
        )
        .group_by(Submission.form_row, Submission.case_id)
        .having(func.count() > 1)
        .limit(LISTED)
    )
    return {(row, str(case)) for row, case in found}


def _occasions(session: Session, programme: Programme, questions: Mapping[int, str]) -> dict[int, str]:
    """By submission its occasion, wherever another one names the same case and the same occasion."""
    groups: dict[tuple[int, str, str], list[int]] = {}
    for one, row, case, answers in session.execute(
        select(Submission.id, Submission.form_row, Submission.case_id, SubmissionVersion.answers)
        .join(SubmissionVersion, is_current_version())
        .where(
            Submission.programme_id == programme.id,
            Submission.form_row.in_(questions),
            Submission.case_id.is_not(None),
        )
        .order_by(Submission.id)
    ):
        occasion = str(json.loads(answers).get(questions[row]) or "")
        groups.setdefault((row, str(case), occasion), []).append(one)
    several = [(key[2], ids) for key, ids in groups.items() if len(ids) > 1][:LISTED]
    return {one: occasion for occasion, ids in several for one in ids}
