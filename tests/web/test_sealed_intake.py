"""POST /api/v1/sync with sealed interviews: opened here, or kept for their owner; never taken twice, never lost."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.field.devices import get_device, set_device_revoked
from survey_server.db.intake.keys import NO_WAVE, Keyring, find_key_of_wave, list_keys, register_key, renew_key
from survey_server.db.intake.seals import arrival_of, list_closed
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import take_in
from survey_server.db.models import (
    Conflict,
    PhoneAlarm,
    Programme,
    Quarantine,
    Sealed,
    Submission,
    SubmissionVersion,
    Wave,
)
from survey_server.db.review.quarantine import replay
from survey_server.db.session import Database
from survey_server.sealing import KeyFile, make_key, open_envelope, read_public, read_statement, seal, sign_statement
from tests.web.field import Phone, interview, new_instance_id
from tests.web.test_sync import count


def told_keys(phone: Phone) -> dict[str, Any]:
    told: dict[str, Any] = phone.get("/api/v1/phone").get_json()["keys"]
    return told


def sealed_item(phone: Phone, wave: Wave | None = None, *, xml: str | None = None, **changes: Any) -> dict[str, Any]:
    """An interview as a phone seals it, to the key it was told for its wave."""
    told = told_keys(phone)
    kid = told["waves"][str(wave.id)] if wave else told["default"]
    key = read_public(next(each for each in told["keys"] if each["kid"] == kid))
    instance_id = new_instance_id()
    words = {"id": instance_id, "form": "mini", "version": "1", "wave": str(wave.id) if wave else None}
    body = seal((xml or interview(instance_id)).encode(), key, **words).decode()
    return {**words, "sha256": hashlib.sha256(body.encode()).hexdigest(), "sealed": body, **changes}


def reseal(phone: Phone, item: dict[str, Any], content: bytes) -> dict[str, Any]:
    """The same id, sealed anew."""
    key = read_public(told_keys(phone)["keys"][0])
    body = seal(content, key, id=item["id"], form="mini", version="1").decode()
    return {**item, "sealed": body, "sha256": hashlib.sha256(body.encode()).hexdigest()}


def offline_file(code: str) -> KeyFile:
    sealing, office = make_key(), make_key()
    return KeyFile(code, sealing, office, [sign_statement(office, sealing, code)])


def register(database: Database, app: Flask, programme: Programme, keys: KeyFile) -> None:
    told = (keys.programme, keys.sealing, keys.office, list(keys.statements))
    with database.transaction() as session:
        register_key(
            session, app.extensions["keyring"], session.get_one(Programme, programme.id), told, [NO_WAVE], "test"
        )


def test_it_tells_phones_a_key_for_each_wave_with_the_offices_word(phone: Phone, mini: list[Wave]) -> None:
    told = told_keys(phone)
    assert set(told["waves"]) == {str(wave.id) for wave in mini}
    assert len({*told["waves"].values(), told["default"]}) == 3
    office = read_public(told["office"])
    for key in told["keys"]:
        assert read_statement(key["statements"][0], office) == {"kid": key["kid"], "programme": "frontera"}
    assert told_keys(phone) == told


def test_it_opens_a_seal_and_answers_with_the_digest_of_the_sealed_bytes(
    phone: Phone, database: Database, mini: list[Wave]
) -> None:
    sent = sealed_item(phone, mini[0])
    [receipt] = phone.receipts(sent)
    assert (receipt["status"], receipt["sha256"], receipt["issues"]) == (201, sent["sha256"], 0)
    with database.reading() as session:
        version = session.scalars(select(SubmissionVersion)).one()
        kept = session.scalars(select(Sealed)).one()
        assert b"<age>40</age>" in version.xml and '"age":40' in version.answers
        assert (kept.content, kept.submission_id) == (sent["sealed"].encode(), version.submission_id)
        assert session.scalars(select(Submission.wave_id)).one() == mini[0].id


def test_it_knows_the_same_sealed_bytes_again(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone)
    [first], [again] = phone.receipts(sent), phone.receipts(sent)
    assert (again["status"], again["sha256"], again["receipt"]) == (200, first["sha256"], first["receipt"])
    assert (count(database, Submission), count(database, Sealed)) == (1, 1)


def test_it_knows_an_interview_that_was_sealed_again(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone)
    [first] = phone.receipts(sent)
    again = reseal(phone, sent, interview(sent["id"]).encode())
    assert again["sealed"] != sent["sealed"]
    [receipt] = phone.receipts(again)
    assert (receipt["status"], receipt["sha256"], receipt["receipt"]) == (200, again["sha256"], first["receipt"])
    assert (count(database, Submission), count(database, Sealed)) == (1, 2)


def test_it_takes_one_interview_twice_in_one_batch_once(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone)
    first, second = phone.receipts(sent, sent)
    assert (first["status"], second["status"], second["sha256"]) == (201, 200, sent["sha256"])
    assert (count(database, Submission), count(database, Sealed)) == (1, 1)


def test_it_keeps_both_when_another_interview_has_the_id(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone)
    phone.receipts(sent)
    other = reseal(phone, sent, interview(sent["id"], age="41").encode())
    for _ in range(2):
        [receipt] = phone.receipts(other)
        assert (receipt["status"], receipt["sha256"]) == (409, other["sha256"])
    with database.reading() as session:
        assert b"<age>41</age>" in session.scalars(select(Conflict)).one().xml


def test_it_knows_an_interview_that_came_unsealed_before(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone)
    xml = interview(sent["id"])
    plain = {key: value for key, value in sent.items() if key != "sealed"}
    phone.receipts({**plain, "xml": xml, "sha256": hashlib.sha256(xml.encode()).hexdigest()})
    assert phone.receipts(sent)[0]["status"] == 200
    assert count(database, Submission) == 1


def quarantined(database: Database) -> Quarantine:
    with database.reading() as session:
        return session.scalars(select(Quarantine)).one()


def test_it_keeps_a_seal_with_a_changed_bit(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone)
    middle = sent["sealed"].rindex(".") - 20
    body = sent["sealed"][:middle] + ("A" if sent["sealed"][middle] != "A" else "B") + sent["sealed"][middle + 1 :]
    [receipt] = phone.receipts({**sent, "sealed": body, "sha256": hashlib.sha256(body.encode()).hexdigest()})
    assert (receipt["status"], receipt["problem"]["type"]) == (422, "urn:survey-server:problem:broken-seal")
    assert quarantined(database).content == body.encode()


def test_it_keeps_a_seal_that_was_damaged_on_the_way(phone: Phone, database: Database) -> None:
    [receipt] = phone.receipts(sealed_item(phone, sha256="0" * 64))
    assert receipt["problem"]["type"] == "urn:survey-server:problem:digest-mismatch"
    assert quarantined(database).reason == "digest-mismatch"


def test_it_keeps_a_seal_of_a_foreign_key(phone: Phone, database: Database) -> None:
    instance_id = new_instance_id()
    body = seal(interview(instance_id).encode(), make_key(), id=instance_id).decode()
    sent = {"id": instance_id, "form": "mini", "version": "1", "sealed": body}
    [receipt] = phone.receipts({**sent, "sha256": hashlib.sha256(body.encode()).hexdigest()})
    assert (receipt["status"], receipt["problem"]["type"]) == (422, "urn:survey-server:problem:foreign-seal")
    assert quarantined(database).content == body.encode()


def test_it_takes_no_seal_under_another_name_than_the_one_on_it(phone: Phone, database: Database) -> None:
    [receipt] = phone.receipts(sealed_item(phone, id=new_instance_id()))
    assert receipt["problem"]["type"] == "urn:survey-server:problem:seal-tells-otherwise"
    assert count(database, Submission) == 0


def test_it_keeps_what_was_sealed_when_it_is_no_interview(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone, xml="esto no es XML")
    assert phone.receipts(sent)[0]["status"] == 422
    assert quarantined(database).content == sent["sealed"].encode()


def test_it_opens_nothing_of_a_phone_that_was_taken_out_of_service(phone: Phone, database: Database) -> None:
    sent = sealed_item(phone)
    with database.transaction() as session:
        set_device_revoked(session, get_device(session, phone.token), "lost", actor="test")
    [receipt] = phone.receipts(sent)
    assert (receipt["status"], receipt["sha256"]) == (201, sent["sha256"])
    assert quarantined(database).content == sent["sealed"].encode()
    assert count(database, Submission) == 0


def test_it_replays_a_sealed_interview_from_quarantine(
    phone: Phone, database: Database, app: Flask, programme: Programme
) -> None:
    sent = sealed_item(phone)
    with database.transaction() as session:
        set_device_revoked(session, get_device(session, phone.token), "lost", actor="test")
    phone.receipts(sent)
    keyring = app.extensions["keyring"]
    receipt = replay(database, programme.id, quarantined(database).id, actor="test", keyring=keyring)
    assert receipt.status == 201
    assert count(database, Submission) == 1


def test_it_lets_phones_keep_their_interviews_while_the_servers_secret_is_wrong(
    phone: Phone, database: Database, database_url: str, tmp_path: Any
) -> None:
    sent = sealed_item(phone)
    settings = {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_DATABASE_URL": database_url, "SURVEY_SECRET_KEY": "otra"}
    other = Phone(create_app(Config.from_environment(settings)), phone.token, phone.device_id)
    answer = other.send(sent)
    assert (answer.status_code, answer.get_json()["type"]) == (503, "urn:survey-server:problem:key-unusable")
    assert count(database, Quarantine) == 0
    assert phone.receipts(sent)[0]["status"] == 201


def test_it_still_opens_what_was_sealed_to_the_key_before(
    phone: Phone, database: Database, app: Flask, programme: Programme, mini: list[Wave]
) -> None:
    sent = sealed_item(phone, mini[0])
    before = told_keys(phone)["waves"][str(mini[0].id)]
    with database.transaction() as session:
        renew_key(session, app.extensions["keyring"], programme.id, mini[0].id, "test")
    assert told_keys(phone)["waves"][str(mini[0].id)] != before
    assert phone.receipts(sent)[0]["status"] == 201


def test_it_keeps_closed_what_only_the_owner_of_the_key_opens(
    phone: Phone, database: Database, app: Flask, programme: Programme
) -> None:
    keys = offline_file("frontera")
    register(database, app, programme, keys)
    sent = sealed_item(phone)
    [first], [again] = phone.receipts(sent), phone.receipts(sent)
    assert (first["status"], first["sha256"], again["status"]) == (201, sent["sha256"], 200)
    assert first["receipt"] == again["receipt"]
    assert (count(database, Submission), count(database, Quarantine)) == (0, 0)
    with database.reading() as session:
        [kept] = list_closed(session, programme.id, None)
        assert open_envelope(kept.content or b"", keys.sealing, 10_000).content == interview(sent["id"]).encode()


def test_it_takes_closed_seals_in_when_the_owner_brings_the_key(
    phone: Phone, database: Database, app: Flask, programme: Programme
) -> None:
    keys = offline_file("frontera")
    register(database, app, programme, keys)
    sent = [sealed_item(phone) for _ in range(3)]
    phone.receipts(*sent)
    with database.reading() as session:
        kept = list_closed(session, programme.id, None)
    arrived = [one.received_at for one in kept]
    keyring = Keyring(handed={keys.sealing.thumbprint(): keys.sealing})
    source = Source(programme.id, "unseal", "test")
    receipts = take_in(database, source, [arrival_of(one) for one in kept], keyring, open_again=True)
    assert [receipt.status for receipt in receipts] == [201, 201, 201]
    with database.reading() as session:
        rows = session.scalars(select(Submission).order_by(Submission.received_at, Submission.id)).all()
        assert [row.received_at for row in rows] == sorted(arrived)
        assert {row.device_id for row in rows} == {phone.device_id}
        assert list_closed(session, programme.id, None) == []
    assert phone.receipts(sent[0])[0]["status"] == 200
    assert count(database, Submission) == 3


def test_it_hands_phones_over_to_an_offline_key_with_the_word_of_the_key_they_trust(
    phone: Phone, database: Database, app: Flask, programme: Programme, mini: list[Wave]
) -> None:
    before = told_keys(phone)["office"]
    keys = offline_file("frontera")
    register(database, app, programme, keys)
    told = told_keys(phone)
    assert told["office"]["kid"] == keys.office.thumbprint() != before["kid"]
    key = next(each for each in told["keys"] if each["kid"] == keys.sealing.thumbprint())
    said = read_statement(key["statements"][-1], read_public(before))
    assert said == {"kid": key["kid"], "programme": "frontera", "office": keys.office.thumbprint()}
    with database.reading() as session:
        assert {one.profile for one in list_keys(session, programme.id)} == {1, 2}
        own = find_key_of_wave(session, programme.id, mini[0].id)
        assert own is not None and own.profile == 1


def test_it_keeps_the_office_key_when_one_wave_alone_gets_an_offline_key(
    phone: Phone, database: Database, app: Flask, programme: Programme, mini: list[Wave]
) -> None:
    before = told_keys(phone)
    keys = offline_file("frontera")
    told = (keys.programme, keys.sealing, keys.office, list(keys.statements))
    with database.transaction() as session:
        row = session.get_one(Programme, programme.id)
        register_key(session, app.extensions["keyring"], row, told, [mini[0].id], "test")
    after = told_keys(phone)
    assert after["office"] == before["office"]
    assert after["waves"] == {**before["waves"], str(mini[0].id): keys.sealing.thumbprint()}
    key = next(each for each in after["keys"] if each["kid"] == keys.sealing.thumbprint())
    said = read_statement(key["statements"][-1], read_public(before["office"]))
    assert said == {"kid": key["kid"], "programme": "frontera"}


@pytest.mark.parametrize("moment", ["2026-03-05T10:00:00+00:00"])
def test_it_hears_once_that_a_phone_was_opened_with_its_emergency_pin(
    phone: Phone, database: Database, moment: str
) -> None:
    for _ in range(2):
        phone.send(device={"emergency": moment})
    with database.reading() as session:
        alarm = session.scalars(select(PhoneAlarm)).one()
    assert (alarm.device_id, alarm.happened_at.isoformat()) == (phone.device_id, moment)
