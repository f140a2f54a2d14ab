"""A form of four plain questions, and a phone that fills it in: for tests of what is kept, not of how it is asked."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from tests.browser.field import wait_until
from tests.browser.interviewing import NEXT, begin, finish
from tests.browser.waiting import wait_for_script

TITLE = "Diario de prueba"
DIARY = """
| survey |
| | type | name | label |
| | text | place | Lugar |
| | text | what | ¿Qué pasó? |
| | integer | people | ¿Cuántas personas? |
{more}
| settings |
| | form_title | form_id | version | instance_name |
| | Diario de prueba | diary | {version} | ${{place}} |
"""


def publish_diary(database: Database, version: str = "1", more: str = "| | text | last | Algo más |\n") -> None:
    """Put a version of the diary on the server."""
    source = DIARY.format(version=version, more=more)
    with database.reading() as session:
        programme_id = get_programme(session, "demo").id
    publish_form(database, programme_id, "diary.md", source.encode())


def write(page: Page, place: str, what: str = "nada", *, whole: bool = True) -> None:
    """Begin an interview and answer it: to the end, or only its first two questions."""
    begin(page, TITLE)
    answer(page, "place", place)
    answer(page, "what", what)
    if whole:
        answer(page, "people", "3")
        answer(page, "last", "fin")
        finish(page)
    else:
        page.locator("[aria-label='Guardar y salir']").click()
        page.locator("li.draft", has_text=place).wait_for()


def answer(page: Page, name: str, value: str) -> None:
    """Answer the question on the screen and go on; returns when the next one shows, so when this one is stored."""
    page.locator(f"[data-ref='/data/{name}']").locator("input, textarea").fill(value)
    page.locator(NEXT).click()
    wait_for_script(
        page, "name => !document.querySelector('form.questions').dataset.page.endsWith('/' + name)", arg=name
    )


def stored(page: Page, store: str) -> list[dict[str, Any]]:
    """The values of one store, as they lie in IndexedDB; bytes are left out."""
    found: list[dict[str, Any]] = page.evaluate(
        """store => new Promise((done, fail) => {
          const opening = indexedDB.open('encuesta');
          opening.onerror = () => fail(opening.error);
          opening.onsuccess = () => {
            const all = opening.result.transaction(store).objectStore(store).getAll();
            const plain = (key, value) => (value instanceof Uint8Array ? null : value);
            all.onsuccess = () => {
              opening.result.close();
              done(JSON.parse(JSON.stringify(all.result, plain)));
            };
          };
        })""",
        store,
    )
    return found


def copies(page: Page) -> list[str]:
    """The names of the files of the second copy."""
    names: list[str] = page.evaluate(
        """async () => {
          const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('second', { create: true });
          const names = [];
          for await (const name of folder.keys()) names.push(name);
          return names.sort();
        }"""
    )
    return names


def wait_for_copies(page: Page, prefix: str, count: int) -> None:
    wait_until(lambda: sum(name.startswith(prefix) for name in copies(page)) >= count, f"{count} copies {prefix}")
