"""The lock: nothing shows before it, wrong tries cost time and then the drafts, an emergency PIN shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from survey_server.db.models import Device, PhoneAlarm, Programme, SubmissionVersion
from survey_server.db.phone_lock import LockPolicy, set_lock_policy
from survey_server.db.session import Database
from tests.browser.field import PIN, Phone, Server, reload, unlock, wait_until, wait_whole
from tests.browser.interviewing import choose_pin
from tests.browser.marked import FORM as MARKED
from tests.browser.marked import begin_with
from tests.browser.programmes import enrolled, make_programme, refresh

pytestmark = pytest.mark.browser

EMERGENCY = "9081726354"
TITLE = "Todas las preguntas"
REMARK = "xq7Zkv-recuerdo"


@pytest.fixture
def page(phone: Phone, link: str) -> Page:
    """A phone of this test, enrolled, with an emergency PIN."""
    opened = phone.open()
    opened.goto(link)
    choose_pin(opened, emergency=EMERGENCY)
    forms(opened)
    wait_whole(opened)
    return opened


def forms(page: Page) -> None:
    page.locator("main section:last-of-type a.card", has_text=TITLE).wait_for()


def begin_draft(page: Page) -> None:
    """A draft with one answer, saved."""
    page.locator("main section:last-of-type a.card", has_text=TITLE).click()
    page.locator("form.questions input").first.fill("12.5")
    page.locator("form.questions input").first.press("Tab")
    page.locator("footer .saved", has_text="Guardado").wait_for()


def try_secret(page: Page, secret: str) -> None:
    page.locator("#secret").fill(secret)
    page.locator("form button.main").click()


def clear_pause(page: Page) -> None:
    """As if the time had passed: the phone's own note of when the next try is free."""
    page.evaluate(
        """() => new Promise((resolve) => {
          const request = indexedDB.open('encuesta');
          request.onsuccess = () => {
            const transaction = request.result.transaction('vault', 'readwrite');
            const store = transaction.objectStore('vault');
            store.get('lock').onsuccess = ({ target }) => store.put({ ...target.result, until: 0 }, 'lock');
            transaction.oncomplete = () => { request.result.close(); resolve(); };
          };
        })"""
    )
    page.reload()
    page.locator("#secret").wait_for()


def stored_drafts(page: Page) -> int:
    count: int = page.evaluate(
        """() => new Promise((resolve) => {
          const request = indexedDB.open('encuesta');
          request.onsuccess = () => {
            const asked = request.result.transaction('drafts').objectStore('drafts').count();
            asked.onsuccess = () => { request.result.close(); resolve(asked.result); };
          };
        })"""
    )
    return count


def test_it_comes_back_locked_and_says_nothing_of_what_is_behind(page: Page) -> None:
    begin_draft(page)
    address = page.url
    page.reload()
    page.locator("#secret").wait_for()
    assert "12.5" not in page.content()
    assert TITLE not in page.content()
    assert page.title() == "Encuesta de servicios"
    unlock(page)
    assert page.url == address
    assert page.locator("form.questions input").first.input_value() == "12.5"


def test_it_locks_when_it_is_hidden_after_writing_the_last_answer(page: Page) -> None:
    begin_draft(page)
    page.locator("form.questions input").first.fill("77.25")
    hide_page(page, hidden=True)
    assert page.evaluate("document.body.hidden")
    page.locator("#secret").wait_for(state="attached")
    hide_page(page, hidden=False)
    unlock(page)
    page.locator("form.questions input").first.wait_for()
    assert page.locator("form.questions input").first.input_value() == "77.25"


def hide_page(page: Page, *, hidden: bool) -> None:
    state = "hidden" if hidden else "visible"
    page.evaluate(
        f"""() => {{
          Object.defineProperty(document, 'visibilityState', {{ configurable: true, get: () => '{state}' }});
          document.dispatchEvent(new Event('visibilitychange'));
        }}"""
    )


def test_it_locks_after_two_minutes_without_a_touch(page: Page) -> None:
    page.clock.install()
    reload(page)
    begin_draft(page)
    page.clock.fast_forward(100_000)
    assert page.locator("form.questions").count() == 1
    page.locator("form.questions input").first.press("End")
    page.clock.fast_forward(100_000)
    assert page.locator("form.questions").count() == 1
    page.clock.fast_forward(125_000)
    page.locator("#secret").wait_for()


