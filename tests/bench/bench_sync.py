"""Interviews a second through /api/v1/sync on a real server, beside raw commits of the same bytes; both databases."""

from __future__ import annotations

import hashlib
import http.client
import re
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from survey_server.db.compiled import load_version
from survey_server.db.field.devices import add_device
from survey_server.db.field.sites import set_sites
from survey_server.db.forms import get_form
from survey_server.db.migrate import migrate
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import open_database
from survey_server.db.waves import add_wave
from survey_server.demo.perception import demo_sites, respondents
from survey_server.demo.walk import answer_all
from survey_server.xlsform.filling.instance import check_instance
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.importing.tables import read_csv
from tests.bench.databases import KINDS, new_database, raw_commits
from tests.bench.measure import measure
from tests.serving import Server, packed_batch, post_batch, running

FORMS = Path(__file__).parents[2] / "forms"
DIFFERENT = 20
SINGLES, BATCHES, BATCH = 600, 60, 20
CONNECTIONS = (1, 4, 16, 32)
FIRST_DAY = date(2026, 3, 2)


def main() -> None:
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as name, new_database(kind, Path(name)) as url:
            print(f"   -- {kind}", flush=True)
            _measure(url, Path(name))


def _measure(url: str, folder: Path) -> None:
    token, xmls = prepare(url)
    size = sum(len(xml) for xml in xmls) / len(xmls)
    measure("perception interview, XML", size / 1000, "kB")
    raw = {batch: raw_commits(url, xmls, batch) for batch in (1, BATCH)}
    measure("raw commits of the database, one row each", raw[1], "/s")
    measure(f"raw commits, {BATCH} rows each", raw[BATCH], "/s")
    began = time.perf_counter()
    with running(folder, url) as server:
        measure("cold start until it answers", time.perf_counter() - began, "s")
        idle = server.resident_mb()
        measure("the same server, a fixed answer, 4 connections", fixed_answers(server), "/s")
        load(server, token, [packed_batch([item(xml)]) for xml in xmls], 1)
        for connections in CONNECTIONS:
            bodies = [packed_batch([item(xml)]) for xml in several(xmls, SINGLES)]
            report(f"one by one, {connections} connections", *load(server, token, bodies, connections), 1, raw[1])
        report("the same again, 4 connections", *load(server, token, bodies, 4), 1)
        for connections in CONNECTIONS:
            many = several(xmls, BATCHES * BATCH)
            groups = [many[start : start + BATCH] for start in range(0, len(many), BATCH)]
            bodies = [packed_batch([item(xml) for xml in group]) for group in groups]
            result = load(server, token, bodies, connections)
            report(f"batches of {BATCH}, {connections} connections", *result, BATCH, raw[BATCH])
        report("the same batches again, 4 connections", *load(server, token, bodies, 4), BATCH)
        measure("memory of the server, idle", idle, "MB")
        measure("memory of the server, loaded", server.resident_mb(), "MB")


def prepare(url: str) -> tuple[str, list[bytes]]:
    """The perception form in the field: the token of a phone, and some interviews answered by the engine."""
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_programme(session, "bench", "Bench").id
        token = add_device(session, programme_id, "bench", "EN001")[1]
    data = {name: (FORMS / name).read_bytes() for name in ("psus.csv", "posts.csv")}
    source = _with_photo((FORMS / "ssr_perception.md").read_text()).encode()
    done = publish_form(database, programme_id, "ssr_perception.md", source, data)
    table = read_csv((FORMS / "demo_sites.csv").read_bytes())
    rows = [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]
    with database.transaction() as session:
        set_sites(session, programme_id, rows, actor="bench")
        form = get_form(session, programme_id, "ssr_perception")
        add_wave(session, form, "W1", FIRST_DAY, date(2026, 4, 30), state="open")
    with database.reading() as session:
        version = load_version(session, programme_id, done.version_id)
    people = respondents(demo_sites(rows, Random(1)), 1, FIRST_DAY, Random(1))
    started = time.perf_counter()
    xmls = []
    for person in people[:DIFFERENT]:
        interview = Interview(version.form, properties={"username": person.interviewer}, now=person.started)
        answer_all(interview, person.answer)
        xmls.append(interview.finish(instance_id=f"uuid:{uuid.uuid4()}"))
    measure("interviews answered by the Python engine", DIFFERENT / (time.perf_counter() - started), "/s")
    check_instance(version.form, xmls[0])
    begun = time.process_time()
    for xml in xmls:
        check_instance(version.form, xml)
    measure("CPU to check one: recalculate, compare, type", (time.process_time() - begun) / DIFFERENT * 1000, "ms")
    return token, xmls


def _with_photo(source: str) -> str:
    """The form with a question for a photo after all others."""
    survey, choices, rest = source.partition("\n| choices |")
    columns = [name.strip() for name in survey.splitlines()[1].split("|")]
    row = {"type": "image", "name": "photo", "label::Español (es)": "Foto"}
    return f"{survey.rstrip()}\n{'|'.join(row.get(name, ' ') for name in columns).strip()}\n{choices}{rest}"


def several(xmls: Sequence[bytes], count: int) -> list[bytes]:
    """`count` interviews, each with an id of its own."""
    new = (f"uuid:{uuid.uuid4()}".encode() for _ in range(count))
    return [re.sub(rb"uuid:[0-9a-f-]{36}", instance_id, xmls[n % len(xmls)]) for n, instance_id in enumerate(new)]


def item(xml: bytes) -> dict[str, Any]:
    """The item of a batch."""
    found = re.search(rb"uuid:[0-9a-f-]{36}", xml)
    version = re.search(rb'version="([^"]+)"', xml)
    assert found and version
    return {
        "id": found[0].decode(),
        "form": "ssr_perception",
        "version": version[1].decode(),
        "finished_at": "2026-03-05T15:20:00Z",
        "sha256": hashlib.sha256(xml).hexdigest(),
        "xml": xml.decode(),
    }


def load(server: Server, token: str, bodies: Sequence[bytes], connections: int) -> tuple[list[float], float, float]:
    """Post all bodies over so many connections: each request's seconds, all seconds, the server's CPU seconds."""
    waits: list[float] = []

    def post(mine: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for body in mine:
            begun = time.perf_counter()
            receipts = post_batch(connection, token, body)
            waits.append(time.perf_counter() - begun)
            assert {receipt["status"] for receipt in receipts} <= {200, 201}, receipts
        connection.close()

    threads = [threading.Thread(target=post, args=(bodies[n::connections],)) for n in range(connections)]
    cpu, started = server.cpu_seconds(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == len(bodies)
    return waits, time.perf_counter() - started, server.cpu_seconds() - cpu


def fixed_answers(server: Server) -> float:
    """Requests a second that cost the server nothing but HTTP."""
    count = 1000

    def get() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for _ in range(count // 4):
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=get) for _ in range(4)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - started)


def report(what: str, waits: list[float], seconds: float, cpu: float, batch: int, raw: float | None = None) -> None:
    """Rate, CPU and waiting times of one load."""
    count = len(waits) * batch
    rate = count / seconds
    ordered = sorted(waits)
    p50, p95, p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.95, 0.99))
    beside = f"{rate / raw:.0%} of raw; " if raw else ""
    measure(what, rate, "/s", f"{beside}p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} ms a request")
    measure("   CPU of the server for each", cpu / count * 1000, "ms", f"{count / cpu:,.0f} a CPU second")
