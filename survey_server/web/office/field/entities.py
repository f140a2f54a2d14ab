"""Entity lists in the office: what interviews made of officers, households or sites, their history and conflicts."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.models import EntityList, now
from survey_server.db.openrosa.entities import (
    PAGE,
    get_entity,
    get_list_by_id,
    list_entities,
    list_entity_versions,
    list_lists,
    set_conflict_settled,
    set_entity_deleted,
)
from survey_server.db.openrosa.entity_intake import release_all
from survey_server.db.session import Session
from survey_server.problems import NotThere, UnknownEntityList
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right


@page("/p/<code>/entities", Right.ENTITIES)
def entities_page(visit: Visit) -> Answer:
    """The lists, with how much is in them, in conflict and waiting."""
    with reading(visit) as session:
        lists = list_lists(session, visit.here.id)
    return render("entities.html", lists=lists)


@page("/p/<code>/entities/<int:list_id>", Right.ENTITIES)
def entity_list_page(visit: Visit, list_id: int) -> Answer:
    """A page of a list, those in conflict first."""
    words = request.args.get("words", "").strip()[:100]
    after = request.args.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0
    with reading(visit) as session:
        row = _get_list(session, visit, list_id)
        found = list_entities(session, row, words=words, after=start, limit=PAGE + 1)
        held = next(one.held for one in list_lists(session, visit.here.id) if one.row.id == row.id)
    visit.note("read-entities", row.name, shown=min(len(found), PAGE))
    more = start + PAGE if len(found) > PAGE else None
    return render("entity_list.html", row=row, entities=found[:PAGE], words=words, more=more, held=held)


@page("/p/<code>/entities/<int:list_id>/<uuid>", Right.ENTITIES)
def entity_page(visit: Visit, list_id: int, uuid: str) -> Answer:
    """One entity with everything that it was."""
    with reading(visit) as session:
        row = _get_list(session, visit, list_id)
        try:
            entity = get_entity(session, row, uuid)
        except UnknownEntityList as problem:
            raise NotThere(problem.detail) from problem
        versions = list_entity_versions(session, entity)
    visit.note("read-entity", f"{row.name}/{uuid}")
    return render("entity.html", row=row, entity=entity, versions=versions)


@page("/p/<code>/entities/<int:list_id>/<uuid>", Right.ENTITIES, methods=("POST",))
def change_entity(visit: Visit, list_id: int, uuid: str) -> Answer:
    """Say that a conflict is settled, or delete the entity: devices then delete their copy."""
    action = request.form.get("action", "")
    with visit.database.transaction() as session:
        row = _get_list(session, visit, list_id)
        try:
            entity = get_entity(session, row, uuid)
        except UnknownEntityList as problem:
            raise NotThere(problem.detail) from problem
        if action == "settle":
            set_conflict_settled(session, row, entity, actor=visit.login.actor)
        elif action == "delete":
            set_entity_deleted(session, row, entity, actor=visit.login.actor)
    return redirect(url_for("office.entity_list_page", code=visit.here.code, list_id=list_id), 303)


@page("/p/<code>/entities/<int:list_id>/waiting", Right.ENTITIES, methods=("POST",))
def release_waiting(visit: Visit, list_id: int) -> Answer:
    """Apply what waits for changes that will not come, such as those of a lost phone."""
    with visit.database.transaction() as session:
        row = _get_list(session, visit, list_id)
        count = release_all(session, row, now())
    visit.note("release-entities", row.name, applied=count)
    return redirect(url_for("office.entity_list_page", code=visit.here.code, list_id=list_id), 303)


def _get_list(session: Session, visit: Visit, list_id: int) -> EntityList:
    try:
        return get_list_by_id(session, visit.here.id, list_id)
    except UnknownEntityList as problem:
        raise NotThere(problem.detail) from problem
