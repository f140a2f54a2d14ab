"""Sends finished demo interviews as phones do: in batches, with digests, through the public sync address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from flask.testing import FlaskClient

BATCH = 20


@dataclass(frozen=True)
class Finished:
    """An interview as it lies in a phone's outbox."""

    instance_id: str
    form: str
    version: str
    token: str
    ended: datetime
    xml: bytes

    def as_item(self) -> dict[str, str]:
        """The item of a batch, as the sync protocol wants it."""
        return {
            "id": self.instance_id,
            "form": self.form,
            "version": self.version,
            "finished_at": self.ended.astimezone(UTC).isoformat(),
            "sha256": hashlib.sha256(self.xml).hexdigest(),
            "xml": self.xml.decode(),
        }


def batches(outbox: Sequence[Finished]) -> Iterator[list[Finished]]:
    """Groups of at most twenty of the same phone and day, in the order in which the days end."""
    ordered = sorted(outbox, key=lambda item: (item.ended.date(), item.token, item.ended))
    for _, group in groupby(ordered, key=lambda item: (item.ended.date(), item.token)):
        items = list(group)
        for start in range(0, len(items), BATCH):
            yield items[start : start + BATCH]


def send(client: FlaskClient, batch: Sequence[Finished], app_version: str) -> list[int]:
    """Post one batch and give each item's status; raises RuntimeError when the server answers anything but 200."""
    clock = client.application.config["CLOCK"]
    answer = client.post(
        "/api/v1/sync",
        headers={"Authorization": f"Bearer {batch[0].token}"},
        json={
            "protocol": 1,
            "device": {
                "app_version": app_version,
                "queue": 0,
                "clock": clock().isoformat(),
            },
            "submissions": [item.as_item() for item in batch],
        },
    )
    if answer.status_code != 200:
        raise RuntimeError(f"The demo could not be sent: {answer.get_data(as_text=True)[:400]}")
    return [receipt["status"] for receipt in answer.get_json()["receipts"]]
