"""What interviews do to entities, in the transaction that stores them: create, update, conflict, or wait.

A change that was made offline names its branch. Changes of one branch follow each other however late they come; one
that comes before its predecessor is held. What can't be done is an issue of the interview, never a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from survey_server.db.models import Entity, EntityList, EntityVersion, HeldChange, Submission, SubmissionIssue, new_id
from survey_server.db.openrosa.entities import add_entity, find_entity, find_list
from survey_server.xlsform.entities import EntityChange
from survey_server.xlsform.filling.instance import Issue

HELD_FOR = timedelta(days=5)
"""So long a change waits for its predecessor, which may still be on a phone; then it is applied as it is."""


@dataclass(frozen=True)
class Origin:
    """The interview that changes an entity, and who sent it."""

    programme_id: int
    actor: str
    at: datetime
    submission_id: int | None


def apply_interviews(
    session: Session, programme_id: int, actor: str, at: datetime, work: Sequence[tuple[int, Sequence[EntityChange]]]
) -> None:
    """Apply what these stored submissions say, and note as their issues what couldn't be done."""
    for submission_id, changes in work:
        origin = Origin(programme_id, actor, at, submission_id)
        issues = [issue for change in changes if (issue := apply_change(session, origin, change))]
        if issues:
            _add_issues(session, origin, issues)


def apply_change(session: Session, origin: Origin, change: EntityChange) -> Issue | None:
    """Do what one interview says about one entity; the issue if it couldn't be done, or is in conflict."""
    if change.fault:
        return Issue(change.fault, "", change.dataset)
    row = find_list(session, origin.programme_id, change.dataset)
    if row is None:
        return Issue("entity-unknown", "", change.dataset)
    entity = find_entity(session, row, change.uuid, locked=True)
    if entity is None and change.create:
        issue = _create(session, origin, row, change)
    elif entity is not None and change.update:
        issue = _update(session, origin, row, entity, change)
    elif entity is not None:
        return Issue("entity-exists", "", f"{change.dataset}/{change.uuid}")
    elif change.branch_id:
        return _hold(session, origin, row, change)
    else:
        return Issue("entity-unknown", "", f"{change.dataset}/{change.uuid}")
    row.revision = new_id()
    _release_held(session, row, change.uuid, origin.at)
    return issue


def _create(session: Session, origin: Origin, row: EntityList, change: EntityChange) -> Issue | None:
    if not change.label:
        return Issue("entity-without-label", "", f"{change.dataset}/{change.uuid}")
    told = {"actor": origin.actor, "submission_id": origin.submission_id, "at": origin.at}
    add_entity(session, row, change.uuid, change.label, change.data, **told, branch_id=change.branch_id)  # type: ignore[arg-type]
    return None


def _update(
    session: Session, origin: Origin, row: EntityList, entity: Entity, change: EntityChange, *, forced: bool = False
) -> Issue | None:
    base = _find_base(session, entity, change)
    if base is None and not forced:
        return _hold(session, origin, row, change)
    base = entity.version if base is None else base
    after = {**entity.data, **change.data}
    label = change.label or entity.label
    changed = sorted(name for name, value in change.data.items() if entity.data.get(name, "") != value)
    conflict = _conflict(session, entity, base, change.data)
    entity.version += 1
    entity.label, entity.data, entity.changed_at = label, after, origin.at
    entity.conflict = "hard" if "hard" in (conflict, entity.conflict) else conflict or entity.conflict
    session.add(
        EntityVersion(
            programme_id=entity.programme_id,
            entity_id=entity.id,
            number=entity.version,
            label=label,
            data=after,
            changed=changed,
            base=base,
            branch_id=change.branch_id or None,
            branch_version=change.base_version + 1 if change.base_version is not None else None,
            conflict=conflict,
            submission_id=origin.submission_id,
            actor=origin.actor,
            made_at=origin.at,
        )
    )
    session.flush()
    return Issue("entity-conflict", "", f"{change.dataset}/{change.uuid}") if conflict else None


def _find_base(session: Session, entity: Entity, change: EntityChange) -> int | None:
    """The number here of the version that the device changed; None while that hasn't come."""
    base = change.base_version
    if base is None:
        return 0
    if not change.branch_id or base == change.trunk_version or (change.trunk_version is None and base == 1):
        return min(base, entity.version)
    return session.scalar(
        select(func.max(EntityVersion.number)).where(
            EntityVersion.programme_id == entity.programme_id,
            EntityVersion.entity_id == entity.id,
            EntityVersion.branch_id == change.branch_id,
            EntityVersion.branch_version == base,
        )
    )


