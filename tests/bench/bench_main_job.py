"""The main job end to end: from `make run` to a page, interviews through the Python engine, the demo and its report."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import date, timedelta
from pathlib import Path
from random import Random

from survey_server.demo.perception import Respondent, demo_sites, respondents
from survey_server.demo.programme import DATA_SETS, FORMS, GUATEMALA, PERCEPTION, SEED, read_rows
from survey_server.demo.walk import answer_all
from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.filling.instance import check_instance
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.form import Form
from survey_server.xlsform.workbook import read_workbook
from tests.bench.measure import measure

SERVER = str(Path(sys.executable).with_name("survey-server"))


def main() -> None:
    _engine()
    with tempfile.TemporaryDirectory() as folder:
        _first_start(Path(folder) / "data")


def _engine() -> None:
    """Interviews through the Python engine, filled and checked, on one core."""
    source = (FORMS / f"{PERCEPTION}.md").read_bytes()
    data = {name: (FORMS / name).read_bytes() for name in DATA_SETS}
    form = compile_form(read_workbook(source, f"{PERCEPTION}.md").xform, data)
    people = respondents(demo_sites(read_rows("demo_sites.csv"), Random(SEED)), 1, date(2027, 2, 1), Random(SEED))[:200]
    began = time.process_time()
    finished = [_fill(form, person) for person in people]
    filled = time.process_time()
    for xml in finished:
        assert not check_instance(form, xml).issues
    checked = time.process_time()
    measure("perception interviews answered by the Python engine", len(people) / (filled - began), "/s CPU")
    measure("finished interviews checked by the Python engine", len(people) / (checked - filled), "/s CPU")
    measure("check of one interview", (checked - filled) / len(people) * 1000, "ms CPU", "limit 2")


def _fill(form: Form, person: Respondent) -> bytes:
    interview = Interview(form, now=person.started, tz=str(GUATEMALA), random=person.rng.random)
    answer_all(interview, person.answer)
    return interview.finish(now=person.started + timedelta(minutes=person.minutes))


def _first_start(data: Path) -> None:
    """`survey-server run` on an empty folder until a page answers, then once more."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {**os.environ, "SURVEY_DATA_DIR": str(data)}
    first = _until_a_page(port, environment)
    again = _until_a_page(port, environment)
    measure("first start, with the demo and its report, to a page", first, "s")
    measure("second start to a page", again, "s")
    measure("demo report", (data / "demo-report.pdf").stat().st_size / 1e6, "MB")
    began = time.perf_counter()
    out = data / "again.pdf"
    command = [SERVER, "report", "demo", "--waves", "W1", "W2", "--lang", "es", "--out", str(out)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    measure("demo report from a cold process", time.perf_counter() - began, "s", "goal 30")


def _until_a_page(port: int, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    server = subprocess.Popen([SERVER, "run", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL)
    try:
        while time.perf_counter() - began < 900:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                    return time.perf_counter() - began
            except OSError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.2)
        raise AssertionError("no page in 15 minutes")
    finally:
        server.terminate()
        server.wait(60)
