"""The phone app: what a new phone downloads, how soon it can interview on a bad line, and how quick it is after that.

A visit is counted from the tap on the address, with nothing of the app on the phone, to the frame that shows the first
question of a form: the page, the app, enrolling with the office (a new phone comes by its link), the form and its data
sets. A script takes each step the moment that it can be taken. The figure that compares with pages that know neither
enrolment nor lock is given beside it: the same visit without the time in which the PIN is chosen, or given, and
stretched over 600,000 rounds. What the phone downloads after the first question isn't waited for.

Any page can be measured beside it, on the same lines and processors, one after another in the same run:

    python -m tests.bench.bench_phone --url http://127.0.0.1:8001/form.html --usable 'input:not([disabled])'
    python -m tests.bench.bench_phone --peers /tmp/peers     # builds enketo-core and ODK Web Forms there, from npm

`--usable` is a selector of what the first question offers to answer with; `--click` names what has to be tapped before
(several in their order). The page counts as usable when that element is visible and a frame was painted after it.
`--waterfall` prints what came over the line, when. DevTools' throttling doesn't reach the script of a service worker
itself (1.5 KB here); everything that it downloads comes by way of the page or after the first question.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from flask import Flask
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.forms import get_form
from survey_server.db.migrate import migrate
from survey_server.db.models import now
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave
from survey_server.web.assets import read_assets
from survey_server.web.phone import phone as phone_app
from survey_server.web.release import BOOT
from tests.bench.forms import big500, repeat100, survey40
from tests.bench.measure import measure
from tests.bench.peers import build_peers
from tests.bench.visits import FREE, LINE_2G, SLOW_3G, Adapter, Line, Step, Tap, Visit, open_browser, visit, visit_cold
from tests.browser.field import PIN, Phone, Server, running, wait_whole
from tests.browser.interviewing import choose_pin

FORMS = Path(__file__).resolve().parents[2] / "forms"
FILES = ("psus.csv", "posts.csv")
SECOND = 1000.0
PERCEPTION = "Encuesta de percepción"
MEASURED = "Medida survey40"
QUESTION = Step("form.questions .control")
UNLOCK = Step("#secret", value=PIN, submit=True)
CHOOSE_PIN = (Step("#secret-again", value=PIN), UNLOCK)
LINES = (
    (FREE, 1, "enketo-core 0.5, ODK Web Forms 1.3"),
    (SLOW_3G, 1, "aim 3; enketo-core 6.9, ODK Web Forms 25"),
    (SLOW_3G, 6, "enketo-core 9.4, ODK Web Forms 29"),
    (LINE_2G, 1, "aim 10; enketo-core 31, ODK Web Forms 119"),
)


VISITS = (
    ("perception form", "bench", PERCEPTION, LINES),
    ("40 questions, 300 places", "forty", MEASURED, LINES),
    ("40 questions, the second form of four", "bench", MEASURED, LINES[-1:]),
)
"""A programme with four forms, of which the perception form has a wave, and one with a single form."""


def card(title: str) -> Step:
    """A form on the first screen, also while it is on its way."""
    return Step("main section:last-of-type .card.row", text=title, tap=True)


def main(peers: Sequence[Adapter] = (), waterfall: bool = False) -> None:
    """Weight, cold on slow lines, from the service worker on slow processors, and forms of every size."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (server, database):
        _measure_weight()
        with sync_playwright() as playwright:
            for name, programme, title, lines in VISITS:
                for line, slower, beside in lines:
                    profile = Path(folder) / f"{name}-{line.name}-{slower}"
                    where = f"{name}, {line.name}, {slower}x slower"
                    link = Adapter("link", _new_link(database, server, programme), (*CHOOSE_PIN, card(title), QUESTION))
                    first = visit_cold(playwright, profile, link, line, slower)
                    _tell(f"new phone, from its link: {where}", first, beside, waterfall)
                    _tell_without_pin(first, beside)
                    again = _visit_emptied(playwright, profile, server, title, line, slower)
                    _tell(f"enrolled phone that lost app and forms: {where}", again, beside, waterfall)
                    _tell_without_pin(again, beside)
            measure_peers(playwright, Path(folder), peers, waterfall)
            _measure_installed(playwright, Path(folder), server, database)
        database.close()


