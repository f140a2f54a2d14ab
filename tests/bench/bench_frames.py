"""The frame of a wave: read for the first time, and again after twenty more interviews came in."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from survey_server.db.analysis.frames import wave_frame
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Wave
from survey_server.db.session import Database, open_database
from tests.bench.bench_sync import item, prepare, several
from tests.bench.measure import measure

INTERVIEWS, MORE = 2000, 20


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'survey.db'}"
        _, xmls = prepare(url)
        database = open_database(url)
        with database.reading() as session:
            wave = session.query(Wave).one()
        send(database, several(xmls, INTERVIEWS))
        seconds, size = read(database, wave)
        measure("interviews in the wave", size[0], "", f"{size[1]} columns")
        measure("frame, read for the first time", INTERVIEWS / seconds, "/s", f"{seconds * 1000:.0f} ms")
        send(database, several(xmls, MORE))
        measure(f"frame, after {MORE} more", read(database, wave)[0] * 1000, "ms")
        measure("frame, when nothing came", read(database, wave)[0] * 1000, "ms")


def send(database: Database, xmls: list[bytes]) -> None:
    """Take interviews in, in batches."""
    for start in range(0, len(xmls), 100):
        items = [item(xml) for xml in xmls[start : start + 100]]
        arrivals = [Arrival(one["id"], one["form"], one["version"], one["xml"].encode()) for one in items]
        take_in(database, Source(1, "import", "bench"), arrivals)


def read(database: Database, wave: Wave) -> tuple[float, tuple[int, int]]:
    """Seconds of CPU to the frame, and its shape."""
    started = time.process_time()
    with database.reading() as session:
        frame = wave_frame(session, wave)
    return time.process_time() - started, frame.shape
