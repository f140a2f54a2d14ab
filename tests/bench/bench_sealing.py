"""Sealing on the phone, also on a slow processor; unlocking; and screens over a thousand sealed interviews."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.migrate import migrate
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import open_database
from survey_server.sealing import make_key, open_envelope, seal
from tests.bench.measure import measure
from tests.browser.field import PIN, Phone, Server, running
from tests.browser.interviewing import choose_pin

FORMS = Path(__file__).resolve().parents[2] / "forms"
INTERVIEWS = 1_000
MEGABYTES = 2


def main() -> None:
    """Print what sealing costs on both sides, and whether a full outbox slows the screens."""
    _measure_opening()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        code = _prepare(folder)
        with running(Server(folder)) as server:
            phone = Phone(playwright, folder / "profile", server.address)
            _measure_phone(server, phone.open(path=enrol_link("", code)))
            phone.close()


def _prepare(folder: Path) -> str:
    """A server's folder with the perception form, and a code to enrol a phone."""
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_programme(session, "bench", "Bench", demo=True).id
    data = {name: (FORMS / name).read_bytes() for name in ("psus.csv", "posts.csv")}
    publish_form(database, programme_id, "ssr_perception.md", (FORMS / "ssr_perception.md").read_bytes(), data)
    with database.transaction() as session:
        return add_enrolment(session, programme_id, "Bench", "OB001")


def _measure_phone(server: Server, page: Page) -> None:
    choose_pin(page)
    page.locator("main section:last-of-type ul.list a.card").wait_for()
    session = page.context.new_cdp_session(page)
    for factor in (1, 6):
        session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        _measure_sealing(page, factor)
    _measure_unlocking(page, session)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    server.kill()
    for factor in (1, 6):
        session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        _measure_screens(page, factor, 0)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    _fill_outbox(page)
    for factor in (1, 6):
        session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        _measure_screens(page, factor, INTERVIEWS)


def _measure_opening() -> None:
    """The server's side: one interview of 12 KB."""
    key = make_key()
    envelope = seal(b"<data>" + b"<a>12</a>" * 1_300 + b"</data>", key, id="uuid:1")
    times = []
    for _ in range(200):
        started = time.perf_counter()
        open_envelope(envelope, key, 10**6)
        times.append(time.perf_counter() - started)
    measure("opening one sealed interview of 12 KB on the server", median(times) * 1000, "ms")


def _measure_sealing(page: Page, factor: int) -> None:
    media, interview, protecting = _ask(
        page,
        """async (base, size) => {
          const { seal, sealMedia } = await import(base + 'seal.js');
          const { protect } = await import(base + 'vault.js');
          const bytes = new Uint8Array(size);
          for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
          const text = new TextEncoder().encode('<data>' + '<a>12</a>'.repeat(1300) + '</data>');
          const xml = '<a>12</a>'.repeat(1300);
          const middle = async (work) => {
            const taken = [];
            await work();
            for (let time = 0; time < 7; time += 1) {
              const from = performance.now();
              await work();
              taken.push(performance.now() - from);
            }
            return taken.sort((a, b) => a - b)[3];
          };
          return [
            await middle(() => sealMedia(bytes, null, { id: 'uuid:1' })),
            await middle(() => seal(text, null, { id: 'uuid:1' })),
            await middle(() => protect({ xml }, 'x')),
          ];
        }""",
        MEGABYTES * 1024 * 1024,
    )
    slow = f", processor {factor}x slower"
    measure(
        f"sealing a file of {MEGABYTES} MB, its SHA-256 included{slow}",
        media,
        "ms",
        "gate at 6x: 100" if factor == 6 else "",
    )
    measure(f"sealing an interview of 12 KB{slow}", interview, "ms")
    measure(f"encrypting a draft of 12 KB{slow}", protecting, "ms")


def _measure_unlocking(page: Page, session: CDPSession) -> None:
    for factor in (1, 6):
        session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        taken = _ask(
            page,
            """async (base, pin) => {
              const pass = await import(base + 'rooms/lock/pass.js');
              const { lock } = await import(base + 'vault.js');
              const taken = [];
              for (let time = 0; time < 3; time += 1) {
                await lock();
                const from = performance.now();
                const { kind } = await pass.trySecret(pin, { wipe_after: 10 });
                if (kind !== 'open') throw new Error(kind);
                taken.push(performance.now() - from);
              }
              return taken.sort((a, b) => a - b)[1];
            }""",
            PIN,
        )
        measure(f"unlocking (PBKDF2, 600,000 rounds), processor {factor}x slower", taken, "ms")


def _fill_outbox(page: Page) -> None:
    """A thousand finished interviews, as outbox.js keeps them."""
    _ask(
        page,
        """async (base, count) => {
          const { seal } = await import(base + 'seal.js');
          const { protect } = await import(base + 'vault.js');
          const { commit } = await import(base + 'store.js');
          const { tell } = await import(base + 'bus.js');
          const copies = await import(base + 'rooms/keeping/copy.js');
          const text = new TextEncoder().encode('<data>' + '<a>12</a>'.repeat(1300) + '</data>');
          const { member, bytes, sha256 } = await seal(text, null, {});
          for (let done = 0; done < count; done += 100) {
            const changes = [];
            for (let one = 0; one < 100; one += 1) {
              const id = `uuid:${crypto.randomUUID()}`;
              const shown = await protect({ label: `Caso ${done + one}`, site: 'GT0101' }, `outbox:${id}:shown`);
              const value = {
                id, form: 'ssr_perception', title: 'Encuesta', version: '1', wave: null,
                finished_at: new Date().toISOString(),
                sha256, member, size: bytes.length, media: [], shown, state: 'waiting', tries: 0, tried_at: null,
                reason: null, receipt: null, kept_until: null,
              };
              changes.push({ store: 'outbox', key: id, value }, { store: 'bodies', key: id, value: bytes });
              await copies.put(`o-${id}`, { item: value, body: bytes });
            }
            await commit(changes);
          }
          tell('queue');
        }""",
        INTERVIEWS,
    )


def _measure_screens(page: Page, factor: int, count: int) -> None:
    """From a tap on the way there until the view is painted: the first screen, the outbox, a form's first question."""
    for name, hash_, there in (
        ("first screen", "#/phone>#/", "a.queue strong"),
        ("outbox", "#/>#/outbox", "main ul li, main .card"),
        ("first question", "#/>#/fill/new%3Assr_perception", "form.questions section"),
    ):
        before, after = hash_.split(">")
        taken = _ask(
            page,
            """async (base, [before, after, there]) => {
              const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
              const gone = async (selector) => { while (document.querySelector(selector)) await frame(); };
              const taken = [];
              for (let time = 0; time < 5; time += 1) {
                location.hash = before;
                await new Promise((done) => setTimeout(done, 700));
                document.querySelectorAll(there).forEach((element) => element.remove());
                await gone(there);
                const from = performance.now();
                location.hash = after;
                while (!document.querySelector(there)) await frame();
                await frame();
                taken.push(performance.now() - from);
              }
              return taken.sort((a, b) => a - b)[2];
            }""",
            [before, after, there],
        )
        slow = f", processor {factor}x slower"
        measure(
            f"{name} with {count:,} sealed interviews waiting{slow}",
            taken,
            "ms",
            "gate: 100" if count else "",
        )


def _ask(page: Page, work: str, argument: Any) -> Any:
    base = f"/static/{page.evaluate('document.documentElement.dataset.version')}/js/"
    return page.evaluate(f"([base, argument]) => ({work})(base, argument)", [base, argument])
