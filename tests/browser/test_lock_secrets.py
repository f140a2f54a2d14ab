"""What opens a phone: another PIN, a better one, the hardware's part, and a phone that is full."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from survey_server.db.field.phone_lock import LockPolicy, set_lock_policy
from survey_server.db.models import Programme
from survey_server.db.session import Database
from tests.browser.field import PIN, Phone, Server, unlock, wait_until
from tests.browser.locking import begin_draft, enrol_with_emergency, try_secret
from tests.browser.marked import FORM as MARKED
from tests.browser.marked import begin_with
from tests.browser.programmes import enrolled, make_programme, refresh

pytestmark = pytest.mark.browser


@pytest.fixture
def page(phone: Phone, link: str) -> Page:
    """A phone of this test, enrolled, with an emergency PIN."""
    return enrol_with_emergency(phone, link)


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
