"""A phone is enrolled, learns what to fill, and takes forms and data sets by their digest."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import brotli
import pytest
from flask import Flask

from survey_server.db.field.devices import add_enrolment, get_device, set_device_revoked
from survey_server.db.models import Programme, Wave
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from tests.web.field import FORM, FORM_WITH_DATA, PSUS, Phone, new_item


def test_it_turns_a_code_into_a_phone_that_can_send(
    app: Flask, database: Database, programme: Programme, mini: list[Wave]
) -> None:
    with database.transaction() as session:
        code = add_enrolment(session, programme.id, "Equipo 3", "EN003")
    answer = app.test_client().post("/api/v1/enrol", json={"code": code})
    assert answer.status_code == 201
    told = answer.get_json()
    assert told["device"] == {"id": told["device"]["id"], "label": "Equipo 3", "interviewer": "EN003"}
    assert told["programme"] == {
        "code": "frontera",
        "name": "Frontera norte",
        "languages": ["es", "en"],
        "demo": False,
        "max_media_bytes": 32 * 1024 * 1024,
    }
    assert Phone(app, told["token"], int(told["device"]["id"])).receipts(new_item())[0]["status"] == 201


def test_it_takes_a_code_once(app: Flask, database: Database, programme: Programme) -> None:
    with database.transaction() as session:
        code = add_enrolment(session, programme.id, "x", "x")
    statuses = [app.test_client().post("/api/v1/enrol", json={"code": code}).status_code for _ in range(2)]
    assert statuses == [201, 410]


@pytest.mark.parametrize(
    ("body", "status"), [({"code": ""}, 422), ({}, 422), ({"code": 7}, 422), ({"code": "1-x"}, 410)]
)
def test_it_refuses_codes_that_are_none(app: Flask, body: dict[str, object], status: int) -> None:
    answer = app.test_client().post("/api/v1/enrol", json=body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_it_tells_the_phone_what_to_fill(phone: Phone, mini: list[Wave]) -> None:
    told = phone.get("/api/v1/phone").get_json()
    [form] = told["forms"]
    assert (form["id"], form["version"], form["datasets"]) == ("mini", "1", [])
    assert form["title"] == {"Español (es)": "Mini", "English (en)": "Mini"}
    assert form["wave"] == {
        "id": str(mini[0].id),
        "name": "Antes",
        "ordinal": 1,
        "starts": "2026-03-01",
        "ends": "2026-03-20",
    }
    assert told["device"]["id"] == str(phone.device_id)
    assert abs(datetime.fromisoformat(told["server_time"]) - datetime.now(UTC)).total_seconds() < 60


def test_it_gives_forms_and_data_sets_under_the_digest_of_their_bytes(
    phone: Phone, database: Database, programme: Programme
) -> None:
    publish_form(database, programme.id, "sited.md", FORM_WITH_DATA.encode(), {"psus.csv": PSUS})
    form = next(form for form in phone.get("/api/v1/phone").get_json()["forms"] if form["id"] == "sited")
    body = phone.get(form["url"])
    assert hashlib.sha256(body.data).hexdigest() == form["hash"]
    assert json.loads(body.data)["id"] == "sited"
    [data_set] = form["datasets"]
    content = phone.get(data_set["url"])
    assert content.data == PSUS
    assert (data_set["filename"], data_set["sha256"]) == ("psus.csv", hashlib.sha256(PSUS).hexdigest())
    for answer in (body, content):
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("wanted", "language"), [("en", "English (en)"), ("es-GT", "Español (es)"), ("quc", "Español (es)")]
)
def test_it_gives_a_form_in_one_language_and_the_other_texts_apart(phone: Phone, wanted: str, language: str) -> None:
    [listed] = phone.get("/api/v1/phone", **{"Accept-Language": wanted}).get_json()["forms"]
    whole = json.loads(phone.get(listed["url"]).data)
    assert listed["first"]["language"] == language

    def read(file: dict[str, str]) -> Any:
        answer = phone.get(file["url"], **{"Accept-Encoding": "br"})
        body = brotli.decompress(answer.data)
        assert hashlib.sha256(body).hexdigest() == file["sha256"]
        assert "immutable" in answer.headers["Cache-Control"]
        return json.loads(body)

    form = read(listed["first"])
    assert all(list(each) == [language] for each in form["texts"].values())
    for other in form.pop("others"):
        for key, told in read(other).items():
            form["texts"][key][other["language"]] = told
    assert form == whole
    assert phone.get(listed["first"]["url"].replace(listed["first"]["sha256"], "0" * 64)).status_code == 404


def test_it_gives_a_form_of_one_language_whole(phone: Phone, database: Database, programme: Programme) -> None:
    publish_form(database, programme.id, "sited.md", FORM_WITH_DATA.encode(), {"psus.csv": PSUS})
    forms = {form["id"]: form["first"] for form in phone.get("/api/v1/phone").get_json()["forms"]}
    assert forms["sited"] is None and forms["mini"] is not None


def test_it_sends_forms_compressed_to_who_can_read_that(phone: Phone) -> None:
    [form] = phone.get("/api/v1/phone").get_json()["forms"]
    plain = phone.get(form["url"])
    small, smaller = (phone.get(form["url"], **{"Accept-Encoding": accepted}) for accepted in ("gzip", "gzip, br"))
    assert (small.headers["Content-Encoding"], smaller.headers["Content-Encoding"]) == ("gzip", "br")
    assert gzip.decompress(small.data) == brotli.decompress(smaller.data) == plain.data
    assert len(smaller.data) < len(small.data) < len(plain.data)


def test_it_does_not_send_again_what_the_phone_has(phone: Phone) -> None:
    [form] = phone.get("/api/v1/phone").get_json()["forms"]
    tag = phone.get(form["url"]).headers["ETag"]
    again = phone.get(form["url"], **{"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_it_never_tells_a_phone_stratum_arm_or_weight(phone: Phone, database: Database, programme: Programme) -> None:
    told = phone.get("/api/v1/phone")
    form = phone.get(told.get_json()["forms"][0]["url"])
    for secret in ("stratum", "arm", "weight", "S1", "comparison", "programme area"):
        assert f'"{secret}"' not in told.text + form.text


@pytest.mark.parametrize(
    "path", ["/api/v1/phone", "/api/v1/forms/{}.json", "/api/v1/forms/{0}/{0}.json", "/api/v1/datasets/{}"]
)
def test_it_gives_nothing_to_a_revoked_phone_or_a_stranger(phone: Phone, database: Database, path: str) -> None:
    address = path.format("0" * 64)
    with database.transaction() as session:
        set_device_revoked(session, get_device(session, phone.token), "robado", actor="person:1")
    assert phone.get(address).get_json()["type"] == "urn:survey-server:problem:device-revoked"
    phone.token = "1.unknown"
    assert phone.get(address).status_code == 401


@pytest.mark.parametrize("path", ["/api/v1/forms/{}.json", "/api/v1/forms/{0}/{0}.json", "/api/v1/datasets/{}"])
def test_it_finds_nothing_of_another_programme(phone: Phone, database: Database, path: str) -> None:
    with database.transaction() as session:
        other = add_programme(session, "otro", "Otro")
    done = publish_form(database, other.id, "sited.md", FORM_WITH_DATA.encode(), {"psus.csv": PSUS})
    for digest in (done.hash, hashlib.sha256(PSUS).hexdigest()):
        assert phone.get(path.format(digest)).status_code == 404


def test_it_offers_the_new_version_and_keeps_the_old_at_its_address(
    phone: Phone, database: Database, programme: Programme
) -> None:
    old = phone.get("/api/v1/phone").get_json()["forms"][0]
    changed = FORM.replace("| 1       | Español", "| 2       | Español").replace("Comentario", "Observaciones")
    publish_form(database, programme.id, "mini.md", changed.encode())
    new = phone.get("/api/v1/phone").get_json()["forms"][0]
    assert (old["version"], new["version"]) == ("1", "2")
    assert old["hash"] != new["hash"]
    assert phone.get(old["url"]).status_code == 200
    assert phone.receipts(new_item(version="1"))[0]["issues"] == 0


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/phone", "/", "/nothing", "/office/login"])
def test_it_sends_strict_headers_with_every_answer(phone: Phone, path: str) -> None:
    headers = phone.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"] or "'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert "Cache-Control" in headers
