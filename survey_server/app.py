"""The web application: wires settings, database, both faces and the answers to what goes wrong."""

from __future__ import annotations

from threading import Event

from flask import Flask

from survey_server.config import Config
from survey_server.field_app import FIELD_FACE, in_turn, make_app
from survey_server.web.office import office
from survey_server.web.read_api import read_api
from survey_server.work import start_workers


def create_app(config: Config | None = None) -> Flask:
    """The application for `config`, by default that of the environment. The database must have been migrated."""
    return make_app(config or Config.from_environment(), (*FIELD_FACE, read_api, office))


def create_server() -> Flask:
    """The application as a server runs it: with the jobs' threads beside it, unless a process of its own works."""
    app = create_app()
    config: Config = app.config["SURVEY"]
    if config.jobs_in_server:
        start_workers(config, Event())  # they end with the process: what they had in hand is taken up again
    return in_turn(app)
