"""One interview in two tabs: one writes, the other may take over, and who was overtaken can write nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from survey_server.db.session import Database
from tests.browser.diary import answer, publish_diary, stored, write
from tests.browser.field import Phone, Server, unlock
from tests.browser.interviewing import enrol, finish

pytestmark = pytest.mark.browser


@pytest.fixture
def page(phone: Phone, server: Server, database: Database, link: str) -> Page:
    """A phone with the diary, and no server any more."""
    publish_diary(database)
    opened = phone.open()
    enrol(opened, link)
    server.kill()
    return opened


def test_one_tab_writes_and_another_may_take_over_where_it_left(page: Page, phone: Phone) -> None:
    assert phone.context is not None
    write(page, "Alfa", whole=False)
    page.locator("li.draft a").first.click()
    page.locator("form.questions").wait_for()
    second = phone.context.new_page()
    second.goto(page.url)
    unlock(second)
    second.locator("text=abierta en otra pestaña").wait_for()
    answer(page, "people", "41")  # the first tab goes on while the second one waits

    second.locator("button", has_text="Seguir aquí").click()
    second.locator("form.questions").wait_for()
    page.locator("text=Otra pestaña siguió con esta entrevista").wait_for()
    second.locator("[data-ref='/data/last']").wait_for()
    answer(second, "last", "fin")
    finish(second)
    [item] = stored(second, "outbox")
    assert item["state"] == "waiting" and stored(second, "drafts") == []


def test_a_tab_that_was_overtaken_can_write_nothing(page: Page) -> None:
    write(page, "Alfa", whole=False)
    told = page.evaluate(
        """async () => {
          const at = `/static/${document.documentElement.dataset.version}/js/`;
          const { findDraft, Keeper, listDrafts } = await import(`${at}drafts.js`);
          const { commit, get } = await import(`${at}store.js`);
          const [{ id }] = await listDrafts();
          const draft = await findDraft(id);
          const fields = { xml: '<data/>', place: null, label: 'mine', site: '', done: 1, total: 2 };
          const keeper = new Keeper(draft, () => fields);
          const row = await get('drafts', id);
          const value = { ...row, writer: 'another tab', revision: row.revision + 1 };
          await commit([{ store: 'drafts', key: id, value }]);
          return keeper.save().then(() => 'written', (error) => error.name);
        }"""
    )
    assert told == "Superseded"
    assert "Alfa" in page.locator("li.draft").inner_text()
