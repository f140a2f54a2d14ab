"""A real server killed while it opens seals: what it answered for is there, and what is sent again is taken once."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from survey_server.db.audit import find_broken_link
from survey_server.db.field.devices import add_device
from survey_server.db.models import Sealed, Submission
from survey_server.db.programmes import add_programme
from survey_server.db.session import open_database
from survey_server.sealing import read_public, seal
from tests.serving import Server, packed_batch, post_batch, running
from tests.web.conftest import publish_mini
from tests.web.field import interview, new_instance_id

INTERVIEWS = 240
BATCH = 8


def told_key(server: Server, token: str) -> ECKey:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", "/api/v1/phone", headers={"Authorization": f"Bearer {token}"})
        keys = json.loads(connection.getresponse().read())["keys"]
    return read_public(next(one for one in keys["keys"] if one["kid"] == keys["default"]))


def sealed_item(key: ECKey) -> dict[str, Any]:
    words = {"id": new_instance_id(), "form": "mini", "version": "1"}
    body = seal(interview(words["id"]).encode(), key, **words).decode()
    return {**words, "sha256": hashlib.sha256(body.encode()).hexdigest(), "sealed": body}


def send(server: Server, token: str, items: list[dict[str, Any]], acknowledged: set[str]) -> None:
    """Send in batches and note what was answered for; stop where the line breaks."""
    with suppress(OSError, http.client.HTTPException):
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
                for item, receipt in zip(batch, post_batch(connection, token, packed_batch(batch)), strict=True):
                    assert (receipt["status"] in (200, 201), receipt["sha256"]) == (True, item["sha256"])
                    acknowledged.add(item["id"])


@pytest.mark.parametrize("seed", [1, 2])
def test_it_takes_every_seal_once_however_often_it_is_killed(tmp_path: Path, sqlite_url: str, seed: int) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        programme = add_programme(session, "frontera", "Frontera norte")
    publish_mini(database, programme)
    with database.transaction() as session:
        _, token = add_device(session, programme.id, "Equipo 1", "EN001")
    chance, acknowledged = Random(seed), set[str]()
    with running(tmp_path, sqlite_url) as server:
        key = told_key(server, token)
        items = [sealed_item(key) for _ in range(INTERVIEWS)]
        for _ in range(2):
            enough = len(acknowledged) + chance.randrange(1, INTERVIEWS // 4)
            sender = threading.Thread(target=send, args=(server, token, items, acknowledged))
            sender.start()
            while sender.is_alive() and len(acknowledged) < enough:
                sender.join(0.001)
            server.kill()
            sender.join()
            with database.reading() as session:
                assert acknowledged <= set(session.scalars(select(Submission.instance_id)))
            server.start()
        send(server, token, items, acknowledged)
        assert len(acknowledged) == INTERVIEWS
    with database.reading() as session:
        for model in (Submission, Sealed):
            assert session.scalar(select(func.count()).select_from(model)) == INTERVIEWS
        assert find_broken_link(session, programme.id) is None
