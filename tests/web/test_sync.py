"""POST /api/v1/sync: stored once, flagged where odd, kept when unreadable, answered item by item."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from survey_server.db.audit import find_broken_link
from survey_server.db.field.devices import get_device, set_device_revoked
from survey_server.db.models import (
    AuditRow,
    Base,
    Conflict,
    Programme,
    Quarantine,
    Submission,
    SubmissionIssue,
    SubmissionVersion,
    Wave,
)
from survey_server.db.session import Database
from survey_server.db.waves import set_wave_state
from survey_server.xlsform.filling.instance import CheckedInstance, check_instance
from survey_server.xlsform.form import Form
from tests.web.field import Phone, interview, item, new_instance_id, new_item


def count(database: Database, model: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def stored(database: Database) -> Submission:
    with database.reading() as session:
        return session.scalars(select(Submission)).one()


def kinds(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.scalars(select(SubmissionIssue.kind)))


def test_it_stores_an_interview_and_answers_with_the_digest_of_its_bytes(phone: Phone, database: Database) -> None:
    sent = new_item()
    [receipt] = phone.receipts(sent)
    assert (receipt["id"], receipt["status"], receipt["issues"]) == (sent["id"], 201, 0)
    assert receipt["sha256"] == hashlib.sha256(sent["xml"].encode()).hexdigest()
    with database.reading() as session:
        version = session.scalars(select(SubmissionVersion)).one()
    assert version.xml == sent["xml"].encode()
    assert json.loads(version.answers)["age"] == 40


def test_it_knows_when_where_and_by_whom_the_interview_was_made(
    phone: Phone, database: Database, mini: list[Wave]
) -> None:
    phone.receipts(new_item(today="2026-03-05", psu="A"))
    row = stored(database)
    assert (row.wave_id, str(row.collected_on), row.site_code) == (mini[0].id, "2026-03-05", "A")
    assert (row.interviewer, row.version, row.device_id) == ("EN001", "1", phone.device_id)
    assert row.started is not None and row.ended is not None
    assert (row.ended - row.started).total_seconds() == 20 * 60


def test_it_answers_a_batch_item_by_item_in_order(phone: Phone, database: Database) -> None:
    items = [new_item() for _ in range(20)]
    receipts = phone.receipts(*items)
    assert [receipt["id"] for receipt in receipts] == [one["id"] for one in items]
    assert count(database, Submission) == 20


def test_it_takes_gzip_as_it_takes_plain(phone: Phone, database: Database) -> None:
    assert phone.send(new_item(), packed=True).get_json()["receipts"][0]["status"] == 201


def test_it_gives_the_same_answer_for_the_same_bytes_again(phone: Phone, database: Database) -> None:
    sent = new_item(age="17")
    [first], [again] = phone.receipts(sent), phone.receipts(sent)
    assert (first["status"], again["status"]) == (201, 200)
    assert {**first, "status": 200} == again
    assert count(database, Submission) == count(database, SubmissionVersion) == 1
    assert stored(database).repeats == 1


def test_it_stores_an_interview_once_that_comes_twice_in_a_batch(phone: Phone, database: Database) -> None:
    sent = new_item()
    first, again = phone.receipts(sent, sent)
    assert (first["status"], again["status"], again["receipt"]) == (201, 200, first["receipt"])
    assert count(database, Submission) == 1


def test_it_keeps_both_when_other_bytes_come_under_the_same_id(phone: Phone, database: Database) -> None:
    instance_id = new_instance_id()
    mine, other = item(interview(instance_id), instance_id), item(interview(instance_id, age="41"), instance_id)
    phone.receipts(mine)
    [receipt] = phone.receipts(other)
    assert receipt["status"] == receipt["problem"]["status"] == 409
    assert receipt["problem"]["type"] == "urn:survey-server:problem:submission-conflict"
    assert receipt["sha256"] == other["sha256"]
    with database.reading() as session:
        assert session.scalars(select(Conflict.xml)).one() == other["xml"].encode()
        assert session.scalars(select(SubmissionVersion.xml)).one() == mine["xml"].encode()


def test_it_keeps_a_conflict_once_and_gives_it_one_number(phone: Phone, database: Database) -> None:
    instance_id = new_instance_id()
    other = item(interview(instance_id, age="41"), instance_id)
    phone.receipts(item(interview(instance_id), instance_id))
    [first], [second, third] = phone.receipts(other), phone.receipts(other, other)
    assert first == second == third
    assert count(database, Conflict) == 1


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "garbage",
        "<data",
        '<data id="mini" version="1"><age>4',
        '<other id="else" version="1"><meta><instanceID>x</instanceID></meta></other>',
        '<data id="mini" version="1"><age>40</age></data>',
        '<!DOCTYPE data [<!ENTITY a "aaaa">]><data id="mini" version="1"><remark>&a;</remark>'
        "<meta><instanceID>uuid:1</instanceID></meta></data>",
        '<!DOCTYPE data [<!ENTITY f SYSTEM "file:///etc/passwd">]><data id="mini" version="1"><remark>&f;</remark>'
        "<meta><instanceID>uuid:1</instanceID></meta></data>",
        "\ud800",
        "<data>\x00</data>",
    ],
    ids=["empty", "words", "cut", "cut-in-text", "other-form", "no-id", "entity", "file-entity", "half", "nul"],
)
def test_it_keeps_the_bytes_of_what_it_cannot_read(phone: Phone, database: Database, xml: str) -> None:
    [receipt] = phone.receipts(item(xml, "uuid:1"))
    assert (receipt["status"], receipt["problem"]["status"]) == (422, 422)
    with database.reading() as session:
        kept = session.scalars(select(Quarantine)).one()
    assert kept.content == xml.encode("utf-8", "surrogatepass")
    assert (kept.claimed_id, kept.device_id) == ("uuid:1", phone.device_id)
    assert count(database, Submission) == 0


def test_it_keeps_the_same_unreadable_bytes_once(phone: Phone, database: Database) -> None:
    assert phone.receipts(item("garbage", "uuid:1")) == phone.receipts(item("garbage", "uuid:1"))
    assert count(database, Quarantine) == 1


def test_it_stores_the_good_beside_the_bad(phone: Phone, database: Database) -> None:
    receipts = phone.receipts(new_item(), item("garbage", "uuid:1"), {"id": 3}, "what", new_item())
    assert [receipt["status"] for receipt in receipts] == [201, 422, 422, 422, 201]
    assert (count(database, Submission), count(database, Quarantine)) == (2, 3)


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"form": "unknown"}, "form-not-here"),
        ({"sha256": "0" * 64}, "digest-mismatch"),
        ({"sha256": "short"}, "bad-fields"),
        ({"xml": None}, "bad-fields"),
        ({"sealed": "also"}, "bad-fields"),
        ({"id": ""}, "bad-fields"),
        ({"id": "x" * 250}, "bad-fields"),
        ({"form": 7}, "bad-fields"),
        ({"id": "a\0b"}, "bad-fields"),
        ({"id": "\ud800"}, "bad-fields"),
    ],
)
def test_it_keeps_what_is_claimed_wrongly(
    phone: Phone, database: Database, claims: dict[str, Any], problem: str
) -> None:
    [receipt] = phone.receipts({**new_item(), **claims})
    assert receipt["problem"]["type"] == f"urn:survey-server:problem:{problem}"
    assert (count(database, Quarantine), count(database, Submission)) == (1, 0)


def test_it_stores_an_interview_under_the_id_that_is_in_it(phone: Phone, database: Database) -> None:
    sent = new_item()
    [first] = phone.receipts({**sent, "id": "uuid:another"})
    [again] = phone.receipts(sent)
    assert (first["status"], first["id"], again["status"]) == (201, "uuid:another", 200)
    assert (kinds(database), stored(database).instance_id) == (["id-mismatch"], sent["id"])


def test_it_keeps_a_sealed_interview_that_it_cannot_open(phone: Phone, database: Database) -> None:
    sent = {**new_item(), "sealed": "AAAA", "sha256": hashlib.sha256(b"AAAA").hexdigest()}
    del sent["xml"]
    [receipt] = phone.receipts(sent)
    assert receipt["problem"]["type"] == "urn:survey-server:problem:broken-seal"
    with database.reading() as session:
        assert session.scalars(select(Quarantine.content)).one() == b"AAAA"


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"age": "17"}, "constraint"),
        ({"age": ""}, "required"),
        ({"age": "old"}, "type"),
        ({"psu": "X"}, "unknown-site"),
        ({"psu": "B"}, "site-not-in-wave"),
        ({"version": "99"}, "unknown-version"),
        ({"today": "2027-03-05"}, "wave-not-open"),
        ({"today": "2026-06-05"}, "outside-wave-dates"),
    ],
)
def test_it_stores_and_flags(phone: Phone, database: Database, answers: dict[str, str], kind: str) -> None:
    [receipt] = phone.receipts(new_item(**answers))
    assert receipt["status"] == 201
    assert kind in kinds(database)
    assert receipt["issues"] == stored(database).issue_count == len(kinds(database))


def test_it_flags_what_comes_after_the_wave_was_closed(phone: Phone, database: Database, mini: list[Wave]) -> None:
    with database.transaction() as session:
        set_wave_state(session, mini[0], "closed", actor="person:1")
    phone.receipts(new_item())
    assert (kinds(database), stored(database).wave_id) == (["closed-wave"], mini[0].id)


def test_it_puts_an_interview_into_the_wave_of_its_day_whatever_the_phone_says(
    phone: Phone, database: Database, mini: list[Wave]
) -> None:
    phone.receipts({**new_item(today="2026-03-05"), "wave": str(mini[1].id)})
    assert stored(database).wave_id == mini[0].id


def test_it_follows_the_phone_for_a_day_out_of_every_wave(phone: Phone, database: Database, mini: list[Wave]) -> None:
    phone.receipts({**new_item(today="2026-06-05"), "wave": str(mini[1].id)})
    assert stored(database).wave_id == mini[1].id


@pytest.mark.parametrize("today", ["0001-01-01", "9999-12-31", "2026-02-30", "x"])
def test_it_stores_an_interview_whose_clock_was_impossible(phone: Phone, database: Database, today: str) -> None:
    [receipt] = phone.receipts(new_item(today=today))
    assert receipt["status"] == 201
    assert "no-date" in kinds(database)
    assert (stored(database).started, stored(database).ended) == (None, None)


def test_it_keeps_an_interview_that_breaks_the_check_and_takes_the_others(
    phone: Phone, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_for_some(form: Form, xml: bytes) -> CheckedInstance:
        if b"<age>66</age>" in xml:
            raise ZeroDivisionError
        return check_instance(form, xml)

    monkeypatch.setattr("survey_server.db.intake.reading.check_instance", break_for_some)
    receipts = phone.receipts(new_item(), new_item(age="66"), new_item())
    assert [receipt["status"] for receipt in receipts] == [201, 422, 201]
    assert receipts[1]["problem"]["type"] == "urn:survey-server:problem:check-failed"
    assert count(database, Quarantine) == 1


def test_it_stores_interviews_with_any_text(phone: Phone, database: Database) -> None:
    sent = new_item(remark="ñandú — 调查 &lt;script&gt; \U0001f6a8")
    phone.receipts(sent)
    with database.reading() as session:
        assert json.loads(session.scalars(select(SubmissionVersion.answers)).one())["remark"] == (
            "ñandú — 调查 <script> \U0001f6a8"
        )


def test_it_keeps_what_a_revoked_phone_still_sends_apart(phone: Phone, database: Database) -> None:
    with database.transaction() as session:
        set_device_revoked(session, get_device(session, phone.token), "robado", actor="person:1")
    sent = new_item()
    [receipt] = phone.receipts(sent)
    assert (receipt["status"], receipt["sha256"]) == (201, sent["sha256"])
    with database.reading() as session:
        kept = session.scalars(select(Quarantine)).one()
    assert (kept.content, kept.reason) == (sent["xml"].encode(), "quarantined-from-revoked")
    assert count(database, Submission) == 0


def test_it_writes_one_row_of_the_audit_chain_per_batch(phone: Phone, database: Database, programme: Programme) -> None:
    sent = new_item()
    phone.receipts(sent, sent, item("garbage", "uuid:1"), new_item())
    with database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "phone")).one()
        assert find_broken_link(session, programme.id) is None
    assert row.detail == {"stored": 2, "repeated": 1, "conflicts": 0, "quarantined": 1}
    assert row.actor == f"device:{phone.device_id}"


def test_it_remembers_what_the_phone_says_about_itself(phone: Phone, database: Database) -> None:
    report = {"app_version": "7", "queue": 3, "clock": "2026-03-05T15:00:00Z", "storage": {"free": 1}, "more": 1}
    assert phone.send(device=report).status_code == 200
    with database.reading() as session:
        device = get_device(session, phone.token)
    assert (device.app_version, device.queue_length, device.storage) == ("7", 3, {"free": 1})


def test_it_takes_interviews_whatever_the_phone_says_about_itself(phone: Phone, database: Database) -> None:
    answer = phone.send(new_item(), device={"app_version": 7, "queue": -1, "clock": "yesterday", "storage": []})
    assert answer.get_json()["receipts"][0]["status"] == 201


def test_it_keeps_programmes_apart(phone: Phone, database: Database) -> None:
    sent = new_item()
    phone.receipts(sent)
    phone.token = "999." + phone.token.partition(".")[2]
    assert phone.send(sent).status_code == 401
