"""Review: edits as versions, states with locks, duplicates decided, quarantine mended; on both databases."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import func, select

from survey_server.db.access.people import add_person
from survey_server.db.access.scopes import Reader
from survey_server.db.analysis.frames import wave_frame
from survey_server.db.field.devices import add_device
from survey_server.db.field.teams import add_team
from survey_server.db.forms import get_form
from survey_server.db.intake.arrivals import Interview, Unfit
from survey_server.db.intake.receipts import Receipt
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import (
    AuditRow,
    Conflict,
    Device,
    Programme,
    Quarantine,
    Submission,
    SubmissionIssue,
    SubmissionNote,
    SubmissionVersion,
    Wave,
)
from survey_server.db.publishing import publish_form
from survey_server.db.review.duplicates import (
    choose_one,
    get_conflict,
    keep_first,
    list_conflicts,
    list_same_cases,
    take_other,
)
from survey_server.db.review.finding import Filter, list_submissions
from survey_server.db.review.listings import get_submission
from survey_server.db.review.quarantine import Repair, get_quarantine, preview_repair, repair_quarantined
from survey_server.db.review.reviewing import add_comment, set_states
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.problems import EditedMeanwhile, StaleEdit, UnfitRepair, UnfitReview, UnknownEdited
from survey_server.xlsform.received.edited import as_edit, with_head, with_places_of, without_places
from tests.web.field import FORM, interview

PSU = "| | text          | psu      |"
CASED = FORM.replace(PSU, f"| | text | case_id | Caso | Case | | | |\n{PSU}")


@dataclass
class Office:
    """A programme with an open wave, a phone, and the supervisor of its team."""

    database: Database
    programme: Programme
    wave: Wave
    device: int
    reader: Reader

    def send(self, instance_id: str, *, edits: str = "", case: str = "", **answers: str) -> Receipt:
        xml = interview(instance_id, today="2026-03-05", **answers)
        if case:
            xml = re.sub("(<psu>)", f"<case_id>{case}</case_id>\\1", xml)
        if edits:
            xml = as_edit(xml.encode(), instance_id, edits).decode()
        source = Source(self.programme.id, "phone", "device:1")
        return take_in(self.database, source, [Arrival(instance_id, "mini", "1", xml.encode(), device_id=self.device)])[
            0
        ]

    def one(self, instance_id: str) -> Submission:
        with self.database.reading() as session:
            return session.scalars(select(Submission).where(Submission.instance_id == instance_id)).one()

    def review(self, chosen: dict[int, int], state: str, text: str = "") -> tuple[list[int], list[int], list[int]]:
        with self.database.transaction() as session:
            made = set_states(session, self.programme, self.reader, chosen, state, text, actor="person:1")
        return made.done, made.changed, made.locked


@pytest.fixture
def office(database: Database, programme: Programme) -> Office:
    publish_form(database, programme.id, "mini.md", CASED.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        wave = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20), state="open")
        person = add_person(session, "super", "Super")
        team = add_team(session, programme.id, "N1", "Norte", actor="command")
        team.supervisor_id = person.id
        device, _ = add_device(session, programme.id, "T-01", "EN001")
        session.get_one(Device, (programme.id, device.id)).team_id = team.id
    return Office(database, programme, wave, device.id, Reader(person.id, frozenset({"supervisor"})))


def test_it_takes_an_edit_as_the_next_version_and_keeps_the_one_before(office: Office) -> None:
    office.send("uuid:a", age="12", remark="viejo")
    assert office.one("uuid:a").review_state == "has-issues"
    edit = office.send("uuid:b", edits="uuid:a", age="30", remark="nuevo")
    again = office.send("uuid:b", edits="uuid:a", age="30", remark="nuevo")
    assert (edit.status, again.status, edit.receipt == again.receipt) == (201, 200, True)
    one = office.one("uuid:a")
    assert (one.number, one.review_state, one.revision) == (2, "edited", 1)
    with office.database.reading() as session:
        whole = get_submission(session, office.programme, one.id)
        assert [json.loads(each.answers)["age"] for each in whole.versions] == [12, 30]
        assert whole.answers["age"] == 30 and whole.versions[0].instance_id == "uuid:a"
        assert {issue.kind for issue in whole.issues if issue.resolved_at is None}.isdisjoint({"constraint"})
        frame = wave_frame(session, office.wave)
        assert (len(frame), frame["age"].tolist(), frame["_id"].tolist()) == (1, [30.0], ["uuid:a"])
        looks = [Filter(office.reader, words=word) for word in ("nuevo", "viejo")]
        assert [list_submissions(session, office.programme, look).total for look in looks] == [1, 0]


def test_it_keeps_a_late_edit_beside_the_one_that_came_first(office: Office) -> None:
    office.send("uuid:a", age="12")
    assert office.send("uuid:b", edits="uuid:a", age="30").status == 201
    late = office.send("uuid:c", edits="uuid:a", age="31")
    assert (late.status, type(late.problem)) == (409, StaleEdit)
    assert office.send("uuid:d", edits="uuid:b", age="32").status == 201
    with office.database.reading() as session:
        assert session.scalars(select(Conflict.xml)).one().count(b"<age>31</age>") == 1
    assert office.one("uuid:a").number == 3


def test_it_puts_an_edit_of_nothing_in_quarantine_and_edits_nothing_in_a_locked_wave(office: Office) -> None:
    lost = office.send("uuid:b", edits="uuid:nowhere")
    assert (lost.status, type(lost.problem)) == (404, UnknownEdited)
    office.send("uuid:a")
    with office.database.transaction() as session:
        wave = session.get_one(Wave, (office.programme.id, office.wave.id))
        set_wave_state(session, wave, "locked", actor="command")
    assert office.send("uuid:c", edits="uuid:a", age="50").status == 409
    assert office.one("uuid:a").number == 1
    one = office.one("uuid:a")
    with office.database.transaction() as session:
        analyst = Reader(0, frozenset({"analyst"}))
        made = set_states(session, office.programme, analyst, {one.id: 0}, "approved", "", actor="person:1")
    assert (made.done, made.locked) == ([], [one.id])


def test_it_reviews_many_at_once_and_overwrites_nobody(office: Office) -> None:
    for name in "abc":
        office.send(f"uuid:{name}")
    ids = [office.one(f"uuid:{name}").id for name in "abc"]
    assert office.review({ids[0]: 0}, "approved") == ([ids[0]], [], [])
    assert office.review(dict.fromkeys(ids, 0), "rejected", "Eran de prueba") == (ids[1:], [ids[0]], [])
    assert [office.one(f"uuid:{name}").review_state for name in "abc"] == ["approved", "rejected", "rejected"]
    with pytest.raises(UnfitReview):
        office.review({ids[0]: 1}, "rejected", "  ")
    with pytest.raises(UnfitReview):
        office.review({ids[0]: 1}, "edited")
    with pytest.raises(UnfitReview):
        office.review({ids[2]: 1}, "has-issues", "  ")
    assert office.review({ids[2]: 1}, "has-issues", "El punto no es ese") == ([ids[2]], [], [])
    assert office.one("uuid:c").review_state == "has-issues"
    assert office.review({ids[2]: 2}, "approved") == office.review({ids[2]: 3}, "received") == ([ids[2]], [], [])
    assert office.one("uuid:c").review_state == "has-issues"  # of its own: its site isn't in the table
    stranger = Reader(0, frozenset({"observer"}))
    with office.database.transaction() as session:
        made = set_states(session, office.programme, stranger, {ids[0]: 1}, "approved", "", actor="person:9")
        assert (made.done, made.changed, made.locked) == ([], [], [])
        add_comment(
            session, session.get_one(Submission, (office.programme.id, ids[0])), "Bien\n hecho ", actor="person:1"
        )
    with office.database.reading() as session:
        notes = [
            (note.kind, note.state, note.text)
            for note in session.scalars(select(SubmissionNote).order_by(SubmissionNote.id))
        ]
        audited = session.scalar(select(func.count()).where(AuditRow.action == "review"))
    assert notes[0] == ("state", "approved", "") and notes[-1] == ("comment", None, "Bien\nhecho") and audited == 6


def test_it_lets_a_person_choose_which_of_a_conflict_counts(office: Office) -> None:
    office.send("uuid:a", age="30")
    office.send("uuid:a", age="41")
    office.send("uuid:a", age="52")
    with office.database.reading() as session:
        waiting = list_conflicts(session, office.programme, office.reader)
        assert list_conflicts(session, office.programme, Reader(0, frozenset({"coordinator"}))) == []
    assert len(waiting) == 2
    second, first = (each.conflict for each in waiting)
    with office.database.transaction() as session, pytest.raises(UnfitReview):
        keep_first(session, office.programme, first, " ", actor="person:1")
    take_other(office.database, None, office.programme, second, "La segunda es la buena", actor="person:1")
    with office.database.transaction() as session:
        keep_first(session, office.programme, first, "Era una prueba", actor="person:1")
    with office.database.transaction() as session, pytest.raises(EditedMeanwhile):
        keep_first(session, office.programme, first, "Era una prueba", actor="person:2")
    with pytest.raises(EditedMeanwhile):
        take_other(office.database, None, office.programme, second, "La segunda", actor="person:2")
    with office.database.reading() as session:
        one = office.one("uuid:a")
        whole = get_submission(session, office.programme, one.id)
        assert whole.answers["age"] == 52 and whole.versions[1].reason == "La segunda es la buena"
        assert list_conflicts(session, office.programme, office.reader) == []
        kept = get_conflict(session, office.programme, one.id, second.id)
        assert (kept.resolution, kept.xml.count(b"<age>52</age>")) == ("took-other", 1)


def test_it_lets_a_person_choose_which_of_a_case_counts_and_keeps_the_other(office: Office) -> None:
    office.send("uuid:a", case="P1-D001-W1", age="30")
    office.send("uuid:b", case="P1-D001-W1", age="31")
    office.send("uuid:c", case="P1-D002-W1", age="32")
    with office.database.reading() as session:
        (same,) = list_same_cases(session, office.programme, office.reader)
    assert (same.case_id, [one.instance_id for one in same.submissions]) == ("P1-D001-W1", ["uuid:a", "uuid:b"])
    a, b = ((one.id, one.revision) for one in same.submissions)
    with office.database.transaction() as session:
        choose_one(session, office.programme, office.reader, b, a, "La primera quedó a medias", actor="person:1")
    with office.database.transaction() as session, pytest.raises(EditedMeanwhile):
        choose_one(session, office.programme, office.reader, a, b, "La segunda no era", actor="person:2")
    assert office.one("uuid:a").review_state == "rejected"
    with office.database.reading() as session:
        assert list_same_cases(session, office.programme, office.reader) == []


def test_it_takes_a_case_that_comes_back_for_no_duplicate_but_two_of_one_occasion(office: Office) -> None:
    role = "| | occasion | question | remark | |"
    publish_form(office.database, office.programme.id, "mini.md", f"{CASED.rstrip()}\n{role}\n".encode())
    for name, remark in (("a", "enero"), ("b", "febrero"), ("c", "febrero"), ("d", "marzo")):
        office.send(f"uuid:{name}", case="CM0001", remark=remark)
    office.send("uuid:e", case="CM0002", remark="febrero")
    with office.database.reading() as session:
        (same,) = list_same_cases(session, office.programme, office.reader)
        assert list_same_cases(session, office.programme, Reader(0, frozenset({"coordinator"}))) == []
    assert (same.case_id, [one.instance_id for one in same.submissions]) == ("CM0001", ["uuid:b", "uuid:c"])
    third = same.submissions[1]
    assert office.review({third.id: third.revision}, "rejected", "La misma reunión dos veces") == ([third.id], [], [])
    with office.database.reading() as session:
        assert list_same_cases(session, office.programme, office.reader) == []


def test_it_lets_in_what_was_mended_and_keeps_the_bytes_that_came(office: Office) -> None:
    whole = interview("uuid:q", today="2026-03-05", age="12")
    broken = whole.replace("</data>", "")
    source = Source(office.programme.id, "phone", "device:1")
    take_in(office.database, source, [Arrival("uuid:q", "mini", "1", broken.encode(), device_id=office.device)])
    with office.database.reading() as session:
        row = session.scalars(select(Quarantine)).one()
        assert isinstance(preview_repair(session, office.programme.id, row, Repair("mini", broken.encode())), Unfit)
        mended = Repair("mini", with_head(whole.encode(), "mini", "1", {"psu": "B"}), "Faltaba el final")
        said = preview_repair(session, office.programme.id, row, mended)
    assert isinstance(said, Interview) and said.site_code == "B" and "constraint" in {one.kind for one in said.issues}
    with pytest.raises(UnfitRepair):
        repair_quarantined(office.database, office.programme.id, row.id, Repair("mini", b"<x/>"), actor="person:1")
    repair_quarantined(office.database, office.programme.id, row.id, mended, actor="person:1")
    with pytest.raises(UnfitRepair):
        repair_quarantined(office.database, office.programme.id, row.id, mended, actor="person:2")
    one = office.one("uuid:q")
    assert (one.device_id, one.received_at) == (office.device, row.received_at)
    with office.database.reading() as session:
        kept = get_quarantine(session, office.programme.id, row.id)
        assert kept.content == broken.encode() and (kept.resolution or "").startswith("repaired as ")
        assert session.scalar(select(func.count()).select_from(SubmissionVersion)) == 1
        assert session.scalar(select(func.count()).select_from(SubmissionIssue)) == one.issue_count


def test_it_gives_back_places_that_were_hidden_from_the_screen() -> None:
    refs = frozenset({"/data/point"})
    before = b'<data id="x"><point>1 2 0 5</point><age>3</age><meta><instanceID>a</instanceID></meta></data>'
    hidden = without_places(before, refs)
    assert b"1 2 0 5" not in hidden and b"<age>3</age>" in hidden
    assert b"<point>1 2 0 5</point>" in with_places_of(hidden.replace(b">3<", b">4<"), before, refs)
    edit = as_edit(before, "b", "a")
    assert b"<instanceID>b</instanceID><deprecatedID>a</deprecatedID>" in edit
