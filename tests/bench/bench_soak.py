"""A herd that doesn't end: 1,500 phones with 20 interviews each, again and again; latency and memory as time goes by.

A minute unless SURVEY_SOAK_MINUTES says more; `make soak` lets it go on for 30.
"""

from __future__ import annotations

import http.client
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from survey_server.db.devices import add_device
from survey_server.db.models import Submission
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from tests.bench.bench_sync import BATCH, item, prepare, several
from tests.bench.measure import measure
from tests.serving import Server, packed_batch, post_batch, running

MINUTES = float(os.environ.get("SURVEY_SOAK_MINUTES", "1"))
PHONES, AT_ONCE = 1500, 16
LOOK_SECONDS = 2.0


class Herd:
    """Phones that send one batch after the other over connections of their own."""

    def __init__(self, server: Server, tokens: list[str], xmls: list[str]) -> None:
        self.server, self.tokens, self.xmls = server, tokens, xmls
        self.until = time.monotonic() + MINUTES * 60
        self.seconds: list[float] = []
        self.stored = 0
        self.lock = threading.Lock()

    def run(self) -> list[float]:
        """Send until the time is over; the server's memory in MB every two seconds."""
        threads = [threading.Thread(target=self._send, args=(Random(number),)) for number in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        memory = []
        while any(thread.is_alive() for thread in threads):
            time.sleep(LOOK_SECONDS)
            memory.append(self.server.resident_mb())
        return memory

    def _send(self, random: Random) -> None:
        while time.monotonic() < self.until:
            items = [item(xml) for xml in several(random.choices(self.xmls, k=BATCH), BATCH)]
            body, token = packed_batch(items), random.choice(self.tokens)
            began = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
            receipts = post_batch(connection, token, body)
            connection.close()
            took = time.perf_counter() - began
            assert all(one["status"] == 201 for one in receipts), receipts
            with self.lock:
                self.seconds.append(took)
                self.stored += len(receipts)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'survey.db'}"
        _, xmls = prepare(url)
        database = open_database(url)
        with database.transaction() as session:
            programme = get_programme(session, "bench")
            tokens = [add_device(session, programme.id, f"T{n}", f"EN{n}")[1] for n in range(PHONES)]
        with running(folder, url) as server:
            herd = Herd(server, tokens, list(xmls))
            memory = herd.run()
        with database.reading() as session:
            there = session.scalar(select(func.count()).select_from(Submission))
        assert there == herd.stored, f"{herd.stored} acknowledged, {there} stored"
    _tell(herd, memory)


def _tell(herd: Herd, memory: list[float]) -> None:
    ordered = sorted(herd.seconds)
    measure(f"{PHONES} phones, batches of {BATCH}, {AT_ONCE} at once", herd.stored / (MINUTES * 60), "/s", "goal 250/s")
    measure("95th percentile of a batch", ordered[int(0.95 * len(ordered))] * 1000, "ms")
    third = max(1, len(memory) // 3)
    early, late = statistics.median(memory[third : 2 * third] or memory), statistics.median(memory[-third:])
    measure("memory of the server, second third of the time", early, "MB")
    measure("last third", late, "MB", f"{late / early:.2f} of it; {herd.stored:,} interviews in all, none lost")
