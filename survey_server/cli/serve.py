"""`survey-server serve`: migrate the database and serve, with granian, until a signal says stop."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

import click
from granian._granian import ListenerSpec
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from survey_server.config import Config
from survey_server.db.migrate import migrate
from survey_server.door import open_door
from survey_server.logs import logging_setup

STOP_SECONDS = 30
"""How long requests in hand may take to end after a stop was asked for."""


class OneSocket(MPServer):
    """A server whose workers share one listening socket that is open as long as the server lives.

    By itself Granian gives each worker a socket of its own on Linux: what waits in one is lost when its worker ends.
    """

    def _init_shared_socket(self) -> None:
        holder = ListenerSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._shd, self._sfd = holder, holder.get_fd()  # type: ignore[assignment]
        self._ssp = None
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)


@dataclass(frozen=True)
class Serving:
    """Where and how widely to serve."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 32
    field_only: bool = False
    one_process: bool = False
    office_awake: bool = False

    @property
    def target(self) -> str:
        """What each worker makes its application with."""
        if self.field_only:
            return "survey_server.field_app:create_field_server"
        return "survey_server.app:create_server" if self.one_process else "survey_server.apart_app:create_apart_server"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes; with SQLite one is best.")
@click.option("--threads", default=32, show_default=True, help="Requests that each process receives at once.")
@click.option("--field-only", is_flag=True, help="Phones and OpenRosa alone: the office is another process's.")
@click.option("--one-process", is_flag=True, help="The office in this process too, never in one of its own.")
@click.option("--certificate", type=click.Path(exists=True, path_type=Path), help="TLS certificate (PEM).")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="Its private key (PEM).")
def serve(
    host: str,
    port: int,
    workers: int,
    threads: int,
    field_only: bool,
    one_process: bool,
    certificate: Path | None,
    key: Path | None,
) -> None:
    """Serve the phone app, the API and the office. A stop (SIGTERM, Ctrl-C) lets requests in hand end."""
    migrate(Config.from_environment().database_url)
    run_server(Serving(host, port, workers, threads, field_only, one_process), certificate, key)


def run_server(serving: Serving, certificate: Path | None = None, key: Path | None = None) -> None:
    """Serve until a signal says stop. Settings come from the environment, in each process anew."""
    server = OneSocket(
        serving.target,
        factory=True,
        interface=Interfaces.WSGI,
        address=serving.host,
        port=serving.port,
        workers=serving.workers,
        blocking_threads=serving.threads,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        log_access=False,
        log_dictconfig=logging_setup(Config.from_environment().log),
        ssl_cert=certificate,
        ssl_key=key,
    )
    if serving.field_only or serving.one_process:
        server.serve()
        return
    with open_door(awake=serving.office_awake) as door:
        server.on_reload(door.renew)
        server.serve()
