"""Review of submissions: comments and states, single or many at once; nobody overwrites what another has just done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import Reader, visible_submissions
from survey_server.db.audit import add_audit
from survey_server.db.intake.editing import LOCKED
from survey_server.db.models import Person, Programme, Submission, SubmissionNote, Wave, new_id, now
from survey_server.problems import UnfitReview

REJECTED, FLAGGED, RECEIVED = "rejected", "has-issues", "received"
GIVEN_STATES = ("approved", FLAGGED, REJECTED, RECEIVED)
"""What a reviewer can make of a submission; "received" takes a decision back."""
LEAST_REASON, LONGEST_TEXT = 5, 2000


@dataclass
class Outcome:
    """What became of each of the submissions chosen."""

    done: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    """Somebody else changed them meanwhile: left as they are."""
    locked: list[int] = field(default_factory=list)


def set_states(
    session: Session,
    programme: Programme,
    reader: Reader,
    chosen: Mapping[int, int],
    state: str,
    text: str,
    *,
    actor: str,
    kind: str = "state",
) -> Outcome:
    """Give a review state to submissions, each known by its id and the revision that was on the screen.

    Rejecting needs a comment, and so does saying that something is the matter. What the reader may not read is left
    alone as if it weren't there. Raises UnfitReview.
    """
    words = _tidy(text)
    if state not in GIVEN_STATES:
        raise UnfitReview("Choose what to do.", why="state")
    if state == REJECTED and len(words) < LEAST_REASON:
        raise UnfitReview("Say in a few words why it is rejected.", why="reject")
    if state == FLAGGED and len(words) < LEAST_REASON:
        raise UnfitReview("Say in a few words what is the matter.", why="flag")
    outcome = Outcome()
    rows = session.execute(
        select(Submission, Wave.state)
        .outerjoin(Wave, (Wave.programme_id == Submission.programme_id) & (Wave.id == Submission.wave_id))
        .where(Submission.id.in_(chosen), visible_submissions(session, reader, programme.id))
        .order_by(Submission.id)
        .with_for_update(of=Submission)
    ).all()
    for one, wave_state in rows:
        if wave_state == LOCKED:
            outcome.locked.append(one.id)
        elif one.revision != chosen[one.id]:
            outcome.changed.append(one.id)
        else:
            outcome.done.append(one.id)
            _set_state(one, state)
            _add_note(session, one, kind, words, actor, one.review_state)
            add_audit(session, programme.id, actor, "review", str(one.id), state=one.review_state)
    session.flush()
    return outcome


def add_comment(session: Session, one: Submission, text: str, *, actor: str) -> None:
    """Say something about a submission; raises UnfitReview for a blank."""
    words = _tidy(text)
    if not words:
        raise UnfitReview("Write a comment first.", why="comment")
    _add_note(session, one, "comment", words, actor, None)
    add_audit(session, one.programme_id, actor, "comment", str(one.id))
    session.flush()


def list_notes(session: Session, programme_id: int, submission_id: int) -> list[SubmissionNote]:
    """What was said and done about a submission, in order."""
    query = select(SubmissionNote).where(
        SubmissionNote.programme_id == programme_id, SubmissionNote.submission_id == submission_id
    )
    return list(session.scalars(query.order_by(SubmissionNote.id)))


def names_of(session: Session, actors: Sequence[str | None]) -> dict[str, str]:
    """The names of those actors who are people ("person:7")."""
    ids = {int(actor.partition(":")[2]): actor for actor in actors if actor and actor.startswith("person:")}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all() if ids else []
    return {ids[person_id]: name for person_id, name in rows}


def state_undecided(one: Submission) -> str:
    """The state that a submission has by itself, before anybody decided or once that was taken back."""
    return "edited" if one.number > 1 else FLAGGED if one.issue_count else RECEIVED


def _set_state(one: Submission, state: str) -> None:
    one.review_state = state_undecided(one) if state == RECEIVED else state
    one.revision += 1
    one.changed_at = now()


def _add_note(session: Session, one: Submission, kind: str, text: str, actor: str, state: str | None) -> None:
    session.add(
        SubmissionNote(
            programme_id=one.programme_id,
            id=new_id(),
            submission_id=one.id,
            actor=actor,
            kind=kind,
            state=state,
            text=text,
        )
    )


def _tidy(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())[:LONGEST_TEXT]
