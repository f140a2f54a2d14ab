"""The field face alone: sync, OpenRosa and the phone app, without the office and what draws; small, quick to start."""

from __future__ import annotations

from flask import Blueprint, Flask

from survey_server.config import Config
from survey_server.db.intake.keys import Keyring
from survey_server.db.models import now
from survey_server.db.session import open_database
from survey_server.web.access import set_strict_addresses, set_strict_headers
from survey_server.web.enrol import enrol
from survey_server.web.errors import set_error_answers
from survey_server.web.field_forms import field_forms
from survey_server.web.health import health, watch
from survey_server.web.media import media
from survey_server.web.openapi import openapi
from survey_server.web.openrosa import openrosa
from survey_server.web.phone import phone
from survey_server.web.sync import sync
from survey_server.web.turns import InTurn

FIELD_FACE: tuple[Blueprint, ...] = (enrol, field_forms, sync, media, openapi, openrosa, health, phone)


def make_app(config: Config, faces: tuple[Blueprint, ...]) -> Flask:
    """An application of these faces. The database must have been migrated."""
    app = Flask("survey_server", static_folder=None)
    app.config.update(SURVEY=config, CLOCK=now, MAX_CONTENT_LENGTH=config.max_body_bytes)
    app.extensions["database"] = open_database(config.database_url)
    app.extensions["keyring"] = Keyring(config.secret_key)
    set_strict_addresses(app)
    watch(app)
    set_strict_headers(app)
    set_error_answers(app)
    for face in faces:
        app.register_blueprint(face)
    return app


def create_field_server() -> Flask:
    """The field face for the environment's settings; jobs and the office are another process's."""
    return in_turn(make_app(Config.from_environment(), FIELD_FACE))


def in_turn(app: Flask) -> Flask:
    """The application as a server runs it, whose threads receive more requests than are worked on at once."""
    app.wsgi_app = InTurn(app.wsgi_app)  # type: ignore[method-assign]
    return app
