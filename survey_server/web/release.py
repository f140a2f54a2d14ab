"""One version of the phone app: the pages made from its files, each naming only files of the same version.

A phone that has nothing yet takes the app in one piece, with the page: over a thin line sixty small files cost sixty
waits. The start pack at the end of the page holds the modules as they are written, one after another; the service
worker gives each out under its own address. A second pack with all rooms follows when the first question is shown.
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
LOCK = "js/rooms/lock/unlock.js"
"""What an enrolled phone shows first."""
FIRST_ROOMS = (
    "js/views/fill.js",
    "js/rooms/sync/rounds.js",
    "js/rooms/maps/rules.js",
    "js/rooms/sync/catalogue.js",
    *(f"js/engine/families/{name}.js" for name in ("actions", "cutting", "lookup", "repeats", "tables")),
)
"""What else is entered on the way to the first question, and functions that most forms use."""
ENROLLING = ("js/views/enrol.js", "js/rooms/lock/setup.js")
"""What a phone enters once in its life."""
_WITH_THE_PAGE = (BOOT, "css/app.css")
_FOLDERS = ("css/", "icons/", "js/", "maps/")
_DIGEST_DIGITS = 20
_ENDS_SCRIPT = re.compile(r"</script|<!--|\r", re.IGNORECASE)
_IMPORT = re.compile(r"^(?:import|export)\b(?:[^;'\"]*?from)? '(\.[^']+)'", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """The pages and the packs of one version."""

    door: Asset
    """The page as the server gives it to a phone that comes for the first time: with the start pack."""
    shell: Asset
    """The same page as the service worker keeps it."""
    manifest: Asset
    worker: Asset
    packs: Mapping[str, Asset]
    """By their path below `/static/VERSION/`."""


def make_release(assets: Assets) -> Release:
    """Everything of a version that isn't a file of `static/`."""
    first = [path for path in list_modules(assets, START, LOCK, *FIRST_ROOMS, *ENROLLING) if path != BOOT]
    first.append("css/lock.css")
    phone_files = assets.under(*_FOLDERS)
    rest = [asset.path for asset in phone_files if asset.path not in {*first, *_WITH_THE_PAGE}]
    start = _pack(assets, first)
    if _ENDS_SCRIPT.search(start):
        raise ValueError("a module of the start pack would end the block of the page that holds it")
    door = make_asset("/", "text/html; charset=utf-8", _render_shell(assets, start).encode())
    shell = make_asset("shell.html", "text/html; charset=utf-8", _render_shell(assets, "").encode())
    manifest = make_asset("/manifest.webmanifest", "application/manifest+json", _manifest(assets))
    packs = {
        "shell.html": shell,
        "start.pack": make_asset("start.pack", "text/plain; charset=utf-8", start.encode()),
        "rest.pack": make_asset(
            "rest.pack",
            "text/plain; charset=utf-8",
            _pack(assets, [path for path in rest if not path.startswith("icons/")]).encode(),
        ),
    }
    listed = {"/": shell.sha256[:_DIGEST_DIGITS], manifest.path: manifest.sha256[:_DIGEST_DIGITS]}
    listed |= {assets.url(asset.path): asset.sha256[:_DIGEST_DIGITS] for asset in phone_files}
    packs["files.json"] = make_asset("files.json", "application/json", _dense(listed))
    return Release(door, shell, manifest, _worker(assets, packs), packs)


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


def _render_shell(assets: Assets, pack: str) -> str:
    """With the pack the modules wait for the service worker that gives them out; those after the lock always wait."""
    modules = [path for path in list_modules(assets, START, LOCK) if path != BOOT]
    return render_template(
        "phone/shell.html",
        url=assets.url,
        boot=BOOT,
        modules=[assets.url(path) for path in modules],
        next_modules=[assets.url(path) for path in list_modules(assets, *FIRST_ROOMS) if path not in (BOOT, *modules)],
        version=assets.hash,
        name=APP_NAME,
        pack=pack,
    )


def _pack(assets: Assets, paths: Iterable[str]) -> str:
    """One line that lists the files (path, type, length as JavaScript counts it), and the files in its order."""
    files = [(assets.files[path], assets.files[path].body.decode()) for path in paths]
    head = _dense([[asset.path, asset.media_type, len(text.encode("utf-16-le")) // 2] for asset, text in files])
    return head.decode() + "\n" + "".join(text for _, text in files)


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
