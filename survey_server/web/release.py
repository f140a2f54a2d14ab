"""One version of the phone app: the pages made from its files, each naming only files of the same version.

A phone that has nothing yet takes the app in one piece, the start pack: over a thin line sixty small files cost sixty
waits. The pack holds the modules as they are written, one after another; the service worker unpacks it and gives each
module out under its own address. A second pack with all rooms follows when the first question is on the screen.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import render_template

from survey_server.web.assets import Asset, Assets, make_asset

APP_NAME = "Encuesta de servicios"
START = "js/app.js"
BOOT = "js/boot.js"
FIRST_ROOMS = (
    "js/views/fill.js",
    "js/rooms/lock/unlock.js",
    "js/rooms/sync/rounds.js",
    "js/rooms/maps/rules.js",
    "js/rooms/sync/catalogue.js",
    *(f"js/engine/families/{name}.js" for name in ("actions", "cutting", "lookup", "repeats", "tables")),
)
"""What else is entered on the way to the first question of an enrolled phone, and functions that most forms use."""
_WITH_THE_PAGE = (BOOT, "css/app.css")
_FOLDERS = ("css/", "icons/", "js/", "maps/")
_DIGEST_DIGITS = 20
_IMPORT = re.compile(r"^(?:import|export)\b(?:[^;'\"]*?from)? '(\.[^']+)'", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """The pages and the packs of one version."""

    shell: Asset
    manifest: Asset
    worker: Asset
    packs: Mapping[str, Asset]
    """By their path below `/static/VERSION/`."""


def make_release(assets: Assets) -> Release:
    """Everything of a version that isn't a file of `static/`."""
    first = [path for path in list_modules(assets, START, *FIRST_ROOMS) if path != BOOT] + ["css/lock.css"]
    phone_files = assets.under(*_FOLDERS)
    rest = [asset.path for asset in phone_files if asset.path not in {*first, *_WITH_THE_PAGE}]
    shell = make_asset("/", "text/html; charset=utf-8", _render_shell(assets).encode())
    manifest = make_asset("/manifest.webmanifest", "application/manifest+json", _manifest(assets))
    packs = {
        "start.pack": _pack("start.pack", assets, first),
        "rest.pack": _pack("rest.pack", assets, [path for path in rest if not path.startswith("icons/")]),
    }
    listed = {page.path: page.sha256[:_DIGEST_DIGITS] for page in (shell, manifest)}
    listed |= {assets.url(asset.path): asset.sha256[:_DIGEST_DIGITS] for asset in phone_files}
    packs["files.json"] = make_asset("files.json", "application/json", _dense(listed))
    return Release(shell, manifest, _worker(assets, packs), packs)


def list_modules(assets: Assets, *roots: str) -> list[str]:
    """What these modules import, all the way down, themselves included; not what they load when it is called for."""
    found = set(roots)
    waiting = list(roots)
    while waiting:
        path = waiting.pop()
        for named in _IMPORT.findall(assets.files[path].body.decode()):
            module = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
            if module not in found:
                found.add(module)
                waiting.append(module)
    return sorted(found)


def _render_shell(assets: Assets) -> str:
    modules = [assets.url(path) for path in list_modules(assets, START, *FIRST_ROOMS) if path != BOOT]
    return render_template(
        "phone/shell.html", url=assets.url, boot=BOOT, modules=modules, version=assets.hash, name=APP_NAME
    )


def _pack(name: str, assets: Assets, paths: Iterable[str]) -> Asset:
    """The length of the list of files, the list (path, type, length), and the files in its order."""
    files = [assets.files[path] for path in paths]
    head = _dense([[asset.path, asset.media_type, len(asset.body)] for asset in files])
    body = len(head).to_bytes(4, "big") + head + b"".join(asset.body for asset in files)
    return make_asset(name, "application/octet-stream", body)


def _manifest(assets: Assets) -> bytes:
    icons = [
        {"src": assets.url(f"icons/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
        for size, use in ((192, "any"), (512, "any"), (512, "maskable"))
    ]
    document = {
        "id": "/",
        "name": APP_NAME,
        "short_name": "Encuesta",
        "lang": "es",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f7f5",
        "theme_color": "#0b5457",
        "icons": icons,
    }
    return _dense(document)


def _worker(assets: Assets, packs: Mapping[str, Asset]) -> Asset:
    release = {"version": assets.hash, "packs": {name: pack.sha256[:_DIGEST_DIGITS] for name, pack in packs.items()}}
    body = f"const RELEASE = {_dense(release).decode()};\n".encode() + assets.files["sw.js"].body
    return make_asset("/sw.js", "text/javascript; charset=utf-8", body)


def _dense(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
