"""The report on 100,000 interviews from a cold process, first and after 500 more, beside a bare start of Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from survey_server.db.field.sites import set_sites
from survey_server.db.forms import get_form
from survey_server.db.migrate import migrate
from survey_server.db.models import Submission, SubmissionVersion, Wave, now, table_of
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import check_form, publish_form
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave
from survey_server.reports.questionnaire import Questionnaire, questionnaire_of
from tests.bench.measure import measure

FORMS = Path(__file__).parents[2] / "forms"
PERCEPTION = "ssr_perception"
SITES, A_WAVE, MORE = 2_500, 50_000, 500
DEPARTMENTS = 22
CHUNK = 5_000
COMMAND = r"""
import atexit, re
from pathlib import Path
def tell():  # the peak of this process alone: what the kernel counts for a child begins with its parent's size
    Path("peak").write_text(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
atexit.register(tell)
from survey_server.cli import main
main()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = open_database(f"sqlite:///{folder / 'survey.db'}")
        waves, form = prepare(database)
        for number, wave in enumerate(waves):
            add_interviews(database, wave, form, number, range(A_WAVE))
        size = (folder / "survey.db").stat().st_size
        measure("database", size / 1e6, "MB", f"{2 * A_WAVE:,} interviews")
        seconds, _ = timed([sys.executable, "-c", "pass"], folder)
        measure("a bare start of Python", seconds, "s CPU")
        show("report as PDF, everything read from the database", folder)
        show("report as PDF, nothing new", folder, "limit 10 s, 500 MB")
        add_interviews(database, waves[1], form, 2, range(A_WAVE, A_WAVE + MORE))
        show(f"report as PDF, after {MORE} more", folder, "limit 10 s, 500 MB")
        show("report as JSON: the figures alone", folder, form="json")


def show(what: str, folder: Path, beside: str = "", form: str = "pdf") -> None:
    """Run the command in a process of its own."""
    command = [sys.executable, "-c", COMMAND, "report", "bench", "--waves", "W1", "W2", "--out", f"r.{form}"]
    started = time.perf_counter()
    seconds, megabytes = timed(command, folder)
    measure(what, seconds, "s CPU", beside)
    measure("  on the clock", time.perf_counter() - started, "s")
    measure("  memory at most", megabytes, "MB")


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of CPU and the largest resident size in MB of a process."""
    environment = {**os.environ, "SURVEY_DATA_DIR": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    peak = folder / "peak"
    return used.ru_utime + used.ru_stime, int(peak.read_text()) / 1024 if peak.exists() else 0.0


def prepare(database: Database) -> tuple[list[Wave], Questionnaire]:
    """The perception form in two waves at the same 2,500 sites of 22 departments."""
    migrate(str(database.engine.url))
    with database.transaction() as session:
        programme_id = add_programme(session, "bench", "Bench").id
    data = {name: (FORMS / name).read_bytes() for name in ("psus.csv", "posts.csv")}
    publish_form(database, programme_id, f"{PERCEPTION}.md", (FORMS / f"{PERCEPTION}.md").read_bytes(), data)
    with database.transaction() as session:
        set_sites(session, programme_id, list(sites()), actor="command")
        form = get_form(session, programme_id, PERCEPTION)
        days = [(date(2026, 2, 1), date(2026, 3, 31)), (date(2026, 9, 1), date(2026, 10, 31))]
        waves = [add_wave(session, form, f"W{n}", *span, state="open") for n, span in enumerate(days, 1)]
    source = check_form(f"{PERCEPTION}.md", (FORMS / f"{PERCEPTION}.md").read_bytes(), data)
    return waves, questionnaire_of(json.loads(source.phone))


def sites() -> Iterator[dict[str, Any]]:
    """Sites in 22 departments, two arms and 44 strata."""
    for number in range(SITES):
        department, arm = f"GT{1 + number % DEPARTMENTS:02d}", ("programme", "comparison")[number // DEPARTMENTS % 2]
        yield {
            "code": f"P{number:04d}",
            "department": department,
            "stratum": f"{department}-{arm}",
            "arm": arm,
            "weight": 1 + number % 5,
        }


def add_interviews(database: Database, wave: Wave, form: Questionnaire, seed: int, numbers: range) -> None:
    """Interviews answered at random, written past the checks: what is measured here is reading."""
    rng = np.random.default_rng(seed)
    answers = answers_of(form, rng, numbers)
    for start in range(0, len(numbers), CHUNK):
        rows = [row_of(wave, form, numbers[place]) for place in range(start, min(start + CHUNK, len(numbers)))]
        versions = [version_of(row, text) for row, text in zip(rows, answers[start : start + CHUNK], strict=True)]
        with database.transaction() as session:
            session.connection().execute(insert(table_of(Submission)), rows)
            session.connection().execute(insert(table_of(SubmissionVersion)), versions)


def answers_of(form: Questionnaire, rng: np.random.Generator, numbers: range) -> list[str]:
    """The answers of each interview as JSON: every question answered, more than in any real wave."""
    columns: dict[str, list[Any]] = {}
    for item in form.items:
        codes = [choice.code for choice in item.choices]
        if codes:
            columns[item.name] = rng.choice(codes, len(numbers)).tolist()
        elif item.kind in ("integer", "decimal"):
            columns[item.name] = rng.integers(1, 90, len(numbers)).tolist()
    columns["psu"] = [f"P{number % SITES:04d}" for number in numbers]
    columns["username"] = [interviewer(number) for number in numbers]
    columns |= {"consent": ["1"] * len(numbers), "n_adults": [2] * len(numbers)}
    columns["age_grp"] = rng.choice(["1", "2", "3", "4"], len(numbers)).tolist()
    return [json.dumps(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def interviewer(number: int) -> str:
    return f"EN{number % SITES // 10:03d}"


def row_of(wave: Wave, form: Questionnaire, number: int) -> dict[str, Any]:
    """The row of one submission."""
    started = datetime(wave.starts.year, wave.starts.month, 1 + number % 28, 15, tzinfo=UTC)
    return {
        "programme_id": wave.programme_id,
        "id": wave.ordinal * 10_000_000 + number,
        "form_row": wave.form_row,
        "version_id": None,
        "version": form.version,
        "wave_id": wave.id,
        "instance_id": f"uuid:{wave.ordinal}-{number}",
        "number": 1,
        "collected_on": started.date(),
        "started": started,
        "ended": started + timedelta(minutes=18 + number % 9),
        "received_at": started + timedelta(hours=6),
        "changed_at": now(),
        "device_id": None,
        "interviewer": interviewer(number),
        "site_code": f"P{number % SITES:04d}",
        "review_state": "received",
        "issue_count": 0,
        "repeats": 0,
    }


def version_of(row: dict[str, Any], answers: str) -> dict[str, Any]:
    """The document of one submission, without its XML."""
    same = ("programme_id", "form_row", "instance_id", "number", "received_at")
    own = {"submission_id": row["id"], "sha256": row["instance_id"], "source": "import", "answers": answers, "xml": b""}
    return {name: row[name] for name in same} | own
