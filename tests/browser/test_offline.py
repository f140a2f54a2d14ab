"""A day in the field: the server really gone, the browser really killed, and everything sent in the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from lxml import etree

from survey_server.db.models import SubmissionVersion
from tests.browser.field import Phone, Server, reload, wait_until
from tests.browser.interviewing import begin, enrol, fill_in, finish, unsent
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

Stored = Callable[[], list[SubmissionVersion]]

DWELLING = {"country": "GT", "adm1": "GT12", "psu": "GT1217011", "dwelling": "7", "n_adults": "2", "r_age": "44"}
TALK = {"sel_status": "1", "consent": "1", "privacy_ok": "1", "age": "34", "avoid": "1 2", "cross_freq": "3"}
POST = {"country": "GT", "adm1": "GT12", "visit_no": "AB12", "visit_ord": "2", "paired": "1", "obs2_id": "OB001"}
ENCOUNTER = {"enc_ref": "01", "off_ref": "1", "off_alias": "AA001", "n_people": "3", "searched": "1", "flags": "0"}


def answers_in(xml: bytes) -> dict[str, str]:
    """Every leaf of a document by its path; repeats carry their position."""
    root = etree.fromstring(xml)
    tree = root.getroottree()
    found = {}
    for leaf in root.iter(etree.Element):
        if len(leaf) == 0:
            path = "/".join(part.split(":")[-1] for part in tree.getpath(leaf).split("/"))
            found[path] = leaf.text or ""
    return found


def same(given: dict[str, str], xml: bytes) -> bool:
    """Is every answer that was tapped in the document, where it belongs? (Clock times are stored with their zone.)"""
    found = answers_in(xml)
    lone = {path.replace("[1]", ""): text for path, text in found.items()}
    return all(found.get(ref, lone.get(ref.replace("[1]", ""), "?")).startswith(value) for ref, value in given.items())


def test_it_fills_the_perception_survey_in_spanish_with_the_server_dead(
    server: Server, phone: Phone, link: str, stored: Stored
) -> None:
    page = phone.open()
    enrol(page, link)
    server.kill()
    reload(page)
    begin(page, "Encuesta de percepción")
    given = fill_in(page, DWELLING | TALK)
    assert len(given) > 80
    assert page.locator("footer .saved").inner_text().startswith("Guardado ")
    finish(page)
    wait_until(lambda: unsent(page) == "1 entrevista sin enviar", "the queue to be told")
    token = page.evaluate(
        "new Promise(done => { indexedDB.open('encuesta').onsuccess = e => e.target.result.transaction('meta')"
        ".objectStore('meta').get('device').onsuccess = f => done(f.target.result.token) })"
    )

    server.start()
    wait_until(lambda: unsent(page) == "Todo enviado", "the phone to send by itself")
    [document] = stored()
    assert same(given, document.xml)
    assert document.sha256 == hashlib.sha256(document.xml).hexdigest()
    page.locator("a.queue").click()
    page.locator("li.is-sent", has_text="Recibo").wait_for()
    log = server.log.read_text()
    assert token not in log and link.split("=")[1] not in log


CHOSEN = (
    "wanted => new Promise(done => { indexedDB.open('encuesta').onsuccess = e => e.target.result.transaction('meta')"
    ".objectStore('meta').get('language').onsuccess = f => done(f.target.result === wanted) })"
)
"""Whether the phone has written down that it is to speak a language."""


def test_it_keeps_several_encounters_in_english_without_a_network(
    server: Server, phone: Phone, link: str, stored: Stored
) -> None:
    page = phone.open()
    enrol(page, link)
    page.locator("button.language").click()
    wait_for_script(page, CHOSEN, arg="en")
    assert phone.context is not None
    phone.context.set_offline(True)
    server.kill()
    reload(page)
    given = []
    for number in ("01", "02"):
        begin(page, "Observer checklist")
        carried_over = {} if given else POST
        given.append(fill_in(page, ENCOUNTER | {"enc_ref": number} | carried_over))
        finish(page)
    assert given[1]["/data/ses/visit_no"] == "AB12", "the visit is carried over to the next encounter"
    wait_until(lambda: unsent(page) == "2 interviews not sent", "the queue to be told")

    server.start()
    phone.context.set_offline(False)
    wait_until(lambda: unsent(page) == "Everything sent", "the phone to send by itself")
    documents = stored()
    assert len(documents) == 2
    assert all(same(answers, document.xml) for answers, document in zip(given, documents, strict=True))
    assert len({document.sha256 for document in documents}) == 2


def test_it_loses_no_answer_when_the_browser_is_killed(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "Encuesta de percepción")
    given = fill_in(page, DWELLING | TALK, until="safe_day")
    page.locator("label.choice").nth(2).click()
    page.locator("footer .saved", has_text="Guardado").wait_for()  # said once it is on the disk
    shown = page.locator(".where").inner_text()
    phone.kill()

    page = phone.open()
    page.locator("li.draft", has_text="GT1217011 D7").get_by_role("link").click()
    page.locator("form.questions[data-page$='/safe_day']").wait_for()
    assert page.locator(".where").inner_text() == shown
    assert page.locator("input:checked").input_value() == "3"
    assert given["/data/select_grp/roster[2]/r_age"] == "44"
    page.locator("[aria-label='Lista de preguntas']").click()
    page.locator("dialog.contents").wait_for()
    page.evaluate("document.querySelectorAll('dialog details').forEach((each) => { each.open = true; })")
    page.locator("dialog .entry", has_text="Edad").nth(1).click()
    wait_for_script(page, "document.querySelector('.question')?.dataset.ref === '/data/select_grp/roster[2]/r_age'")
    assert page.locator(".question input").input_value() == "44"


def test_it_keeps_several_drafts_and_asks_before_it_deletes_one(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    for dwelling in ("7", "8"):
        begin(page, "Encuesta de percepción")
        fill_in(page, DWELLING | {"dwelling": dwelling}, until="n_adults")
        page.locator("[aria-label='Guardar y salir']").click()
        page.locator("li.draft", has_text=f"D{dwelling}").wait_for()
    page.locator("[aria-label^='Borrar: GT1217011 D7']").click()
    page.locator("dialog button", has_text="Cancelar").click()
    assert page.locator("li.draft").count() == 2
    page.locator("[aria-label^='Borrar: GT1217011 D7']").click()
    page.locator("dialog button", has_text="Sí, borrar").click()
    page.locator("li.draft", has_text="D7").wait_for(state="detached")
    assert page.locator("li.draft").count() == 1
