"""The phone app's door: the shell, its service worker, its manifest and the static files. No answers pass here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request
from flask.blueprints import BlueprintSetupState

from survey_server.web.assets import Asset, read_assets
from survey_server.web.release import Release, make_release

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

phone = Blueprint("phone", __name__, template_folder=str(Path(__file__).resolve().parents[1] / "templates"))


@phone.record_once
def _share_static_url(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["static_url"] = read_assets().url


@phone.get("/")
def shell() -> Response:
    """The only page of the app; everything after the `#` stays on the phone."""
    return _send_page(_release().door, _ASK_AGAIN)


@phone.get("/sw.js")
def service_worker() -> Response:
    """The service worker, with the digests of this version's packs in its first line."""
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
    if version != assets.hash:
        abort(404)
    if path == "shell.html":
        return _send_page(_release().shell, _FOR_EVER)
    asset = assets.files.get(path) or _release().packs.get(path)
    return _send(asset, _FOR_EVER) if asset else abort(404)


@phone.after_request
def _be_strict(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@cache
def _release() -> Release:
    return make_release(read_assets())


def _send_page(page: Asset, cache_control: str) -> Response:
    response = _send(page, cache_control)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=(self)"
    return response


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
