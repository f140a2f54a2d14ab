"""What was kept apart can be taken in once its cause is put right; its bytes stay in any case."""

from __future__ import annotations

import pytest

from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme
from survey_server.db.publishing import publish_form
from survey_server.db.review.quarantine import count_quarantine, get_quarantine, list_quarantine, replay, set_resolved
from survey_server.db.session import Database
from survey_server.problems import NotQuarantined
from tests.web.field import FORM, interview


@pytest.fixture
def kept(database: Database, programme: Programme) -> int:
    """An interview of a form that isn't published yet, in quarantine."""
    arrival = Arrival("uuid:1", "mini", "1", interview("uuid:1").encode())
    take_in(database, Source(programme.id, "phone", "device:1"), [arrival])
    with database.reading() as session:
        return list_quarantine(session, programme.id)[0].id


def test_it_takes_in_what_was_kept_once_the_form_is_there(database: Database, programme: Programme, kept: int) -> None:
    publish_form(database, programme.id, "mini.md", FORM.encode())
    receipt = replay(database, programme.id, kept, actor="person:1")
    assert receipt.status == 201
    with database.reading() as session:
        assert count_quarantine(session, programme.id) == 0
        row = get_quarantine(session, programme.id, kept)
    assert (row.resolution, row.content) == (f"replayed as {receipt.receipt}", interview("uuid:1").encode())


def test_it_leaves_it_waiting_when_the_cause_is_still_there(
    database: Database, programme: Programme, kept: int
) -> None:
    assert replay(database, programme.id, kept, actor="person:1").status == 422
    with database.reading() as session:
        assert count_quarantine(session, programme.id) == 1


def test_it_takes_off_the_list_what_somebody_has_settled(database: Database, programme: Programme, kept: int) -> None:
    with database.transaction() as session:
        set_resolved(session, get_quarantine(session, programme.id, kept), "una prueba", actor="person:1")
    with database.reading() as session:
        assert list_quarantine(session, programme.id) == []
        assert get_quarantine(session, programme.id, kept).resolution == "una prueba"


def test_it_finds_nothing_of_another_programme(database: Database, programme: Programme, kept: int) -> None:
    with pytest.raises(NotQuarantined), database.reading() as session:
        get_quarantine(session, programme.id + 1, kept)
