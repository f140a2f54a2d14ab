"""Interviews that Collect encrypted: by Java's own ciphers in a vector, and by a few lines after the specification."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from sqlalchemy import select

from survey_server.cli import cli
from survey_server.db.models import Sealed
from survey_server.db.publishing import publish_form
from survey_server.problems import BrokenEncryption, Problem
from survey_server.xlsform.received.encrypted import open_files, read_manifest
from tests.openrosa.field import Collect, new_id
from tests.openrosa.stored import files, quarantine, submissions, versions

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "odk_encryption" / "interview.json").read_text())
SECRET = "Secreto de Juana"
FORM = """
| survey |
| | type  | name   | label   |
| | today | today  |         |
| | text  | person | Persona |
| | image | photo  | Foto    |
| settings |
| | form_title | form_id | version | public_key |
| | Sellado    | sealed  | 1       | {key}      |
"""


def of_vector(name: str) -> bytes:
    return base64.b64decode(VECTOR[name])


def vector_key() -> RSAPrivateKey:
    key = load_der_private_key(of_vector("private"), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def vector_files() -> dict[str, bytes]:
    return {name: base64.b64decode(content) for name, content in VECTOR["files"].items()}


def encrypt(
    public: str, instance_id: str, plain: Mapping[str, bytes], *, sign: bool = True
) -> tuple[bytes, dict[str, bytes]]:
    """The manifest and the encrypted files, step by step as the specification has it; the interview comes last."""
    rsa = load_der_public_key(base64.b64decode(public))
    assert isinstance(rsa, RSAPublicKey)
    aes = os.urandom(32)
    wrapped = base64.b64encode(rsa.encrypt(aes, OAEP(MGF1(SHA256()), SHA256(), None))).decode()
    seed = list(hashlib.md5(instance_id.encode() + aes).digest())
    told, encrypted = f"sealed\n1\n{wrapped}\n{instance_id}\n", {}
    for counter, (name, content) in enumerate(plain.items()):
        seed[counter % 16] = (seed[counter % 16] + 1) & 255
        missing = 16 - len(content) % 16
        cipher = Cipher(AES(aes), CFB(bytes(seed))).encryptor()
        encrypted[f"{name}.enc"] = cipher.update(content + bytes([missing]) * missing) + cipher.finalize()
        told += f"{name}::{hashlib.md5(content).hexdigest()}\n"
    digest = hashlib.md5((told if sign else told + "x").encode()).digest()
    signature = base64.b64encode(rsa.encrypt(digest, OAEP(MGF1(SHA256()), SHA256(), None))).decode()
    media = "".join(f"<media><file>{name}.enc</file></media>" for name in list(plain)[:-1])
    manifest = (
        '<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="sealed" version="1">'
        f"<base64EncryptedKey>{wrapped}</base64EncryptedKey><encryptedXmlFile>submission.xml.enc</encryptedXmlFile>{media}"
        f"<base64EncryptedElementSignature>{signature}</base64EncryptedElementSignature>"
        f'<meta xmlns="http://openrosa.org/xforms"><instanceID>{instance_id}</instanceID></meta></data>'
    )
    return manifest.encode(), encrypted


def plain_files(instance_id: str, person: str = SECRET) -> dict[str, bytes]:
    xml = (
        f"<data id='sealed' version='1'><today>2026-03-05</today><person>{person}</person><photo>1.jpg</photo>"
        f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
    )
    return {"1.jpg": b"\xff\xd8\xff photo", "submission.xml": xml.encode()}


def command(collect: Collect, *words: str, **environment: str) -> str:
    result = CliRunner(env=collect.server.environment | environment).invoke(cli, list(words))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def sealing(empty: Collect) -> tuple[Collect, str]:
    """A device whose form is encrypted to a key of the server's own, and that key."""
    public = command(empty, "form-key", "make", empty.code).split()[-1]
    publish_form(empty.database, empty.programme_id, "sealed.md", FORM.format(key=public).encode())
    return empty, public


def closed(collect: Collect) -> list[Sealed]:
    with collect.database.reading() as session:
        query = select(Sealed).where(Sealed.programme_id == collect.programme_id, Sealed.submission_id.is_(None))
        return list(session.scalars(query))


def test_it_opens_what_java_encrypted() -> None:
    manifest = read_manifest(of_vector("manifest"))
    sent = vector_files()
    opened = dict(open_files(manifest, vector_key(), sent.__getitem__))
    assert opened["submission.xml"] == of_vector("xml")
    assert opened["photo.jpg"] == bytes([255, 216, 255, 1, 2, 3])
    assert [opened[f"file {n}.bin"] for n in range(1, 17)] == [b"x" * (n * 5 % 33) for n in range(1, 17)]


