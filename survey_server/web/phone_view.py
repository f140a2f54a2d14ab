"""What a phone has to know before it goes to the field: itself, its programme and its forms, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, request

from survey_server.db.field.phone_lock import LockPolicy, get_lock_policy
from survey_server.db.field.team_view import view_field
from survey_server.db.forms import get_current_version, list_data_sets, list_forms
from survey_server.db.intake.keys import tell_keys
from survey_server.db.models import Device, FormVersion, Programme, Wave, now
from survey_server.db.openrosa.entities import list_document
from survey_server.db.openrosa.form_lists import list_files
from survey_server.db.session import Session
from survey_server.db.waves import find_wave_on, list_waves
from survey_server.web.access import get_config, get_database, get_keyring
from survey_server.web.assets import compressed, read_assets
from survey_server.web.one_language import OneLanguageForms
from survey_server.web.schemas import DeviceView, FormView, LockView, ProgrammeView

one_language = OneLanguageForms()

_device = DeviceView()
_form = FormView()
_lock = LockView()
_programme = ProgrammeView()
_DATA = (".csv", ".xml", ".geojson")
"""What forms read values from; any other file of a form is something that it shows."""


def view_phone(device: Device) -> dict[str, Any]:
    """Everything that this phone has to know."""
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


def view_device(device: Device) -> dict[str, Any]:
    """The device as it is told about itself."""
    view: dict[str, Any] = _device.dump(device)
    return view


def view_programme(programme: Programme) -> dict[str, Any]:
    """The programme as a phone knows it."""
    view: dict[str, Any] = _programme.dump(programme)
    return view | {"max_media_bytes": get_config().max_media_bytes}


def view_lock(policy: LockPolicy) -> dict[str, Any]:
    """How the phone has to lock."""
    view: dict[str, Any] = _lock.dump(policy)
    return view


def send_small(told: dict[str, Any], status: int = 200) -> Response:
    """The answer in the smallest form that the phone reads: its line may be thin."""
    body, encoding = compressed(current_app.json.dumps(told).encode(), request.headers.get("Accept-Encoding", ""))
    response = Response(body, status, content_type="application/json")
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


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
            "first": one_language.find(version, request.accept_languages),
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
