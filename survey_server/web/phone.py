"""The phone app's door: the shell, its service worker, its manifest and the static files. No answers pass here."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request
from flask.blueprints import BlueprintSetupState

from survey_server.web.assets import Asset, Assets, make_asset, read_assets

APP_NAME = "Encuesta de servicios"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types worker",
    )
)
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_DIGEST_DIGITS = 20
_START = "js/app.js"
_IMPORT = re.compile(r"^(?:import|export)\b[^;'\"]*?from '(\.[^']+)'", re.MULTILINE)
_PHONE_FOLDERS = ("css/", "icons/", "js/", "maps/")

phone = Blueprint("phone", __name__, template_folder=str(Path(__file__).resolve().parents[1] / "templates"))


@dataclass(frozen=True)
class Release:
    """One version of the app: the pages made from the files, each naming only files of the same version."""

    shell: Asset
    manifest: Asset
    worker: Asset


@phone.record_once
def _share_static_url(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["static_url"] = read_assets().url


@phone.get("/")
def shell() -> Response:
    """The only page of the app; everything after the `#` stays on the phone."""
    response = _send(_release().shell, _ASK_AGAIN)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=(self)"
    return response


@phone.get("/sw.js")
def service_worker() -> Response:
    """The service worker, with the list of this version's files in its first line."""
    response = _send(_release().worker, _ASK_AGAIN)
    response.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return response


@phone.get("/manifest.webmanifest")
def manifest() -> Response:
    """What the home screen shows: a neutral name and a neutral icon."""
    return _send(_release().manifest, _ASK_AGAIN)


@phone.get("/static/<version>/<path:path>")
def static_file(version: str, path: str) -> Response:
    """A file of this version. Another version's address is not found: two versions never mix."""
    assets = read_assets()
    if version != assets.hash or path not in assets.files:
        abort(404)
    return _send(assets.files[path], _FOR_EVER)


@phone.after_request
def _be_strict(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@cache
def _release() -> Release:
    assets = read_assets()
    shell_page = make_asset("/", "text/html; charset=utf-8", _render_shell(assets).encode())
    manifest_file = make_asset("/manifest.webmanifest", "application/manifest+json", _manifest(assets))
    worker = make_asset("/sw.js", "text/javascript; charset=utf-8", _worker(assets, shell_page, manifest_file))
    return Release(shell_page, manifest_file, worker)


def list_shell_modules(assets: Assets) -> list[str]:
    """What the app's start imports, all the way down: the rest is loaded when it is called, and kept for that."""
    found = {_START}
    waiting = [_START]
    while waiting:
        path = waiting.pop()
        for named in _IMPORT.findall(assets.files[path].body.decode()):
            module = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
            if module not in found:
                found.add(module)
                waiting.append(module)
    return sorted(found)


def _render_shell(assets: Assets) -> str:
    modules = [assets.url(path) for path in list_shell_modules(assets)]
    return render_template("phone/shell.html", url=assets.url, modules=modules, version=assets.hash, name=APP_NAME)


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
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _worker(assets: Assets, *pages: Asset) -> bytes:
    files = {page.path: page.sha256[:_DIGEST_DIGITS] for page in pages}
    files |= {assets.url(asset.path): asset.sha256[:_DIGEST_DIGITS] for asset in assets.under(*_PHONE_FOLDERS)}
    release = json.dumps({"version": assets.hash, "files": files}, separators=(",", ":"))
    return f"const RELEASE = {release};\n".encode() + assets.files["sw.js"].body


def _send(asset: Asset, cache_control: str) -> Response:
    body, encoding = asset.encoded(request.headers.get("Accept-Encoding", ""))
    response = Response(body, content_type=asset.media_type)
    response.headers["Cache-Control"] = cache_control
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    if cache_control == _ASK_AGAIN:
        response.set_etag(f"{asset.sha256[:32]}-{encoding or 'plain'}")
        response.make_conditional(request)
    return response