def test_it_makes_wrong_tries_wait_and_counts_them_before_they_are_made(page: Page) -> None:
    page.reload()
    for left in (9, 8):
        try_secret(page, "1111122222")
        page.locator(".message", has_text=f"{left} intentos").wait_for()
    try_secret(page, "1111122222")
    page.locator(".message", has_text="segundos").wait_for()
    assert page.locator("form button.main").is_disabled()
    page.reload()
    page.locator(".message", has_text="segundos").wait_for()
    assert page.locator("form button.main").is_disabled()
    clear_pause(page)
    unlock(page)
    forms(page)


def test_it_forgets_drafts_after_ten_wrong_tries_but_still_sends_what_was_finished(
    page: Page, server: Server, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    server.kill()
    finish_one(page)
    begin_draft(page)
    page.reload()
    for _ in range(9):
        page.locator("#secret").wait_for()
        try_secret(page, "1111122222")
        page.locator(".message", has_text="intentos").wait_for()
        clear_pause(page)
    try_secret(page, "1111122222")
    page.locator("h1", has_text="enlace nuevo").wait_for()
    assert stored_drafts(page) == 0
    server.start()
    page.reload()
    wait_until(lambda: len(stored()) == 1, "the finished interview")


def test_it_shows_an_empty_phone_to_the_emergency_pin_and_tells_the_office(
    page: Page, server: Server, database: Database, label: str, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    server.kill()
    finish_one(page)
    begin_draft(page)
    page.reload()
    unlock(page, EMERGENCY)
    page.goto(page.url.split("#")[0] + "#/")
    page.locator("a.queue strong", has_text="Todo enviado").wait_for()
    text = page.locator("#app").inner_text()
    assert TITLE not in text and "12.5" not in text and "Borrador" not in text
    assert stored_drafts(page) == 0
    page.goto(page.url.split("#")[0] + "#/outbox")
    page.locator("h1").wait_for()
    assert TITLE not in page.locator("#app").inner_text()
    server.start()
    reload_with(page, EMERGENCY)
    wait_until(lambda: len(stored()) == 1, "the finished interview")
    wait_until(lambda: alarms(database, label) == 1, "the office to be told")
    page.reload()
    try_secret(page, PIN)
    page.locator(".message", has_text="intentos").wait_for()
    assert alarms(database, label) == 1


def reload_with(page: Page, secret: str) -> None:
    page.reload()
    unlock(page, secret)


def alarms(database: Database, label: str) -> int:
    with database.reading() as session:
        query = select(PhoneAlarm).join(Device, Device.id == PhoneAlarm.device_id).where(Device.label == label)
        return len(session.scalars(query).all())


def finish_one(page: Page) -> None:
    """A finished interview through the phone's own modules: what the views call when the last button is pressed."""
    page.evaluate(
        """async () => {
          const base = `/static/${document.documentElement.dataset.version}/js/`;
          const { openFilling } = await import(base + 'filling.js');
          const filling = await openFilling('new:every_kind');
          filling.answer('/data/together/weight', '12.5');
          await filling.finish();
        }"""
    )


def test_it_hides_behind_a_calculator_at_one_touch(page: Page) -> None:
    begin_draft(page)
    taken = page.evaluate(
        """async () => {
          const from = performance.now();
          document.querySelector('.hide-now').click();
          while (!document.querySelector('.neutral')) await new Promise((done) => requestAnimationFrame(done));
          return performance.now() - from;
        }"""
    )
    assert taken < 300
    for key in ("7", "×", "6", "="):
        page.locator(".neutral .keys button", has_text=key).click()
    assert page.locator(".display").inner_text() == "42"
    assert "12.5" not in page.content()
    page.locator(".display").click(delay=1000)
    unlock(page)
    assert page.locator("form.questions input").first.input_value() == "12.5"


def test_it_deletes_drafts_when_the_pin_is_forgotten_and_says_so_first(page: Page) -> None:
    begin_draft(page)
    page.reload()
    page.get_by_role("button", name="Lo olvidé").click()
    page.locator("dialog", has_text="se pierden").locator("button.danger").click()
    page.locator("h1", has_text="enlace nuevo").wait_for()
    assert stored_drafts(page) == 0


def test_it_changes_the_pin_and_keeps_the_drafts(page: Page) -> None:
    begin_draft(page)
    page.goto(page.url.split("#")[0] + "#/phone")
    page.locator(".protection summary").first.click()
    page.locator("#secret-old").fill(PIN)
    for field in ("#secret-new", "#secret-new-again"):
        page.locator(field).fill("5550123498")
    page.locator(".protection form button.plain").click()
    wait_until(lambda: page.locator("#secret-old").input_value() == "", "the PIN to be changed")
    page.reload()
    try_secret(page, PIN)
    page.locator(".message", has_text="intentos").wait_for()
    try_secret(page, "5550123498")
    page.locator(".protection").wait_for()
    page.goto(page.url.split("#")[0] + "#/")
    page.locator("li.draft").wait_for()


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("123", "123", "corto"),
        ("0000000000", "0000000000", "fácil"),
        ("12ab567890", "12ab567890", "cifras"),
        ("5550123498", "5550123499", "iguales"),
    ],
)
def test_it_refuses_a_pin_that_protects_nothing(phone: Phone, link: str, first: str, second: str, said: str) -> None:
    page = phone.open()
    page.goto(link)
    page.locator("#secret").fill(first)
    page.locator("#secret-again").fill(second)
    page.locator("form button.main").click()
    page.locator(".message", has_text=said).wait_for()


