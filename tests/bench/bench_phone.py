"""The phone app: what a new phone downloads, how soon it can interview on a bad line, and how quick it is after that.

Peers can be measured in the same way, one page at a time, on the same lines and processors:

    python -m tests.bench.bench_phone --url http://127.0.0.1:8001/form.html --usable 'input:not([disabled])'

`--usable` is a selector of what the first question offers to answer with; `--click` names what has to be tapped before
(several in their order). The page counts as usable when that element is visible and a frame was painted after it.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import CDPSession, Page, Playwright, sync_playwright

from survey_server.db.devices import add_enrolment, enrol_link
from survey_server.db.forms import get_form
from survey_server.db.migrate import migrate
from survey_server.db.models import now
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave
from survey_server.web.assets import read_assets
from survey_server.web.release import START, list_modules
from tests.bench.forms import big500, repeat100, survey40
from tests.bench.measure import measure
from tests.browser.field import PIN, SIZE, Phone, Server, running, wait_whole
from tests.browser.interviewing import begin, choose_pin
from tests.chromium import CHROMIUM

FORMS = Path(__file__).resolve().parents[2] / "forms"
FILES = ("psus.csv", "posts.csv")
SECOND = 1000.0


@dataclass(frozen=True)
class Line:
    """A line as Chromium's developer tools imitate one: bytes a second and the delay of each request."""

    name: str
    bytes_per_second: float
    delay: float


FREE = Line("no limit", -1, 0)
SLOW_3G = Line("slow 3G", 400_000 / 8, 400)
LINE_2G = Line("2G", 75_000 / 8, 800)


@dataclass(frozen=True)
class Adapter:
    """How to measure an app: its address, and how to get from the loaded page to its first question."""

    name: str
    address: str
    to_first_question: Callable[[Page], None]


def adapter_for(address: str, usable: str, clicks: Sequence[str] = ()) -> Adapter:
    """Any page: tap `clicks` one after another, then wait for `usable`."""

    def go(page: Page) -> None:
        for selector in clicks:
            page.locator(selector).first.click()
        page.locator(usable).first.wait_for(timeout=300_000)

    return Adapter(address, address, go)


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
    """Weight, cold on slow lines, from the service worker on slow processors, and forms of every size."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (server, database):
        _measure_weight()
        with sync_playwright() as playwright:
            for line, aim in ((SLOW_3G, "aim 3; enketo-core 6.9, ODK Web Forms 25"), (LINE_2G, "aim 10; 31, 119")):
                link = _new_link(database, server)
                taken = cold(playwright, Path(folder) / line.name, own(server.address, link), line)
                measure(f"cold, {line.name}: enrolled, PIN chosen, first question", taken / SECOND, "s", aim)
            _measure_installed(playwright, Path(folder), server, database)
        database.close()


def own(address: str, link: str) -> Adapter:
    """This app on a phone that nobody used before: the link is opened, a PIN chosen, the form taken and begun."""

    def go(page: Page) -> None:
        page.locator("#secret").wait_for(timeout=120_000)
        choose_pin(page)
        page.locator("main section:last-of-type a.card", has_text="Encuesta de percepción").wait_for(timeout=120_000)
        _first_question(page, "Encuesta de percepción")

    return Adapter("survey_server", link, go)


def cold(playwright: Playwright, profile: Path, adapter: Adapter, line: Line, slower: float = 1) -> float:
    """Milliseconds from the tap on the link to the first question, on a browser that has never been there."""
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"], viewport=SIZE
    )
    page = context.pages[0]
    page.set_default_timeout(300_000)
    session = page.context.new_cdp_session(page)
    _imitate(session, line, slower)
    from_start = page.evaluate("performance.timeOrigin + performance.now()")
    page.goto(adapter.address, wait_until="commit", timeout=300_000)
    adapter.to_first_question(page)
    taken: float = _painted(page) - from_start
    context.close()
    return taken


def _measure_weight() -> None:
    files = read_assets()
    paths = {*list_modules(files, START), "css/app.css"}
    at_start = [asset for asset in files.under("js/", "css/") if asset.path in paths]
    rest = [asset for asset in files.under("js/", "css/") if asset.path not in paths]
    size = sum(len(asset.encodings.get("br", asset.body)) for asset in at_start) / 1024
    measure("shell: modules and style at start, brotli", size, "KB", "limit 60; enketo-core 256, ODK Web Forms 1,040")
    rooms = sum(len(asset.encodings.get("br", asset.body)) for asset in rest) / 1024
    measure("rooms: loaded when entered, kept by the service worker", rooms, "KB", f"{len(rest)} files")


def _measure_installed(playwright: Playwright, folder: Path, server: Server, database: Database) -> None:
    tap = Tap(server.port)
    phone = Phone(playwright, folder / "installed", tap.address)
    page = phone.open(path=_new_link(database, server).removeprefix(server.address))
    choose_pin(page)
    page.locator("main section:last-of-type a.card", has_text="Encuesta de percepción").wait_for()
    wait_whole(page)
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    measure("first load on the wire, all rooms, forms and headers", tap.received / 1024, "KB")
    page.locator("main section:last-of-type a.card", has_text="Medida repeat100").wait_for()
    assert phone.context is not None
    phone.context.set_offline(True)
    session = page.context.new_cdp_session(page)
    _measure_cpu(page, session)
    for slower, aim in ((1, ""), (6, "aim 1 s"), (16, "aim 2.5 s")):
        _imitate(session, FREE, slower)
        lock, first = zip(*(_warm(page) for _ in range(3)), strict=True)
        measure(f"no line, {slower}x slower: to the PIN", median(lock) / SECOND, "s", aim)
        measure(f"no line, {slower}x slower: PIN to the first question", median(first) / SECOND, "s", "2 taps of 90 ms")
    for slower in (6, 16):
        _imitate(session, FREE, slower)
        for form in ("survey40", "big500", "repeat100"):
            measure(f"{form}: tap to the first question, {slower}x slower", _open_form(page, form), "ms")
    phone.close()
    tap.listener.close()


def _measure_cpu(page: Page, session: CDPSession) -> None:
    """What the main thread works until the PIN, and until the first question, by the processor's own clock."""
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.reload()
    page.locator("#secret").wait_for()
    to_pin = _task_seconds(session)
    _unlock(page)
    _first_question(page, "Encuesta de percepción")
    all_in = _task_seconds(session)
    measure("main thread to the PIN, no line", to_pin * SECOND, "ms", "")
    measure(
        "main thread to the first question, no line", all_in * SECOND, "ms", "aim 120; ODK Web Forms 650, Enketo 245"
    )


