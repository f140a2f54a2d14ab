"""OpenRosa submissions a second, with and without a photo of 200 KB, at 1, 4, 16 and 32 connections.

Without arguments it loads a server of our own. `python -m tests.bench.bench_openrosa URL FORM_ID VERSION` loads any
OpenRosa server at URL (what Collect calls the server URL) with interviews of a form that has at least the questions
`name` and `photo`; `--seconds` for each load.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from tests.bench.bench_sync import prepare, several
from tests.bench.databases import KINDS, new_database, raw_commits
from tests.bench.measure import measure
from tests.serving import Server, running

CONNECTIONS = (1, 4, 16, 32)
PHOTO_BYTES = 200_000
SECONDS = 3.0
BOUNDARY = "bench7f1c0a"

Make = Callable[[], tuple[bytes, str]]
"""An interview with an id of its own, and the name of its photo, "" for none."""


@dataclass
class Load:
    """What one load gave: each request's seconds, and all of them together."""

    waits: list[float]
    seconds: float


def main() -> None:
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as name, new_database(kind, Path(name)) as url:
            print(f"   -- {kind}", flush=True)
            _measure(url, Path(name))


def _measure(url: str, folder: Path) -> None:
    xmls = prepare(url)[1]
    raw = {connections: raw_commits(url, xmls, 1, connections) for connections in (1, 16)}
    for connections, rate in raw.items():
        measure(f"raw commits of the database, {connections} connections", rate, "/s")
    database = open_database(url)
    with database.transaction() as session:
        key = add_app_user(session, get_programme(session, "bench").id, "bench", "EN001")[1]
    for options in ((), ("--field-only",)):
        began = time.perf_counter()
        with running(folder, url, *options) as server:
            measure(" ".join(("cold start", *options)), time.perf_counter() - began, "s")
            measure(" ".join(("memory, idle", *options)), server.resident_mb(), "MB")
            address = f"http://127.0.0.1:{server.port}/v1/key/{key}/projects/bench"
            load(address, interviews(xmls, ""), 1, 0.5)
            for photo in ("", "1.jpg") if not options else ("",):
                for connections in CONNECTIONS if not options else (4,):
                    report(address, interviews(xmls, photo), connections, photo, server, raw=raw[1])
            report_repeats(address, xmls, server)
            measure(" ".join(("memory, loaded", *options)), server.resident_mb(), "MB")
    database.close()


def interviews(xmls: Sequence[bytes], photo: str) -> Make:
    """Perception interviews, each with a new id, and with a photo or none."""

    def make() -> tuple[bytes, str]:
        [xml] = several(xmls, 1)
        return xml.replace(b"<photo/>", f"<photo>{photo}</photo>".encode()) if photo else xml, photo

    return make


def of_form(form_id: str, version: str, photo: str) -> Make:
    """Interviews of a form on a server elsewhere."""

    def make() -> tuple[bytes, str]:
        xml = (
            f'<data id="{form_id}" version="{version}"><name>bench</name><photo>{photo}</photo>'
            f"<meta><instanceID>uuid:{uuid.uuid4()}</instanceID></meta></data>"
        )
        return xml.encode(), photo

    return make


def body_of(xml: bytes, photo: str, picture: bytes) -> bytes:
    """The multipart body as Collect sends it."""
    parts = [("xml_submission_file", "interview.xml", "text/xml", xml)]
    if photo:
        parts.append((photo, photo, "image/jpeg", picture))
    written = bytearray()
    for name, filename, media_type, content in parts:
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {media_type}'
        written += f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"
    return bytes(written + f"--{BOUNDARY}--\r\n".encode())


def load(address: str, make: Make, connections: int, seconds: float) -> Load:
    """Post new interviews over so many connections for so long."""
    parts = urlsplit(address)
    waits: list[float] = []
    until = time.perf_counter() + seconds
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    headers = {"X-OpenRosa-Version": "1.0", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

    def post() -> None:
        connection = kind(parts.netloc, timeout=60)
        picture = b"\xff\xd8\xff" + os.urandom(PHOTO_BYTES - 3)
        while time.perf_counter() < until:
            xml, photo = make()
            body = body_of(xml, photo, uuid.uuid4().bytes + picture[16:])
            begun = time.perf_counter()
            connection.request("POST", f"{parts.path}/submission?deviceID=bench", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            waits.append(time.perf_counter() - begun)
            assert answer.status == 201, (answer.status, content[:500])
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(waits, time.perf_counter() - started)


def report(
    address: str,
    make: Make,
    connections: int,
    photo: str,
    server: Server | None = None,
    *,
    seconds: float = SECONDS,
    raw: float = 0.0,
) -> None:
    """Rate, waiting times, and the CPU of the server where it is ours."""
    before = server.cpu_seconds() if server else 0.0
    done = load(address, make, connections, seconds)
    ordered = sorted(done.waits)
    count = len(ordered)
    assert count, "no submission was taken"
    p50, p95, p99 = (ordered[int(count * share)] * 1000 for share in (0.5, 0.95, 0.99))
    what = f"{'with a photo of 200 KB' if photo else 'without files'}, {connections} connections"
    beside = f"{count / done.seconds / raw:.0%} of raw; " if raw else ""
    measure(what, count / done.seconds, "/s", f"{beside}p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} ms")
    if server:
        cpu = server.cpu_seconds() - before
        measure("   CPU of the server for each", cpu / count * 1000, "ms", f"{count / cpu:,.0f} a CPU second")


def report_repeats(address: str, xmls: Sequence[bytes], server: Server) -> None:
    """The same interviews again and again, as a phone that never sees the answer sends them."""
    same = several(xmls, 8)
    numbers = iter(range(10**9))
    make: Make = lambda: (same[next(numbers) % len(same)], "")  # noqa: E731
    load(address, make, 1, 0.5)
    before = server.cpu_seconds()
    done = load(address, make, 4, SECONDS)
    measure("the same again, 4 connections", len(done.waits) / done.seconds, "/s")
    measure("   CPU of the server for each", (server.cpu_seconds() - before) / len(done.waits) * 1000, "ms")


def main_elsewhere(words: Sequence[str]) -> None:
    """Load the server that is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the server URL, as Collect has it, with its key")
    parser.add_argument("form_id")
    parser.add_argument("version")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    told = parser.parse_args(words)
    for photo in ("", "1.jpg"):
        for connections in CONNECTIONS:
            make = of_form(told.form_id, told.version, photo)
            report(told.url.rstrip("/"), make, connections, photo, seconds=told.seconds)


if __name__ == "__main__":
    main_elsewhere(sys.argv[1:])
