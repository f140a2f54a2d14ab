"""POST and PATCH of media: pieces in any order and number of times, from phones of the programme only."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from survey_server.db.field.devices import add_device, set_device_revoked
from survey_server.db.media.pieces import list_media
from survey_server.db.models import Device, Programme
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.web.media_schemas import MediaAnswer
from tests.web.field import Phone

BODY = b"\x89PNG\r\n\x1a\n" + random.Random(3).randbytes(150_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
PIECE = 65_536

FORM_WITH_PICTURES = """
| survey |
| | type | name | label | media::image |
| | text | what | ¿Qué es? | muro.png |
| | select_one_from_file psus.csv | psu | Punto | |
| settings |
| | form_title | form_id | version |
| | Con fotos | pictured | 1 |
"""


def told(**claims: Any) -> dict[str, Any]:
    item = {
        "submission": "uuid:a",
        "name": "1795312345678.png",
        "type": "image/png",
        "size": len(BODY),
        "sha256": SHA256,
    }
    return item | claims


def announce(phone: Phone, **claims: Any) -> TestResponse:
    return phone.app.test_client().post("/api/v1/media", json=told(**claims), headers=phone.authorization)


def patch(phone: Phone, offset: int | str, piece: bytes, sha256: str = SHA256) -> TestResponse:
    path = f"/api/v1/media/{sha256}?offset={offset}"
    headers = phone.authorization | {"Content-Type": "application/octet-stream"}
    return phone.app.test_client().patch(path, data=piece, headers=headers)


def test_it_takes_a_file_in_pieces_of_64_kb(phone: Phone) -> None:
    answer = announce(phone).get_json()
    assert MediaAnswer().validate(answer) == {}
    pieces = 0
    while not answer["complete"]:
        answer = patch(phone, answer["offset"], BODY[answer["offset"] : answer["offset"] + PIECE]).get_json()
        pieces += 1
    assert (pieces, answer["offset"], answer["sha256"]) == (3, len(BODY), SHA256)
    assert announce(phone).get_json()["complete"], "a lost answer costs nothing"


def test_it_is_kept_before_the_interview_is_there(phone: Phone, database: Database, programme: Programme) -> None:
    announce(phone, submission="uuid:not-yet")
    patch(phone, 0, BODY)
    with database.reading() as session:
        [row] = list_media(session, programme.id, "uuid:not-yet")
        assert (row.device_id, row.completed_at is not None) == (phone.device_id, True)


def test_it_answers_a_wrong_digest_and_begins_anew(phone: Phone) -> None:
    announce(phone)
    answer = patch(phone, 0, bytes(len(BODY)))
    assert (answer.status_code, answer.get_json()["type"]) == (422, "urn:survey-server:problem:media-digest-wrong")
    assert announce(phone).get_json()["offset"] == 0


@pytest.mark.parametrize(
    "claims",
    [
        {"name": "../../survey.db"},
        {"name": "a/b.jpg"},
        {"name": "a\\b.jpg"},
        {"name": ".hidden"},
        {"name": ".."},
        {"name": ""},
        {"name": "a\u0000.jpg"},
        {"name": "x" * 256},
        {"type": "image/jpeg\r\nX: y"},
        {"type": "<script>"},
        {"size": 0},
        {"size": -1},
        {"size": "many"},
        {"sha256": "../" + "0" * 61},
        {"sha256": SHA256.upper()},
        {"submission": ""},
    ],
)
def test_it_refuses_names_and_sizes_that_cannot_be(phone: Phone, claims: dict[str, Any]) -> None:
    assert announce(phone, **claims).status_code == 422


def test_it_refuses_what_is_larger_than_the_setting(phone: Phone) -> None:
    answer = announce(phone, size=33 * 1024 * 1024)
    assert (answer.status_code, answer.get_json()["type"]) == (413, "urn:survey-server:problem:media-too-large")


@pytest.mark.parametrize("offset", ["", "x", "-1", "1e3"])
def test_it_refuses_a_piece_without_a_place(phone: Phone, offset: str) -> None:
    announce(phone)
    assert patch(phone, offset, BODY[:10]).status_code == 422


def test_it_refuses_a_piece_for_a_path(phone: Phone) -> None:
    assert patch(phone, 0, b"x", "..%2F..%2Fsurvey.db").status_code == 404
    assert patch(phone, 0, b"x", "0" * 64).status_code == 404


def test_it_asks_for_a_token(phone: Phone) -> None:
    phone.token = ""
    assert announce(phone).status_code == 401
    assert patch(phone, 0, BODY).status_code == 401


def test_it_keeps_programmes_apart(app: Flask, phone: Phone, database: Database) -> None:
    announce(phone)
    patch(phone, 0, BODY)
    with database.transaction() as session:
        other = add_programme(session, "otro", "Otro")
        device, token = add_device(session, other.id, "T", "EN9")
    stranger = Phone(app, token, device.id)
    assert patch(stranger, 0, BODY[:10]).status_code == 404, "nothing announced in that programme"
    assert announce(stranger).get_json() == {"sha256": SHA256, "size": len(BODY), "offset": 0, "complete": False}
    with database.reading() as session:
        assert list_media(session, other.id, "uuid:a")[0].completed_at is None


def test_it_keeps_what_a_revoked_phone_still_sends(phone: Phone, database: Database, programme: Programme) -> None:
    with database.transaction() as session:
        set_device_revoked(session, session.get_one(Device, (programme.id, phone.device_id)), "lost", actor="command")
    assert announce(phone).status_code == 200
    assert patch(phone, 0, BODY).get_json()["complete"]


def test_it_tells_phones_what_forms_show_and_gives_the_very_bytes(
    phone: Phone, database: Database, programme: Programme
) -> None:
    data = {"muro.png": BODY, "psus.csv": b"name,label\nA,Aldea A\n"}
    publish_form(database, programme.id, "pictured.md", FORM_WITH_PICTURES.encode(), data)
    answer = phone.get("/api/v1/phone").get_json()
    assert answer["programme"]["max_media_bytes"] == 32 * 1024 * 1024
    [entry] = [form for form in answer["forms"] if form["id"] == "pictured"]
    assert [file["filename"] for file in entry["datasets"]] == ["psus.csv"]
    [file] = entry["media"]
    assert (file["filename"], file["sha256"]) == ("muro.png", SHA256)
    got = phone.get(file["url"], **{"Accept-Encoding": "br, gzip"})
    assert got.data == BODY
    assert got.headers["Content-Disposition"] == "attachment"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
