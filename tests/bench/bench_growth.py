"""Whether intake stays as quick when the tables grow: from none to a million stored submissions, on both databases.

The rows between are made by the database itself, each with ids, words and all its index entries of its own.
SURVEY_GROWTH=200000 ends it earlier.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select, text

from survey_server.db.models import Submission, SubmissionText, SubmissionVersion, Wave, table_of
from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database, open_database
from tests.bench import bench_sync
from tests.bench.bench_openrosa import interviews, report, report_repeats
from tests.bench.bench_openrosa import load as load_openrosa
from tests.bench.bench_sync import BATCH, item, prepare, several
from tests.bench.databases import KINDS, new_database
from tests.bench.measure import measure
from tests.crowd import add_crowd
from tests.serving import Server, packed_batch, running

MOST = int(os.environ.get("SURVEY_GROWTH", "1000000"))
SIZES = (*(size for size in (160_000, 500_000, 1_000_000) if size < MOST), MOST)
BATCHES, AT_ONCE = 30, 50_000
_OWN = "'uuid:' || ((n * 2654435761) % 4294967296) || '-' || n"
TWINS: Mapping[type[Submission | SubmissionVersion | SubmissionText], Mapping[str, str]] = {
    Submission: {"id": "id + n", "instance_id": _OWN, "site_code": "'P' || n % 2000", "case_id": "'C' || n"},
    SubmissionVersion: {"submission_id": "submission_id + n", "instance_id": _OWN, "sha256": "'f' || n"},
    SubmissionText: {"submission_id": "submission_id + n", "words": "'p' || n % 2000 || ' c' || n || ' patrulla'"},
}
"""What differs between the first row and those that are made after it."""


def main() -> None:
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as name, new_database(kind, Path(name)) as url:
            print(f"   -- {kind}", flush=True)
            _measure(url, Path(name))


def _measure(url: str, folder: Path) -> None:
    token, xmls = prepare(url)
    database = open_database(url)
    with database.transaction() as session:
        programme = get_programme(session, "bench")
        key = add_app_user(session, programme.id, "bench", "EN001")[1]
        waves = list(session.scalars(select(Wave)))
    with running(folder, url) as server:
        address = f"http://127.0.0.1:{server.port}/v1/key/{key}/projects/bench"
        load_openrosa(address, interviews(xmls, ""), 1, 0.5)
        _measure_once(server, address, token, xmls, 0)
        add_crowd(database, programme, waves, [], 1)
        stored = 0
        for size in SIZES:
            began = time.perf_counter()
            grow(database, stored, size)
            measure(f"made {size - stored:,} rows", (size - stored) / (time.perf_counter() - began), "/s")
            stored = size
            _measure_once(server, address, token, xmls, stored)
        measure("memory of the server", server.resident_mb(), "MB")
    database.close()


def _measure_once(server: Server, address: str, token: str, xmls: list[bytes], stored: int) -> None:
    print(f"   among {stored:,} submissions", flush=True)
    report(address, interviews(xmls, ""), 4, "", server)
    many = several(xmls, BATCHES * BATCH)
    groups = [many[start : start + BATCH] for start in range(0, len(many), BATCH)]
    bodies = [packed_batch([item(xml) for xml in group]) for group in groups]
    bench_sync.report(f"batches of {BATCH}, 4 connections", *bench_sync.load(server, token, bodies, 4), BATCH)
    report_repeats(address, xmls, server)


def grow(database: Database, first: int, last: int) -> None:
    """Twins of the first submission of `add_crowd`, numbered from `first` to `last`."""
    for start in range(first, last, AT_ONCE):
        with database.transaction() as session:
            for model, own in TWINS.items():
                columns = [column.name for column in table_of(model).columns]
                key = "id" if model is Submission else "submission_id"
                session.execute(
                    text(
                        "WITH RECURSIVE series(n) AS "
                        "(SELECT CAST(:first AS bigint) UNION ALL SELECT n + 1 FROM series WHERE n < :last) "
                        f"INSERT INTO {table_of(model).name} ({', '.join(columns)}) "
                        f"SELECT {', '.join(own.get(name, name) for name in columns)} "
                        f"FROM {table_of(model).name} CROSS JOIN series WHERE {key} = 10000000"
                    ),
                    {"first": start + 1, "last": min(start + AT_ONCE, last)},
                )
    with database.transaction() as session:
        session.execute(text("ANALYZE"))
