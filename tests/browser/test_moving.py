"""Unfinished interviews and newer versions of their form, and unsent interviews that go to another phone in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.models import SubmissionVersion
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database
from tests.browser import diary
from tests.browser.diary import publish_diary, write
from tests.browser.field import Phone, Server, wait_until
from tests.browser.interviewing import NEXT, enrol

pytestmark = pytest.mark.browser

NEWER = "| | text | after | Algo más |\n| | text | last | Al final |\n"


def renew(page: Page, wanted: str) -> None:
    """Ask for the forms now, and wait until the phone has that version of the diary."""
    at = "`/static/${document.documentElement.dataset.version}/js/"
    page.evaluate(f"import({at}sync.js`).then((m) => m.syncNow({{ catalogue: true }}))")
    wait_until(lambda: wanted in diary_versions(page), f"version {wanted}")


def diary_versions(page: Page) -> list[str]:
    lists = [value["forms"] for value in diary.stored(page, "meta") if isinstance(value, dict) and "forms" in value]
    return [entry["version"] for forms in lists for entry in forms if entry["id"] == "diary"]


def test_it_shows_what_a_newer_form_takes_over_before_it_moves_a_draft(
    phone: Phone, server: Server, database: Database, link: str
) -> None:
    publish_diary(database, "10", "| | text | old | Ya no se pregunta |\n| | text | last | Algo más |\n")
    page = phone.open()
    enrol(page, link)
    write(page, "Alfa", "lluvia", whole=False)
    page.locator("li.draft a").first.click()
    for name, value in (("people", "12"), ("old", "se pierde")):
        page.locator(f"[data-ref='/data/{name}']").locator("input, textarea").fill(value)
        page.locator(NEXT).click()
    page.locator("[data-ref='/data/last']").wait_for()
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator("li.draft", has_text="Alfa").wait_for()
    publish_diary(database, "11", NEWER)
    renew(page, "11")
    assert diary.stored(page, "drafts")[0]["version"] == "10", "a draft keeps its version"

    page.locator("li.draft a.move").click()
    lost = page.locator("section.alert")
    lost.locator("li", has_text="se pierde").wait_for()
    assert lost.locator("li").count() == 1
    assert page.locator("details", has_text="3 respuestas pasan igual").count() == 1
    assert page.locator("details", has_text="1 pregunta nueva").count() == 1
    assert diary.stored(page, "drafts")[0]["version"] == "10", "looking changes nothing"
    page.locator("button", has_text="Pasar la entrevista").click()
    page.locator("form.questions").wait_for()
    [draft] = diary.stored(page, "drafts")
    assert draft["version"] == "11"
    page.locator("[aria-label='Lista de preguntas']").click()
    page.locator("dialog .entry", has_text="¿Cuántas personas?").click()
    page.locator("[data-ref='/data/people']").wait_for()
    assert page.locator("[data-ref='/data/people'] input").input_value() == "12"


def test_another_phone_loads_the_file_and_sends_it_as_it_was(
    phone: Phone,
    playwright: Playwright,
    server: Server,
    database: Database,
    link: str,
    tmp_path: Path,
    label: str,
    stored: Callable[[], list[SubmissionVersion]],
) -> None:
    publish_diary(database, "12")
    page = phone.open()
    enrol(page, link)
    server.kill()
    write(page, "Alfa")
    write(page, "Beta")
    page.locator("a.queue").click()
    with page.expect_download() as download:
        page.locator("button", has_text="Guardar en un archivo").click()
    download.value.save_as(tmp_path / "unsent.json")
    saved = json.loads((tmp_path / "unsent.json").read_text())
    assert len(saved["submissions"]) == 2 and "Alfa" not in json.dumps(saved["submissions"][0].get("sealed", ""))

    phone.close()
    server.start()
    with database.transaction() as session:
        code = add_enrolment(session, get_programme(session, "demo").id, label, "OB008")
    other = Phone(playwright, tmp_path / "other", server.address)
    second = other.open()
    enrol(second, enrol_link(server.address, code))
    before = len(stored())
    second.locator("a.queue").click()
    second.locator("a", has_text="Cargar el archivo").click()
    second.locator("#file").set_input_files(tmp_path / "unsent.json")
    second.locator("text=2 entrevistas de").wait_for()
    second.locator("button", has_text="Pasarlas a la bandeja").click()
    second.locator(".notice", has_text="2 entrevistas nuevas").wait_for()
    wait_until(lambda: len(stored()) == before + 2, "the other phone to send them")
    assert {each["id"] for each in saved["submissions"]} == {each.instance_id for each in stored()[before:]}

    second.locator("#file").set_input_files({"name": "x.json", "mimeType": "application/json", "buffer": b"hola"})
    second.locator("[role=alert]", has_text="no es de la bandeja").wait_for()
    other.close()
