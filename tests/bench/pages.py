"""Pages of the read API at any depth, and pages of the office as they go over the line, from the app itself."""

from __future__ import annotations

import gzip
import time
from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.analysis.api_rows import Cursor
from tests.bench.measure import measure
from tests.crowd import FIRST

LOGIN, PASSWORD = "ana", "cuatro palabras sin relación"
SUBMISSIONS = "/api/v1/programmes/norte/forms/mini/submissions"


def measure_pages(folder: Path, url: str, token: str, wave_id: int, count: int) -> None:
    """Print what each costs and weighs, beside its limit."""
    settings = {"SURVEY_DATA_DIR": str(folder), "SURVEY_DATABASE_URL": url, "SURVEY_SECOND_FACTOR": "offered"}
    app = create_app(Config.from_environment(settings | {"SURVEY_SECRET_KEY": "k" * 40}))
    client, clock = app.test_client(), app.config["CLOCK"]
    app.config["CLOCK"] = lambda: FIRST + timedelta(seconds=30 * 2 * count)  # once all of them have settled
    depths = {"first": 0, "middle": count // 2, "last": count - 2000}
    for name, depth in depths.items():
        changed = FIRST + timedelta(seconds=30 * depth)
        since = Cursor(round(1000 * changed.timestamp()), 0).text if depth else ""
        seconds, processor = _api(client, token, since)
        beside = f"limit 100 ms; {1000 * processor:.0f} ms of CPU"
        measure(f"API: the {name} page of 1,000", 1000 * seconds, "ms", beside)
    app.config["CLOCK"] = clock
    _sign_in(client)
    for name, path in _pages(wave_id, count).items():
        seconds, size = _look(client, path)
        measure(f"{name}: packed", size / 1000, "KB", f"limit 100 KB; {1000 * seconds:.0f} ms")


def _api(client: FlaskClient, token: str, since: str) -> tuple[float, float]:
    """The slowest of five, and what the quickest took of the processor."""
    times, used = [], []
    for _ in range(5):
        started, processor = time.perf_counter(), time.process_time()
        answer = client.get(f"{SUBMISSIONS}?since={since}", headers={"Authorization": f"Bearer {token}"})
        times.append(time.perf_counter() - started)
        used.append(time.process_time() - processor)
        if answer.status_code != 200 or answer.data.count(b'"answers":') != 1000:
            raise AssertionError(answer.text[:500])
    return max(times), min(used)


def _pages(wave_id: int, count: int) -> dict[str, str]:
    """The pages that grow with the data."""
    return {
        "the programme": "/office/p/norte/",
        "a wave with all its sites": f"/office/p/norte/waves/{wave_id}",
        "50 submissions": "/office/p/norte/submissions",
        "50 submissions by a word": "/office/p/norte/submissions?q=cami%C3%B3n",
        "one submission": f"/office/p/norte/submissions/{10_000_000 + count // 2}",
        "quality, seen for the first time": f"/office/p/norte/waves/{wave_id}/quality",
        "quality, seen again": f"/office/p/norte/waves/{wave_id}/quality",
        "the cases of a check": f"/office/p/norte/waves/{wave_id}/quality/late",
        "exports": "/office/p/norte/exports",
    }


def _sign_in(client: FlaskClient) -> None:
    page = client.get("/office/login").text
    proof = page.partition('name="proof" value="')[2].partition('"')[0]
    answer = client.post("/office/login", data={"proof": proof, "login": LOGIN, "password": PASSWORD})
    if answer.status_code != 303:
        raise AssertionError(answer.text[:500])


def _look(client: FlaskClient, path: str) -> tuple[float, int]:
    started = time.perf_counter()
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    seconds = time.perf_counter() - started
    if answer.status_code != 200:
        raise AssertionError(f"{path}: {answer.status_code}")
    packed = answer.headers.get("Content-Encoding") is not None
    return seconds, len(answer.data) if packed else len(gzip.compress(answer.data, 6))
