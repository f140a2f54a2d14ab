"""The phone app: what a new phone downloads until it can interview without signal, and how quick it is."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from survey_server.db.devices import add_enrolment, enrol_link
from survey_server.db.migrate import migrate
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import open_database
from survey_server.web.assets import read_assets
from tests.bench.measure import measure
from tests.browser.field import Phone, Server, reload, running
from tests.browser.interviewing import begin, choose_pin

FORMS = Path(__file__).resolve().parents[2] / "forms"
FILES = ("psus.csv", "posts.csv")
ANSWERS = 15


class Tap:
    """A wire between phone and server that counts what the server sends, headers and all."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.received = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                phone, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pass, args=(phone, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, phone, True), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, count: bool) -> None:
        try:
            while data := source.recv(65536):
                self.received += len(data) if count else 0
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return


def main() -> None:
    """First load over the wire, opening from the service worker on slow processors, answers to the disk."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (server, link):
        tap = Tap(server.port)
        sizes = [len(asset.encodings.get("br", asset.body)) for asset in read_assets().under("css/", "js/")]
        with sync_playwright() as playwright:
            phone = Phone(playwright, Path(folder) / "profile", tap.address)
            page = phone.open(path=link.removeprefix(server.address))
            choose_pin(page)
            page.locator("main ul.list a.card").wait_for()
            page.evaluate("navigator.serviceWorker.ready.then(() => null)")
            measure("app: modules and style, brotli", sum(sizes) / 1024, "KB", f"{len(sizes)} files; enketo-core 256")
            measure("first load: bodies, with the perception form", _bodies(page) / 1024, "KB", "aim: 90")
            measure("first load: on the wire, HTTP/1.1 headers included", tap.received / 1024, "KB")
            _measure_opening(page)
            _measure_answers(page)
            phone.close()


@contextmanager
def _server(folder: Path) -> Iterator[tuple[Server, str]]:
    """A server with the perception form alone, and an enrolment link."""
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_programme(session, "bench", "Bench").id
    data = {name: (FORMS / name).read_bytes() for name in FILES}
    publish_form(database, programme_id, "ssr_perception.md", (FORMS / "ssr_perception.md").read_bytes(), data)
    with database.transaction() as session:
        code = add_enrolment(session, programme_id, "Bench", "OB001")
    with running(Server(folder)) as server:
        yield server, enrol_link(server.address, code)


def _bodies(page: Page) -> float:
    """Compressed bodies that the page fetched; the service worker takes the same files from the browser's cache."""
    sizes: float = page.evaluate(
        "performance.getEntries().reduce((sum, entry) => sum + (entry.encodedBodySize ?? 0), 0)"
    )
    return sizes


def _measure_opening(page: Page) -> None:
    """From the service worker, on a processor 6 and 16 times slower, until the list of forms shows."""
    session = page.context.new_cdp_session(page)
    for factor in (1, 6, 16):
        session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        times = [_open(page) for _ in range(3)]
        measure(f"opens from the service worker, processor {factor}x slower", median(times), "ms")
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def _open(page: Page) -> float:
    reload(page)
    page.locator("main ul.list a.card").wait_for()
    taken: float = page.evaluate("performance.now()")
    return taken


def _measure_answers(page: Page) -> None:
    """From a tap until the answer is on the disk and on the screen, in the perception form."""
    session = page.context.new_cdp_session(page)
    begin(page, "Encuesta de percepción")
    for factor in (1, 6):
        session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        measure(f"an answer painted, processor {factor}x slower", _answer(page), "ms")


def _answer(page: Page) -> float:
    taken: list[float] = page.evaluate(
        """async (times) => {
          const rows = document.querySelectorAll('.choice input');
          const taken = [];
          for (let i = 0; i < times; i += 1) {
            const from = performance.now();
            rows[i % rows.length].click();
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            taken.push(performance.now() - from);
          }
          return taken;
        }""",
        ANSWERS,
    )
    return median(taken)
