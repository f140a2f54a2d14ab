"""Entity lists: made when a form that declares them is published, served as CSV, looked through in the office."""

from __future__ import annotations

import csv
import hashlib
import io
import uuid as uuids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.sites import OFFICE_ONLY
from survey_server.db.models import Entity, EntityList, EntityVersion, HeldChange, new_id, now
from survey_server.problems import DataSetTellsTooMuch, UnknownEntityList
from survey_server.xlsform.entities import Declaration

FIXED_COLUMNS = ("name", "label", "__version", "__trunkVersion", "__branchId")
_AT_ONCE = 1000
PAGE = 100
_LISTS_KEPT = 32
_documents: dict[tuple[str, int, int], tuple[int, bytes, str]] = {}
_lock = Lock()


@dataclass(frozen=True)
class ListedList:
    """An entity list as the office sees it."""

    row: EntityList
    entities: int
    conflicts: int
    held: int


def declare_lists(session: Session, programme_id: int, declarations: Iterable[Declaration]) -> None:
    """Make the lists that a form writes to, and add the properties that they don't have yet."""
    for declaration in declarations:
        row = declare_list(session, programme_id, declaration.dataset)
        _add_properties(session, row, declaration.save_to.values())


def declare_list(session: Session, programme_id: int, name: str) -> EntityList:
    """The list of this name, made if there was none."""
    row = find_list(session, programme_id, name)
    if row is None:
        row = EntityList(programme_id=programme_id, name=name, revision=new_id())
        session.add(row)
        session.flush()
    return row


def _add_properties(session: Session, row: EntityList, names: Iterable[str]) -> None:
    missing = [name for name in dict.fromkeys(names) if name not in row.properties]
    if missing:
        row.properties = [*row.properties, *missing]
        row.revision = new_id()
        session.flush()


def find_list(session: Session, programme_id: int, name: str) -> EntityList | None:
    """The list of this name, or None."""
    return session.scalar(select(EntityList).where(EntityList.programme_id == programme_id, EntityList.name == name))


def get_list(session: Session, programme_id: int, name: str) -> EntityList:
    """The list of this name; raises UnknownEntityList."""
    row = find_list(session, programme_id, name)
    if row is None:
        raise UnknownEntityList(f"There is no entity list {name!r} in this programme.")
    return row


def get_list_by_id(session: Session, programme_id: int, list_id: int) -> EntityList:
    """One list of the programme; raises UnknownEntityList."""
    row = session.get(EntityList, (programme_id, list_id))
    if row is None:
        raise UnknownEntityList()
    return row


def list_names(session: Session, programme_id: int) -> frozenset[str]:
    """The names of the programme's lists."""
    return frozenset(session.scalars(select(EntityList.name).where(EntityList.programme_id == programme_id)))


def list_lists(session: Session, programme_id: int) -> list[ListedList]:
    """The lists of the programme by name, with how much is in them."""
    rows = session.scalars(
        select(EntityList).where(EntityList.programme_id == programme_id).order_by(EntityList.name)
    ).all()
    counts = session.execute(
        select(Entity.list_id, func.count(), func.count(Entity.conflict))
        .where(Entity.programme_id == programme_id, Entity.deleted_at.is_(None))
        .group_by(Entity.list_id)
    ).all()
    held = session.execute(
        select(HeldChange.list_id, func.count())
        .where(HeldChange.programme_id == programme_id)
        .group_by(HeldChange.list_id)
    ).all()
    by_list = {list_id: (entities, conflicts) for list_id, entities, conflicts in counts}
    waiting = dict(held)
    return [ListedList(row, *by_list.get(row.id, (0, 0)), waiting.get(row.id, 0)) for row in rows]


def list_entities(
    session: Session, row: EntityList, *, words: str = "", after: int = 0, limit: int = PAGE
) -> list[Entity]:
    """A page of the entities that aren't deleted, those in conflict first, then the last changed."""
    query = select(Entity).where(
        Entity.programme_id == row.programme_id, Entity.list_id == row.id, Entity.deleted_at.is_(None)
    )
    if words:
        query = query.where(Entity.label.icontains(words, autoescape=True))
    order = (Entity.conflict.is_(None), Entity.changed_at.desc(), Entity.id)
    return list(session.scalars(query.order_by(*order).offset(after).limit(limit)))


def find_entity(session: Session, row: EntityList, uuid: str, *, locked: bool = False) -> Entity | None:
    """The entity with this id, deleted or not."""
    query = select(Entity).where(Entity.programme_id == row.programme_id, Entity.list_id == row.id, Entity.uuid == uuid)
    return session.scalar(query.with_for_update() if locked else query)


def get_entity(session: Session, row: EntityList, uuid: str) -> Entity:
    """The entity with this id; raises UnknownEntityList."""
    entity = find_entity(session, row, uuid)
    if entity is None:
        raise UnknownEntityList(f"The list {row.name} has no entity {uuid}.")
    return entity


def list_entity_versions(session: Session, entity: Entity) -> list[EntityVersion]:
    """Every state that the entity had, the newest first."""
    query = select(EntityVersion).where(
        EntityVersion.programme_id == entity.programme_id, EntityVersion.entity_id == entity.id
    )
    return list(session.scalars(query.order_by(EntityVersion.number.desc())))


