"""The phone app's door: one version of everything, compressed, cached for ever, and nothing else that could run."""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey_server.web.assets import STATIC, read_assets
from survey_server.web.phone import phone


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("phone_only", static_folder=None)
    app.register_blueprint(phone)
    return app.test_client()


def below(path: str) -> str:
    """The address of a file or a pack of this version."""
    return read_assets().under_version(path)


def unpacked(pack: str) -> dict[str, bytes]:
    """The files of a pack by their path, as the service worker reads it."""
    head, rest = pack.split("\n", 1)
    units = rest.encode("utf-16-le")
    files = {}
    place = 0
    for path, _, length in json.loads(head):
        files[path] = units[2 * place : 2 * (place + length)].decode("utf-16-le").encode()
        place += length
    assert 2 * place == len(units)
    return files


def start_pack(client: FlaskClient) -> dict[str, bytes]:
    """What comes with the page."""
    found = re.search(r'<script type="text/plain" id="pack">(.*)</script>', client.get("/").text, re.DOTALL)
    assert found
    assert client.get(below("start.pack")).text == found[1]
    return unpacked(found[1])


def named(path: str) -> set[str]:
    """What a module imports when it is loaded."""
    found = re.findall(r"^(?:import|export)(?: [^;]*?from)? '([^']+)'", (STATIC / path).read_text(), re.MULTILINE)
    return {posixpath.normpath(f"{posixpath.dirname(path)}/{each}") for each in found}


def test_it_brings_a_new_phone_in_one_piece_what_leads_to_the_first_question(client: FlaskClient) -> None:
    packed = start_pack(client)
    modules = {path for path in packed if path.endswith(".js")}
    assert {"js/app.js", "js/store.js", "js/engine/interview.js", "js/views/home.js", "js/views/fill.js"} <= modules
    for module in modules:
        assert named(module) <= modules | {"js/boot.js"}, module
    rooms = {path for path in packed if path.startswith(("js/rooms/maps/", "js/rooms/media/", "icons/", "maps/"))}
    assert rooms == {"js/rooms/maps/rules.js"}, "the rules of places hold from the first question"
    assert all(body == read_assets().files[path].body for path, body in packed.items())


def test_it_sends_in_two_packs_every_file_that_the_page_does_not_name(client: FlaskClient) -> None:
    packed = [*start_pack(client), *unpacked(client.get(below("rest.pack")).text)]
    assert len(packed) == len(set(packed))
    folders = ("css/", "js/", "maps/")
    assert {*packed, "js/boot.js", "css/app.css"} == {asset.path for asset in read_assets().under(*folders)}


def modules_in(page: str) -> set[str]:
    return {path.split("/", 3)[3] for path in re.findall(r'rel="modulepreload" href="([^"]+)"', page)}


def test_it_lists_the_modules_for_later_and_loads_none_beside_the_pack(client: FlaskClient) -> None:
    page = client.get("/").text.partition('<script type="text/plain"')[0]
    packed = {path for path in start_pack(client) if path.endswith(".js")}
    once = {"js/enrol.js", "js/views/enrol.js", "js/rooms/lock/choosing.js", "js/rooms/lock/setup.js"}
    assert packed - modules_in(page) == once
    assert modules_in(page) < packed
    assert "modulepreload" not in re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)


def test_it_loads_on_an_enrolled_phone_what_leads_to_the_lock_before_anything_else(client: FlaskClient) -> None:
    kept = client.get(below("shell.html")).text
    at_once = modules_in(re.sub(r"<template.*?</template>", "", kept, flags=re.DOTALL))
    assert {"js/app.js", "js/store.js", "js/rooms/lock/unlock.js"} <= at_once
    assert all(named(module) <= at_once | {"js/boot.js"} for module in at_once)
    assert not any(path.startswith("js/engine/") for path in at_once)


def test_it_gives_the_service_worker_the_page_without_the_pack_and_as_strict(client: FlaskClient) -> None:
    door, kept = client.get("/"), client.get(below("shell.html"))
    bare = re.sub(r'<script type="text/plain".*</script>\n', "", door.text, flags=re.DOTALL)
    assert kept.text == re.sub(r'<template id="app-modules">(.*?)\n</template>', r"\1", bare, flags=re.DOTALL)
    policy = "Content-Security-Policy"
    assert kept.headers[policy] == door.headers[policy] and "immutable" in kept.headers["Cache-Control"]


