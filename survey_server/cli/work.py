"""`survey-server work`: run jobs (reports, exports, webhooks, what is done every day) in a process of its own."""

from __future__ import annotations

import signal
from threading import Event

import click

from survey_server.config import Config
from survey_server.db.session import open_database
from survey_server.work import make_workers, start_workers


@click.command()
@click.option("--once", is_flag=True, help="Run what is due now, then end.")
def work(once: bool) -> None:
    """Run jobs until a signal says stop. `serve` does the same beside its requests unless SURVEY_JOBS is `apart`."""
    config = Config.from_environment()
    if once:
        workers = make_workers(open_database(config.database_url), config)
        for worker in workers:
            worker.keep_periodic()
        count = sum(worker.run_due() for worker in workers)
        click.echo(f"{count} jobs were run.")
        return
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threads = start_workers(config, stop)
    click.echo("Working. Ctrl-C stops it after the job in hand.")
    for thread in threads:
        thread.join()
