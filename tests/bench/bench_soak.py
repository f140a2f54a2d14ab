"""A herd that doesn't end: each minute half of 1,500 phones send the 20 interviews that they have queued.

That is what a region of them does in the first minute after an outage, again and again: 250 interviews a second.
A minute unless SURVEY_SOAK_MINUTES says more; `make soak` lets it go on for 30.
"""

from __future__ import annotations

import http.client
import itertools
import os
import statistics
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from survey_server.db.audit import find_broken_link
from survey_server.db.field.devices import add_device
from survey_server.db.models import Submission
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from tests.bench.bench_sync import BATCH, item, prepare, several
from tests.bench.measure import measure
from tests.serving import Server, packed_batch, post_batch, running

MINUTES = float(os.environ.get("SURVEY_SOAK_MINUTES", "1"))
PHONES, AT_ONCE = 1500, 16
BATCHES_A_SECOND = PHONES / 2 / 60
LOOK_SECONDS = 2.0


class Herd:
    """Phones that send a batch each when their turn comes; when the server is slower, they are late."""

    def __init__(self, server: Server, tokens: list[str], xmls: list[bytes]) -> None:
        self.server, self.tokens, self.xmls = server, tokens, xmls
        self.turns = itertools.count()
        self.began = time.monotonic()
        self.seconds: list[float] = []
        self.late = 0.0
        self.stored = 0
        self.faults: list[BaseException] = []
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
        assert not self.faults, self.faults
        return memory

    def _send(self, random: Random) -> None:
        try:
            while (due := next(self.turns) / BATCHES_A_SECOND) < MINUTES * 60 and not self.faults:
                items = [item(xml) for xml in several(random.choices(self.xmls, k=BATCH), BATCH)]
                body, token = packed_batch(items), random.choice(self.tokens)
                waits = self.began + due - time.monotonic()
                if waits > 0:
                    time.sleep(waits)
                if time.monotonic() - self.began > MINUTES * 60:
                    break
                self._post(token, body, late=-waits)
        except BaseException as fault:  # a thread has nobody to raise to
            self.faults.append(fault)

    def _post(self, token: str, body: bytes, late: float) -> None:
        began = time.perf_counter()
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)) as connection:
            receipts = post_batch(connection, token, body)
        took = time.perf_counter() - began
        assert all(one["status"] == 201 for one in receipts), receipts
        with self.lock:
            self.seconds.append(took)
            self.late = max(self.late, late)
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
            herd = Herd(server, tokens, xmls)
            memory = herd.run()
            cpu = server.cpu_seconds()
        with database.reading() as session:
            there = session.scalar(select(func.count()).select_from(Submission))
            assert find_broken_link(session, programme.id) is None
        assert there == herd.stored, f"{herd.stored} acknowledged, {there} stored"
    _tell(herd, memory, cpu)


def _tell(herd: Herd, memory: list[float], cpu: float) -> None:
    what = f"{PHONES} phones, batches of {BATCH}, for {MINUTES:g} minutes"
    measure(what, herd.stored / (MINUTES * 60), "/s", f"goal {BATCHES_A_SECOND * BATCH:.0f}/s")
    ordered = sorted(herd.seconds)
    for share in (50, 95, 99):
        measure(f"percentile {share} of a batch", ordered[int(share / 100 * len(ordered))] * 1000, "ms")
    measure("the latest that a batch was", herd.late, "s")
    measure("CPU of the server for each interview", cpu / herd.stored * 1000, "ms", "with its start")
    third = max(1, len(memory) // 3)
    early, late = statistics.median(memory[third : 2 * third] or memory), statistics.median(memory[-third:])
    measure("memory of the server, second third of the time", early, "MB")
    measure("last third", late, "MB", f"{late / early:.2f} of it; {herd.stored:,} interviews in all, none lost")
