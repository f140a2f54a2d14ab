"""The worker: claims jobs and runs them, in a thread of the server or in a process of its own (`survey-server work`).

A new kind of job is a function of a `Task` in the room that it belongs to, and a line in KINDS.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from survey_server.config import Config
from survey_server.db.intake.keys import Keyring
from survey_server.db.jobs import (
    LEASE,
    SERVER,
    JobInHand,
    claim_job,
    drop_old_jobs,
    end_job,
    fail_job,
    keep_periodic,
    renew_lease,
)
from survey_server.db.keeping.erasure import DROP_FILES, drop_files
from survey_server.db.keeping.retention import keep_programmes
from survey_server.db.media.shelves import open_shelf
from survey_server.db.media.stores import open_media_store
from survey_server.db.review import integrity
from survey_server.db.review.harm import watch_harm
from survey_server.db.session import Database, open_database
from survey_server.db.webhooks import drop_old_deliveries
from survey_server.exports.attached import Files
from survey_server.problems import JobLost, Problem
from survey_server.sending import deliver
from survey_server.web.office.results import made_reports
from survey_server.web.office.results.export_files import make_asked

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for something due: a look is one read of an index."""


@dataclass(frozen=True)
class Task:
    """What a job's function works with."""

    database: Database
    config: Config
    job: JobInHand

    @property
    def programme_id(self) -> int:
        """The programme that the job belongs to; 0 is the server."""
        return self.job.programme_id

    @property
    def detail(self) -> Mapping[str, Any]:
        """What the job was added with."""
        return self.job.detail

    def tell(self, done: int, of: int) -> None:
        """Say how far it is."""
        renew_lease(self.database, self.job, (done, of))


Run = Callable[[Task], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Kind:
    """How jobs of one kind are done, by which lane, and how often by themselves."""

    run: Run
    lane: str = "long"
    every: timedelta | None = None


def _forget_old_jobs(task: Task) -> Mapping[str, Any]:
    with task.database.transaction() as session:
        return {"jobs": drop_old_jobs(session), "deliveries": drop_old_deliveries(session)}


def _deliver(task: Task) -> Mapping[str, Any] | None:
    return deliver(task.database, task.config, task.programme_id, task.detail["delivery"], task.job.tries)


def _export(task: Task) -> None:
    media = Files(open_media_store(task.config), Keyring(task.config.secret_key))
    make_asked(task.database, open_shelf(task.config), task.programme_id, task.detail, task.tell, media)


def _report(task: Task) -> None:
    made_reports.make_asked(task.database, open_shelf(task.config), task.programme_id, task.detail)


def _apply_retention(task: Task) -> Mapping[str, Any]:
    return keep_programmes(task.database, Keyring(task.config.secret_key), open_media_store(task.config))


def _drop_files(task: Task) -> Mapping[str, Any]:
    return drop_files(task.database, open_media_store(task.config), task.programme_id, task.detail["files"])


def _watch_restricted(task: Task) -> Mapping[str, Any]:
    return {**integrity.watch(task.database), "harm": watch_harm(task.database)}


KINDS: Mapping[str, Kind] = {
    "forget-old-jobs": Kind(_forget_old_jobs, every=timedelta(days=1)),
    "webhook": Kind(_deliver, lane="short"),
    integrity.JOB: Kind(_watch_restricted, lane="short", every=integrity.LOOK_EVERY),
    "export": Kind(_export),
    made_reports.JOB: Kind(_report, lane="reports"),
    "retention": Kind(_apply_retention, every=timedelta(days=1)),
    DROP_FILES: Kind(_drop_files, lane="short"),
}
"""Every kind of job. Lanes run beside each other: a long export keeps no short message waiting."""


class Worker:
    """Runs the jobs of some kinds, one after the other."""

    def __init__(self, database: Database, config: Config, kinds: Mapping[str, Kind]) -> None:
        self.database, self.config, self.kinds = database, config, kinds

    def run_due(self) -> int:
        """Run everything that is due now; how many jobs that were."""
        count = 0
        while self.run_one():
            count += 1
        return count

    def run_one(self) -> bool:
        """Run the job that has been due for longest; False when none is."""
        job = claim_job(self.database, self.kinds)
        if job is None:
            return False
        kind = self.kinds[job.kind]
        try:
            with _Lease(self.database, job):
                result = kind.run(Task(self.database, self.config, job))
            end_job(self.database, job, result)
        except JobLost:
            logger.warning("job %s %s was taken over by another worker", job.kind, job.id)
        except Problem as problem:
            self._fail(job, problem.detail)
        except Exception as fault:  # the thread has nobody to raise to: the job says so, the log says where
            logger.error("job %s %s failed: %s", job.kind, job.id, type(fault).__name__, exc_info=fault)
            self._fail(job, f"A fault of the server: {type(fault).__name__}.")
        if kind.every and job.programme_id == SERVER:
            self.keep_periodic()
        return True

    def run_until(self, stop: Event) -> None:
        """Run jobs until somebody says stop; a database that is away for a while is waited for."""
        started = False
        while not stop.is_set():
            try:
                if not started:
                    self.keep_periodic()
                    started = True
                self.run_due()
            except Problem as problem:
                logger.warning("jobs wait: %s", problem.title)
            stop.wait(LOOK_EVERY)

    def keep_periodic(self) -> None:
        """Add what is done every so often and isn't waiting."""
        with self.database.transaction() as session:
            for name, kind in self.kinds.items():
                if kind.every:
                    keep_periodic(session, name, kind.every)

    def _fail(self, job: JobInHand, problem: str) -> None:
        try:
            fail_job(self.database, job, problem)
        except JobLost:
            logger.warning("job %s %s was taken over by another worker", job.kind, job.id)


class _Lease:
    """Renews the lease of a job beside it, for as long as the block runs."""

    def __init__(self, database: Database, job: JobInHand) -> None:
        self.database, self.job, self.ended = database, job, Event()
        self.thread = Thread(target=self._renew, daemon=True, name=f"lease-{job.kind}")

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _renew(self) -> None:
        while not self.ended.wait(LEASE.total_seconds() / 3):
            try:
                renew_lease(self.database, self.job)
            except Problem as problem:  # the job itself finds out when it ends
                logger.warning("the lease of job %s %s: %s", self.job.kind, self.job.id, problem.title)


def make_workers(database: Database, config: Config, kinds: Mapping[str, Kind] = KINDS) -> list[Worker]:
    """One worker for each lane."""
    lanes = dict.fromkeys(kind.lane for kind in kinds.values())
    return [
        Worker(database, config, {name: kind for name, kind in kinds.items() if kind.lane == lane}) for lane in lanes
    ]


def start_workers(config: Config, stop: Event) -> list[Thread]:
    """Work in threads of this process until somebody says stop. When the process dies, others take its jobs up."""
    workers = make_workers(open_database(config.database_url), config)
    threads = [Thread(target=worker.run_until, args=(stop,), daemon=True, name="jobs") for worker in workers]
    for thread in threads:
        thread.start()
    return threads