def test_it_leads_to_the_first_question_with_at_most_60_kb(client: FlaskClient) -> None:
    paths = ["/", "/sw.js", *map(below, ("js/boot.js", "css/app.css"))]
    sent = [client.get(path, headers={"Accept-Encoding": "br"}).data for path in paths]
    assert sum(map(len, sent)) <= 60 * 1024


def test_it_runs_nothing_that_is_written_in_the_page(client: FlaskClient) -> None:
    answer = client.get(below("shell.html"))
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "require-trusted-types-for 'script'" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|https?://", answer.text)


@pytest.mark.parametrize("encoding", ["br", "gzip", ""])
def test_it_sends_each_file_in_the_smallest_form_that_the_browser_reads(client: FlaskClient, encoding: str) -> None:
    answer = client.get(read_assets().url("js/app.js"), headers={"Accept-Encoding": encoding})
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[encoding]
    assert answer.headers.get("Content-Encoding", "") == encoding
    assert unpack(answer.data) == read_assets().files["js/app.js"].body
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Vary"] == "Accept-Encoding"


def test_it_leaves_out_comments_and_indentation_and_nothing_else() -> None:
    for asset in read_assets().under("js/", "css/"):
        source = [line.lstrip() for line in (STATIC / asset.path).read_bytes().splitlines()]
        served = asset.body.splitlines()
        assert len(served) == len(source)
        changed = [(old, new) for old, new in zip(source, served, strict=True) if old != new]
        for old, new in changed:
            gone = old.removeprefix(new).lstrip()
            assert gone.startswith((b"/*", b"*", b"//")) and old.startswith(new), asset.path
            assert not new or (gone.startswith(b"// ") and new.count(b"'") % 2 == 0 and b"`" not in gone), asset.path
        plain = [re.sub(rb"\[[^]]*\]", b"", line) for line in source]
        assert all(line.count(b"`") % 2 == 0 for line in plain), f"{asset.path}: a text over several lines"


def test_it_takes_no_for_an_answer_when_an_encoding_is_refused(client: FlaskClient) -> None:
    answer = client.get(read_assets().url("js/app.js"), headers={"Accept-Encoding": "br;q=0, gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_it_never_mixes_two_versions(client: FlaskClient) -> None:
    assert client.get("/static/0123456789abcdef/js/app.js").status_code == 404
    assert client.get(f"/static/{read_assets().hash}/../sw.js").status_code == 404
    assert client.get(f"/static/{read_assets().hash}/js/none.js").status_code == 404


def test_it_tells_the_service_worker_every_file_with_its_digest(client: FlaskClient) -> None:
    first_line = client.get("/sw.js").text.splitlines()[0]
    release = json.loads(first_line.removeprefix("const RELEASE = ").removesuffix(";"))
    assert release["version"] == read_assets().hash
    for name in ("start.pack", "rest.pack", "files.json"):
        assert hashlib.sha256(client.get(below(name)).data).hexdigest()[:20] == release["packs"][name]
    files = json.loads(client.get(below("files.json")).data)
    sources = {path: below("shell.html") if path == "/" else path for path in files}
    assert {path: hashlib.sha256(client.get(sources[path]).data).hexdigest()[:20] for path in files} == files
    linked = set(re.findall(r'(?:href|src)="(/[^"]+)"', client.get(below("shell.html")).text))
    assert linked <= files.keys() and {"/", "/manifest.webmanifest"} <= files.keys()


def test_it_costs_nothing_to_ask_again_for_what_has_not_changed(client: FlaskClient) -> None:
    for path in ("/", "/sw.js", "/manifest.webmanifest"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.headers["Cache-Control"], again.status_code, again.data) == ("no-cache", 304, b"")


def test_it_shows_a_neutral_name_on_the_home_screen(client: FlaskClient) -> None:
    manifest = json.loads(client.get("/manifest.webmanifest").data)
    assert (manifest["name"], manifest["start_url"], manifest["display"]) == (
        "Encuesta de servicios",
        "/",
        "standalone",
    )
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert all(client.get(icon["src"]).data.startswith(b"\x89PNG") for icon in manifest["icons"])