def _tell(what: str, visited: Visit, beside: str, waterfall: bool) -> None:
    at = ", ".join(f"{mark / SECOND:.1f}" for mark in visited.marks[:-2])
    about = f"{visited.requests} requests, {visited.bytes / 1024:.0f} KB" + (
        f", screens before at {at} s" if at else ""
    )
    measure(what, visited.milliseconds / SECOND, "s", f"{beside}; {about}" if beside else about)
    if waterfall:
        print("\n".join(visited.waterfall))


def _tell_without_pin(visited: Visit, beside: str) -> None:
    """From the address to the first screen, and from the PIN's acceptance to the first question, added up."""
    *before, card_shown, _, _ = visited.marks
    spent = card_shown - before[0]
    measure("    without choosing or giving the PIN", (visited.milliseconds - spent) / SECOND, "s", beside)


FORGET = """async () => {
  const database = await new Promise((done) => {
    const asked = indexedDB.open('encuesta');
    asked.onsuccess = () => done(asked.result);
  });
  const change = database.transaction(['meta', 'forms', 'datasets'], 'readwrite');
  change.objectStore('meta').delete('catalogue');
  change.objectStore('forms').clear();
  change.objectStore('datasets').clear();
  await new Promise((done) => { change.oncomplete = done; });
  database.close();
}"""


def _visit_emptied(
    playwright: Playwright, profile: Path, server: Server, title: str, line: Line, slower: float
) -> Visit:
    """An enrolled phone that has nothing but its token and its lock: no app, no cache, no forms."""
    context = open_browser(playwright, profile)
    try:
        page = context.new_page()
        page.goto(f"{server.address}/manifest.webmanifest")
        session = context.new_cdp_session(page)
        kinds = {"origin": server.address, "storageTypes": "cache_storage,service_workers"}
        session.send("Storage.clearDataForOrigin", kinds)
        session.send("Network.clearBrowserCache")
        page.evaluate(FORGET)
        page.close()
        return visit(context, Adapter("emptied", server.address, (UNLOCK, card(title), QUESTION)), line, slower)
    finally:
        context.close()


def _measure_weight() -> None:
    app = Flask("phone_only", static_folder=None)
    app.register_blueprint(phone_app)
    client = app.test_client()

    def kilobytes(*paths: str) -> float:
        answers = [client.get(path, headers={"Accept-Encoding": "br"}) for path in paths]
        return sum(len(answer.data) for answer in answers) / 1024

    below = read_assets().under_version
    start = kilobytes("/", "/sw.js", *map(below, (BOOT, "css/app.css")))
    measure("shell: page, style, worker and modules to the first question, brotli", start, "KB", "limit 60")
    rest = kilobytes(below("rest.pack"))
    measure("rooms: follow the first question, kept by the service worker", rest, "KB", "in one piece")


def _measure_installed(playwright: Playwright, folder: Path, server: Server, database: Database) -> None:
    tap = Tap(server.port)
    phone = Phone(playwright, folder / "installed", tap.address)
    page = phone.open(path=_new_link(database, server).removeprefix(server.address))
    choose_pin(page)
    page.locator("main section:last-of-type a.card", has_text=MEASURED).wait_for()
    wait_whole(page)
    measure("first load on the wire, all rooms, forms and headers", tap.received / 1024, "KB")
    assert phone.context is not None
    phone.context.set_offline(True)
    page.close()
    for slower, beside in (
        (1, "aim 120 ms of main thread; ODK Web Forms 650, enketo-core 245"),
        (6, "aim 1 s"),
        (16, ""),
    ):
        _measure_warm(phone.context, tap.address, slower, beside)
    for slower in (6, 16):
        for form in ("survey40", "big500", "repeat100"):
            steps = (UNLOCK, card(f"Medida {form}"), QUESTION)
            taken = [visit(phone.context, Adapter(form, tap.address, steps), FREE, slower) for _ in range(3)]
            opened = median(each.marks[-1] - each.marks[-3] for each in taken)
            measure(f"{form}: tap to the first question, {slower}x slower, the first time", opened, "ms")
    phone.close()
    tap.listener.close()


