"""The web application: wires settings, database, both faces and the answers to what goes wrong."""

from __future__ import annotations

from threading import Event

from flask import Flask

from survey_server.config import Config
from survey_server.db.keys import Keyring
from survey_server.db.models import now
from survey_server.db.session import open_database
from survey_server.web.access import set_strict_headers
from survey_server.web.enrol import enrol
from survey_server.web.errors import set_error_answers
from survey_server.web.field_forms import field_forms
from survey_server.web.health import health, watch
from survey_server.web.media import media
from survey_server.web.office import office
from survey_server.web.openapi import openapi
from survey_server.web.openrosa import openrosa
from survey_server.web.phone import phone
from survey_server.web.read_api import read_api
from survey_server.web.sync import sync
from survey_server.work import start_workers


def create_app(config: Config | None = None) -> Flask:
    """The application for `config`, by default that of the environment. The database must have been migrated."""
    config = config or Config.from_environment()
    app = Flask("survey_server", static_folder=None)
    app.secret_key = config.secret_key
    app.config.update(SURVEY=config, CLOCK=now, MAX_CONTENT_LENGTH=config.max_body_bytes)
    app.extensions["database"] = open_database(config.database_url)
    app.extensions["keyring"] = Keyring(config.secret_key)
    watch(app)
    set_strict_headers(app)
    set_error_answers(app)
    for face in (enrol, field_forms, sync, media, openapi, openrosa, health, read_api, phone, office):
        app.register_blueprint(face)
    return app


def create_server() -> Flask:
    """The application as a server runs it: with the jobs' threads beside it, unless a process of its own works."""
    app = create_app()
    config: Config = app.config["SURVEY"]
    if config.jobs_in_server:
        start_workers(config, Event())  # they end with the process: what they had in hand is taken up again
    return app
