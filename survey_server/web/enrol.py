"""POST /api/v1/enrol: a code that works once becomes a device with a token."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from survey_server.db.field.devices import enrol_device
from survey_server.db.field.phone_lock import LockPolicy, get_lock_policy
from survey_server.db.models import Device, Programme
from survey_server.web.access import get_config, get_database
from survey_server.web.bodies import read_fields
from survey_server.web.schemas import DeviceView, EnrolRequest, LockView, ProgrammeView

enrol = Blueprint("enrol", __name__, url_prefix="/api/v1")

_request = EnrolRequest()
_device = DeviceView()
_programme = ProgrammeView()
_lock = LockView()


@enrol.post("/enrol")
def enrol_phone() -> tuple[dict[str, Any], int]:
    """Use up a one-time code: the phone becomes a device and is told its token, once."""
    code = read_fields(_request)["code"]
    with get_database().transaction() as session:
        device, token = enrol_device(session, code)
        programme = session.get_one(Programme, device.programme_id)
        lock = view_lock(get_lock_policy(session, programme))
    told = {"token": token, "device": view_device(device), "programme": view_programme(programme), "lock": lock}
    return told, 201


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
