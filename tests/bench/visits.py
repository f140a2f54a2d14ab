"""Visits of a phone to a page, measured: on this line and processor, how long to the first question, how many bytes.

An `Adapter` says how to get from an address to the first question of an app, as steps that a script in the page takes
by itself as soon as each can be taken, so that the measuring costs the page next to nothing. Any page can be measured:

    Adapter("peer", "http://127.0.0.1:8001/form.html", (Step("input:not([disabled])"),))
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright, Request

from tests.browser.field import SIZE
from tests.chromium import CHROMIUM

LONGEST = 300_000


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
class Step:
    """Wait until an element that `there` selects, with `text` in it, is visible; then fill in `value`, tap, submit."""

    there: str
    text: str = ""
    value: str = ""
    tap: bool = False
    submit: bool = False


@dataclass(frozen=True)
class Adapter:
    """How to measure an app: its address, and the steps to its first question. The last one is only waited for."""

    name: str
    address: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Visit:
    """What was measured. `marks`: when each step could be taken, in milliseconds from the tap on the address."""

    milliseconds: float
    marks: tuple[float, ...]
    main_thread: float
    requests: int
    bytes: int
    waterfall: tuple[str, ...]


DRIVER = """
((steps) => {
  const marks = [];
  const seen = ({ there, text }) => [...document.querySelectorAll(there)]
    .find((each) => each.textContent.includes(text) && each.getClientRects().length > 0);
  const told = () => requestAnimationFrame(() => setTimeout(() => {
    marks.push(performance.timeOrigin + performance.now());
    arrived(JSON.stringify(marks));
  }));
  const go = () => {
    for (let found; steps.length && (found = seen(steps[0])); ) {
      const { value, tap, submit } = steps.shift();
      marks.push(performance.timeOrigin + performance.now());
      if (value) {
        found.value = value;
        found.dispatchEvent(new Event('input', { bubbles: true }));
      }
      if (tap) found.click();
      if (submit) found.form.requestSubmit();
    }
    if (steps.length) return;
    watch.disconnect();
    told();
  };
  const watch = new MutationObserver(go);
  watch.observe(document, { childList: true, subtree: true, attributes: true });
})"""


def open_browser(playwright: Playwright, profile: Path) -> BrowserContext:
    """A phone-sized browser with a profile of its own."""
    return playwright.chromium.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"], viewport=SIZE
    )


def visit_cold(playwright: Playwright, profile: Path, adapter: Adapter, line: Line, slower: float = 1) -> Visit:
    """The first visit of a browser that has never been there."""
    context = open_browser(playwright, profile)
    try:
        return visit(context, adapter, line, slower)
    finally:
        context.close()


def visit(context: BrowserContext, adapter: Adapter, line: Line, slower: float = 1) -> Visit:
    """Open the address in a new page and take the steps: from the tap on it to the frame after the last step."""
    page = context.new_page()
    arrived: list[list[float]] = []
    finished: list[Request] = []
    page.expose_binding("arrived", lambda _, marks: arrived.append(json.loads(marks)))
    page.add_init_script(f"{DRIVER}({json.dumps([asdict(step) for step in adapter.steps])})")
    page.on("requestfinished", lambda request: finished.append(request))
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    imitate(session, line, slower)
    tapped = page.evaluate("performance.timeOrigin + performance.now()")
    page.goto(adapter.address, wait_until="commit", timeout=LONGEST)
    waited = 0
    while not arrived:
        page.wait_for_timeout(25)
        waited += 25
        assert waited < LONGEST, f"{adapter.name}: no first question"
    marks = tuple(moment - tapped for moment in arrived[0])
    from_line = [request for request in finished if _came_by_line(request)]
    sizes = [_size(request) for request in from_line]
    waterfall = tuple(_told(request, size, tapped) for request, size in zip(from_line, sizes, strict=True))
    worked = _task_seconds(session) * 1000
    page.close()
    return Visit(marks[-1], marks, worked, len(from_line), sum(sizes), waterfall)


def imitate(session: CDPSession, line: Line, slower: float) -> None:
    """Make the page's line and processor as slow as told."""
    session.send("Network.enable")
    conditions = {"offline": False, "latency": line.delay, "downloadThroughput": line.bytes_per_second}
    session.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": line.bytes_per_second})
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})


def painted(page: Page) -> float:
    """The moment after the next frame."""
    moment: float = page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(() =>"
        " done(performance.timeOrigin + performance.now()))))"
    )
    return moment


def _task_seconds(session: CDPSession) -> float:
    told: dict[str, Any] = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(told["TaskDuration"])


def _came_by_line(request: Request) -> bool:
    response = request.response()
    return bool(response and not response.from_service_worker and request.sizes()["responseHeadersSize"] > 0)


def _size(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def _told(request: Request, size: int, tapped: float) -> str:
    timing = request.timing
    begun = timing["startTime"] - tapped
    return f"{begun:7.0f} +{timing['responseEnd']:6.0f} ms {size:7} B  {request.method} {request.url[-60:]}"


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
