"""Uploads of every kind, damaged in every way: answered with words, kept whole or not at all, on both databases."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from survey_server.db.models import Quarantine, Site, Submission
from survey_server.sealing import read_public, seal
from tests.attacks.camps import Camp, Fortress
from tests.attacks.filled import interview
from tests.openrosa.field import BOUNDARY, OPENROSA, upload
from tests.web.field import item

HOSTILE_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
"""Any text at all: zero bytes, halves of characters, directions."""
bounded = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with some of it cut out, doubled, overwritten or moved."""
    for _ in range(draw(st.integers(1, 3))):
        first, length = draw(st.integers(0, len(content))), draw(st.integers(0, 40))
        how = draw(st.sampled_from(("cut", "double", "put", "end", "begin")))
        middle = content[first : first + length]
        told = {"cut": b"", "double": middle * 2, "put": draw(st.binary(max_size=8)), "end": middle, "begin": middle}
        rest = b"" if how == "end" else content[first + length :]
        content = (b"" if how == "begin" else content[:first]) + told[how] + rest
    return content


def check(status: int, told: str) -> None:
    assert status < 500 and (status < 400 or len(told) > 20), (status, told)


@pytest.fixture
def camp(besieged: Fortress) -> Camp:
    return besieged.camps["sur"]


@pytest.fixture
def kept(besieged: Fortress, camp: Camp) -> Any:
    """How many interviews and quarantined uploads there are."""

    def count() -> tuple[int, int]:
        with besieged.database.reading() as session:
            found = [
                session.scalar(select(func.count()).select_from(kind).where(kind.programme_id == camp.programme.id))
                for kind in (Submission, Quarantine)
            ]
        return found[0] or 0, found[1] or 0

    return count


def test_it_answers_each_item_of_any_batch_and_keeps_it(besieged: Fortress, camp: Camp, kept: Any) -> None:
    client, headers = besieged.app.test_client(), {"Authorization": f"Bearer {camp.token}"}
    arrival = interview(camp, "fuzzed", "2026-09-07")
    values = (
        st.none() | st.booleans() | st.integers() | st.floats() | HOSTILE_TEXT | st.lists(st.integers(), max_size=2)
    )
    whole = item(arrival.body.decode(), arrival.id)
    mutants = st.dictionaries(st.sampled_from(sorted({*whole, "sealed", "wave"})), values, max_size=3).map(
        lambda m: whole | m
    )
    report = st.dictionaries(
        st.sampled_from(["app_version", "queue", "clock", "storage", "emergency"]), values, max_size=3
    )

    @bounded
    @given(st.lists(mutants | values, max_size=4), report)
    def send(items: list[Any], device: dict[str, Any]) -> None:
        body = json.dumps({"protocol": 1, "device": device, "submissions": items}).encode()
        answer = client.post("/api/v1/sync", data=body, headers=headers)
        check(answer.status_code, answer.text)
        assert answer.status_code == 200 and len(answer.get_json()["receipts"]) == len(items)
        assert all(each["status"] in (200, 201, 409, 422) for each in answer.get_json()["receipts"])

    before = kept()
    send()
    assert kept() > before


def test_it_keeps_the_bytes_of_any_damaged_interview(besieged: Fortress, camp: Camp) -> None:
    client, headers = besieged.app.test_client(), {"Authorization": f"Bearer {camp.token}"}
    arrival = interview(camp, "damaged", "2026-09-07")

    @bounded
    @given(damage(arrival.body))
    def send(body: bytes) -> None:
        text = body.decode("utf-8", "replace")
        sent = item(text, arrival.id)
        answer = client.post("/api/v1/sync", json={"protocol": 1, "submissions": [sent]}, headers=headers)
        (receipt,) = answer.get_json()["receipts"]
        assert receipt["status"] in (200, 201, 409, 422) and receipt["sha256"] == sent["sha256"]
        assert receipt["status"] in (200, 201) or receipt["problem"]["detail"]

    send()


