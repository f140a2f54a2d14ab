"""Media: how quickly files reach the server's disk, and how long a phone takes to make a photo small."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from survey_server.db.field.devices import add_device
from survey_server.db.migrate import migrate
from survey_server.db.programmes import add_programme
from survey_server.db.session import open_database
from tests.bench.measure import measure
from tests.browser.field import Server, running
from tests.chromium import CHROMIUM

MEGABYTE = 1024 * 1024
PIECE = 64 * 1024
SIZES = (256 * 1024, 16 * MEGABYTE)


def main() -> None:
    """A photo of 256 KB and a film of 16 MB over one connection; a photo of 12 million points at 1x and 6x."""
    with tempfile.TemporaryDirectory() as name, _server(Path(name)) as (server, token):
        folder = Path(name)
        for size in SIZES:
            speeds, raw = zip(*(_both(server, token, folder, size, seed) for seed in range(5)), strict=True)
            what = f"{size // 1024} KB in pieces of 64 KB, checked and on the disk"
            measure(what, size / MEGABYTE / median(speeds), "MB/s", f"written and flushed at once: {_rate(size, raw)}")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(server.address)
            _measure_pictures(page)
            browser.close()


@contextmanager
def _server(folder: Path) -> Iterator[tuple[Server, str]]:
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        _, token = add_device(session, add_programme(session, "bench", "Bench").id, "Bench", "OB001")
    with running(Server(folder)) as server:
        yield server, token


def _both(server: Server, token: str, folder: Path, size: int, seed: int) -> tuple[float, float]:
    body = random.Random(seed * 1000 + size).randbytes(size)
    return _upload(server, token, body), _write(folder / "raw", body)


def _upload(server: Server, token: str, body: bytes) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    digest = hashlib.sha256(body).hexdigest()
    told = {"submission": "uuid:bench", "name": f"{digest[:8]}.bin", "type": "application/octet-stream"}
    started = time.perf_counter()
    connection.request("POST", "/api/v1/media", json.dumps(told | {"size": len(body), "sha256": digest}), headers)
    answer = json.load(connection.getresponse())
    while not answer["complete"]:
        at = answer["offset"]
        connection.request("PATCH", f"/api/v1/media/{digest}?offset={at}", body[at : at + PIECE], headers)
        answer = json.load(connection.getresponse())
    return time.perf_counter() - started


def _write(path: Path, body: bytes) -> float:
    started = time.perf_counter()
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - started


def _rate(size: int, seconds: tuple[float, ...]) -> str:
    return f"{size / MEGABYTE / median(seconds):,.0f} MB/s"


def _measure_pictures(page: Page) -> None:
    file = io.BytesIO()
    Image.effect_noise((4000, 3000), 20).convert("RGB").save(file, "JPEG", quality=85)
    version = page.evaluate("document.documentElement.dataset.version")
    page.set_input_files(_picker(page), {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    session = page.context.new_cdp_session(page)
    for factor in (1, 6):
        session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        times = [_fit(page, version) for _ in range(5)]
        what = f"a photo of 12 million points made 1,600 wide, processor {factor}x slower"
        size = page.evaluate("fitted.size") / 1024
        measure(what, median(times), "ms", f"{len(file.getvalue()) / 1024:,.0f} KB become {size:,.0f} KB")


def _picker(page: Page) -> str:
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), {type: 'file', id: 'bench'}))")
    return "#bench"


def _fit(page: Page, version: str) -> float:
    taken: float = page.evaluate(
        """async (version) => {
          const { fitPicture } = await import(`/static/${version}/js/rooms/media/pictures.js`);
          const from = performance.now();
          window.fitted = await fitPicture(document.querySelector('#bench').files[0], 1600);
          return performance.now() - from;
        }""",
        version,
    )
    return taken
