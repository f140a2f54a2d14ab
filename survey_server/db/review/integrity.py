"""What follows a restricted report: the clock until somebody acknowledges it, who is told, its states and addenda.

A report is never edited; what is added to its story is a line of the audit chain, whose text stays here. Messages say
that something waits, and nothing of what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.audit import add_audit
from survey_server.db.field.lost_phones import RESTRICTED
from survey_server.db.models import Incident, Programme, Sealed, Submission, Wave, now
from survey_server.db.review.restricted import list_severities
from survey_server.db.session import Database
from survey_server.db.webhooks import OVERDUE, WAITING, add_event
from survey_server.problems import BadInput, EditedMeanwhile, NotThere

KIND = RESTRICTED
JOB = "watch-restricted"
"""The kind of job that watches."""
FIRST, ACKNOWLEDGED, REFERRED, CLOSED = "waiting", "acknowledged", "referred", "closed"
NEXT = {FIRST: (ACKNOWLEDGED,), ACKNOWLEDGED: (REFERRED, CLOSED), REFERRED: (CLOSED,), CLOSED: ()}
"""The life cycle: a state is left for one of these, and never gone back to."""

GRAVE, UNKNOWN = "1", ""
SECOND_CONTACT = timedelta(minutes=60)
LOOK_EVERY = timedelta(minutes=5)
LONGEST = 1000


@dataclass(frozen=True)
class Followup:
    """What follows one report. `subject` is submission:ID, or sealed:ID while only its owner's key opens it."""

    incident: Incident
    state: str
    severity: str
    addenda: Sequence[dict[str, str]]

    @property
    def submission_id(self) -> int | None:
        """The report's submission, once it is open."""
        kind, _, number = self.incident.subject.partition(":")
        return int(number) if kind == "submission" else None

    @property
    def urgent(self) -> bool:
        """Somebody has to look at once: it is grave, or nobody can know yet, and nobody has acknowledged it."""
        return self.state == FIRST and self.severity in (GRAVE, UNKNOWN)

    def minutes(self, at: datetime) -> int:
        """How long it has waited."""
        return int((at - self.incident.opened_at).total_seconds() // 60)

    @property
    def next(self) -> tuple[str, ...]:
        """The states that it may go to."""
        return NEXT[self.state]


def watch(database: Database, at: datetime | None = None) -> dict[str, int]:
    """Begin the clock of reports that came, and tell whoever has to be told; how many of each."""
    at = at or now()
    told = {"opened": 0, WAITING: 0, OVERDUE: 0}
    with database.reading() as session:
        programmes = session.scalars(select(Programme.id)).all()
    for programme_id in programmes:
        with database.transaction() as session:
            told["opened"] += _open(session, programme_id)
            for event in (WAITING, OVERDUE):
                told[event] += _tell(session, programme_id, event, at)
    return told


def list_followups(session: Session, programme_id: int) -> list[Followup]:
    """Every report's story: those that wait first, the longest waiting first; then the others, the newest first."""
    query = select(Incident).where(Incident.programme_id == programme_id, Incident.kind == KIND)
    found = [_followup(incident) for incident in session.scalars(query)]
    waiting = sorted((one for one in found if one.state == FIRST), key=lambda one: (not one.urgent, one.incident.id))
    return waiting + sorted((one for one in found if one.state != FIRST), key=lambda one: -one.incident.id)


def count_waiting(session: Session, programme_id: int) -> int:
    """How many reports nobody has acknowledged."""
    return sum(one.state == FIRST for one in list_followups(session, programme_id))


def set_followup(
    session: Session, programme_id: int, incident_id: int, state: str, text: str, *, seen: str, actor: str
) -> Followup:
    """Take a report's story on: to the next state, with a text, or with a text alone (an addendum).

    Raises NotThere, EditedMeanwhile where somebody has taken it on since it was `seen`, BadInput for another state.
    """
    incident = session.get(Incident, (programme_id, incident_id), with_for_update=True)
    if incident is None or incident.kind != KIND:
        raise NotThere("There is no such report.")
    before = _followup(incident)
    if seen != stamp_of(before):
        raise EditedMeanwhile("Somebody else has taken this report on.")
    text = " ".join(text.split())[:LONGEST]
    if state and state not in before.next:
        raise BadInput("A report can't go to that state.", why="state", field="state")
    if not state and not text:
        raise BadInput("Write what is to be added.", why="blank", field="text")
    line = {"at": now().isoformat(timespec="seconds"), "by": actor, "state": state, "text": text}
    incident.exposed = {**incident.exposed, "state": state or before.state, "addenda": [*before.addenda, line]}
    if state == CLOSED:
        incident.closed_at, incident.closed_by = now(), actor
    session.flush()
    add_audit(session, programme_id, actor, "follow-restricted", str(incident_id), state=state or "addendum")
    return _followup(incident)


def stamp_of(one: Followup) -> str:
    """What a form has seen of a story: its state and how long it is."""
    return f"{one.state}:{len(one.addenda)}"


def _followup(incident: Incident) -> Followup:
    told = incident.exposed
    return Followup(
        incident, str(told.get("state", FIRST)), str(told.get("severity", UNKNOWN)), list(told.get("addenda", []))
    )


def _open(session: Session, programme_id: int) -> int:
    """A story for every report that has none yet; its clock began when the report came."""
    forms = restricted_forms(session, programme_id)
    if not forms:
        return 0
    query = select(Incident).where(Incident.programme_id == programme_id, Incident.kind == KIND)
    stories = {incident.subject: incident for incident in session.scalars(query)}
    _follow_opened(session, programme_id, stories)
    known = {incident.subject for incident in stories.values()}
    new = [(subject, at) for subject, at in _reports(session, programme_id, forms) if subject not in known]
    opened_ids = [int(subject.partition(":")[2]) for subject, _ in new if subject.startswith("submission:")]
    severities = list_severities(session, programme_id, opened_ids)
    for subject, at in new:
        severity = severities.get(int(subject.partition(":")[2]), UNKNOWN) if subject.startswith("sub") else UNKNOWN
        exposed: dict[str, Any] = {"state": FIRST, "severity": severity, "addenda": [], "told": []}
        session.add(
            Incident(
                programme_id=programme_id,
                kind=KIND,
                subject=subject,
                exposed=exposed,
                note="",
                opened_at=at,
                opened_by="server",
            )
        )
    session.flush()
    return len(new)


def _follow_opened(session: Session, programme_id: int, stories: Mapping[str, Incident]) -> None:
    """The story of an envelope goes on as that of its report, once somebody with the key has opened it."""
    waiting = [int(subject.partition(":")[2]) for subject in stories if subject.startswith("sealed:")]
    query = select(Sealed.id, Sealed.submission_id).where(
        Sealed.programme_id == programme_id, Sealed.id.in_(waiting), Sealed.submission_id.is_not(None)
    )
    rows = session.execute(query).all()
    severities = list_severities(session, programme_id, [row.submission_id for row in rows])
    for row in rows:
        story = stories[f"sealed:{row.id}"]
        story.subject = f"submission:{row.submission_id}"
        story.exposed = {**story.exposed, "severity": severities.get(row.submission_id, UNKNOWN)}


def _reports(session: Session, programme_id: int, forms: Sequence[int]) -> list[tuple[str, datetime]]:
    opened = select(Submission.id, Submission.received_at).where(
        Submission.programme_id == programme_id, Submission.form_row.in_(forms)
    )
    sealed = (
        select(Sealed.id, Sealed.received_at)
        .join(Wave, (Wave.programme_id == Sealed.programme_id) & (Wave.id == Sealed.wave_id))
        .where(Sealed.programme_id == programme_id, Sealed.submission_id.is_(None), Wave.form_row.in_(forms))
    )
    return [
        *((f"submission:{row.id}", row.received_at) for row in session.execute(opened)),
        *((f"sealed:{row.id}", row.received_at) for row in session.execute(sealed)),
    ]


def _tell(session: Session, programme_id: int, event: str, at: datetime) -> int:
    """Tell those who want to know once that something urgent waits (or has waited for an hour): nothing of what."""
    due = [
        one
        for one in list_followups(session, programme_id)
        if one.urgent and event not in one.incident.exposed.get("told", [])
    ]
    if event == OVERDUE:
        due = [one for one in due if at - one.incident.opened_at >= SECOND_CONTACT]
    for one in due:
        one.incident.exposed = {**one.incident.exposed, "told": [*one.incident.exposed.get("told", []), event]}
    if due:
        session.flush()
        add_event(session, programme_id, event)
        add_audit(session, programme_id, "server", "alert-restricted", event, reports=len(due))
    return len(due)