def test_it_keeps_any_damaged_seal_without_opening_it(besieged: Fortress, camp: Camp) -> None:
    client, headers = besieged.app.test_client(), {"Authorization": f"Bearer {camp.token}"}
    told = client.get("/api/v1/phone", headers=headers).get_json()["keys"]
    arrival = interview(camp, "sealed", "2026-09-07")
    key = read_public(told["keys"][0])
    sealed = seal(arrival.body, key, id=arrival.id, form="mini", version="1", wave=None)

    @bounded
    @given(damage(sealed))
    def send(body: bytes) -> None:
        text = body.decode("latin-1")
        sent = {**item("", arrival.id), "sealed": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        del sent["xml"]
        answer = client.post("/api/v1/sync", json={"protocol": 1, "submissions": [sent]}, headers=headers)
        assert answer.status_code == 200 and answer.get_json()["receipts"][0]["status"] in (200, 201, 409, 422)

    send()


def test_it_survives_any_damaged_upload_of_openrosa(besieged: Fortress, camp: Camp, kept: Any) -> None:
    client = besieged.app.test_client()
    body = upload(interview(camp, "collected", "2026-09-07").body, ("f.png", b"\x89PNG\r\n\x1a\n1234"))

    @bounded
    @given(damage(body))
    def send(damaged: bytes) -> None:
        headers = {**OPENROSA, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        before = kept()
        answer = client.post(f"/v1/key/{camp.key}/projects/sur/submission", data=damaged, headers=headers)
        check(answer.status_code, answer.text)
        assert answer.text.startswith("<?xml") and "OpenRosaResponse" in answer.text
        assert kept() >= before

    send()


def test_it_takes_all_of_a_damaged_table_of_sites_or_nothing(besieged: Fortress, camp: Camp) -> None:
    browser = besieged.browser(camp.people["everything"])
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    rows = [["code", "name", "latitude", "longitude", "target"], ["C", "Aldea C", 15.5, -90.2, 7], ["D", "D", 1, 1, 2]]
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    table = "\n".join(",".join(map(str, row)) for row in rows).encode()

    def count() -> int:
        with besieged.database.reading() as session:
            mine = select(func.count()).select_from(Site).where(Site.programme_id == camp.programme.id)
            return session.scalar(mine) or 0

    @bounded
    @given(st.sampled_from(("s.csv", "s.xlsx", "s.sav", "../../s.csv", "s")), damage(table) | damage(file.getvalue()))
    def send(name: str, content: bytes) -> None:
        before = count()
        data = {"proof": browser.proof(), "file": (io.BytesIO(content), name)}
        answer = browser.client.post("/office/p/sur/sites", data=data)
        check(answer.status_code, answer.text)
        assert answer.status_code == 303 or (answer.status_code in (400, 403, 422) and count() == before)

    send()


def test_it_takes_all_of_damaged_outlines_or_none(besieged: Fortress, camp: Camp) -> None:
    browser = besieged.browser(camp.people["everything"])
    corners = [[-90.5, 16.5], [-89.5, 16.5], [-89.5, 17.5], [-90.5, 16.5]]
    values = st.none() | st.integers() | st.floats() | HOSTILE_TEXT | st.lists(st.integers() | st.floats(), max_size=3)
    areas = st.builds(
        lambda code, name, ring, kind: {
            "properties": {"code": code, "name": name},
            "geometry": {"type": kind, "coordinates": [ring]},
        },
        st.just("GT17") | values,
        values,
        st.just(corners) | st.lists(st.lists(values, max_size=3), max_size=5) | values,
        st.sampled_from(("Polygon", "MultiPolygon", "Point")),
    )
    whole = json.dumps({"features": [{"id": "GT17", "geometry": {"type": "Polygon", "coordinates": [corners]}}]})

    @bounded
    @given(
        st.lists(areas, max_size=3).map(lambda each: json.dumps({"features": each}).encode()) | damage(whole.encode())
    )
    def send(content: bytes) -> None:
        page = "/office/p/sur/outlines"
        data = {"proof": browser.proof(), "seen": browser.seen(page), "file": (io.BytesIO(content), "mapa.geojson")}
        answer = browser.client.post(page, data=data)
        check(answer.status_code, answer.text)
        assert browser.get(page).status_code == 200

    send()


def test_it_says_that_a_damaged_file_of_a_phone_is_none(besieged: Fortress, camp: Camp) -> None:
    browser = besieged.browser(camp.people["everything"])
    arrival = interview(camp, "filed", "2026-09-08")
    file = {"submission": arrival.id, "name": "a.png", "type": "image/png", "sealed": False, "sha256": "0" * 64}
    outbox = {
        "format": "survey-outbox",
        "protocol": 1,
        "device": {"id": "1", "label": "T"},
        "submissions": [item(arrival.body.decode(), arrival.id)],
        "media": [{**file, "base64": base64.b64encode(b"x").decode()}],
    }
    values = st.none() | st.integers() | HOSTILE_TEXT | st.lists(st.integers() | HOSTILE_TEXT, max_size=2)
    mutants = st.dictionaries(st.sampled_from(sorted(outbox)), values, max_size=2)

    @bounded
    @given(mutants.map(lambda m: json.dumps(outbox | m).encode()) | damage(json.dumps(outbox).encode()))
    def send(content: bytes) -> None:
        data = {"proof": browser.proof(), "file": (io.BytesIO(content), "outbox.json")}
        answer = browser.client.post("/office/p/sur/outbox-file", data=data)
        check(answer.status_code, answer.text)

    send()


def test_it_knows_no_damaged_code_or_token(besieged: Fortress, camp: Camp) -> None:
    client = besieged.app.test_client()
    words = HOSTILE_TEXT | damage(camp.enrolment.encode()).map(lambda code: code.decode("latin-1"))

    @bounded
    @given(words.filter(lambda code: code != camp.enrolment))
    def send(code: str) -> None:
        answer = client.post("/api/v1/enrol", data=json.dumps({"code": code}).encode())
        assert answer.status_code in (410, 422) and answer.get_json()["detail"]
        header = code.encode("utf-8", "replace").decode("latin-1").replace("\n", "").replace("\r", "").replace("\0", "")
        answer = client.get("/api/v1/phone", headers={"Authorization": f"Bearer {header}"})
        assert answer.status_code == 401
        answer = client.get("/api/v1/programmes/sur/forms", headers={"Authorization": f"Bearer svr_{header}"})
        assert answer.status_code == 401

    send()
