"""Exports of 100,000 perception interviews in a process of their own, beside a raw read of the same rows by SQLite."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from survey_server.db.session import open_database
from tests.bench.bench_large_report import A_WAVE, COMMAND, PERCEPTION, add_interviews, prepare, timed
from tests.bench.measure import measure

LIMITS = {"csv": "limit 4 s", "xlsx": "", "sav": "", "parquet": "", "xml": ""}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = open_database(f"sqlite:///{folder / 'survey.db'}")
        waves, form = prepare(database)
        for number, wave in enumerate(waves):
            add_interviews(database, wave, form, number, range(A_WAVE))
        started, size = time.process_time(), raw_read(folder / "survey.db")
        raw = time.process_time() - started
        measure("raw SQLite read of all answers", size / 1e6 / raw, "MB/s", f"{size / 1e6:.0f} MB")
        start, _ = timed(command("codebook"), folder)
        for kind, limit in LIMITS.items():
            seconds, megabytes = timed(command(kind), folder)
            written = (folder / "out").stat().st_size
            measure(f"{2 * A_WAVE:,} interviews as {kind}, after the start", seconds - start, "s CPU", limit)
            measure("  of the answers", size / 1e6 / (seconds - start), "MB/s", f"{(seconds - start) / raw:.1f} x raw")
            measure("  the file", written / 1e6, "MB")
            measure("  memory at most", megabytes, "MB", "limit 200 MB" if kind == "csv" else "")


def raw_read(path: Path) -> int:
    """The bytes of all answers, read by SQLite alone."""
    connection = sqlite3.connect(path)
    size = sum(len(row[0]) for row in connection.execute("SELECT answers FROM submission_version"))
    connection.close()
    return size


def command(kind: str) -> list[str]:
    """The export as a user gives it."""
    options = ["--format", kind, "--out", "out", "--purpose", "bench"]
    return [sys.executable, "-c", COMMAND, "export", "bench", PERCEPTION, *options]
