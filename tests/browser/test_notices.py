"""What the phone says when something is not as it should be: every notice, in every light and both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from survey_server.db.session import Database
from tests.browser.diary import answer, publish_diary, stored
from tests.browser.field import Phone, Server, unlock, wait_until
from tests.browser.interviewing import begin, enrol
from tests.browser.looking import look_in_both_languages, look_in_every_light, speak
from tests.browser.programmes import change_stored, put_stored, refresh
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

LOST = {"interviews": 3, "drafts": 1, "files": 2, "restored": 2, "restoredDrafts": 1, "backFiles": 1, "seen": False}
LITTLE_ROOM = "() => { navigator.storage.estimate = async () => ({ usage: 1e6, quota: 35e6 }); }"
FULL = """() => {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (stores, mode, ...more) {
    if (mode === 'readwrite' && stores.includes('drafts')) throw new DOMException('full', 'QuotaExceededError');
    return transaction.call(this, stores, mode, ...more);
  };
}"""
SHARES = """() => {
  navigator.canShare = () => true;
  navigator.share = async ({ files: [file] }) => { window.shared = [file.name, file.type, await file.text()]; };
}"""
AS = "return {{ ...value, ...{} }};"
KEY = "value.refused = [{ wave: 'w', kid: 'x' }]; return value;"
AGE = "value.created_at = new Date(Date.now() - 5.5 * 86400000).toISOString(); return value;"
WAITED = "value.finished_at = new Date(Date.now() - 4 * 86400000).toISOString(); return value;"
UNREAD = "value.unopened = [{ title: 'Actores', why: 'large' }, { title: 'Visitas', why: 'form' }]; return value;"


def ago(**past: float) -> str:
    return (datetime.now(UTC) - timedelta(**past)).isoformat().replace("+00:00", "Z")


@pytest.fixture
def page(phone: Phone, database: Database, server: Server, link: str) -> Iterator[Page]:
    """A phone in the field: a draft whose form has a newer version, three finished interviews, and no line."""
    publish_diary(database, "40", "| | text | old | Ya no se pregunta |\n| | text | last | Algo más |\n")
    opened = phone.open()
    enrol(opened, link)
    begin(opened, "Diario de prueba")
    for name, value in (("place", "Aldea Alfa"), ("what", "lluvia"), ("people", "12"), ("old", "se pierde")):
        answer(opened, name, value)
    opened.locator("[aria-label='Guardar y salir']").click()
    publish_diary(database, "41", "| | text | after | Algo más |\n| | text | last | Al final |\n")
    refresh(opened)
    wait_until(lambda: opened.locator("li.draft a.move").count() == 1, "the newer version")
    server.kill()
    yield opened


def finish_three(page: Page) -> list[dict[str, Any]]:
    for place in ("Beta", "Gama", "Delta"):
        begin(page, "Diario de prueba")
        for name, value in (("place", place), ("what", "nada"), ("people", "3"), ("after", "no"), ("last", "fin")):
            answer(page, name, value)
        page.locator("main button.main").click()
        page.locator("main .notice[role=status]").wait_for()
    return stored(page, "outbox")


def test_it_says_clearly_on_the_first_screen_what_is_wrong(page: Page, screens: Path) -> None:
    wrong: list[str] = []
    change_stored(page, "drafts", None, AGE)
    put_stored(page, "meta", "losses", LOST)
    put_stored(page, "meta", "expired", {"n": 2, "total": 2, "days": 7, "at": ago(hours=1), "seen": False})
    page.locator(".state .alert", has_text="Faltan 3 entrevistas terminadas").wait_for()
    page.locator("li.draft .due").wait_for()
    wrong += look_in_both_languages(page, "notice-1-lost", screens, whole=True)

    put_stored(page, "meta", "losses", LOST | {"seen": True})
    put_stored(page, "meta", "expired", {"n": 0, "total": 2, "days": 7, "at": ago(hours=1), "seen": True})
    change_stored(page, "vault", "keys", KEY)
    page.evaluate(LITTLE_ROOM)
    change_stored(page, "meta", "catalogue", UNREAD)
    put_stored(page, "meta", "clock", {"offset": 3_600_000, "server": ago(hours=2)})
    page.locator(".state .alert", has_text="El reloj del teléfono está mal").wait_for()
    page.locator(".alert", has_text="Quedan 32 MB").wait_for()
    page.locator("main > .alert", has_text="llave").wait_for()
    wrong += look_in_both_languages(page, "notice-2-phone", screens, whole=True)
    assert wrong == []


def test_it_says_clearly_how_each_interview_in_the_outbox_stands(page: Page, screens: Path) -> None:
    wrong: list[str] = []
    waiting, refused, sent = finish_three(page)
    change_stored(page, "outbox", waiting["id"], WAITED)
    reason = {"kind": "refused", "status": 422, "title": "No se puede leer", "detail": "El documento está cortado."}
    change_stored(page, "outbox", refused["id"], AS.format({"state": "refused", "reason": reason}))
    change_stored(page, "outbox", sent["id"], AS.format({"state": "sent", "receipt": {"number": 1207}}))
    put_stored(page, "meta", "losses", LOST | {"seen": True})
    page.locator(".state .alert", has_text="espera desde hace más de tres días").wait_for()
    wrong += look_in_both_languages(page, "notice-3-unsent", screens, whole=True)
    page.evaluate(SHARES)
    page.locator("a.queue").click()
    page.locator("li.is-refused .reason").wait_for()
    wrong += look_in_both_languages(page, "notice-4-outbox", screens, whole=True)
    page.locator("button", has_text="Pasarla a otro teléfono").click()
    [name, kind, text] = wait_for_script(page, "window.shared")
    assert (name[-4:], kind, len(json.loads(text)["submissions"])) == (".txt", "text/plain", 2)
    with page.expect_download() as download:
        page.locator("button", has_text="Guardar en un archivo").click()
    page.locator("a", has_text="Cargar el archivo").click()
    page.locator("#file").set_input_files(download.value.path())
    page.locator("text=2 entrevistas de").wait_for()
    for language in ("en", "es"):
        speak(page, language)
        page.locator("#file").set_input_files({"name": name, "mimeType": kind, "buffer": text.encode()})
        page.locator("main button.main").wait_for()
        wrong += look_in_every_light(page, f"notice-5-load-{language}", screens)
    assert wrong == []


def test_it_says_clearly_what_stands_in_the_way_of_an_interview(page: Page, phone: Phone, screens: Path) -> None:
    wrong: list[str] = []
    page.locator("li.draft a.move").click()
    page.locator("section.alert li", has_text="se pierde").wait_for()
    wrong += look_in_both_languages(page, "notice-6-newer-version", screens, whole=True)
    page.locator("a", has_text="Dejarla como está").click()
    page.locator("li.draft a").first.click()
    page.locator("form.questions").wait_for()

    assert phone.context is not None
    second = phone.context.new_page()
    second.goto(page.url)
    unlock(second)
    second.locator("text=abierta en otra pestaña").wait_for()
    wrong += look_in_both_languages(second, "notice-7-elsewhere", screens)
    second.close()

    page.locator("header [aria-label='Lista de preguntas']").click()
    page.get_by_role("button", name="Parar la entrevista").click()
    page.locator("dialog.ask").wait_for()
    wrong += look_in_both_languages(page, "notice-8-stop", screens)
    page.get_by_role("button", name="Seguir la entrevista").click()
    page.locator("dialog.contents .quiet").first.click()

    page.evaluate(FULL)
    page.locator("[data-ref='/data/last']").locator("input, textarea").fill("no cabe")
    page.locator(".save-trouble", has_text="no tiene espacio").wait_for()
    wrong += look_in_both_languages(page, "notice-9-full", screens)
    page.evaluate("location.hash = '#/fill/uuid:gone'")
    page.locator("[role=alert]", has_text="ya no está en este teléfono").wait_for()
    wrong += look_in_both_languages(page, "notice-10-gone", screens)
    assert wrong == []
