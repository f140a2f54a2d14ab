"""Batches that are handed in at once are stored together, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event

import pytest
from sqlalchemy import func, select

from survey_server.db.audit import find_broken_link
from survey_server.db.intake.counter import Counter
from survey_server.db.intake.submissions import Arrival, Receipt, Source, take_in
from survey_server.db.models import AuditRow, Programme, Submission
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, Session
from survey_server.problems import DatabaseFull

FORM = """
| survey |
| | type  | name  | label |
| | today | today |       |
| | text  | name  | Name  |
| settings |
| | form_title | form_id | version |
| | Names      | names   | 1       |
"""
AT_ONCE = 12
Beside = Callable[[Session, Sequence[Receipt]], None]


@pytest.fixture
def names(database: Database, programme: Programme) -> Programme:
    publish_form(database, programme.id, "names.md", FORM.encode())
    return programme


def interview(number: int) -> Arrival:
    xml = (
        f'<data id="names" version="1"><today>{date(2026, 3, 5)}</today><name>n{number}</name>'
        f"<meta><instanceID>uuid:{number}</instanceID></meta></data>"
    )
    return Arrival(f"uuid:{number}", "names", "1", xml.encode())


def stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


def all_at_once(
    database: Database, programme: Programme, numbers: Sequence[int], beside: Beside | None = None
) -> list[list[Receipt] | Exception]:
    """Each number's interview handed in by a thread of its own, all released at one moment."""
    ready = Barrier(len(numbers))

    def hand_in(number: int) -> list[Receipt] | Exception:
        source = Source(programme.id, "phone", f"device:{number}")
        ready.wait()
        try:
            return take_in(database, source, [interview(number)], beside=beside)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(numbers)) as threads:
        return list(threads.map(hand_in, numbers))


def test_each_gets_the_receipt_of_its_own(database: Database, names: Programme) -> None:
    answers = all_at_once(database, names, range(AT_ONCE))
    told = [answer[0] for answer in answers if isinstance(answer, list)]
    assert [(one.id, one.status) for one in told] == [(f"uuid:{number}", 201) for number in range(AT_ONCE)]
    assert len({one.receipt for one in told}) == stored(database) == AT_ONCE


def test_one_interview_from_many_at_once_is_stored_once(database: Database, names: Programme) -> None:
    answers = all_at_once(database, names, [7] * AT_ONCE)
    told = [answer[0] for answer in answers if isinstance(answer, list)]
    assert sorted(one.status for one in told) == [200] * (AT_ONCE - 1) + [201]
    assert len({one.receipt for one in told}) == stored(database) == 1


def test_what_fails_for_one_is_stored_for_all_others(database: Database, names: Programme) -> None:
    def fail_for_three(_: Session, receipts: Sequence[Receipt]) -> None:
        if receipts[0].id == "uuid:3":
            raise DatabaseFull()

    answers = all_at_once(database, names, range(AT_ONCE), fail_for_three)
    assert [number for number, answer in enumerate(answers) if isinstance(answer, DatabaseFull)] == [3]
    assert stored(database) == AT_ONCE - 1


def test_the_audit_chain_has_a_row_for_each_of_them_and_stays_whole(database: Database, names: Programme) -> None:
    all_at_once(database, names, range(AT_ONCE))
    with database.reading() as session:
        actors = session.scalars(select(AuditRow.actor).where(AuditRow.action == "phone")).all()
        assert sorted(actors) == sorted(f"device:{number}" for number in range(AT_ONCE))
        assert find_broken_link(session, names.id) is None


def test_those_that_come_while_one_is_stored_go_together(database: Database) -> None:
    groups: list[list[int]] = []
    begun, go_on = Event(), Event()

    def store(_: Database, batches: Sequence[int]) -> list[int]:
        groups.append(list(batches))
        if 0 in batches:
            begun.set()
            assert go_on.wait(60)
        return [10 * batch for batch in batches]

    counter = Counter(database, store, serving=1)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        first = threads.submit(counter.hand_in, 0)
        assert begun.wait(60)
        others = [threads.submit(counter.hand_in, number) for number in range(1, AT_ONCE)]
        while len(counter.line) < AT_ONCE - 1:
            go_on.wait(0.01)
        go_on.set()
        assert [first.result(), *(other.result() for other in others)] == [10 * number for number in range(AT_ONCE)]
    assert [sorted(group) for group in groups] == [[0], list(range(1, AT_ONCE))]
