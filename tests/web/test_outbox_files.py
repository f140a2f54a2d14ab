"""The file of a phone without a line: the same way in as from the phone itself, by command and by page."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from survey_server.cli import cli
from survey_server.db.field.devices import get_device_by_id, set_device_revoked
from survey_server.db.intake.keys import Keyring
from survey_server.db.media.files import FolderStore
from survey_server.db.media.pieces import MediaIntake
from survey_server.db.models import Device, Media, Programme, Submission
from survey_server.db.session import Database
from survey_server.problems import NotAnOutbox
from survey_server.web.outbox_files import Taken, read_outbox_file, take_in_outbox
from tests.web.field import Phone, new_item

PHOTO = b"\xff\xd8 a photo"


def outbox_of(phone_id: int, items: list[dict[str, Any]], **more: Any) -> bytes:
    head = {"format": "survey-outbox", "protocol": 1, "device": {"id": str(phone_id), "label": "Equipo 1"}}
    return json.dumps({**head, "saved_at": "2026-03-05T09:00:00Z", "submissions": items, "media": [], **more}).encode()


def photo_of(item: dict[str, Any], body: bytes = PHOTO) -> dict[str, Any]:
    return {
        "submission": item["id"], "name": "1.jpg", "type": "image/jpeg", "size": len(PHOTO), "sealed": False,
        "sha256": hashlib.sha256(PHOTO).hexdigest(), "base64": base64.b64encode(body).decode(),
    }  # fmt: skip


@pytest.fixture
def device(database: Database, phone: Phone) -> Device:
    with database.reading() as session:
        return session.scalars(select(Device)).one()


def take(database: Database, programme: Programme, folder: Any, data: bytes) -> Taken:
    keyring = Keyring("a key of this test alone")
    intake = MediaIntake(database, FolderStore(folder / "media", 0), keyring)
    return take_in_outbox(database, keyring, intake, programme.id, "command", read_outbox_file(data))


def count(database: Database, table: type[Any]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_it_stores_a_file_like_a_batch_and_twice_changes_nothing(
    database: Database, programme: Programme, device: Device, tmp_path: Any
) -> None:
    items = [new_item(), new_item()]
    data = outbox_of(device.id, items, media=[photo_of(items[0])])
    taken = take(database, programme, tmp_path, data)
    assert [receipt.status for receipt in taken.receipts] == [201, 201]
    assert [receipt.sha256 for receipt in taken.receipts] == [item["sha256"] for item in items]
    assert (taken.files, taken.damaged_files) == (1, 0)
    again = take(database, programme, tmp_path, data)
    assert [receipt.status for receipt in again.receipts] == [200, 200] and again.files == 1
    assert count(database, Submission) == 2 and count(database, Media) == 1
    with database.reading() as session:
        assert {row.device_id for row in session.scalars(select(Submission))} == {device.id}


def test_it_takes_a_file_by_the_command_that_the_readme_names(
    database_url: str, database: Database, programme: Programme, device: Device, tmp_path: Path
) -> None:
    (tmp_path / "encuesta-1.json").write_bytes(outbox_of(device.id, [new_item()]))
    environment = {"SURVEY_DATABASE_URL": database_url, "SURVEY_DATA_DIR": str(tmp_path / "data")}
    told = CliRunner().invoke(
        cli, ["import-outbox", programme.code, str(tmp_path / "encuesta-1.json")], env=environment
    )
    assert (told.exit_code, told.output.partition("\t")[0], count(database, Submission)) == (0, "201", 1), told.output


def test_it_does_not_take_a_file_for_a_call_of_the_phone(
    database: Database, programme: Programme, device: Device, tmp_path: Any
) -> None:
    take(database, programme, tmp_path, outbox_of(device.id, [new_item()]))
    with database.reading() as session:
        assert get_device_by_id(session, programme.id, device.id).queue_length is None


def test_it_keeps_what_it_can_not_read_and_says_which(
    database: Database, programme: Programme, device: Device, tmp_path: Any
) -> None:
    cut = new_item() | {"xml": "<data>cut of"}
    taken = take(database, programme, tmp_path, outbox_of(device.id, [cut, {"id": 7}, new_item()]))
    assert [receipt.status for receipt in taken.receipts] == [422, 422, 201]
    assert count(database, Submission) == 1


def test_it_counts_damaged_photos_and_stores_the_interview(
    database: Database, programme: Programme, device: Device, tmp_path: Any
) -> None:
    item = new_item()
    taken = take(database, programme, tmp_path, outbox_of(device.id, [item], media=[photo_of(item, b"other")]))
    assert taken.receipts[0].status == 201 and (taken.files, taken.damaged_files) == (0, 1)


def test_it_puts_the_file_of_a_lost_phone_aside(
    database: Database, programme: Programme, device: Device, tmp_path: Any
) -> None:
    with database.transaction() as session:
        set_device_revoked(session, get_device_by_id(session, programme.id, device.id), "lost", actor="command")
    taken = take(database, programme, tmp_path, outbox_of(device.id, [new_item()]))
    assert count(database, Submission) == 0 and taken.receipts[0].receipt


@pytest.mark.parametrize(
    "data",
    [b"", b"not json", b"[]", b'{"format": "other"}', outbox_of(1, []).replace(b'"protocol": 1', b'"protocol": 2')],
)
def test_it_refuses_a_file_of_something_else(data: bytes) -> None:
    with pytest.raises(NotAnOutbox):
        read_outbox_file(data)
