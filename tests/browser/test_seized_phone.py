"""A phone in the wrong hands: its whole memory searched byte by byte for what was answered on it."""

from __future__ import annotations

import random
import string
import struct
import zlib
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from survey_server.db.models import SubmissionVersion
from tests.browser.field import Phone, Server, wait_until
from tests.browser.forensics import traces, unsnappy
from tests.browser.interviewing import NEXT, finish
from tests.browser.marked import begin_with, go_on, tell_secret

pytestmark = pytest.mark.browser


def mark() -> str:
    """A text that nothing compresses and nobody else writes."""
    return "Zq" + "".join(random.Random().choices(string.ascii_letters + string.digits, k=22))


def picture(seed: int) -> bytes:
    """A PNG of noise, 64 by 64."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(64 * 3) for _ in range(64))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


def test_it_leaves_no_answer_on_the_disk(
    marked_page: Page, phone: Phone, server: Server, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    page, said = marked_page, list[str]()
    page.on("console", lambda message: said.append(message.text))
    marks = {name: mark() for name in ("sent", "sent secret", "waiting", "waiting secret", "draft", "draft secret")}
    begin_with(page, marks["sent"])
    tell_secret(page, marks["sent secret"])
    go_on(page, 1)
    photo = {"name": f"{marks['sent']}.png", "mimeType": "image/png", "buffer": picture(1)}
    page.locator("[data-ref='/data/photo'] input[type=file]").first.set_input_files([photo])
    page.locator("[data-ref='/data/photo'] img").wait_for()
    go_on(page, 1)
    finish(page)
    wait_until(lambda: len(stored()) == 1, "the first interview")
    server.kill()
    begin_with(page, marks["waiting"])
    tell_secret(page, marks["waiting secret"])
    go_on(page, 2)
    finish(page)
    begin_with(page, marks["draft"])
    tell_secret(page, marks["draft secret"])
    go_on(page, 1)
    addresses = page.evaluate("[location.href, document.title, JSON.stringify([history.state, localStorage])]")
    assert not [one for one in marks.values() if any(one in text for text in addresses)]
    phone.kill()
    assert traces(phone.profile, list(marks.values())) == []
    page = phone.open(path="/#/")
    page.locator("li.draft").wait_for()
    phone.close()
    assert traces(phone.profile, list(marks.values())) == []
    assert not [one for one in marks.values() if any(one in text for text in said)]
    assert any(marks["sent"].encode() in version.xml for version in stored())


def test_it_would_find_an_answer_that_was_left_in_clear(marked_page: Page, phone: Phone) -> None:
    planted = mark()
    marked_page.evaluate(
        """text => new Promise((resolve) => {
          const request = indexedDB.open('encuesta');
          request.onsuccess = () => {
            const transaction = request.result.transaction('meta', 'readwrite', { durability: 'strict' });
            transaction.objectStore('meta').put({ text }, 'planted');
            transaction.oncomplete = () => resolve();
          };
        })""",
        planted,
    )
    phone.kill()
    assert traces(phone.profile, [planted])


def test_it_unpacks_compressed_tables_as_their_maker_packs_them() -> None:
    # "abcdabcdabcd!" as a literal of four and one copy of eight, then a literal of one
    assert (
        unsnappy(bytes([13, 3 << 2]) + b"abcd" + bytes([(8 - 4) << 2 | 1, 4]) + bytes([0]) + b"!") == b"abcdabcdabcd!"
    )


def test_it_hides_and_blanks_what_was_told_in_private_when_somebody_comes(
    marked_page: Page, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    page = marked_page
    begin_with(page, "lo que vi")
    tell_secret(page, "un nombre")
    page.locator("footer nav button").first.click()
    page.locator("[data-ref='/data/privacy'] label.choice", has_text="No").click()
    page.locator(NEXT).click()
    page.locator("[data-ref='/data/photo']").wait_for()
    assert page.locator("[data-ref='/data/secret']").count() == 0
    assert "un nombre" not in page.content()
    go_on(page, 1)
    finish(page)
    wait_until(lambda: len(stored()) == 1, "the interview")
    assert b"un nombre" not in stored()[0].xml
