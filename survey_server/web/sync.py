"""POST /api/v1/sync: a batch of finished interviews in, one receipt each out, after the commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app
from marshmallow import ValidationError

from survey_server.db.field.phone_lock import add_alarm
from survey_server.db.intake.submissions import Arrival, Receipt, Source, take_in
from survey_server.problems import BadFields, OldApp
from survey_server.web.access import get_database, get_keyring, get_sending_device
from survey_server.web.bodies import read_fields
from survey_server.web.health import count_receipts
from survey_server.web.schemas import DeviceReport, SubmissionItem, SyncRequest

sync = Blueprint("sync", __name__, url_prefix="/api/v1")

PROTOCOL = 1

_request = SyncRequest()
_item = SubmissionItem()
_report = DeviceReport()


@sync.post("/sync")
def sync_submissions() -> Response:
    """Store a batch of finished interviews.

    Answered after the commit, item by item and in their order. A repeated item gets the same receipt. What the phone
    may let go of is what is answered 200 or 201 with the digest of its own bytes.
    """
    device = get_sending_device()
    batch = read_fields(_request)
    if batch["protocol"] != PROTOCOL:
        raise OldApp(f"This server speaks protocol {PROTOCOL}.", protocol=PROTOCOL)
    moment: datetime = current_app.config["CLOCK"]()
    report = _read_report(batch["device"])
    source = Source(device.programme_id, "phone", f"device:{device.id}", device, report, moment)
    receipts = take_in(get_database(), source, [read_item(item) for item in batch["submissions"]], get_keyring())
    count_receipts("phone", [receipt.status for receipt in receipts])
    if emergency := report.get("emergency"):
        with get_database().transaction() as session:
            add_alarm(session, device.programme_id, device.id, emergency)
    answer = {"server_time": moment.isoformat(), "receipts": [_written(receipt) for receipt in receipts]}
    return Response(json.dumps(answer), content_type="application/json")


def _read_report(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """What can be read of what the phone says about itself: it is no reason to refuse interviews."""
    try:
        told: dict[str, Any] = _report.load(report)
    except ValidationError as error:
        told = error.valid_data if isinstance(error.valid_data, dict) else {}
    return told


def read_item(item: Any) -> Arrival:
    """One item of the batch; one that isn't as the API says is kept as the JSON that it was."""
    try:
        told = _item.load(item)
        if ("xml" in told) == ("sealed" in told):
            raise ValidationError("Send either xml or sealed.", "xml")
    except ValidationError as error:
        return _unfit(item, BadFields(errors=error.messages))
    sealed = "sealed" in told
    return Arrival(
        id=told["id"],
        form=told["form"],
        version=told["version"],
        body=told["sealed" if sealed else "xml"].encode("utf-8", "surrogatepass"),
        sha256=told["sha256"],
        wave=_wave_id(told.get("wave")),
        sealed=sealed,
    )


def _unfit(item: Any, problem: BadFields) -> Arrival:
    return Arrival(
        id=_claim(item, "id"),
        form=_claim(item, "form"),
        version=_claim(item, "version"),
        body=json.dumps(item).encode(),
        problem=problem,
    )


def _claim(item: Any, name: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""


def _wave_id(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _written(receipt: Receipt) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": receipt.id,
        "sha256": receipt.sha256,
        "status": receipt.status,
        "receipt": receipt.receipt,
        "issues": receipt.issues,
    }
    if receipt.problem is not None:
        written["problem"] = receipt.problem.to_document()
    return written
