"""What a phone takes to the field: its list of forms, and forms and data sets by their digest, for ever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, request

from survey_server.db.field.phone_lock import get_lock_policy
from survey_server.db.field.team_view import view_field
from survey_server.db.forms import get_current_version, get_data_set, get_phone_form, list_data_sets, list_forms
from survey_server.db.intake.keys import tell_keys
from survey_server.db.models import FormVersion, Programme, Wave, now
from survey_server.db.openrosa.entities import find_list_content, list_document
from survey_server.db.openrosa.form_lists import list_files
from survey_server.db.session import Session
from survey_server.db.waves import find_wave_on, list_waves
from survey_server.web.access import get_database, get_keyring, get_trusted_device
from survey_server.web.assets import compressed, read_assets
from survey_server.web.enrol import view_device, view_lock, view_programme
from survey_server.web.one_language import OneLanguageForms
from survey_server.web.schemas import FormView

field_forms = Blueprint("field_forms", __name__, url_prefix="/api/v1")

_form = FormView()
_one_language = OneLanguageForms()
_FOR_EVER = "private, max-age=31536000, immutable"
_DATA = (".csv", ".xml", ".geojson")
"""What forms read values from; any other file of a form is something that it shows."""


@field_forms.get("/phone")
def get_phone() -> Response:
    """What this phone has to know before it goes to the field: itself, its programme and the forms to fill."""
    body, encoding = compressed(
        current_app.json.dumps(_view_phone()).encode(), request.headers.get("Accept-Encoding", "")
    )
    response = Response(body, content_type="application/json")
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


def _view_phone() -> dict[str, Any]:
    device = get_trusted_device()
    keys = tell_keys(get_database(), get_keyring(), device.programme_id)
    with get_database().reading() as session:
        programme = session.get_one(Programme, device.programme_id)
        return {
            "programme": view_programme(programme),
            "device": view_device(device),
            "forms": _view_forms(session, programme),
            "keys": keys,
            "lock": view_lock(get_lock_policy(session, programme)),
            **view_field(session, programme, device),
            "server_time": now().isoformat(),
            "app": read_assets().hash,
        }


@field_forms.get("/forms/<sha256>.json")
def get_form_document(sha256: str) -> Response:
    """A form as the phone fills it. What is at this address never changes."""
    device = get_trusted_device()
    with get_database().reading() as session:
        version = get_phone_form(session, device.programme_id, sha256)
    bodies = {"br": version.phone_br, "gzip": version.phone_gz, "": version.phone}
    return _send_for_ever(bodies, "application/json", sha256)


@field_forms.get("/forms/<sha256>/<part>.json")
def get_form_part(sha256: str, part: str) -> Response:
    """The form in one language, or the texts of another. What is at this address never changes.

    `part` is the SHA-256 of its bytes. The form in one language tells as `others` where the texts of the others are.
    """
    device = get_trusted_device()
    with get_database().reading() as session:
        asset = _one_language.get_part(get_phone_form(session, device.programme_id, sha256), part)
    return _send_for_ever({"br": b"", "gzip": b"", "": asset.body} | dict(asset.encodings), "application/json", part)


@field_forms.get("/datasets/<sha256>")
def get_data_set_content(sha256: str) -> Response:
    """A data set as it was attached. What is at this address never changes."""
    device = get_trusted_device()
    with get_database().reading() as session:
        content = find_list_content(session, device.programme_id, sha256)
        if content is None:
            data_set = get_data_set(session, device.programme_id, sha256)
            bodies = {"br": data_set.content_br, "gzip": data_set.content_gz, "": data_set.content}
        else:
            bodies = {"br": b"", "gzip": b"", "": content}
    return _send_for_ever(bodies, "text/csv; charset=utf-8", sha256)


def _view_forms(session: Session, programme: Programme) -> list[dict[str, Any]]:
    forms = [form for form in list_forms(session, programme.id) if form.state == "open" and form.current_version_id]
    versions = {form.id: get_current_version(session, form) for form in forms}
    waves = list_waves(session, programme.id)
    files: dict[int, list[dict[str, str]]] = {}
    for version_id, filename, sha256 in list_data_sets(session, programme.id, [row.id for row in versions.values()]):
        kind = "datasets" if filename.lower().endswith(_DATA) else "form-files"
        view = {"filename": filename, "sha256": sha256, "url": f"/api/v1/{kind}/{sha256}"}
        files.setdefault(version_id, []).append(view)
    for version in versions.values():
        files.setdefault(version.id, []).extend(_entity_lists(session, version))
    return [
        _view_form(form.form_id, version, files.get(version.id, []), _wave_now(programme, waves, form.id))
        for form in forms
        for version in [versions[form.id]]
    ]


def _entity_lists(session: Session, version: FormVersion) -> list[dict[str, str]]:
    """The entity lists that a form reads: data sets that get another digest with every change."""
    rows = [file.entity_list for file in list_files(session, version.programme_id, version.id)]
    views = []
    for row in rows:
        if row is not None:
            digest = list_document(session, row)[1]
            views.append({"filename": f"{row.name}.csv", "sha256": digest, "url": f"/api/v1/datasets/{digest}"})
    return views


def _view_form(form_id: str, version: FormVersion, files: list[dict[str, str]], wave: Wave | None) -> dict[str, Any]:
    view: dict[str, Any] = _form.dump(
        {
            "id": form_id,
            "version": version.version,
            "title": version.titles,
            "hash": version.hash,
            "url": f"/api/v1/forms/{version.hash}.json",
            "first": _one_language.find(version, request.accept_languages),
            "datasets": [file for file in files if file["url"].startswith("/api/v1/datasets/")],
            "media": [file for file in files if file["url"].startswith("/api/v1/form-files/")],
            "wave": wave,
        }
    )
    return view


def _wave_now(programme: Programme, waves: Iterable[Wave], form_row: int) -> Wave | None:
    """The open wave whose dates it is; before and after them, the first that is open."""
    is_open = [wave for wave in waves if wave.form_row == form_row and wave.state == "open"]
    today = now().astimezone(ZoneInfo(programme.time_zone)).date()
    return find_wave_on(is_open, today) or next(iter(is_open), None)


def _send_for_ever(bodies: dict[str, bytes], media_type: str, sha256: str) -> Response:
    encoding = next((name for name in ("br", "gzip") if bodies[name] and request.accept_encodings[name] > 0), "")
    response = Response(bodies[encoding], content_type=media_type)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _FOR_EVER
    response.set_etag(f"{sha256[:32]}-{encoding or 'plain'}")
    response.make_conditional(request)
    return response
