"""POST /api/v1/enrol: a code that works once becomes a device with a token."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from survey_server.db.field.devices import enrol_device
from survey_server.db.field.phone_lock import get_lock_policy
from survey_server.db.models import Device, Programme
from survey_server.problems import Problem
from survey_server.web.access import get_database
from survey_server.web.bodies import read_fields
from survey_server.web.phone_view import send_small, view_device, view_lock, view_phone, view_programme
from survey_server.web.schemas import EnrolRequest

enrol = Blueprint("enrol", __name__, url_prefix="/api/v1")

_request = EnrolRequest()


@enrol.post("/enrol")
def enrol_phone() -> Response:
    """Use up a one-time code: the phone becomes a device and is told its token, once, and what it would ask next."""
    code = read_fields(_request)["code"]
    with get_database().transaction() as session:
        device, token = enrol_device(session, code)
        programme = session.get_one(Programme, device.programme_id)
        lock = view_lock(get_lock_policy(session, programme))
    told = {"token": token, "device": view_device(device), "programme": view_programme(programme), "lock": lock}
    return send_small(told | {"phone": _find_view(device)}, 201)


def _find_view(device: Device) -> dict[str, Any] | None:
    """What the phone would ask for next. The code is used up: whatever fails now, the phone must hear its token."""
    try:
        return view_phone(device)
    except Problem:
        return None
