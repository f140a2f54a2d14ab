"""New versions of the app: taken whole or not at all, and never under an interview."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.field import Phone, Server, reload, unlock, wait_until
from tests.browser.interviewing import begin, enrol, fill_in

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
CHANGE_OF_WORKERS = 330_000
"""Milliseconds: the browser may let a service worker finish what it is at for five minutes before the next begins."""
ANSWERS = {"country": "GT", "adm1": "GT12", "psu": "GT1217011", "dwelling": "7"}


@pytest.fixture
def newer(server: Server, tmp_path: Path) -> Iterator[Path]:
    """A copy of the program to change; the server that is started next runs it."""
    for part in ("survey_server", "static", "migrations"):
        shutil.copytree(ROOT / part, tmp_path / "newer" / part, ignore=shutil.ignore_patterns("__pycache__"))
    yield tmp_path / "newer"
    server.kill()
    server.source = ROOT


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def deploy(server: Server, source: Path) -> None:
    server.kill()
    server.source = source
    server.start()


def version(page: Page) -> str:
    found: str = page.evaluate("document.documentElement.dataset.version")
    return found


def test_it_takes_a_new_version_when_told_and_keeps_the_draft(
    server: Server, newer: Path, phone: Phone, link: str
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "Encuesta de percepción")
    fill_in(page, ANSWERS, until="n_adults")
    old = version(page)
    change(newer / "static/js/texts.js", "'Nueva entrevista'", "'Empezar una entrevista'")
    deploy(server, newer)
    reload(page)
    page.evaluate("navigator.serviceWorker.ready.then((found) => found.update()).then(() => null)")
    waiting = "navigator.serviceWorker.getRegistration().then((found) => found.waiting !== null)"
    wait_until(lambda: bool(page.evaluate(waiting)), "the new version to be ready")
    assert version(page) == old, "the interview goes on under the version it was opened with"
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator("h2", has_text="Nueva entrevista").wait_for()
    page.locator("button", has_text="Actualizar").click()
    page.locator("#app > .lock").wait_for()
    unlock(page)
    page.locator("h2", has_text="Empezar una entrevista").wait_for()
    assert version(page) != old
    page.locator("li.draft", has_text="GT1217011 D7").get_by_role("link").click()
    page.locator("form.questions[data-page$='/n_adults']").wait_for()


def test_it_takes_a_new_version_by_itself_when_it_opens_and_nothing_is_filled_in(
    server: Server, newer: Path, phone: Phone, link: str
) -> None:
    page = phone.open()
    enrol(page, link)
    old = version(page)
    change(newer / "static/js/texts.js", "'Nueva entrevista'", "'Empezar una entrevista'")
    deploy(server, newer)
    page.evaluate("navigator.serviceWorker.ready.then((found) => found.update()).then(() => null)")
    waiting = "navigator.serviceWorker.getRegistration().then((found) => found.waiting !== null)"
    wait_until(lambda: bool(page.evaluate(waiting)), "the new version to be ready")
    server.kill()  # all of it is here
    page.reload()
    page.locator(f"html:not([data-version='{old}'])").wait_for(state="attached", timeout=CHANGE_OF_WORKERS)
    unlock(page)
    page.locator("h2", has_text="Empezar una entrevista").wait_for()


def test_it_stays_whole_when_a_deploy_is_broken(server: Server, newer: Path, phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    old = version(page)
    change(newer / "static/js/texts.js", "'Nueva entrevista'", "'Empezar una entrevista'")
    change(newer / "survey_server/web/phone.py", "    assets = read_assets()\n    if version", BROKEN)
    deploy(server, newer)
    reload(page)
    refused = page.evaluate(
        "navigator.serviceWorker.getRegistration().then((found) => new Promise((done) => {"
        " found.addEventListener('updatefound', () => { const worker = found.installing;"
        " worker.addEventListener('statechange', () => done(worker.state)); }); found.update(); }))"
    )
    assert refused == "redundant"
    server.kill()
    reload(page)
    page.locator("h2", has_text="Nueva entrevista").wait_for()
    assert version(page) == old
    begin(page, "Encuesta de percepción")


BROKEN = """    assets = read_assets()
    if path == "js/texts.js":
        abort(503)
    if version"""
