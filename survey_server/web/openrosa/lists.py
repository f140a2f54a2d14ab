"""Entity lists as devices download them, and the question which of the entities that they made themselves are gone."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from flask import Response, request

from survey_server.db.openrosa.entities import deleted_states, get_list_by_id, list_document, list_hash
from survey_server.web.access import get_database
from survey_server.web.openrosa.answers import readable, xml_answer
from survey_server.web.openrosa.callers import Caller, door

MOST_IDS = 1000


@door("/entities/<int:list_id>.csv", "GET")
def entity_list_content(caller: Caller, list_id: int) -> Response:
    """Every entity of the list as it now stands."""
    with get_database().reading() as session:
        row = get_list_by_id(session, caller.programme_id, list_id)
        content = list_document(session, row)[0]
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"{row.name}.csv")
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(list_hash(row))
    response.make_conditional(request)
    return response


@door("/entities/<int:list_id>/integrity", "GET")
def entity_list_integrity(caller: Caller, list_id: int) -> Response:
    """Which of the entities that a device asks about were deleted; those that never came are not in the answer."""
    ids = [each for each in request.args.get("id", "").split(",") if each][:MOST_IDS]
    with get_database().reading() as session:
        row = get_list_by_id(session, caller.programme_id, list_id)
        states = deleted_states(session, row, ids)
    items = "".join(
        f"<entity id={quoteattr(readable(uuid))}><deleted>{escape(str(deleted).lower())}</deleted></entity>"
        for uuid, deleted in states.items()
    )
    return xml_answer(f"<data><entities>{items}</entities></data>")
