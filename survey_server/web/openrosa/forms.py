"""The list of forms, the forms themselves byte by byte, and what belongs to them."""

from __future__ import annotations

from xml.sax.saxutils import escape

from flask import Response, request

from survey_server.db.forms import get_data_set
from survey_server.db.media.types import find_type
from survey_server.db.openrosa.entities import list_hash
from survey_server.db.openrosa.form_lists import (
    Downloadable,
    FormFile,
    facts_of,
    get_xform,
    list_downloadable,
    list_files,
    md5_of,
)
from survey_server.db.session import Session
from survey_server.problems import UnknownDataSet
from survey_server.web.access import get_database
from survey_server.web.openrosa.answers import readable, xml_answer
from survey_server.web.openrosa.callers import Caller, door

LIST_NAMESPACE = "http://openrosa.org/xforms/xformsList"
MANIFEST_NAMESPACE = "http://openrosa.org/xforms/xformsManifest"
_FOR_EVER = "private, max-age=31536000, immutable"
_TEXT_TYPES = {".csv": "text/csv; charset=utf-8", ".xml": "text/xml; charset=utf-8", ".geojson": "application/geo+json"}
_HEAD = 512


@door("/formList", "GET")
def form_list(caller: Caller) -> Response:
    """The forms that this device may download. Parameters of the standard are understood, others are ignored."""
    with get_database().reading() as session:
        forms = list_downloadable(
            session,
            caller.programme_id,
            form_id=request.args.get("formID") or None,
            every_version=request.args.get("listAllVersions") == "true",
            all_states=caller.practice,
        )
    verbose = request.args.get("verbose") == "true"
    items = "".join(_list_item(caller, form, verbose) for form in forms)
    return xml_answer(f'<xforms xmlns="{LIST_NAMESPACE}">{items}</xforms>')


def _list_item(caller: Caller, form: Downloadable, verbose: bool) -> str:
    told = {"formID": form.form_id, "name": form.title, "version": form.version, "hash": f"md5:{form.md5}"}
    if verbose:
        told["descriptionText"] = form.title
    told["downloadUrl"] = caller.url(f"forms/{form.version_id}.xml")
    if form.has_files:
        told["manifestUrl"] = caller.url(f"forms/{form.version_id}/manifest")
    return f"<xform>{_elements(told)}</xform>"


@door("/forms/<int:version_id>.xml", "GET")
def form_document(caller: Caller, version_id: int) -> Response:
    """The form as it was published. What is at this address never changes."""
    with get_database().reading() as session:
        md5 = facts_of(session, caller.programme_id, version_id).md5
        xform = get_xform(session, caller.programme_id, version_id)
    return _for_ever(Response(xform, content_type="text/xml; charset=utf-8"), md5)


@door("/forms/<int:version_id>/manifest", "GET")
def form_manifest(caller: Caller, version_id: int) -> Response:
    """The files that the form needs, each with its digest."""
    with get_database().reading() as session:
        files = list_files(session, caller.programme_id, version_id)
        items = "".join(_manifest_item(session, caller, version_id, file) for file in files)
    return xml_answer(f'<manifest xmlns="{MANIFEST_NAMESPACE}">{items}</manifest>')


def _manifest_item(session: Session, caller: Caller, version_id: int, file: FormFile) -> str:
    if file.entity_list is None:
        told = {
            "filename": file.name,
            "hash": f"md5:{md5_of(session, caller.programme_id, file.sha256)}",
            "downloadUrl": caller.url(f"forms/{version_id}/files/{file.sha256}"),
        }
        return f"<mediaFile>{_elements(told)}</mediaFile>"
    told = {
        "filename": file.name,
        "hash": f"md5:{list_hash(file.entity_list)}",
        "downloadUrl": caller.url(f"entities/{file.entity_list.id}.csv"),
        "integrityUrl": caller.url(f"entities/{file.entity_list.id}/integrity"),
    }
    return f'<mediaFile type="entityList">{_elements(told)}</mediaFile>'


@door("/forms/<int:version_id>/files/<sha256>", "GET")
def form_file(caller: Caller, version_id: int, sha256: str) -> Response:
    """A file of the form, by its digest: only those of this form. What is at this address never changes."""
    with get_database().reading() as session:
        files = list_files(session, caller.programme_id, version_id)
        name = next((file.name for file in files if file.sha256 == sha256), None)
        if name is None:
            raise UnknownDataSet()
        content = get_data_set(session, caller.programme_id, sha256).content
    found = find_type(content[:_HEAD])
    media_type = next((kind for ending, kind in _TEXT_TYPES.items() if name.lower().endswith(ending)), found)
    response = Response(content, content_type="application/octet-stream" if found == "text/html" else media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return _for_ever(response, sha256)


def _for_ever(response: Response, digest: str) -> Response:
    response.headers["Cache-Control"] = _FOR_EVER
    response.set_etag(digest)
    response.make_conditional(request)
    return response


def _elements(told: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(readable(value))}</{name}>" for name, value in told.items())
