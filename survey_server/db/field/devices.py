"""Phones: enrolled by a code that works once, known by a token of which only the digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.models import Device, Enrolment, Programme, Team, now, table_of
from survey_server.db.prepared import Prepared
from survey_server.problems import BadToken, CodeUsed, NotThere, UnknownDevice

CODE_LIVES = timedelta(days=3)
PHONE, COLLECT = "phone", "collect"
"""What a device speaks: our API with a token in a header, or OpenRosa with the token in the address."""


@dataclass(frozen=True)
class Sender:
    """A device that hands over interviews, as far as intake needs to know it."""

    programme_id: int
    id: int
    interviewer: str
    revoked: bool
    field_revision: int


def add_enrolment(
    session: Session,
    programme_id: int,
    label: str,
    interviewer: str,
    *,
    team_id: int | None = None,
    lives: timedelta = CODE_LIVES,
    actor: str = "command",
) -> str:
    """The one-time code for a new phone, of a team if one is named. It is shown once: we keep only its digest."""
    if team_id is not None and session.get(Team, (programme_id, team_id)) is None:
        raise NotThere("There is no such team.")
    code = f"{programme_id}-{secrets.token_urlsafe(15)}"
    session.add(
        Enrolment(
            programme_id=programme_id,
            code_sha256=token_digest(code),
            label=label,
            interviewer=interviewer,
            team_id=team_id,
            expires_at=now() + lives,
        )
    )
    session.flush()
    add_audit(session, programme_id, actor, "add-enrolment", label)
    return code


def enrol_link(base_url: str, code: str, office_kid: str = "") -> str:
    """The link that enrols a phone; what follows # is never sent to a server and so is in no log.

    With the start of the office key's fingerprint the phone takes no other key for the office's.
    """
    return f"{base_url}/#enrol={code}" + (f"&key={office_kid[:22]}" if office_kid else "")


def enrol_device(session: Session, code: str) -> tuple[Device, str]:
    """Use up `code`: the new device, and its token, which the phone alone keeps. Raises CodeUsed."""
    programme_id = programme_of(code, "-")
    enrolment = session.get(Enrolment, (programme_id, token_digest(code)), with_for_update=True)
    if enrolment is None or enrolment.used_at or enrolment.expires_at < now():
        raise CodeUsed()
    device, token = add_device(session, programme_id, enrolment.label, enrolment.interviewer)
    device.team_id = enrolment.team_id
    enrolment.used_at, enrolment.device_id = now(), device.id
    add_audit(session, programme_id, f"device:{device.id}", "enrol", device.label)
    return device, token


def add_device(
    session: Session, programme_id: int, label: str, interviewer: str, *, kind: str = PHONE
) -> tuple[Device, str]:
    """A new device and its token, which is told only now."""
    token = f"{programme_id}.{secrets.token_urlsafe(32)}"
    device = Device(
        programme_id=programme_id,
        kind=kind,
        label=label,
        interviewer=interviewer,
        token_sha256=token_digest(token),
        seen_at=now() if kind == PHONE else None,
    )
    session.add(device)
    session.flush()
    return device, token


def get_device(session: Session, token: str) -> Device:
    """The phone that holds `token`, revoked or not; raises BadToken. Look at `revoked_at`."""
    device = session.scalar(
        select(Device).where(
            Device.programme_id == programme_of(token, "."),
            Device.token_sha256 == token_digest(token),
            Device.kind == PHONE,
        )
    )
    if device is None:
        raise BadToken()
    return device


def get_sender(session: Session, token: str) -> Sender:
    """The phone that holds `token`, revoked or not, with the revision of its programme's fieldwork; or BadToken.

    A token of one kind opens no door of the other: one in an address may be seen by more eyes than one in a header.
    """
    values = {"programme_id": programme_of(token, "."), "token_sha256": token_digest(token), "kind": PHONE}
    row = _SENDER.first(session.connection(), values)
    if row is None:
        raise BadToken()
    return Sender(row.programme_id, row.id, row.interviewer, row.revoked_at is not None, row.field_revision)


def get_device_by_id(session: Session, programme_id: int, device_id: int) -> Device:
    """One device of the programme; raises UnknownDevice."""
    device = session.get(Device, (programme_id, device_id))
    if device is None:
        raise UnknownDevice()
    return device


def list_devices(session: Session, programme_id: int) -> list[Device]:
    """The devices of a programme, by label."""
    query = select(Device).where(Device.programme_id == programme_id)
    return list(session.scalars(query.order_by(Device.label, Device.id)))


def set_device_revoked(session: Session, device: Device, reason: str, *, actor: str) -> None:
    """From now on the device downloads nothing, and what it still sends goes to quarantine."""
    session.execute(
        update(Device).where(*_is(device)).values(revoked_at=device.revoked_at or now(), revoked_reason=reason)
    )
    add_audit(session, device.programme_id, actor, "revoke-device", str(device.id), reason=reason)


def set_device_contact(
    session: Session, device: Sender | Device, report: Mapping[str, Any], received_at: datetime
) -> None:
    """Keep what the phone said about itself when it last called: version, queue, clock and storage."""
    clock = report.get("clock")
    values = {
        "of_programme": device.programme_id,
        "of_device": device.id,
        "seen_at": received_at,
        "app_version": report.get("app_version"),
        "queue_length": report.get("queue"),
        "clock_offset_seconds": (clock - received_at).total_seconds() if clock else None,
        "storage": report.get("storage"),
    }
    _CONTACT.run(session.connection(), values)


def _is(device: Device) -> tuple[Any, Any]:
    return Device.programme_id == device.programme_id, Device.id == device.id


def token_digest(secret: str) -> str:
    """Under what a code or token is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def programme_of(secret: str, mark: str) -> int:
    """The programme with which codes and tokens begin, so that a database shared out by programme finds them."""
    head = secret.partition(mark)[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 19 else 0


_devices = table_of(Device)
_programmes = table_of(Programme)
_SENDER = Prepared(
    select(
        _devices.c.programme_id,
        _devices.c.id,
        _devices.c.interviewer,
        _devices.c.revoked_at,
        _programmes.c.field_revision,
    )
    .join(_programmes, _programmes.c.id == _devices.c.programme_id)
    .where(
        _devices.c.programme_id == bindparam("programme_id"),
        _devices.c.token_sha256 == bindparam("token_sha256"),
        _devices.c.kind == bindparam("kind"),
    )
)
_CONTACT = Prepared(
    update(_devices)
    .where(_devices.c.programme_id == bindparam("of_programme"), _devices.c.id == bindparam("of_device"))
    .values(
        {
            name: bindparam(name)
            for name in ("seen_at", "app_version", "queue_length", "clock_offset_seconds", "storage")
        }
    )
)
