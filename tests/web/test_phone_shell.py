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


def release(client: FlaskClient) -> dict[str, object]:
    first_line = client.get("/sw.js").text.splitlines()[0]
    found: dict[str, object] = json.loads(first_line.removeprefix("const RELEASE = ").removesuffix(";"))
    return found


def test_it_preloads_what_the_app_imports_at_its_start_and_no_room(client: FlaskClient) -> None:
    preloaded = set(re.findall(r'rel="modulepreload" href="([^"]+)"', client.get("/").text))
    modules = {path.split("/", 3)[3] for path in preloaded}
    assert {"js/app.js", "js/store.js", "js/engine/interview.js", "js/views/home.js"} <= modules
    assert not any(module.startswith(("js/rooms/", "js/engine/families/")) for module in modules)
    for module in modules:
        named = re.findall(r"^(?:import|export) [^;]*?from '([^']+)'", (STATIC / module).read_text(), re.MULTILINE)
        assert {posixpath.normpath(f"{posixpath.dirname(module)}/{each}") for each in named} <= modules


def test_it_starts_with_at_most_60_kb(client: FlaskClient) -> None:
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:js|css))"', client.get("/").text)
    sizes = [len(client.get(address, headers={"Accept-Encoding": "br"}).data) for address in set(addresses)]
    assert sum(sizes) <= 60 * 1024


def test_it_runs_nothing_that_is_written_in_the_page(client: FlaskClient) -> None:
    answer = client.get("/")
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


def test_it_leaves_out_comment_lines_and_indentation_and_nothing_else() -> None:
    for asset in read_assets().under("js/", "css/"):
        source = [line.lstrip() for line in (STATIC / asset.path).read_bytes().splitlines()]
        served = asset.body.splitlines()
        assert len(served) == len(source)
        changed = [(old, new) for old, new in zip(source, served, strict=True) if old != new]
        assert all(new == b"" and old.startswith((b"/*", b"*", b"//")) for old, new in changed), asset.path
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
    files = release(client)["files"]
    assert isinstance(files, dict)
    assert {path: hashlib.sha256(client.get(path).data).hexdigest()[:20] for path in files} == files
    named = set(re.findall(r'(?:href|src)="(/[^"]+)"', client.get("/").text))
    assert named <= files.keys()


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


def test_it_sends_the_whole_app_in_sixty_four_kilobytes(client: FlaskClient) -> None:
    paths = re.findall(r'(?:href|src)="(/[^"]+\.(?:js|css))"', client.get("/").text)
    sent = [client.get(path, headers={"Accept-Encoding": "br"}).data for path in {"/", *paths}]
    assert sum(map(len, sent)) <= 64 * 1024
