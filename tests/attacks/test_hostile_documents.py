"""Documents made to read our files, to grow when they are read, or to land elsewhere: none does, at every door."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import resource
import socket
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import openpyxl
import pytest
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey_server.db.keeping.backups import restore_backup
from survey_server.db.models import Media, Site, SubmissionVersion
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.problems import BrokenBackup, UnfitCode, UnknownMedia
from survey_server.sealed_stream import SealingWriter
from survey_server.sealing import read_public, seal
from survey_server.web.office.review.pictures import redraw
from survey_server.xlsform import excel
from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.workbook import read_workbook
from tests.attacks.fortress import Camp, Fortress
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


NAMES = (
    "../../../etc/x.png",
    "..\\..\\x.png",
    "/etc/passwd",
    "a/../../b.png",
    "..",
    ".",
    "x\0.png",
    "C:\\x.png",
    "~root",
)


def beside(folder: Path) -> set[str]:
    """What lies in the folder above, but for what SQLite keeps beside its file."""
    return {path.name for path in folder.parent.iterdir() if not path.name.endswith(("-wal", "-shm"))}


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_no_name_for_a_place(fortress: Fortress, name: str) -> None:
    camp, client = fortress.camps["sur"], fortress.app.test_client()
    config = fortress.app.config["SURVEY"]
    outside = beside(config.data_dir)
    bearer = {"Authorization": f"Bearer {camp.token}"}
    told = {"submission": "uuid:named", "name": name, "type": "image/png", "size": 3, "sha256": "0" * 64}
    announced = client.post("/api/v1/media", json=told, headers=bearer)
    assert (announced.status_code == 422) == (name not in ("~root",))
    head = f"<meta><instanceID>uuid:named-{NAMES.index(name)}</instanceID></meta>"
    xml = f'<data id="mini" version="1"><photo>x.png</photo>{head}</data>'
    assert collect(fortress, camp, xml.encode(), part("p", b"abc", name)).status_code < 500
    with fortress.database.reading() as session:
        kept = session.scalars(select(Media.name).where(Media.programme_id == camp.programme.id)).all()
    assert not any({"/", "\\", "\0"} & set(each) or each in ("..", ".") for each in kept)
    file = {"submission": "uuid:sur-open", "name": name, "type": "image/png", "sealed": False}
    file |= {"sha256": hashlib.sha256(b"abc").hexdigest(), "base64": base64.b64encode(b"abc").decode()}
    outbox = {"format": "survey-outbox", "protocol": 1, "submissions": [], "media": [file]}
    browser = fortress.browser(camp.people["everything"])
    data = {"proof": browser.proof(), "file": (io.BytesIO(json.dumps(outbox).encode()), name)}
    assert browser.client.post("/office/p/sur/outbox-file", data=data).status_code < 500
    assert beside(config.data_dir) == outside


@pytest.mark.parametrize(
    "name", ["../secret.key", "..%2f..%2fsurvey.db", "status.json", "%2e%2e/%2e%2e/survey.db", "/etc/passwd"]
)
def test_it_gives_out_no_file_by_another_name(fortress: Fortress, name: str) -> None:
    camp = fortress.camps["sur"]
    browser = fortress.browser(camp.people["everything"])
    here, client = "/office/p/sur", fortress.app.test_client()
    paths = [f"{here}/reports/{camp.ids['report'][0]}/{name}", f"{here}/exports/{camp.ids['export'][0]}/{name}"]
    paths += [f"{here}/reports/{name}/x.pdf", f"{here}/exports/{name}/x.zip", f"/static/x/{name}", f"/{name}"]
    for path in paths:
        assert browser.get(path).status_code in (301, 303, 308, 403, 404), path
    for sha256 in (name, "0" * 63 + "/", "." * 64):
        for door in ("forms/{}.json", "datasets/{}", "form-files/{}"):
            answer = client.get(f"/api/v1/{door.format(sha256)}", headers={"Authorization": f"Bearer {camp.token}"})
            assert answer.status_code in (308, 404)


@pytest.mark.parametrize("code", ["../x", "a/b", "..", "A", "a b", "", "x" * 41, "é", "a\n"])
def test_it_names_no_programme_so_that_its_folder_lies_elsewhere(fortress: Fortress, code: str) -> None:
    with pytest.raises(UnfitCode), fortress.database.transaction() as session:
        add_programme(session, code, "x")


def pictures() -> dict[str, bytes]:
    """Small files that say that they are huge pictures, and others that are none."""

    def saved(image: Image.Image, kind: str, **options: object) -> bytes:
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    small = saved(Image.new("RGB", (8, 8)), "PNG")
    huge = small[:16] + (65_000).to_bytes(4) + (65_000).to_bytes(4) + small[24:]
    frames = [Image.new("P", (1500, 1500), n) for n in range(20)]
    return {
        "points": saved(Image.new("1", (8_000, 8_000)), "PNG"),
        "lying": huge,
        "frames": saved(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "cut": small[:40],
        "text-chunk": small[:33] + (2**31 - 1).to_bytes(4) + b"zTXt" + small[33:],
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="hurt=1"/>',
    }


def test_it_draws_no_picture_that_is_too_large_or_none() -> None:
    with cheap():
        for name, content in pictures().items():
            if name == "frames":
                assert len(redraw(content)) < 100_000, "the first picture of a film, and no other"
            else:
                with pytest.raises(UnknownMedia):
                    redraw(content)


@pytest.mark.parametrize("entry", ["../../hurt", "/tmp/hurt", "files/../../hurt", "link", "", "files"])
def test_it_restores_no_file_outside_its_folder(tmp_path: Path, entry: str) -> None:
    backup, folder = io.BytesIO(), tmp_path / "deep" / "er" / "data"
    with closing(SealingWriter(backup, "passphrase")) as sealed, tarfile.open(fileobj=sealed, mode="w|") as archive:
        told = tarfile.TarInfo(entry)
        if entry == "link":
            told.name, told.type, told.linkname = "files/link", tarfile.SYMTYPE, "/etc"
        told.size = 0 if entry == "link" else 1
        archive.addfile(told, io.BytesIO(b"x"))
    backup.seek(0)
    with pytest.raises(BrokenBackup):
        restore_backup(backup, "passphrase", folder)
    assert not list(tmp_path.rglob("hurt")) and not Path("/tmp/hurt").exists() and not folder.exists()
