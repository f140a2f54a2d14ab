"""The field face as a server runs it beside an office that is a process of its own (the default of `serve`)."""

from __future__ import annotations

import os
from threading import Event, Thread

from survey_server.config import Config
from survey_server.db.jobs import is_due
from survey_server.db.session import open_database
from survey_server.door import SOCKET
from survey_server.field_app import FIELD_FACE, in_turn, make_app
from survey_server.problems import Problem
from survey_server.web.apart import OfficeApart, ask

LOOK_EVERY = 1.0
"""Seconds between two looks for a job that is due while the office sleeps."""


def create_apart_server() -> OfficeApart:
    """The field face for the environment's settings; the office is asked through its door, and woken for jobs."""
    config, path = Config.from_environment(), os.environ[SOCKET]
    if config.jobs_in_server:
        Thread(target=wake_for_jobs, args=(config, path, Event()), daemon=True, name="wake").start()
    return OfficeApart(in_turn(make_app(config, FIELD_FACE)), path)


def wake_for_jobs(config: Config, path: str, stop: Event) -> None:
    """Knock whenever a job is due."""
    database = open_database(config.database_url)
    while not stop.wait(LOOK_EVERY):
        try:
            if is_due(database):
                _knock(path)
        except Problem:  # the database is away: the next look may find it
            continue


def _knock(path: str) -> None:
    """Ask something harmless; whether it is answered doesn't matter."""
    try:
        ask(path, {"REQUEST_METHOD": "GET", "PATH_INFO": "/healthz", "SERVER_NAME": "door", "SERVER_PORT": "0"}).close()
    except OSError:
        return
