"""Who is asking from the field, and the headers that every answer carries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.routing import IntegerConverter, Map

from survey_server.config import Config
from survey_server.db.field.devices import Sender, get_device, get_sender
from survey_server.db.intake.keys import Keyring
from survey_server.db.models import Device
from survey_server.db.session import Database
from survey_server.problems import BadRequest, BadToken, DeviceRevoked

_NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_LONGEST_TOKEN = 200


def get_config() -> Config:
    """The settings of this server."""
    config: Config = current_app.config["SURVEY"]
    return config


def get_database() -> Database:
    """The database of this server."""
    database: Database = current_app.extensions["database"]
    return database


def get_keyring() -> Keyring:
    """The keys that this server can open seals with."""
    keyring: Keyring = current_app.extensions["keyring"]
    return keyring


def get_sending_device() -> Sender:
    """The device whose token the request carries, revoked or not: what it sends is kept. Raises BadToken."""
    with get_database().looking_up() as session:
        return get_sender(session, _token())


def get_trusted_device() -> Device:
    """The device whose token the request carries, if it may download. Raises BadToken or DeviceRevoked."""
    with get_database().reading() as session:
        device = get_device(session, _token())
    if device.revoked_at is not None:
        raise DeviceRevoked()
    return device


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
        raise BadToken()
    return token.strip()


class Whole(IntegerConverter):
    """A number in an address, no larger than databases hold: what is larger is the address of nothing."""

    regex = "[0-9]{1,19}"

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:  # noqa: A002 - werkzeug passes it by this name
        super().__init__(map, *args, **{"max": 2**63 - 1, **options})


def set_strict_addresses(app: Flask) -> None:
    """Every `<int:…>` of a route is a Whole, and no address holds a zero byte; before the routes are registered."""
    app.url_map.converters["int"] = Whole

    @app.before_request
    def refuse_zero_bytes() -> None:
        refuse_zeros([[request.path], *request.args.listvalues()])


def refuse_zeros(told: Iterable[Iterable[str]]) -> None:
    """Raise BadRequest for a zero byte, which nobody types and PostgreSQL keeps in no text."""
    if any("\0" in value for values in told for value in values):
        raise BadRequest("There is a zero byte in what was sent. Leave it out.")


def set_strict_headers(app: Flask) -> None:
    """Every answer says what it is, is shown in no frame and runs nothing, unless its page says more precisely."""

    @app.after_request
    def be_strict(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", _NOTHING_RUNS)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cache-Control", "no-store")
        if current_app.config["SURVEY"].base_url.startswith("https://"):
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
