"""Keys from the command line: profile 2 the whole way, from a key file made elsewhere to interviews that count."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from survey_server.app import create_app
from survey_server.cli import cli
from survey_server.config import Config
from survey_server.db.field.devices import add_device
from survey_server.db.models import Sealed, Submission
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.problems import ForeignSeal, NotAKeyFile, Problem, UnfitKey, UnfitPolicy, WrongPassphrase
from survey_server.sealing import fingerprint, make_key, read_public, seal
from tests.cli.test_field_commands import folder, run
from tests.web.field import Phone, interview, new_instance_id

__all__ = ["folder"]
PASSPHRASE = "cinco palabras que nadie adivina"

OPENED = ("--state", "open", "--despite", "Prueba de los comandos")


@pytest.fixture
def field(folder: Path) -> Path:
    """A programme with a published form and an open wave."""
    run("programme", "create", "frontera", "Frontera norte")
    run("form", "publish", "frontera", folder / "mini.md")
    run("wave", "create", "frontera", "mini", "Antes", "2026-03-01", "2026-03-20", *OPENED)
    return folder


@pytest.fixture
def phone(field: Path) -> Phone:
    app = create_app(Config.from_environment())
    with app.extensions["database"].transaction() as session:
        device, token = add_device(session, get_programme(session, "frontera").id, "Equipo 1", "EN001")
    return Phone(app, token, device.id)


def make(path: Path, *more: object, programme: str = "frontera") -> Path:
    run("key", "make", path, "--programme", programme, "--passphrase", PASSPHRASE, *more)
    return path.with_name(f"{path.name}.public")


def sealed_items(phone: Phone, count: int) -> list[dict[str, Any]]:
    told = phone.get("/api/v1/phone").get_json()
    wave = told["forms"][0]["wave"]["id"]
    kid = told["keys"]["waves"][wave]
    key = read_public(next(one for one in told["keys"]["keys"] if one["kid"] == kid))
    items = []
    for _ in range(count):
        words = {"id": new_instance_id(), "form": "mini", "version": "1", "wave": wave}
        body = seal(interview(words["id"]).encode(), key, **words).decode()
        items.append({**words, "sha256": hashlib.sha256(body.encode()).hexdigest(), "sealed": body})
    return items


def counted() -> tuple[int, int]:
    """Interviews that count, and seals that wait."""
    with open_database(Config.from_environment().database_url).reading() as session:
        waiting = select(func.count()).select_from(Sealed).where(Sealed.submission_id.is_(None))
        return session.scalar(select(func.count()).select_from(Submission)) or 0, session.scalar(waiting) or 0


def test_it_goes_the_whole_way_of_profile_2(field: Path, phone: Phone) -> None:
    public = make(field / "llave")
    assert "Phones seal to" in run("key", "register", "frontera/mini/Antes", public).output
    assert "profile 2" in run("key", "list", "frontera").output
    assert [one["status"] for one in phone.receipts(*sealed_items(phone, 3))] == [201, 201, 201]
    assert counted() == (0, 3)
    run("unseal", "export", "frontera/mini/Antes", field / "sellos.jsonl")
    run("unseal", "open", field / "llave", field / "sellos.jsonl", field / "abiertos", "--passphrase", PASSPHRASE)
    opened = sorted((field / "abiertos").iterdir())
    assert len(opened) == 3 and b"<age>40</age>" in opened[0].read_bytes()
    told = run("unseal", "feed", "frontera", field / "llave", "--passphrase", PASSPHRASE).output
    assert told == "3 stored\n"
    assert counted() == (3, 0)
    assert run("unseal", "feed", "frontera", field / "llave", "--passphrase", PASSPHRASE).output.startswith("Nothing")


def test_it_feeds_an_exported_file_to_a_server_that_never_had_the_key(field: Path, phone: Phone) -> None:
    run("key", "register", "frontera/mini/Antes", make(field / "llave"))
    phone.receipts(*sealed_items(phone, 2))
    run("unseal", "export", "frontera", field / "sellos.jsonl")
    feed = ("unseal", "feed", "frontera", field / "llave", "--from", field / "sellos.jsonl", "--passphrase", PASSPHRASE)
    assert run(*feed).output == "2 stored\n"
    assert run(*feed).output == "2 known\n"


def test_it_keeps_what_was_meant_for_another_key(field: Path, phone: Phone) -> None:
    run("key", "register", "frontera", make(field / "llave"))
    phone.receipts(*sealed_items(phone, 1))
    make(field / "otra")
    run("unseal", "export", "frontera", field / "sellos.jsonl")
    arguments = ("unseal", "open", field / "otra", field / "sellos.jsonl", field / "abiertos")
    assert ForeignSeal.title in run(*arguments, "--passphrase", PASSPHRASE, status=1).output
    assert counted() == (0, 1)


def test_it_renews_a_key_with_the_word_of_the_one_before(field: Path, phone: Phone) -> None:
    run("key", "register", "frontera", make(field / "llave"))
    before = phone.get("/api/v1/phone").get_json()["keys"]["office"]["kid"]
    arguments = ("key", "make", field / "nueva", "--programme", "frontera", "--passphrase", PASSPHRASE)
    typed = [str(one) for one in (*arguments, "--signed-by", field / "llave")]
    result = CliRunner().invoke(cli, typed, input=f"{PASSPHRASE}\n")
    assert result.exit_code == 0, result.output
    run("key", "register", "frontera", field / "nueva.public")
    assert phone.get("/api/v1/phone").get_json()["keys"]["office"]["kid"] == before


def test_it_shows_the_fingerprints_of_what_it_made(field: Path) -> None:
    shown = run("key", "make", field / "llave", "--programme", "frontera", "--passphrase", PASSPHRASE).output
    told = json.loads((field / "llave.public").read_text())
    assert fingerprint(told["sealing"]["kid"]) in shown and fingerprint(told["office"]["kid"]) in shown
    assert (field / "llave").stat().st_mode & 0o077 == 0


def test_it_refuses_keys_that_do_not_fit(field: Path) -> None:
    with pytest.raises(UnfitKey):
        run("key", "register", "frontera", make(field / "ajena", programme="otro"))
    public = make(field / "llave")
    with pytest.raises(NotAKeyFile):
        run("key", "register", "frontera", field / "llave")
    told = json.loads(public.read_text())
    half = make_key()
    told["sealing"] = {"kid": half.thumbprint(), **{name: half.as_dict(private=False)[name] for name in ("x", "y")}}
    public.write_text(json.dumps(told))
    with pytest.raises(Problem):
        run("key", "register", "frontera", public)
    with pytest.raises(UnfitKey):
        run("key", "make", field / "corta", "--programme", "frontera", "--passphrase", "corta")
    (field / "vacío.jsonl").write_text("{}\n")
    with pytest.raises(WrongPassphrase):
        run("unseal", "open", field / "llave", field / "vacío.jsonl", field / "x", "--passphrase", "no es esta")
    with pytest.raises(NotAKeyFile):
        run("unseal", "open", field / "llave", field / "vacío.jsonl", field / "x", "--passphrase", PASSPHRASE)


def test_it_forgets_a_private_half_only_when_no_wave_uses_it(field: Path, phone: Phone) -> None:
    kid = phone.get("/api/v1/phone").get_json()["keys"]["default"]
    with pytest.raises(UnfitKey):
        run("key", "destroy", "frontera", kid, "--yes")
    run("key", "renew", "frontera")
    run("key", "destroy", "frontera", kid, "--yes")
    assert kid not in run("key", "list", "frontera").output


def test_it_sets_how_phones_lock(field: Path, phone: Phone) -> None:
    assert phone.get("/api/v1/phone").get_json()["lock"]["level"] == "passphrase"
    run("phone-lock", "frontera", "--level", "pin", "--lock-after", 60, "--no-lock-on-hide")
    lock = {"level": "pin", "lock_after": 60, "lock_on_hide": False, "wipe_after": 10, "empty_pin": True}
    assert phone.get("/api/v1/phone").get_json()["lock"] == lock
    with pytest.raises(UnfitPolicy):
        run("phone-lock", "frontera", "--wipe-after", 1)