def _task_seconds(session: CDPSession) -> float:
    told = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(told["TaskDuration"])


def _warm(page: Page) -> tuple[float, float]:
    page.goto(page.url.partition("#")[0])
    page.reload()
    page.locator("#secret").wait_for()
    to_pin = _painted(page) - page.evaluate("performance.timeOrigin")
    before = page.evaluate("performance.timeOrigin + performance.now()")
    _unlock(page)
    _first_question(page, "Encuesta de percepción")
    return to_pin, _painted(page) - before


def _open_form(page: Page, form: str) -> float:
    page.locator("[aria-label='Guardar y salir']").click()
    card = page.locator("main section:last-of-type a.card", has_text=f"Medida {form}")
    card.wait_for()
    before = page.evaluate("performance.timeOrigin + performance.now()")
    card.click()
    page.locator("form.questions").wait_for()
    return _painted(page) - before


def _unlock(page: Page) -> None:
    page.locator("#secret").fill(PIN)
    page.locator("#secret").press("Enter")
    page.locator("main section:last-of-type a.card").first.wait_for()


def _first_question(page: Page, title: str) -> None:
    begin(page, title)
    page.locator("form.questions .control").first.wait_for()


def _painted(page: Page) -> float:
    """The moment after the next frame."""
    moment: float = page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(() =>"
        " done(performance.timeOrigin + performance.now()))))"
    )
    return moment


def _imitate(session: CDPSession, line: Line, slower: float) -> None:
    session.send("Network.enable")
    conditions = {"offline": False, "latency": line.delay, "downloadThroughput": line.bytes_per_second}
    if line is not FREE:
        session.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": line.bytes_per_second})
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})


@contextmanager
def _server(folder: Path) -> Iterator[tuple[Server, Database]]:
    """A server with the perception form and the forms of measured sizes."""
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_programme(session, "bench", "Bench", demo=True).id
    data = {name: (FORMS / name).read_bytes() for name in FILES}
    publish_form(database, programme_id, "ssr_perception.md", (FORMS / "ssr_perception.md").read_bytes(), data)
    for form in (survey40(), big500(), repeat100()):
        publish_form(database, programme_id, "measured.md", form.encode())
    with database.transaction() as session:
        today = now().date()
        add_wave(session, get_form(session, programme_id, "ssr_perception"), "Ola 2", today, today, state="open")
    with running(Server(folder)) as server:
        yield server, database


def _new_link(database: Database, server: Server) -> str:
    with database.transaction() as session:
        return enrol_link(server.address, add_enrolment(session, get_programme(session, "bench").id, "Bench", "OB001"))


def measure_peer(address: str, usable: str, clicks: Sequence[str]) -> None:
    """Another page, cold on the same lines and processors."""
    adapter = adapter_for(address, usable, clicks)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for line in (FREE, SLOW_3G, LINE_2G):
            for slower in (1, 6):
                profile = Path(folder) / f"{line.name}-{slower}"
                taken = cold(playwright, profile, adapter, line, slower)
                measure(f"{address}, {line.name}, {slower}x slower", taken / SECOND, "s")


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--url")
    told.add_argument("--usable", default="input, textarea, select")
    told.add_argument("--click", action="append", default=[])
    wanted = told.parse_args()
    if wanted.url:
        measure_peer(wanted.url, wanted.usable, wanted.click)
    else:
        main()
