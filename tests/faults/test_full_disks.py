"""The disk of PostgreSQL is full: phones are told to wait, nothing is lost, and it goes on when there is room."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from survey_server.db.media.files import FolderStore
from survey_server.db.migrate import migrate
from survey_server.db.session import open_database
from tests.faults.conftest import Postgres
from tests.faults.senders import Senders, check_nothing_lost, make_field
from tests.serving import running

BLOCK = bytes(1 << 16)


def fill(postgres: Postgres) -> Path:
    """Take the last room of its disk; where no disk could be mounted for it, it is gone instead."""
    ballast = postgres.data.parent / "ballast"
    if postgres.data.parent.is_mount():
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(BLOCK):
                continue
    else:
        postgres.do("stop", "-m", "immediate")
    return ballast


def empty(postgres: Postgres, ballast: Path) -> None:
    """Give it room again, and start it, should it have ended: as whoever looks after it would."""
    ballast.unlink(missing_ok=True)
    if not postgres.is_up():
        postgres.start()


@pytest.mark.postgres
def test_it_waits_while_postgresql_has_no_room_and_goes_on_when_it_has(
    small_postgres: Postgres, tmp_path: Path
) -> None:
    migrate(small_postgres.url)
    here = make_field(open_database(small_postgres.url))
    with running(tmp_path, small_postgres.url, "--field-only") as server, Senders(here, [server.port]) as senders:
        senders.wait_for(20)
        ballast = fill(small_postgres)
        senders.wait_for_waits(20)
        empty(small_postgres, ballast)
        senders.wait_for(40)
    assert senders.refused == []
    assert senders.waits == {503}
    here.database.close()
    check_nothing_lost(senders, FolderStore(tmp_path / "media"))
    here.database.close()