def list_hash(row: EntityList) -> str:
    """What changes whenever the list does: it stands for its content without reading it."""
    return hashlib.md5(f"{row.id}|{row.revision}".encode(), usedforsecurity=False).hexdigest()


def read_list_csv(session: Session, row: EntityList) -> bytes:
    """The list as devices read it: `name` is the id. Versions are numbered so that a device can say what it changed."""
    written = io.StringIO(newline="")
    out = csv.writer(written, lineterminator="\n")
    out.writerow([*FIXED_COLUMNS, *row.properties])
    query = (
        select(Entity.uuid, Entity.label, Entity.version, Entity.data)
        .where(Entity.programme_id == row.programme_id, Entity.list_id == row.id, Entity.deleted_at.is_(None))
        .order_by(Entity.id)
    )
    for one in session.connection().execution_options(yield_per=_AT_ONCE).execute(query):
        values = [one.data.get(name, "") for name in row.properties]
        out.writerow([one.uuid, one.label, one.version, one.version, "", *values])
    return written.getvalue().encode()


def find_list_content(session: Session, programme_id: int, sha256: str) -> bytes | None:
    """The content of the list that reads so now; None once it has changed, and for every other digest."""
    for row in session.scalars(select(EntityList).where(EntityList.programme_id == programme_id)):
        content, digest = list_document(session, row)
        if digest == sha256:
            return content
    return None


def list_document(session: Session, row: EntityList) -> tuple[bytes, str]:
    """The list as CSV and its SHA-256; made once for each of its revisions and process."""
    key = (str(session.get_bind().engine.url), row.programme_id, row.id)
    with _lock:
        known = _documents.get(key)
    if known is not None and known[0] == row.revision:
        return known[1], known[2]
    content = read_list_csv(session, row)
    digest = hashlib.sha256(content).hexdigest()
    with _lock:
        _documents[key] = (row.revision, content, digest)
        while len(_documents) > _LISTS_KEPT:
            _documents.pop(next(iter(_documents)))
    return content, digest


def deleted_states(session: Session, row: EntityList, ids: Sequence[str]) -> dict[str, bool]:
    """Of the asked ids that were ever here: whether each is deleted now."""
    query = select(Entity.uuid, Entity.deleted_at).where(
        Entity.programme_id == row.programme_id, Entity.list_id == row.id, Entity.uuid.in_(list(ids))
    )
    found = {uuid: deleted_at is not None for uuid, deleted_at in session.execute(query)}
    return {uuid: found[uuid] for uuid in dict.fromkeys(ids) if uuid in found}


def load_entities(session: Session, row: EntityList, rows: Iterable[Mapping[str, str]], *, actor: str) -> int:
    """Add entities from a table with the column `label`; its other columns become properties. How many were added."""
    at, added = now(), 0
    for told in rows:
        data = {name: value for name, value in told.items() if name not in (*FIXED_COLUMNS, "") and value != ""}
        if told_too_much := sorted(name for name in data if name.strip().lower() in OFFICE_ONLY):
            raise DataSetTellsTooMuch(f"{row.name} has the column {', '.join(told_too_much)}.")
        _add_properties(session, row, data)
        uuid = told.get("name") or str(uuids.uuid4())
        if find_entity(session, row, uuid) is None:
            add_entity(session, row, uuid, told["label"], data, actor=actor, submission_id=None, at=at)
            added += 1
    row.revision = new_id()
    add_audit(session, row.programme_id, actor, "load-entities", row.name, added=added)
    return added


def add_entity(
    session: Session,
    row: EntityList,
    uuid: str,
    label: str,
    data: Mapping[str, str],
    *,
    actor: str,
    submission_id: int | None,
    at: object,
    branch_id: str = "",
) -> Entity:
    """A new entity with its first version. The caller changes the list's revision."""
    mine = {"programme_id": row.programme_id, "label": label, "data": dict(data)}
    entity = Entity(**mine, list_id=row.id, uuid=uuid, version=1, changed_at=at)
    session.add(entity)
    session.flush()
    session.add(
        EntityVersion(
            **mine,
            entity_id=entity.id,
            number=1,
            changed=sorted(data),
            base=0,
            branch_id=branch_id or None,
            branch_version=1 if branch_id else None,
            submission_id=submission_id,
            actor=actor,
            made_at=at,
        )
    )
    session.flush()
    return entity


def set_entity_deleted(session: Session, row: EntityList, entity: Entity, *, actor: str) -> None:
    """Devices get it no more, and delete their own copy; its versions stay."""
    entity.deleted_at = entity.deleted_at or now()
    row.revision = new_id()
    session.flush()
    add_audit(session, row.programme_id, actor, "delete-entity", f"{row.name}/{entity.uuid}")


def set_conflict_settled(session: Session, row: EntityList, entity: Entity, *, actor: str) -> None:
    """Somebody has looked at it: as it stands now it is right."""
    session.execute(
        update(Entity).where(Entity.programme_id == row.programme_id, Entity.id == entity.id).values(conflict=None)
    )
    add_audit(session, row.programme_id, actor, "settle-entity", f"{row.name}/{entity.uuid}")
