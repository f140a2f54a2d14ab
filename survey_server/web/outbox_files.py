"""The file in which a phone saved what it couldn't send, taken in like a batch that it sent: the same one way in."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from survey_server.db.field.devices import Sender, get_device_by_id
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.submissions import Arrival, Receipt, Source, take_in
from survey_server.db.media.pieces import Announcement, Hander, MediaIntake
from survey_server.db.models import Programme
from survey_server.db.session import Database
from survey_server.problems import NotAnOutbox, Problem, UnknownDevice
from survey_server.web.media_schemas import MediaItem
from survey_server.web.sync import read_item

_item = MediaItem()

FORMAT = "survey-outbox"
PROTOCOL = 1
_AT_ONCE = 50


@dataclass(frozen=True)
class SavedFile:
    """A photo, recording or file of an interview, as it would have been sent."""

    told: Announcement
    body: bytes


@dataclass(frozen=True)
class OutboxFile:
    """What a phone saved: who it says it is, its interviews, their files, and how many files were damaged."""

    device_id: int | None
    device_label: str
    saved_at: str
    arrivals: list[Arrival]
    files: list[SavedFile]
    damaged_files: int


@dataclass(frozen=True)
class Taken:
    """What became of an outbox file: a receipt per interview, in their order, and how many of its files are whole."""

    receipts: list[Receipt]
    files: int
    damaged_files: int


def read_outbox_file(data: bytes) -> OutboxFile:
    """The file as a phone wrote it; raises NotAnOutbox. Items that make no sense are kept: they go to quarantine."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotAnOutbox("This is not a file that a phone saved from its outbox.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotAnOutbox("This is not a file that a phone saved from its outbox.")
    if document.get("protocol") != PROTOCOL:
        raise NotAnOutbox("The file was saved by a newer app than this server knows. Update the server.")
    items = document.get("submissions")
    if not isinstance(items, list):
        raise NotAnOutbox("The file has no list of interviews.")
    named, told = document.get("device"), document.get("media")
    device: dict[str, Any] = named if isinstance(named, dict) else {}
    files = [_read_file(each) for each in (told if isinstance(told, list) else [])]
    label, saved_at = str(device.get("label", ""))[:60], str(document.get("saved_at", ""))[:40]
    return OutboxFile(
        device_id=_number(device.get("id")),
        device_label=label,
        saved_at=saved_at,
        arrivals=[read_item(item) for item in items],
        files=[each for each in files if each],
        damaged_files=sum(each is None for each in files),
    )


def take_in_outbox(
    database: Database, keyring: Keyring, intake: MediaIntake, programme_id: int, actor: str, outbox: OutboxFile
) -> Taken:
    """Store the file's interviews, then their photos and recordings. Doing it again changes nothing."""
    device = _find_device(database, programme_id, outbox.device_id)
    source = Source(programme_id, "file", actor, device)
    receipts: list[Receipt] = []
    for start in range(0, len(outbox.arrivals), _AT_ONCE):
        receipts += take_in(database, source, outbox.arrivals[start : start + _AT_ONCE], keyring)
    hander = Hander(programme_id, "file", actor, device.id if device else None)
    whole = sum(_take_file(intake, hander, each) for each in outbox.files)
    return Taken(receipts, whole, outbox.damaged_files + len(outbox.files) - whole)


def stored(receipts: Sequence[Receipt]) -> int:
    """How many of these are with the server as interviews, from now or before."""
    return sum(receipt.status in (200, 201) for receipt in receipts)


def _take_file(intake: MediaIntake, hander: Hander, file: SavedFile) -> bool:
    try:
        stand = intake.announce(hander, file.told)
        while not stand.complete:
            stand = intake.take(hander, file.told.sha256, stand.offset, file.body[stand.offset :])
    except Problem:
        return False
    return True


def _read_file(told: Any) -> SavedFile | None:
    """One file with its bytes; None when they aren't those that the phone had, or its name is no name of a file."""
    try:
        body = base64.b64decode(told["base64"], validate=True)
        fields = _item.load({**told, "size": len(body)})
    except (KeyError, TypeError, ValueError, ValidationError):
        return None
    names = ("submission", "name", "type", "size", "sha256", "sealed")
    announced = Announcement(*(fields[name] for name in names))
    return SavedFile(announced, body) if hashlib.sha256(body).hexdigest() == announced.sha256 else None


def _find_device(database: Database, programme_id: int, device_id: int | None) -> Sender | None:
    """The phone that the file says it is from, so that a lost phone's file is looked at before it counts."""
    if device_id is None:
        return None
    with database.reading() as session:
        try:
            row = get_device_by_id(session, programme_id, device_id)
        except UnknownDevice:
            return None
        revision = session.get_one(Programme, programme_id).field_revision
        return Sender(programme_id, row.id, row.interviewer, row.revoked_at is not None, revision)


def _number(text: Any) -> int | None:
    told = str(text)
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None
