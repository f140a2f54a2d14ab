"""What the browser tests drive: a server process that can really be killed, and a phone-sized browser that can too."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright

from tests.browser.waiting import wait_for_script
from tests.chromium import CHROMIUM

SERVE = "from survey_server.cli.serve import serve; serve()"
"""The command `survey-server serve`, without loading the other commands."""
SIZE = {"width": 360, "height": 740}
PIN = "2718281828"  # long enough for a passphrase too
PATIENCE = 90_000
"""Milliseconds: a machine that runs other tests too may take long to draw a page."""
GUATEMALA = {"latitude": 14.6407, "longitude": -90.5133, "accuracy": 4}


def wait_until(true: Callable[[], bool], what: str, seconds: float = 180) -> None:
    """Return as soon as `true()`; fail after `seconds`: a phone that tried in vain for a minute waits for another."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


class Server:
    """`survey-server serve` as its own process group, on a port that stays the same when it comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = Path(__file__).resolve().parents[2]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.environment = {
            **os.environ,
            "SURVEY_DATA_DIR": str(folder),
            "SURVEY_BASE_URL": self.address,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", SERVE, "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=self.source, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self.answers, "the server to answer")

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.address, timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL to the server and its workers: no goodbye, nothing flushed."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


class Phone:
    """Chromium with a profile of its own that outlives the browser process."""

    def __init__(self, playwright: Playwright, profile: Path, address: str) -> None:
        self.playwright = playwright
        self.profile = profile
        self.address = address
        self.flags: list[str] = []
        self.permissions = ["geolocation"]
        self.context: BrowserContext | None = None

    def open(self, *, scheme: str = "light", path: str = "/", waits: bool = True) -> Page:
        """Start the browser and open the app; what the page complains about fails the test at the end.

        Without `waits` the app may not get as far as its lock.
        """
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", *self.flags],
            viewport=SIZE,
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            color_scheme=scheme,
            locale="es-GT",
            timezone_id="America/Guatemala",
            geolocation=GUATEMALA,
            permissions=self.permissions,
            accept_downloads=True,
            timeout=PATIENCE,
        )
        self.context.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        page = self.context.pages[0]
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address + path)
        if waits:
            unlock(page)
        return page

    def kill(self) -> None:
        """SIGKILL to every process of this browser, as a phone does that runs out of memory."""
        assert self.context is not None
        gone = [Path(f"/proc/{process}") for process in self.processes()]
        for process in gone:
            with suppress(ProcessLookupError):  # it may have died with its parent
                os.kill(int(process.name), signal.SIGKILL)
        assert gone, "no browser to kill"
        wait_until(lambda: not any(_command_line(process) for process in gone), "the browser to be gone")
        (self.profile / "SingletonLock").unlink(missing_ok=True)
        self.context = None

    def processes(self) -> list[int]:
        """Every process of this browser."""
        mine = f"--user-data-dir={self.profile}".encode()
        ids = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())
        return [each for each in ids if mine in _command_line(Path(f"/proc/{each}"))]

    def close(self) -> None:
        if self.context is not None:
            for page in self.context.pages:
                page.unroute_all(behavior="ignoreErrors")  # a request that a test was answering may still be on its way
            self.context.close()
            self.context = None
            assert not self.complaints, self.complaints


WHOLE = "async () => Boolean(await caches.match(`/static/${document.documentElement.dataset.version}/files.json`))"
TOLD = """async () => {
  const { get } = await import(`/static/${document.documentElement.dataset.version}/js/store.js`);
  return ((await get('meta', 'catalogue'))?.asked_at ?? 0) > 0 && Boolean(await get('meta', 'clock'));
}"""


def wait_whole(page: Page) -> None:
    """Return when the whole app is on the phone, also the rooms that follow the first question: it may go offline."""
    wait_for_script(page, WHOLE, timeout=PATIENCE)


def wait_told(page: Page) -> None:
    """Return when the phone has everything from the office, also what it keeps only under its PIN, and has told it all.

    From now on it says nothing by itself for a quarter of an hour.
    """
    wait_for_script(page, TOLD, timeout=PATIENCE)


def unlock(page: Page, secret: str = PIN) -> None:
    """If the phone asks for its PIN, give it; return when a view shows."""
    page.locator("#app > .page").wait_for()
    if page.locator("#app > .lock").count() and not page.locator("#secret-again").count():
        page.locator("#secret").fill(secret)
        page.locator("#secret").press("Enter")
        page.locator("#app > .page:not(.lock)").wait_for()


def reload(page: Page) -> None:
    """Load the app anew, as after an update or a crash: it comes back locked."""
    page.reload()
    unlock(page)


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, up for the length of the block and killed after it."""
    try:
        server.start()
        yield server
    finally:
        server.kill()