def _measure_warm(context: BrowserContext, address: str, slower: float, beside: str) -> None:
    """From the service worker, without a line."""
    steps = (UNLOCK, card(PERCEPTION), QUESTION)
    taken = [visit(context, Adapter("warm", address, steps), FREE, slower) for _ in range(5)]
    assert not any(each.requests for each in taken), "something was asked of the line"
    where = f"no line, {slower}x slower"
    measure(f"{where}: to the PIN", median(each.marks[0] for each in taken) / SECOND, "s", beside)
    unlocking = median(each.marks[1] - each.marks[0] for each in taken)
    measure(f"{where}: opening the PIN, 600,000 rounds", unlocking / SECOND, "s", "off the main thread")
    rest = median(each.milliseconds - each.marks[1] + each.marks[0] for each in taken)
    measure(f"{where}: to the first question, without opening the PIN", rest / SECOND, "s", beside)
    measure(f"{where}: main thread to the first question", median(each.main_thread for each in taken), "ms", beside)


def measure_peers(playwright: Playwright, folder: Path, peers: Sequence[Adapter], waterfall: bool = False) -> None:
    """Other pages, cold, on the same lines and processors."""
    for adapter in peers:
        for line, slower, _ in LINES:
            profile = folder / f"{adapter.name}-{line.name}-{slower}"
            visited = visit_cold(playwright, profile, adapter, line, slower)
            _tell(f"{adapter.name}: {line.name}, {slower}x slower", visited, "", waterfall)
            if line is FREE:
                measure(f"{adapter.name}: main thread to the first question", visited.main_thread, "ms")


def adapter_for(address: str, usable: str, clicks: Sequence[str] = ()) -> Adapter:
    """Any page: tap `clicks` one after another, then wait for `usable`."""
    return Adapter(address, address, (*(Step(selector, tap=True) for selector in clicks), Step(usable)))


@contextmanager
def _server(folder: Path) -> Iterator[tuple[Server, Database]]:
    """A server with the perception form and the forms of measured sizes."""
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_programme(session, "bench", "Bench", demo=True).id
        single_id = add_programme(session, "forty", "Bench", demo=True).id
    data = {name: (FORMS / name).read_bytes() for name in FILES}
    publish_form(database, programme_id, "ssr_perception.md", (FORMS / "ssr_perception.md").read_bytes(), data)
    for form in (survey40(), big500(), repeat100()):
        publish_form(database, programme_id, "measured.md", form.encode())
    publish_form(database, single_id, "measured.md", survey40().encode())
    with database.transaction() as session:
        today = now().date()
        for each, form in ((programme_id, "ssr_perception"), (single_id, "survey40")):
            add_wave(session, get_form(session, each, form), "Ola 2", today, today, state="open")
    with running(Server(folder)) as server:
        yield server, database


def _new_link(database: Database, server: Server, programme: str = "bench") -> str:
    with database.transaction() as session:
        return enrol_link(
            server.address, add_enrolment(session, get_programme(session, programme).id, "Bench", "OB001")
        )


def _main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--url")
    told.add_argument("--usable", default="input, textarea, select")
    told.add_argument("--click", action="append", default=[])
    told.add_argument("--peers", type=Path)
    told.add_argument("--waterfall", action="store_true")
    wanted = told.parse_args()
    others = build_peers(wanted.peers.resolve()) if wanted.peers else []
    if not wanted.url:
        main(others, wanted.waterfall)
        return
    others.append(adapter_for(wanted.url, wanted.usable, wanted.click))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        measure_peers(playwright, Path(folder), others, wanted.waterfall)


if __name__ == "__main__":
    _main()
