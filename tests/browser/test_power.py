"""The battery dies, the browser is killed, at moments that nobody chose: no answer that was called saved is missing."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from survey_server.db.session import Database
from tests.browser.diary import publish_diary, stored, write
from tests.browser.field import Phone, Server, wait_until
from tests.browser.interviewing import enrol, unsent
from tests.browser.power import power_cuts
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


def answer_without_end(page: Page) -> None:
    """Save one answer after another, and remember which the phone has called saved."""
    page.evaluate(
        """async () => {
          const at = `/static/${document.documentElement.dataset.version}/js/`;
          const { Keeper, newDraft } = await import(`${at}drafts.js`);
          const { get } = await import(`${at}store.js`);
          const { forms } = await get('meta', 'catalogue');
          const draft = newDraft(forms.find(({ id }) => id === 'diary'), 'es');
          let n = 0;
          const now = () => ({ xml: `<data><what>${n}</what></data>`, place: null, label: 'x', site: '' });
          const keeper = new Keeper(draft, now);
          window.acknowledged = 0;
          const again = async () => {
            n += 1;
            await keeper.save();
            window.acknowledged = n;
            setTimeout(again);
          };
          again();
        }"""
    )


def acknowledged(page: Page) -> int:
    found: int = page.evaluate("window.acknowledged")
    return found


def last_answer(page: Page) -> int:
    """The newest answer that a phone finds after it was started again and unlocked."""
    found: int = page.evaluate(
        """async () => {
          const at = `/static/${document.documentElement.dataset.version}/js/`;
          const { findDraft, listDrafts } = await import(`${at}drafts.js`);
          const drafts = await Promise.all((await listDrafts()).map(({ id }) => findDraft(id)));
          return Math.max(0, ...drafts.map(({ xml }) => Number(/<what>(\\d+)</.exec(xml)[1])));
        }"""
    )
    return found


def test_it_loses_no_saved_answer_when_the_browser_is_killed_at_any_moment(
    phone: Phone, server: Server, database: Database, link: str
) -> None:
    publish_diary(database)
    page = phone.open()
    enrol(page, link)
    server.kill()
    moments = random.Random(20261122)
    for _ in range(4):
        answer_without_end(page)
        goal = moments.randrange(5, 60)
        wait_for_script(page, "goal => window.acknowledged >= goal", arg=goal, timeout=60_000)
        before = acknowledged(page)
        phone.kill()
        page = phone.open()
        assert last_answer(page) >= before
        for draft in stored(page, "drafts"):
            page.evaluate(
                "id => import(`/static/${document.documentElement.dataset.version}/js/drafts.js`)"
                ".then((m) => m.deleteDraft(id))",
                draft["id"],
            )


def test_it_loses_nothing_saved_or_finished_when_the_power_is_cut(
    playwright: Playwright, server: Server, database: Database, link: str, tmp_path: Path
) -> None:
    publish_diary(database)
    with power_cuts(tmp_path) as disk:
        phone = Phone(playwright, disk.folder / "profile", server.address)
        page = phone.open()
        enrol(page, link)
        server.kill()
        write(page, "Alfa")
        answer_without_end(page)
        wait_for_script(page, "() => window.acknowledged >= 40", timeout=120_000)
        before = acknowledged(page)
        with frozen(phone):
            disk.cut()
        phone.kill()

        with disk.after() as folder:
            (folder / "profile" / "SingletonLock").unlink(missing_ok=True)
            server.start()  # the app's own files may be gone with the power: nobody flushed them, and they come again
            again = Phone(playwright, folder / "profile", server.address)
            page = again.open()
            assert last_answer(page) >= before
            [item] = stored(page, "outbox")
            assert item["state"] in ("waiting", "sent") and len(stored(page, "bodies")) == 1
            wait_until(lambda: unsent(page) == "Todo enviado", "the interview that was finished to be sent")
            again.close()


@contextmanager
def frozen(phone: Phone) -> Iterator[None]:
    """Every process of this browser stands still, as when the battery goes; nothing can be flushed any more."""
    processes = phone.processes()
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
