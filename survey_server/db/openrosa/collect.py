"""Devices with ODK Collect, KoboCollect or Enketo: their key, their password, and the settings that Collect scans."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.devices import COLLECT, Sender, add_device, programme_of, token_digest
from survey_server.db.intake.receipts import read_receipt, receipt_code
from survey_server.db.models import Device, Programme, table_of
from survey_server.db.prepared import Prepared
from survey_server.problems import UnknownDevice

_COLOURS = ("#0b5457", "#7a4b00", "#5b3a82", "#8a1f3d", "#1d5c2f", "#2b4a8c")
_PASSWORD_BYTES = 15


@dataclass(frozen=True)
class Caller:
    """A device that calls by OpenRosa, and what every answer has to know of its programme."""

    sender: Sender
    programme_code: str
    language: str
    seen_at: datetime | None


@dataclass(frozen=True)
class Account:
    """A device that may sign in by name and password."""

    caller: Caller
    password: str


def add_app_user(
    session: Session, programme_id: int, label: str, interviewer: str, *, actor: str = "command"
) -> tuple[Device, str]:
    """A new device of kind "collect" and its key, which is told only now: the database keeps the digest."""
    device, token = add_device(session, programme_id, label, interviewer, kind=COLLECT)
    add_audit(session, programme_id, actor, "add-app-user", label)
    return device, token


def key_address(base_url: str, programme: Programme, token: str) -> str:
    """What Collect calls the server URL, for this device alone."""
    return f"{base_url}/v1/key/{token}/projects/{programme.code}"


def plain_address(base_url: str, programme: Programme) -> str:
    """The server URL for clients that sign in by name and password."""
    return f"{base_url}/v1/projects/{programme.code}"


def user_name(device_id: int) -> str:
    """The name by which a device signs in."""
    return receipt_code(device_id).lower()


def password_of(secret: str, programme_id: int, device_id: int, token_sha256: str) -> str:
    """The password of a device, for Digest and Basic: reckoned from the server's secret, so that none is stored."""
    about = f"openrosa password|{programme_id}|{device_id}|{token_sha256}"
    digest = hmac.new(secret.encode(), about.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_PASSWORD_BYTES]).decode().lower()


def find_caller(session: Session, key: str) -> Caller | None:
    """The device with this key, revoked or not."""
    values = {"programme_id": programme_of(key, "."), "token_sha256": token_digest(key)}
    row = _BY_KEY.first(session.connection(), values)
    return _caller(row) if row else None


def find_account(session: Session, programme_code: str, user: str, secret: str) -> Account | None:
    """Who signs in by this name in this programme, revoked or not."""
    values = {"code": programme_code, "id": read_receipt(user) or 0}
    row = _BY_NAME.first(session.connection(), values)
    return Account(_caller(row), password_of(secret, row.programme_id, row.id, row.token_sha256)) if row else None


def _caller(row: Any) -> Caller:
    sender = Sender(row.programme_id, row.id, row.interviewer, row.revoked_at is not None, row.field_revision)
    return Caller(sender, row.code, next(iter(row.languages or ()), ""), row.seen_at)


def set_seen(session: Session, sender: Sender, program: str, at: datetime) -> None:
    """Note that the device called, and with which program."""
    values = {"of_programme": sender.programme_id, "of_device": sender.id, "at": at, "program": program or None}
    _SEEN.run(session.connection(), values)


def get_app_user(session: Session, programme_id: int, device_id: int) -> Device:
    """A device of kind "collect"; raises UnknownDevice."""
    device = session.get(Device, (programme_id, device_id))
    if device is None or device.kind != COLLECT:
        raise UnknownDevice()
    return device


def list_app_users(session: Session, programme_id: int) -> list[Device]:
    """The devices of kind "collect", those in service first, by label."""
    query = select(Device).where(Device.programme_id == programme_id, Device.kind == COLLECT)
    return sorted(session.scalars(query), key=lambda each: (each.revoked_at is not None, each.label, each.id))


def collect_settings(
    address: str, programme: Programme, interviewer: str, *, admin_password: str | None = None
) -> dict[str, Any]:
    """All settings of a Collect project; what isn't named here goes back to Collect's default when it is scanned."""
    colour = _COLOURS[programme.id % len(_COLOURS)]
    general = {
        "protocol": "odk_default",
        "server_url": address,
        "form_update_mode": "match_exactly",
        "periodic_form_updates_check": "every_one_hour",
        "autosend": "wifi_and_cellular",
        "delete_send": False,
        "constraint_behavior": "on_swipe",
        "guidance_hint": "yes_collapsed",
        "hide_old_form_versions": True,
        "metadata_username": interviewer,
        "analytics": False,
    }
    if programme.languages:
        general["app_language"] = programme.languages[0]
    # Where interviews go is not the enumerator's to change.
    admin = {"admin_pw": admin_password, "change_server": False} if admin_password else {}
    icon = programme.name.strip()[:1].upper() or "E"
    return {"general": general, "admin": admin, "project": {"name": programme.name, "icon": icon, "color": colour}}


def settings_text(settings: Mapping[str, Any]) -> str:
    """What stands in the QR code: base64 of zlib of JSON. It holds the device's key: whoever reads it is the device."""
    packed = zlib.compress(json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return base64.b64encode(packed).decode()


_devices, _programmes = table_of(Device), table_of(Programme)
_CALLER = (
    select(
        *(_devices.c.programme_id, _devices.c.id, _devices.c.interviewer, _devices.c.revoked_at),
        *(_devices.c.token_sha256, _programmes.c.field_revision, _programmes.c.code, _programmes.c.languages),
        _devices.c.seen_at,
    )
    .join(_programmes, _programmes.c.id == _devices.c.programme_id)
    .where(_devices.c.kind == COLLECT)
)
_BY_KEY = Prepared(
    _CALLER.where(
        _devices.c.programme_id == bindparam("programme_id"), _devices.c.token_sha256 == bindparam("token_sha256")
    )
)
_SEEN = Prepared(
    update(_devices)
    .where(_devices.c.programme_id == bindparam("of_programme"), _devices.c.id == bindparam("of_device"))
    .values(seen_at=bindparam("at"), app_version=bindparam("program"))
)
_BY_NAME = Prepared(_CALLER.where(_programmes.c.code == bindparam("code"), _devices.c.id == bindparam("id")))