def _conflict(session: Session, entity: Entity, base: int, data: Mapping[str, str]) -> str | None:
    """Whether others changed the entity since `base`: "hard" if also one of the same properties, to something else."""
    if base == entity.version:
        return None
    since = session.scalars(
        select(EntityVersion.changed).where(
            EntityVersion.programme_id == entity.programme_id,
            EntityVersion.entity_id == entity.id,
            EntityVersion.number > base,
        )
    )
    theirs = {name for names in since for name in names}
    clashes = [name for name in theirs & data.keys() if entity.data.get(name, "") != data[name]]
    return "hard" if clashes else "soft"


def _hold(session: Session, origin: Origin, row: EntityList, change: EntityChange) -> Issue:
    session.add(
        HeldChange(
            programme_id=origin.programme_id,
            list_id=row.id,
            uuid=change.uuid,
            change=change.to_json(),
            submission_id=origin.submission_id,
            actor=origin.actor,
            held_at=origin.at,
        )
    )
    session.flush()
    return Issue("entity-waits", "", f"{change.dataset}/{change.uuid}")


def _release_held(session: Session, row: EntityList, uuid: str, at: datetime) -> None:
    """Apply what waited for this entity, one after the other, as long as one finds its predecessor."""
    while True:
        held = _held(session, row, uuid)
        entity = find_entity(session, row, uuid, locked=True)
        if entity is None or not any(_apply_held(session, row, entity, each, at) for each in held):
            return


def _held(session: Session, row: EntityList, uuid: str) -> Sequence[HeldChange]:
    mine = (HeldChange.programme_id == row.programme_id, HeldChange.list_id == row.id, HeldChange.uuid == uuid)
    return session.scalars(select(HeldChange).where(*mine).order_by(HeldChange.held_at, HeldChange.id)).all()


def _apply_held(session: Session, row: EntityList, entity: Entity, held: HeldChange, at: datetime) -> bool:
    change = EntityChange(**held.change)
    is_due = _find_base(session, entity, change) is not None or at - held.held_at > HELD_FOR
    if is_due:
        origin = Origin(row.programme_id, held.actor, at, held.submission_id)
        _update(session, origin, row, entity, change, forced=True)
        session.delete(held)
        session.flush()
    return is_due


def release_all(session: Session, row: EntityList, at: datetime) -> int:
    """Apply what waits in this list as it is, without its predecessors; how many."""
    query = select(HeldChange).where(HeldChange.programme_id == row.programme_id, HeldChange.list_id == row.id)
    held = session.scalars(query.order_by(HeldChange.held_at, HeldChange.id)).all()
    for each in held:
        change = EntityChange(**each.change)
        origin = Origin(row.programme_id, each.actor, at, each.submission_id)
        entity = find_entity(session, row, change.uuid, locked=True)
        if entity is not None:
            _update(session, origin, row, entity, change, forced=True)
        else:
            told = {"actor": each.actor, "submission_id": each.submission_id, "at": at}
            add_entity(session, row, change.uuid, change.label or change.uuid, change.data, **told)  # type: ignore[arg-type]
        session.delete(each)
    row.revision = new_id()
    session.flush()
    return len(held)


def _add_issues(session: Session, origin: Origin, issues: Sequence[Issue]) -> None:
    mine = (
        SubmissionIssue.programme_id == origin.programme_id,
        SubmissionIssue.submission_id == origin.submission_id,
    )
    last = session.scalar(select(func.max(SubmissionIssue.ordinal)).where(*mine)) or 0
    own = {"programme_id": origin.programme_id, "submission_id": origin.submission_id, "number": 1}
    rows = [
        {**own, "ordinal": last + place, "kind": issue.kind, "path": issue.path, "detail": issue.detail}
        for place, issue in enumerate(issues, 1)
    ]
    session.execute(insert(SubmissionIssue), rows)
    session.execute(
        update(Submission)
        .where(Submission.programme_id == origin.programme_id, Submission.id == origin.submission_id)
        .values(issue_count=Submission.issue_count + len(rows), review_state="has-issues")
    )
