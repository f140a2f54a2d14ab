"""A server of the field face alone takes interviews in little memory, and has no office."""

from __future__ import annotations

import http.client
from contextlib import closing
from pathlib import Path

from survey_server.db.field.devices import add_device
from survey_server.db.programmes import add_programme
from survey_server.db.session import open_database
from tests.serving import packed_batch, post_batch, running
from tests.web.conftest import publish_mini
from tests.web.field import new_item


def test_it_takes_interviews_without_an_office_and_in_little_memory(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        programme = add_programme(session, "frontera", "Frontera")
        token = add_device(session, programme.id, "Equipo", "EN001")[1]
    publish_mini(database, programme)
    with running(tmp_path, sqlite_url, "--field-only") as server:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            for _ in range(5):
                receipts = post_batch(connection, token, packed_batch([new_item() for _ in range(20)]))
                assert {receipt["status"] for receipt in receipts} == {201}
            connection.request("GET", "/office/")
            assert connection.getresponse().status == 404
        assert server.resident_mb() < 130