@pytest.fixture
def authenticator(phone: Phone) -> Iterator[Page]:
    """A phone whose hardware can repeat a secret (WebAuthn PRF), as far as the browser can play one."""
    page = phone.open()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page


def test_it_mixes_what_the_phones_hardware_gives_into_the_key(authenticator: Page, phone: Phone) -> None:
    # An address by number is no name that WebAuthn takes.
    page = authenticator
    page.goto(phone.address.replace("127.0.0.1", "localhost"))
    version = page.evaluate("document.documentElement.dataset.version")
    outcome = page.evaluate(
        f"""async () => {{
          const base = '/static/{version}/js/';
          const pass = await import(base + 'rooms/lock/pass.js');
          const vault = await import(base + 'vault.js');
          const store = await import(base + 'store.js');
          await pass.setSecret('prf', '271828', '');
          const kept = await vault.protect({{ a: 1 }}, 'x');
          await vault.lock();
          const opened = await pass.trySecret('271828', {{ wipe_after: 10 }});
          const value = await vault.reveal(kept, 'x');
          await vault.lock();
          const lock = await store.get('vault', 'lock');
          const prf = {{ ...lock.prf, salt: new Uint8Array(32) }};
          await store.commit([{{ store: 'vault', key: 'lock', value: {{ ...lock, prf }} }}]);
          const other = await pass.trySecret('271828', {{ wipe_after: 10 }});
          return [opened.kind, value, other.kind];
        }}"""
    )
    assert outcome == ["open", {"a": 1}, "wrong"]


NO_ROOM = """() => {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...all) {
    if (window.full && this.name === 'vault') throw new DOMException('full', 'QuotaExceededError');
    return put.apply(this, all);
  };
  window.full = true;
}"""


def test_it_opens_a_phone_that_has_no_room_for_one_number_more(page: Page) -> None:
    begin_draft(page)
    page.reload()
    page.locator("#secret").wait_for()
    page.evaluate(NO_ROOM)
    try_secret(page, "1111122222")
    page.locator(".message", has_text="9 intentos").wait_for()
    try_secret(page, "1111122222")
    page.locator(".message", has_text="8 intentos").wait_for()
    page.reload()
    page.evaluate(NO_ROOM)
    try_secret(page, "1111122222")
    page.locator(".message", has_text="7 intentos").wait_for()
    page.reload()
    page.evaluate(NO_ROOM)
    unlock(page)
    page.locator("form.questions").wait_for()
    page.reload()
    try_secret(page, "1111122222")
    page.locator(".message", has_text="9 intentos").wait_for()


def test_it_asks_for_a_passphrase_once_the_office_wants_one_and_keeps_the_drafts(
    phone: Phone, server: Server, database: Database, label: str
) -> None:
    programme = make_programme(database, {"marked": MARKED})
    page = enrolled(phone, server, database, programme, label)
    begin_with(page, "una cosa")
    with database.transaction() as session:
        set_lock_policy(session, session.get_one(Programme, programme.id), LockPolicy("passphrase"), actor="person:7")
    refresh(page)
    page.reload()
    page.locator("#secret").fill(PIN)
    page.locator("#secret").press("Enter")
    page.locator("form.questions").wait_for()  # nobody is asked in the middle of an interview
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator("h1", has_text="La oficina pide más protección").wait_for()
    phrase = "luna lago libro limón lata"
    for field, value in (("old", "0000000000"), ("new", phrase), ("new-again", phrase)):
        page.locator(f"#secret-{field}").fill(value)
    page.locator("form button.main").click()
    page.locator(".message", has_text="no es correcto").wait_for()
    page.locator("#secret-old").fill(PIN)
    page.locator("form button.main").click()
    page.locator("li.draft").wait_for()
    page.reload()
    page.locator("label", has_text="Frase de paso").wait_for()
    try_secret(page, PIN)
    page.locator(".message", has_text="intentos").wait_for()
    unlock(page, phrase)
    page.locator("li.draft").wait_for()
