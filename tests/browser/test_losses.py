"""What can happen to a phone's storage, done to it: what one copy loses the other gives back, and no loss is silent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page
from sqlalchemy import select

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.models import Device, SubmissionVersion
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database
from tests.browser.diary import TITLE as DIARY
from tests.browser.diary import answer, copies, publish_diary, stored, wait_for_copies, write
from tests.browser.field import Phone, Server, reload, unlock, wait_until
from tests.browser.interviewing import begin, choose_pin, enrol, finish, unsent

pytestmark = pytest.mark.browser

Stored = Callable[[], list[SubmissionVersion]]


@pytest.fixture
def page(phone: Phone, server: Server, database: Database, link: str) -> Iterator[Page]:
    """A phone with the diary, and no server any more."""
    publish_diary(database)
    opened = phone.open()
    enrol(opened, link)
    server.kill()
    yield opened


@pytest.fixture
def saved(request: pytest.FixtureRequest) -> Stored:
    """What this phone has brought to the server (`stored` reads the phone's own)."""
    found: Stored = request.getfixturevalue("stored")
    return found


def clear(page: Page, phone: Phone, *kinds: str) -> None:
    """What the browser does when it evicts an origin, or loses one kind of its storage."""
    page.goto("about:blank")
    cdp(page).send("Storage.clearDataForOrigin", {"origin": phone.address, "storageTypes": ",".join(kinds)})


def cdp(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)


def come_back(page: Page, phone: Phone) -> None:
    page.goto(phone.address)
    unlock(page)


def hide(page: Page) -> None:
    """The app leaves the screen: unsaved second copies are written now."""
    page.evaluate(
        "() => { Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange'));"
        " delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange')); }"
    )


def wait_for_draft_copy(page: Page) -> None:
    wait_for_copies(page, "d-", 1)


def test_it_brings_everything_back_when_the_database_is_gone(
    page: Page, phone: Phone, server: Server, saved: Stored
) -> None:
    write(page, "Alfa")
    write(page, "Beta")
    write(page, "Gama", whole=False)
    wait_for_draft_copy(page)
    wait_for_copies(page, "phone-", 1)
    clear(page, phone, "indexeddb")

    server.start()  # the forms were in the database too
    come_back(page, phone)
    page.locator(".state .alert", has_text="Se recuperaron 2 entrevistas terminadas").wait_for()
    page.locator(".state .alert", has_text="Se recuperó 1 entrevista sin terminar").wait_for()
    wait_until(lambda: unsent(page) == "Todo enviado", "the phone to send what came back")
    assert len(saved()) == 2
    page.locator("li.draft", has_text="Gama").get_by_role("link").first.click()
    page.locator("form.questions").wait_for()
    answer(page, "people", "2")
    answer(page, "last", "volvió")
    finish(page)
    wait_until(lambda: len(saved()) == 3, "the draft that came back to be sent")
    assert b"<place>Gama</place><what>nada</what>" in saved()[2].xml
    page.locator(".state [role=alert] button").click()
    page.locator(".state [role=alert]").wait_for(state="detached")


def test_it_brings_everything_back_when_the_database_is_damaged(
    page: Page, phone: Phone, server: Server, saved: Stored
) -> None:
    for place in ("Alfa", "Beta", "Gama"):
        write(page, place)
    wait_for_copies(page, "phone-", 1)
    phone.kill()
    spoil(phone.profile)

    server.start()
    page = phone.open()
    page.locator(".state .alert", has_text="Se recuperaron 3 entrevistas terminadas").wait_for()
    wait_until(lambda: unsent(page) == "Todo enviado", "the phone to send what came back")
    assert len(saved()) == 3


def spoil(profile: Path) -> None:
    """200 bytes of garbage over the end of the database's log, as a bad memory chip does."""
    [folder] = profile.glob("Default/IndexedDB/http_127*.leveldb")
    [log] = folder.glob("*.log")
    with log.open("r+b") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() // 2))
        file.write(bytes(range(200)))


def test_it_says_aloud_how_many_are_gone_when_both_copies_are(page: Page, phone: Phone) -> None:
    write(page, "Alfa")
    write(page, "Beta")
    write(page, "Gama", whole=False)
    wait_until(lambda: "uuid" in page.evaluate("JSON.parse(localStorage.encuesta).drafts.join()"), "the canary")
    clear(page, phone, "indexeddb", "file_systems")

    page.goto(phone.address)
    page.locator("body > .alert", has_text="Faltan 2 entrevistas terminadas").wait_for()
    page.locator("body > .alert", has_text="Falta 1 entrevista sin terminar").wait_for()


def test_it_tells_the_office_what_was_lost(
    page: Page, phone: Phone, server: Server, database: Database, label: str, link: str
) -> None:
    write(page, "Alfa")
    clear(page, phone, "indexeddb", "file_systems", "cache_storage", "service_workers")
    server.start()
    page.goto(phone.address)
    page.locator("body > .alert", has_text="Falta 1 entrevista terminada").wait_for()
    enrol(page, new_link(database, server, label))
    wait_until(lambda: 1 in lost_by_device(database, label), "the office to be told")


def new_link(database: Database, server: Server, label: str) -> str:
    with database.transaction() as session:
        return enrol_link(server.address, add_enrolment(session, get_programme(session, "demo").id, label, "OB007"))


def lost_by_device(database: Database, label: str) -> list[int]:
    with database.reading() as session:
        reports = session.scalars(select(Device.storage).where(Device.label == label))
        return [int((report or {}).get("lost", 0)) for report in reports]


def test_it_keeps_the_page_and_the_answer_when_there_is_no_room(page: Page, phone: Phone) -> None:
    begin(page, DIARY)
    answer(page, "place", "Alfa")
    session = cdp(page)
    usage = int(page.evaluate("navigator.storage.estimate().then(({ usage }) => usage)"))
    session.send("Storage.overrideQuotaForOrigin", {"origin": phone.address, "quotaSize": usage + 1_000_000})
    # The browser remembers for half a minute how much room there was.
    wait_until(lambda: page.evaluate(FILL) == "QuotaExceededError", "the browser to see the limit")
    page.locator("[data-ref='/data/what']").locator("textarea, input").fill("x" * 3_000_000)
    page.locator("footer button.main").click()
    page.locator(".save-trouble", has_text="no tiene espacio").wait_for()
    assert page.locator("[data-ref='/data/what']").count() == 1, "the question stays until its answer is stored"

    session.send("Storage.overrideQuotaForOrigin", {"origin": phone.address})
    wait_until(lambda: try_again(page), "the answer to be stored once there is room")
    page.locator("footer button.main").click()
    answer(page, "people", "3")
    answer(page, "last", "fin")
    finish(page)
    assert [item["state"] for item in stored(page, "outbox")] == ["waiting"]


FILL = """async () => {
  const { commit } = await import(`/static/${document.documentElement.dataset.version}/js/store.js`);
  const value = new Uint8Array(3_000_000);
  for (let at = 0; at < value.length; at += 60_000) crypto.getRandomValues(value.subarray(at, at + 60_000));
  return commit([{ store: 'field', key: 'test', value }]).then(() => 'stored', (error) => error.cause.name);
}"""


def try_again(page: Page) -> bool:
    """Tap "try again" if it is still there; true once the trouble is over."""
    over: bool = page.evaluate(
        """() => {
          const button = document.querySelector('.save-trouble:not([hidden]) button');
          button?.click();
          return !button;
        }"""
    )
    return over


def test_it_opens_the_database_again_when_the_system_closed_it_or_dropped_a_transaction(page: Page) -> None:
    begin(page, DIARY)
    page.evaluate(
        """() => {
          const { transaction } = IDBDatabase.prototype;
          const troubles = ['close', 'close', null, 'abort', 'abort', null, 'close', 'abort'];
          IDBDatabase.prototype.transaction = function (...all) {
            const trouble = troubles.shift();
            if (trouble === 'close') { this.close(); throw new DOMException('closing', 'InvalidStateError'); }
            const made = transaction.apply(this, all);
            if (trouble === 'abort') made.abort();
            return made;
          };
        }"""
    )
    answer(page, "place", "Alfa")
    answer(page, "what", "nada")
    assert page.locator(".save-trouble").is_hidden()
    reload(page)
    page.locator("form.questions").wait_for()
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator("li.draft", has_text="Alfa").wait_for()


def test_it_keeps_the_sealed_copy_for_some_days_after_the_receipt(page: Page, server: Server) -> None:
    write(page, "Alfa")
    server.start()
    wait_until(lambda: unsent(page) == "Todo enviado", "the phone to send")
    assert len(stored(page, "bodies")) == 1 and sum(name.startswith("o-") for name in copies(page)) == 1
    module = "`/static/${document.documentElement.dataset.version}/js/rooms/outbox/items.js`"
    drop = f"import({module}).then((m) => m.dropSent(Date.now() + %d))"
    day = 86_400_000
    page.evaluate(drop % (6 * day))
    assert len(stored(page, "bodies")) == 1
    page.evaluate(drop % (8 * day))
    assert stored(page, "bodies") == [] and not any(name.startswith("o-") for name in copies(page))
    [item] = stored(page, "outbox")
    assert item["state"] == "sent" and item["receipt"]["number"]


def test_it_moves_from_the_first_version_of_its_database(
    phone: Phone, server: Server, database: Database, link: str
) -> None:
    publish_diary(database)
    page = phone.open()
    enrol(page, link)
    [device] = [value for value in stored(page, "meta") if isinstance(value, dict) and "token" in value]
    [catalogue] = [value for value in stored(page, "meta") if isinstance(value, dict) and "forms" in value]
    [form] = [entry for entry in catalogue["forms"] if entry["id"] == "diary"]
    clear(page, phone, "indexeddb", "file_systems", "local_storage")
    page.route("**/blank", lambda route: route.fulfill(status=200, content_type="text/html", body="<title>x</title>"))
    page.goto(f"{phone.address}/blank")
    page.evaluate(VERSION_1, {"device": device, "form": form, "sha256": hashlib.sha256(b"<a>").hexdigest()})
    server.kill()
    page.goto(phone.address)
    choose_pin(page)
    page.locator("li.draft", has_text="Antigua").wait_for()
    wait_until(lambda: unsent(page) == "1 entrevista sin enviar", "the item of the older version")
    wait_until(lambda: all("xml" not in draft for draft in stored(page, "drafts")), "the draft to be protected")
    page.locator("a.queue").click()
    page.locator("li.is-waiting", has_text="Vieja").wait_for()
    assert all("label" not in item for item in stored(page, "outbox"))


VERSION_1 = """({ device, form, sha256 }) => new Promise((done, fail) => {
  const opening = indexedDB.open('encuesta', 1);
  const names = ['meta', 'forms', 'datasets', 'drafts', 'outbox', 'bodies', 'carried'];
  opening.onerror = () => fail(opening.error);
  opening.onupgradeneeded = () => names.forEach((name) => opening.result.createObjectStore(name));
  opening.onsuccess = () => {
    const work = opening.result.transaction(['meta', 'drafts', 'outbox', 'bodies'], 'readwrite');
    const now = new Date().toISOString();
    const { id, hash, version, title } = form;
    const put = (store, key, value) => work.objectStore(store).put(value, key);
    put('meta', 'device', device);
    put('meta', 'catalogue', { asked_at: Date.now(), programme: device.programme, forms: [] });
    put('drafts', 'uuid:1', {
      id: 'uuid:1', form: id, hash, version, title, wave: null, language: 'es', place: null, done: 1, total: 4,
      xml: '<data id="diary" version="1"><place>Antigua</place></data>', label: 'Antigua',
      created_at: now, saved_at: now,
    });
    put('outbox', 'uuid:2', {
      id: 'uuid:2', form: id, title, version, wave: null, label: 'Vieja', finished_at: now, sha256, member: 'xml',
      size: 3, state: 'waiting', tries: 0, tried_at: null, reason: null, receipt: null,
    });
    put('bodies', 'uuid:2', new Uint8Array([60, 97, 62]));
    work.oncomplete = () => { opening.result.close(); done(); };
    work.onabort = () => fail(work.error);
  };
})"""
