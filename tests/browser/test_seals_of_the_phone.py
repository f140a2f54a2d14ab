"""What the phone seals, the server's library opens, and the other way round; and whose keys the phone believes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.intake.keys import Keyring, find_key_of_wave, renew_key
from survey_server.db.models import Programme, Sealed, SealingKey, SubmissionVersion, WaveKey, new_id
from survey_server.db.session import Database
from survey_server.db.waves import list_waves
from survey_server.problems import BrokenSeal
from survey_server.sealing import make_key, open_container, open_envelope, public_half, seal
from tests.browser.field import PIN, Phone, Server, unlock, wait_until
from tests.browser.interviewing import finish
from tests.browser.marked import begin_with, go_on

pytestmark = pytest.mark.browser

KEY = make_key()


def ask(page: Page, work: str, argument: Any = None) -> Any:
    """The value of `work(base, argument)` in the page; `base` is where the modules are."""
    base = f"/static/{page.evaluate('document.documentElement.dataset.version')}/js/"
    return page.evaluate(f"([base, argument]) => ({work})(base, argument)", [base, argument])


def pin_key(page: Page) -> None:
    """As if the office had told this key for interviews without a wave."""
    half = public_half(KEY)
    pinned = {"office": half, "keys": {half["kid"]: half}, "waves": {"": half["kid"]}, "refused": []}
    ask(
        page,
        """async (base, value) => {
          const { commit } = await import(base + 'store.js');
          await commit([{ store: 'vault', key: 'keys', value }]);
        }""",
        pinned,
    )


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 4096, 300_000])
def test_it_seals_what_the_servers_library_opens(phone: Phone, server: Server, size: int) -> None:
    page = phone.open()
    pin_key(page)
    sealed = ask(
        page,
        """async (base, size) => {
          const { seal } = await import(base + 'seal.js');
          const bytes = Uint8Array.from({ length: size }, (_, place) => (place * 31) % 251);
          const { member, bytes: made, sha256 } = await seal(bytes, null, { id: 'uuid:1', form: 'f', version: 'ñ' });
          return [member, new TextDecoder().decode(made), sha256];
        }""",
        size,
    )
    opened = open_envelope(sealed[1].encode(), KEY, 10**6)
    assert sealed[0] == "sealed"
    assert opened.content == bytes((place * 31) % 251 for place in range(size))
    assert {name: opened.header[name] for name in ("id", "form", "version", "wave")} == {
        "id": "uuid:1",
        "form": "f",
        "version": "ñ",
        "wave": None,
    }


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 700_000])
def test_it_seals_files_in_chunks_that_the_server_puts_together(phone: Phone, server: Server, size: int) -> None:
    page = phone.open()
    pin_key(page)
    sealed = ask(
        page,
        """async (base, size) => {
          const { sealMedia } = await import(base + 'seal.js');
          const { bytes } = await sealMedia(new Uint8Array(size).fill(7), null, { id: 'uuid:1', name: 'a.jpg' });
          return Array.from(bytes);
        }""",
        size,
    )
    container = bytes(sealed)
    assert open_container(container, KEY).content == bytes([7]) * size
    if size > 262_144:
        check_that_chunks_keep_their_place(container)


def check_that_chunks_keep_their_place(container: bytes) -> None:
    """Cut off or swapped chunks, and any flipped bit, break the seal."""
    head = 8 + int.from_bytes(container[4:8])
    step = 262_144 + 16
    first, rest = container[head : head + step], container[head + step :]
    flipped = bytearray(container)
    flipped[head + 99] ^= 4
    for damaged in (container[: head + step], container[:head] + rest + first, container[:-1], bytes(flipped)):
        with pytest.raises(BrokenSeal):
            open_container(damaged, KEY)


OPEN = """async (base, { envelope, jwk }) => {
  const plainly = (text) => atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = (text) => Uint8Array.from(plainly(text), (one) => one.charCodeAt(0));
  const [head, , iv, content, tag] = envelope.split('.');
  const { epk, enc, cty } = JSON.parse(new TextDecoder().decode(bytes(head)));
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const ours = await crypto.subtle.importKey('jwk', jwk, curve, false, ['deriveBits']);
  const theirs = await crypto.subtle.importKey('jwk', epk, curve, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, ours, 256));
  const name = new TextEncoder().encode(enc);
  const info = [0, 0, 0, 1, ...shared, 0, 0, 0, name.length, ...name, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
  const raw = await crypto.subtle.digest('SHA-256', new Uint8Array(info));
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
  const additionalData = new TextEncoder().encode(head);
  const sealed = new Uint8Array([...bytes(content), ...bytes(tag)]);
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(iv), additionalData }, key, sealed);
  const unzipped = new Blob([plain]).stream().pipeThrough(new DecompressionStream('gzip'));
  return [cty, await new Response(unzipped).text()];
}"""


def test_it_opens_in_a_browser_what_the_servers_library_sealed(phone: Phone, server: Server) -> None:
    envelope = seal("<a>ñandú</a>".encode(), KEY, id="uuid:1").decode()
    jwk = {name: value for name, value in KEY.as_dict(private=True).items() if name in ("kty", "crv", "x", "y", "d")}
    assert ask(phone.open(), OPEN, {"envelope": envelope, "jwk": jwk}) == ["gzip", "<a>ñandú</a>"]


def test_it_shows_the_fingerprints_that_the_office_shows(
    marked_page: Page, database: Database, own_programme: Programme
) -> None:
    marked_page.goto(marked_page.url.split("#")[0] + "#/phone")
    marked_page.locator(".keys code").nth(1).wait_for()
    shown = [code.inner_text() for code in marked_page.locator(".keys code").all()]
    with database.reading() as session:
        key = find_key_of_wave(session, own_programme.id, list_waves(session, own_programme.id)[0].id)
    assert key is not None
    assert shown == [key.office_fingerprint, key.fingerprint]


def ask_office(page: Page) -> None:
    """Ask the server for forms and keys now, as the phone does by itself every quarter of an hour."""
    ask(page, "async (base) => (await import(base + 'sync.js')).syncNow({ catalogue: true })")


def kids(database: Database, programme: Programme) -> list[str]:
    with database.reading() as session:
        query = select(Sealed.kid).where(Sealed.programme_id == programme.id)
        return list(session.scalars(query.order_by(Sealed.id)))


def make_visit(page: Page) -> None:
    begin_with(page, "lo que vi")
    go_on(page, 2)
    finish(page)


def test_it_refuses_a_key_that_the_office_did_not_sign_and_says_so(
    marked_page: Page, database: Database, own_programme: Programme, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    with database.transaction() as session:
        wave_id = list_waves(session, own_programme.id)[0].id
        trusted = find_key_of_wave(session, own_programme.id, wave_id)
        slipped_in = SealingKey(
            programme_id=own_programme.id, id=new_id(), **public_half(make_key()), wrapped=None, statements=[]
        )
        session.add(slipped_in)
        session.flush()
        session.execute(
            update(WaveKey)
            .where(WaveKey.programme_id == own_programme.id, WaveKey.wave_id == wave_id)
            .values(key_id=slipped_in.id)
        )
    ask_office(marked_page)
    marked_page.locator("main .alert", has_text="no ha firmado").wait_for()
    make_visit(marked_page)
    wait_until(lambda: len(stored()) == 1, "the visit")
    assert trusted is not None
    assert kids(database, own_programme) == [trusted.kid]


def test_it_follows_a_key_that_the_office_signed(
    marked_page: Page,
    server: Server,
    database: Database,
    own_programme: Programme,
    stored: Callable[[], list[SubmissionVersion]],
) -> None:
    keyring = Keyring((server.folder / "secret.key").read_text().strip())
    with database.transaction() as session:
        wave_id = list_waves(session, own_programme.id)[0].id
        kid = renew_key(session, keyring, own_programme.id, wave_id, "test").kid
    ask_office(marked_page)
    make_visit(marked_page)
    wait_until(lambda: len(stored()) == 1, "the visit")
    assert kids(database, own_programme) == [kid]
    assert marked_page.locator("main .alert", has_text="no ha firmado").count() == 0


def test_it_believes_no_other_office_than_the_one_in_the_link(
    phone: Phone, server: Server, database: Database, own_programme: Programme, label: str
) -> None:
    with database.transaction() as session:
        code = add_enrolment(session, own_programme.id, label, "OB007")
    page = phone.open()
    page.goto(f"{enrol_link(server.address, code)}&key={make_key().thumbprint()[:22]}")
    page.locator("#secret").fill(PIN)
    page.locator("#secret-again").fill(PIN)
    page.locator("form button.main").click()
    page.locator("main .alert", has_text="no ha firmado").wait_for()
    unlock(page)
    pinned = ask(page, "async (base) => (await import(base + 'store.js')).get('vault', 'keys')")
    assert json.dumps(pinned["waves"]) == "{}"


def test_it_finishes_nothing_before_it_knows_a_key_and_keeps_the_draft(marked_page: Page) -> None:
    ask(
        marked_page,
        "async (base) => (await import(base + 'store.js')).commit([{ store: 'vault', key: 'keys' }])",
    )
    begin_with(marked_page, "lo que vi")
    go_on(marked_page, 2)
    marked_page.locator("main button.main").click()
    marked_page.locator(".save-trouble", has_text="la llave con que se sella").wait_for()
    marked_page.locator("[aria-label='Guardar y salir']").click()
    marked_page.locator("li.draft").wait_for()
    ask_office(marked_page)
    marked_page.locator("li.draft a").first.click()
    marked_page.locator("form.questions").wait_for()
    finish(marked_page)
