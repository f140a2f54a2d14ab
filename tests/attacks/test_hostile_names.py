"""Names that lead elsewhere: none becomes a place, at every door, and no file is found by another name."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from survey_server.db.keeping.backups import restore_backup
from survey_server.db.models import Media
from survey_server.db.programmes import add_programme
from survey_server.problems import BrokenBackup, UnfitCode, UnknownMedia
from survey_server.sealed_stream import SealingWriter
from survey_server.web.office.review.pictures import redraw
from tests.attacks.camps import Fortress
from tests.attacks.test_hostile_documents import cheap, collect
from tests.openrosa.field import part

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
