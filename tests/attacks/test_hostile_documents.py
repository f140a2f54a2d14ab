"""Documents made to read our files, to grow when they are read, or to land elsewhere: none does, at every door."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import resource
import socket
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey_server.db.models import Site, SubmissionVersion
from survey_server.db.publishing import publish_form
from survey_server.sealing import read_public, seal
from survey_server.xlsform import excel
from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.workbook import read_workbook
from tests.attacks.camps import Camp, Fortress
from tests.openrosa.field import BOUNDARY, OPENROSA, body_of, part
from tests.web.field import item

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = {
    "file": '<!DOCTYPE data [<!ENTITY e SYSTEM "file://@FILE@">]>',
    "address": '<!DOCTYPE data [<!ENTITY e SYSTEM "http://127.0.0.1:@PORT@/">]>',
    "laughs": f'<!DOCTYPE data [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY e "&l9;">]>',
    "external-dtd": '<!DOCTYPE data SYSTEM "http://127.0.0.1:@PORT@/x.dtd">',
    "parameter": '<!DOCTYPE data [<!ENTITY % p SYSTEM "http://127.0.0.1:@PORT@/x.dtd"> %p; <!ENTITY e "x">]>',
}
SECRET = "nobody-may-read-this"
MOST_SECONDS, MOST_MB = 10.0, 250


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Whoever a document may try to reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture
def hostile(listener: socket.socket, tmp_path: Path) -> Callable[[str], str]:
    (tmp_path / "secret").write_text(SECRET)

    def make(kind: str) -> str:
        doctype = DOCTYPES[kind].replace("@FILE@", str(tmp_path / "secret"))
        return doctype.replace("@PORT@", str(listener.getsockname()[1]))

    return make


@contextmanager
def cheap() -> Iterator[None]:
    """What is done inside takes little of this machine."""
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - began < MOST_SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MB


def nobody_called(listener: socket.socket) -> bool:
    try:
        listener.accept()
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize("kind", DOCTYPES)
def test_it_opens_no_entity_in_any_xml(
    fortress: Fortress, hostile: Callable[[str], str], listener: socket.socket, kind: str
) -> None:
    camp, client = fortress.camps["sur"], fortress.app.test_client()
    entity = "" if kind == "external-dtd" else "&e;"
    xml = (
        f'{hostile(kind)}<data id="mini" version="1"><remark>{entity}</remark><meta><instanceID>uuid:x-{kind}'
        "</instanceID></meta></data>"
    )
    browser = fortress.browser(camp.people["everything"])
    one, here = camp.ids["submission_id"][0], "/office/p/sur"
    outbox = {"format": "survey-outbox", "protocol": 1, "submissions": [item(xml, f"uuid:x-{kind}")]}
    with cheap():
        bearer = {"Authorization": f"Bearer {camp.token}"}
        sync = {"protocol": 1, "submissions": [item(xml, f"uuid:x-{kind}")]}
        answers = [
            client.post("/api/v1/sync", json=sync, headers=bearer),
            collect(fortress, camp, xml.encode()),
            browser.post(f"{here}/submissions/{one}/edit", {"xml": xml, "reason": "prueba", "seen": ""}),
            browser.post(f"{here}/quarantine/{camp.ids['quarantine_id'][0]}/repair", {"xml": xml, "reason": "prueba"}),
            browser.client.post(
                f"{here}/outbox-file",
                data={"proof": browser.proof(), "file": (io.BytesIO(json.dumps(outbox).encode()), "o.json")},
            ),
        ]
        with pytest.raises(FormProblem):
            publish_form(fortress.database, camp.programme.id, "form.xml", xml.encode())
    assert answers[0].get_json()["receipts"][0]["status"] in (409, 422)
    assert all(answer.status_code < 500 and SECRET not in answer.text for answer in answers)
    with fortress.database.reading() as session:
        assert all(
            SECRET.encode() not in each and b"<!ENTITY" not in each
            for each in session.scalars(select(SubmissionVersion.xml))
        )
    assert nobody_called(listener)


def collect(fortress: Fortress, camp: Camp, xml: bytes, *files: bytes, **headers: str) -> TestResponse:
    """A submission as Collect sends it."""
    body = body_of([part("xml_submission_file", xml, "x.xml", "text/xml"), *files])
    told = {**OPENROSA, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"/v1/key/{camp.key}/projects/{camp.programme.code}/submission"
    if headers.pop("packed", ""):
        body, told["Content-Encoding"] = gzip.compress(body), "gzip"
    return fortress.app.test_client().post(path, data=body, headers=told)


def workbook(change: Callable[[str, bytes], bytes]) -> bytes:
    """A table of one site as .xlsx, its parts changed."""
    book, plain, packed = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for row in (["code", "name"], ["Q", "Aldea"]):
        book.worksheets[0].append(row)
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        new.writestr("../../../../tmp/hurt.txt", b"x")
    return packed.getvalue()


def bombs(doctype: str) -> dict[str, bytes]:
    """Workbooks that nobody makes by hand."""
    sheet = "xl/worksheets/sheet1.xml"

    def begin_with(name: str, content: bytes) -> bytes:
        end = content.find(b"?>") + 2 if content.startswith(b"<?xml") else 0
        text = content[:end] + doctype.encode() + content[end:]
        return (
            text.replace(b">Aldea<", b">&e;<").replace(b">Q<", b">&e;<")
            if name in (sheet, "xl/sharedStrings.xml")
            else content
        )

    def far(name: str, content: bytes) -> bytes:
        wide = content.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
        return (
            wide.replace(b'<row r="2"', b'<row r="1048570"').replace(b'r="A2"', b'r="XFD1048570"')
            if name == sheet
            else content
        )

    def padded(name: str, content: bytes) -> bytes:
        return content.replace(b"</sheetData>", b" " * (30 * 2**20) + b"</sheetData>") if name == sheet else content

    return {"entities": workbook(begin_with), "far": workbook(far), "padded": workbook(padded)}


def test_it_reads_no_workbook_that_grows_or_calls(
    fortress: Fortress, hostile: Callable[[str], str], listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_UNPACKED", 20 * 2**20)
    monkeypatch.setattr(excel, "MOST_CELLS", 200_000)
    camp = fortress.camps["sur"]
    browser = fortress.browser(camp.people["everything"])
    files = bombs(hostile("laughs")) | {"file": bombs(hostile("file"))["entities"]}
    with cheap():
        for name, content in files.items():
            data = {"proof": browser.proof(), "file": (io.BytesIO(content), "sitios.xlsx")}
            answer = browser.client.post("/office/p/sur/sites", data=data)
            assert answer.status_code == 422 and SECRET not in answer.text, (name, answer.status_code)
            with pytest.raises(FormProblem):
                read_workbook(content, "form.xlsx")
    with fortress.database.reading() as session:
        assert session.scalar(select(Site).where(Site.programme_id == camp.programme.id, Site.code == "Q")) is None
    assert nobody_called(listener) and not Path("/tmp/hurt.txt").exists()


def test_it_unpacks_no_bomb(fortress: Fortress) -> None:
    camp, client = fortress.camps["sur"], fortress.app.test_client()
    headers = {"Authorization": f"Bearer {camp.token}", "Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * (40 * 2**20), 9)
    key = read_public(client.get("/api/v1/phone", headers=headers).get_json()["keys"]["keys"][0])
    words = {"id": "uuid:bomb", "form": "mini", "version": "1", "wave": None}
    sealed = seal(b"<data>" + b" " * (5 * 2**20) + b"</data>", key, **words).decode()
    sent = {**words, "sealed": sealed, "sha256": hashlib.sha256(sealed.encode()).hexdigest()}
    with cheap():
        assert client.post("/api/v1/sync", data=bomb, headers=headers).status_code == 413
        assert client.post("/api/v1/sync", data=gzip.compress(bomb), headers=headers).status_code in (400, 413)
        assert client.post("/api/v1/enrol", data=b"[" * 100_000).status_code == 400
        deep = "<a>" * 100_000 + "</a>" * 100_000
        assert collect(fortress, camp, deep.encode()).status_code == 400
        assert collect(fortress, camp, b" " * (40 * 2**20), packed="yes").status_code == 413
        answer = client.post(
            "/api/v1/sync",
            json={"protocol": 1, "submissions": [sent]},
            headers=headers | {"Content-Encoding": "identity"},
        )
        assert answer.get_json()["receipts"][0]["status"] == 422
