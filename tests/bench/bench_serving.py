"""Which server to serve with: the same application behind granian, as it is served, and behind gunicorn's threads.

Each with one process and four threads: answers that cost nothing, interviews one by one and in batches, with a photo;
and a phone whose line is slow, which must not keep the others waiting.
"""

from __future__ import annotations

import http.client
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from tests.bench import bench_openrosa, bench_sync
from tests.bench.bench_sync import BATCH, item, prepare, several
from tests.bench.measure import measure
from tests.serving import Server, packed_batch

GUNICORN = (
    "import sys; port = sys.argv[sys.argv.index('--port') + 1];"
    "sys.argv = ['gunicorn', '-k', 'gthread', '--threads', '4', '--keep-alive', '60', '-b', f'127.0.0.1:{port}',"
    " 'survey_server.field_app:create_field_server()'];"
    "from gunicorn.app.wsgiapp import run; run()"
)
BATCHES = 30
SLOW_PHONES = 8
"""As many as hold a body back half-way: twice the threads that there are."""


def main() -> None:
    for name in ("granian", "gunicorn gthread"):
        with tempfile.TemporaryDirectory() as folder:
            print(f"   -- {name}", flush=True)
            _measure(Path(folder), name)


def _measure(folder: Path, name: str) -> None:
    url = f"sqlite:///{folder / 'survey.db'}"
    token, xmls = prepare(url)
    database = open_database(url)
    with database.transaction() as session:
        key = add_app_user(session, get_programme(session, "bench").id, "bench", "EN001")[1]
    server = Server(folder, url, "--field-only")
    if name != "granian":
        server.begin = (GUNICORN,)
    began = time.perf_counter()
    server.start()
    try:
        measure("cold start", time.perf_counter() - began, "s")
        measure("a fixed answer, 4 connections", bench_sync.fixed_answers(server), "/s")
        address = f"http://127.0.0.1:{server.port}/v1/key/{key}/projects/bench"
        bench_openrosa.load(address, bench_openrosa.interviews(xmls, ""), 1, 0.5)
        for photo in ("", "1.jpg"):
            bench_openrosa.report(address, bench_openrosa.interviews(xmls, photo), 16, photo, server)
        many = several(xmls, BATCHES * BATCH)
        groups = [many[start : start + BATCH] for start in range(0, len(many), BATCH)]
        bodies = [packed_batch([item(xml) for xml in group]) for group in groups]
        bench_sync.report(f"batches of {BATCH}, 16 connections", *bench_sync.load(server, token, bodies, 16), BATCH)
        with slow_phones(server, token):
            measure(f"a fixed answer beside {SLOW_PHONES} slow phones", _wait(server) * 1000, "ms")
        measure("memory of the server", server.resident_mb(), "MB")
    finally:
        server.kill()
        database.close()


@contextmanager
def slow_phones(server: Server, token: str) -> Iterator[None]:
    """Phones that have sent half of what they announced."""
    phones = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(SLOW_PHONES)]
    head = f"POST /api/v1/sync HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 100000\r\n\r\n"
    for phone in phones:
        phone.sendall(head.encode() + b"x" * 50_000)
    yield
    for phone in phones:
        phone.close()


def _wait(server: Server) -> float:
    """How long another one waits for its answer, at most ten seconds."""
    waited: list[float] = []

    def ask() -> None:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        try:
            connection.request("GET", "/api/v1/openapi.json")
            connection.getresponse().read()
        except TimeoutError:
            pass
        finally:
            connection.close()
            waited.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return waited[0]