@pytest.mark.parametrize("damaged", ["photo.jpg.enc", "submission.xml.enc", "key", "signature", "order"])
def test_it_notices_every_change_of_what_java_encrypted(damaged: str) -> None:
    told, sent = of_vector("manifest").decode(), vector_files()
    if damaged in sent:
        sent[damaged] = sent[damaged][:-1] + bytes([sent[damaged][-1] ^ 1])
    elif damaged == "key":
        told = told.replace("EncryptedKey>", "EncryptedKey>AAAA", 1)
    elif damaged == "signature":
        told = told.replace("Signature>", "Signature>AAAA", 1)
    else:
        sent["file 1.bin.enc"], sent["file 2.bin.enc"] = sent["file 2.bin.enc"], sent["file 1.bin.enc"]
    with pytest.raises(BrokenEncryption):
        dict(open_files(read_manifest(told.encode()), vector_key(), sent.__getitem__))


def test_it_serves_the_key_in_the_form_and_opens_what_comes_with_its_files(sealing: tuple[Collect, str]) -> None:
    collect, public = sealing
    address = collect.get("/formList").text().partition("<downloadUrl>")[2].partition("<")[0]
    xform = collect.ask("GET", address.partition(str(collect.server.port))[2]).text()
    assert f'base64RsaPublicKey="{public}"' in xform
    instance_id = new_id()
    manifest, encrypted = encrypt(public, instance_id, plain_files(instance_id))
    assert collect.send(manifest, *encrypted.items()).status == 201
    [stored] = submissions(collect)
    assert (stored.instance_id, versions(collect)[0].xml) == (instance_id, plain_files(instance_id)["submission.xml"])
    kept = files(collect, instance_id)
    assert sorted(kept) == ["1.jpg", "1.jpg.enc", "submission.xml.enc"]
    assert (kept["1.jpg"].found_type, kept["1.jpg"].sealed) == ("image/jpeg", False)
    assert closed(collect) == []
    assert collect.send(manifest, *encrypted.items()).status == 201
    assert len(versions(collect)) == 1


def test_it_waits_sealed_until_the_last_file_has_come(sealing: tuple[Collect, str]) -> None:
    collect, public = sealing
    instance_id = new_id()
    manifest, encrypted = encrypt(public, instance_id, plain_files(instance_id))
    assert (
        collect.send(manifest, ("submission.xml.enc", encrypted["submission.xml.enc"]), incomplete=True).status == 201
    )
    assert (submissions(collect), len(closed(collect))) == ([], 1)
    assert collect.send(manifest, ("1.jpg.enc", encrypted["1.jpg.enc"])).status == 201
    assert ([row.instance_id for row in submissions(collect)], closed(collect)) == ([instance_id], [])


def test_it_keeps_apart_what_does_not_open(sealing: tuple[Collect, str]) -> None:
    collect, public = sealing
    instance_id = new_id()
    manifest, encrypted = encrypt(public, instance_id, plain_files(instance_id), sign=False)
    answer = collect.send(manifest, *encrypted.items())
    assert (answer.status, answer.nature) == (422, "error")
    assert [row.content for row in quarantine(collect)] == [manifest]
    strange = b'<data id="sealed" version="1" encrypted="yes"><meta><instanceID>a</instanceID></meta></data>'
    assert collect.send(strange).status == 400
    assert {row.content for row in quarantine(collect)} == {manifest, strange}


def test_it_opens_with_a_key_file_what_the_server_can_not(empty: Collect, tmp_path: Path) -> None:
    words = {"SURVEY_KEY_PASSPHRASE": "una frase muy larga"}
    key = tmp_path / "form.pem"
    public = command(empty, "form-key", "make", empty.code, "--file", str(key), **words).split()[-1]
    publish_form(empty.database, empty.programme_id, "sealed.md", FORM.format(key=public).encode())
    whole, half = new_id(), new_id()
    manifest, encrypted = encrypt(public, whole, plain_files(whole, "Nadie lo lee"))
    assert empty.send(manifest, *encrypted.items()).status == 201
    manifest, encrypted = encrypt(public, half, plain_files(half))
    assert empty.send(manifest, ("1.jpg.enc", encrypted["1.jpg.enc"])).status == 201
    assert (submissions(empty), len(closed(empty))) == ([], 2)
    for path in Path(empty.server.environment["SURVEY_DATA_DIR"]).rglob("*"):
        assert not path.is_file() or b"Nadie lo lee" not in path.read_bytes()
    output = command(empty, "form-key", "open", empty.code, str(key), **words)
    assert output.strip() == "1 opened, 1 still closed"
    [stored] = submissions(empty)
    assert (stored.instance_id, stored.device_id) == (whole, empty.device_id)
    assert "1.jpg" in files(empty, whole)
    assert command(empty, "form-key", "open", empty.code, str(key), **words).strip() == "1 still closed"


def test_it_publishes_no_form_whose_key_is_none(empty: Collect) -> None:
    for key in ("abc", "MIIBIjANBg", base64.b64encode(bytes(300)).decode()):
        with pytest.raises(Problem, match="public_key"):
            publish_form(empty.database, empty.programme_id, "sealed.md", FORM.format(key=key).encode())
