"""The field face as a server runs it beside an office that is a process of its own (the default of `serve`)."""

from __future__ import annotations

import logging
import os
from threading import Event, Thread

from survey_server.config import Config
from survey_server.db.jobs import claim_job, end_job, fail_job, is_due, keep_periodic
from survey_server.db.review import integrity
from survey_server.db.review.harm import watch_harm
from survey_server.db.session import Database, open_database
from survey_server.door import SOCKET
from survey_server.field_app import FIELD_FACE, in_turn, make_app
from survey_server.problems import Problem
from survey_server.web.apart import OfficeApart, ask

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for a job that is due while the office sleeps."""


def create_apart_server() -> OfficeApart:
    """The field face for the environment's settings; the office is asked through its door, and woken for jobs."""
    config, path = Config.from_environment(), os.environ[SOCKET]
    if config.jobs_in_server:
        Thread(target=wake_for_jobs, args=(config, path, Event()), daemon=True, name="wake").start()
    return OfficeApart(in_turn(make_app(config, FIELD_FACE)), path)


def wake_for_jobs(config: Config, path: str, stop: Event) -> None:
    """Knock whenever a job is due, but for the look at restricted reports every few minutes: that is done here."""
    database = open_database(config.database_url)
    while not stop.wait(LOOK_EVERY):
        try:
            if is_due(database) and not _watch(database):
                _knock(path)
        except Problem:  # the database is away: the next look may find it
            continue


def _watch(database: Database) -> bool:
    """Look for reports that somebody has to be told of, if that is due: the office would never sleep for it."""
    job = claim_job(database, (integrity.JOB,))
    if job is None:
        return False
    try:
        end_job(database, job, {**integrity.watch(database), "harm": watch_harm(database)})
    except Exception as fault:
        logger.error("job %s %s failed: %s", job.kind, job.id, type(fault).__name__, exc_info=fault)
        fail_job(database, job, f"A fault of the server: {type(fault).__name__}.")
    with database.transaction() as session:
        keep_periodic(session, integrity.JOB, integrity.LOOK_EVERY)
    return True


def _knock(path: str) -> None:
    """Ask something harmless; whether it is answered doesn't matter."""
    try:
        ask(path, {"REQUEST_METHOD": "GET", "PATH_INFO": "/healthz", "SERVER_NAME": "door", "SERVER_PORT": "0"}).close()
    except OSError:
        return
