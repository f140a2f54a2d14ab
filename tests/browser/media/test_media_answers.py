"""What is photographed, drawn, recorded and chosen on the phone, byte for byte to the server."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from survey_server.db.media_types import find_type
from tests.browser.field import Phone, Server, reload, wait_until, wait_whole
from tests.browser.interviewing import NEXT, choose_pin, finish, unsent
from tests.browser.media.conftest import Arrived, beep, photo
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


def enrol(page: Page, link: str) -> None:
    page.goto(link)
    choose_pin(page)
    page.locator("main ul.list a.card").first.wait_for()
    wait_whole(page)
    wait_for_script(page, "navigator.serviceWorker.controller !== null")
    page.locator("text=Todo enviado").wait_for()
    wait_for_script(page, "document.querySelectorAll('main section:last-of-type ul.list a.card').length >= 4")


def begin(page: Page, form: str) -> None:
    page.evaluate("form => { location.hash = `#/fill/new:${form}`; }", form)
    page.locator("form.questions").wait_for()


def here(page: Page, name: str) -> Locator:
    question = page.locator(f"[data-ref$='/{name}']")
    question.wait_for()
    return question


def go_on(page: Page, to: str) -> None:
    page.locator(NEXT).click()
    page.locator(f"form.questions[data-page*='{to}']").wait_for()


def go_to(page: Page, name: str) -> Locator:
    """From page to page up to the question `name`."""
    page.locator("form.questions").wait_for()
    while not page.locator(f"form.questions[data-page$='/{name}']").count():
        before = page.locator("form.questions").get_attribute("data-page")
        page.locator(NEXT).click()
        wait_for_script(page, "key => document.querySelector('form.questions').dataset.page !== key", arg=before)
    return here(page, name)


def go_to_end(page: Page) -> None:
    page.locator("form.questions").wait_for()
    while page.locator("form.questions").get_attribute("data-page") != "end":
        before = page.locator("form.questions").get_attribute("data-page")
        page.locator(NEXT).click()
        wait_for_script(page, "key => document.querySelector('form.questions').dataset.page !== key", arg=before)


def saved(question: Locator) -> None:
    question.locator(".media-status", has_text="Guardado en este teléfono").wait_for()


def choose(
    question: Locator, content: bytes, name: str = "IMG_0042.jpg", kind: str = "image/jpeg", place: int = 0
) -> None:
    file: Any = {"name": name, "mimeType": kind, "buffer": content}
    question.locator("input[type=file]").nth(place).set_input_files(file)


def draw(page: Page, question: Locator, *, fingers: int = 2) -> None:
    sheet = question.locator("canvas")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box is not None
    for stroke in range(fingers):
        page.mouse.move(box["x"] + 30, box["y"] + 30 + 20 * stroke)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.6, steps=6)
        page.mouse.up()


def is_sent(page: Page) -> None:
    wait_until(lambda: unsent(page) == "Todo enviado", "everything to be sent", 60)


def test_it_sends_a_photo_small_upright_and_without_the_camera_s_notes(
    phone: Phone, link: str, arrived: Callable[[], Arrived], screens: Path
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = here(page, "photo")
    original = photo()
    assert b"CAMARA-SECRETA" in original
    choose(question, original)
    saved(question)
    question.locator("img").wait_for()
    page.screenshot(path=screens / "31-photo.png")
    go_to_end(page)
    finish(page)
    is_sent(page)
    got = arrived()
    sent = got.files[got.answers["photo"]]
    assert got.answers["photo"].removesuffix(".jpg").isdigit()
    with Image.open(io.BytesIO(sent)) as image:
        assert image.size == (480, 640), "upright, and max-pixels=640 on the longer side"
        assert dict(image.getexif()) == {} and "exif" not in image.info
        red = image.convert("RGB").getpixel((440, 40))
        assert isinstance(red, tuple) and red[0] > 150 > red[1], "the corner turned with it"
    for secret in (b"CAMARA-SECRETA", b"COMENTARIO-SECRETO", b"GPS", b"Exif"):
        assert secret not in sent
    assert [row.found_type for row in got.rows] == ["image/jpeg"]
    assert len(sent) < len(original) / 4


def test_it_keeps_every_kind_through_a_killed_browser_byte_for_byte(
    server: Server, phone: Phone, link: str, arrived: Callable[[], Arrived], screens: Path
) -> None:
    page = phone.open()
    enrol(page, link)
    server.kill()
    begin(page, "media")
    choose(here(page, "photo"), photo(), place=1)
    saved(here(page, "photo"))
    choose(go_to(page, "taken"), photo(side=False))
    saved(here(page, "taken"))
    question = go_to(page, "sign")
    draw(page, question)
    saved(question)
    page.screenshot(path=screens / "32-signature.png")
    question = go_to(page, "sketch")
    question.locator("label.media-colour", has_text="Azul").click()
    draw(page, question, fingers=3)
    saved(question)
    question = go_to(page, "marked")
    choose(question, photo(1200, 900, side=False))
    saved(question)
    draw(page, question)
    saved(question)
    page.screenshot(path=screens / "33-annotate.png")
    question = go_to(page, "voice")
    choose(question, beep(), "nota.wav", "audio/wav")
    saved(question)
    paper = b"%PDF-1.7 " + bytes(range(256)) * 9000
    question = go_to(page, "paper")
    choose(question, paper, "Acta de Juan.pdf", "application/pdf")
    saved(question)
    page.screenshot(path=screens / "34-file.png")
    question = go_to(page, "code")
    question.locator("input").fill("K9-0042")
    names = page.evaluate(READ_NAMES)
    wait_for_script(page, "() => document.querySelector('footer .saved')?.textContent.includes('Guardado')")
    phone.kill()

    page = phone.open()
    page.locator("li.draft a").first.click()
    page.locator("form.questions").wait_for()
    assert page.evaluate(READ_NAMES) == names
    go_to_end(page)
    finish(page)
    server.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    is_sent(page)
    got = arrived()
    assert {name for name, value in got.answers.items() if value in got.files} == {
        "photo", "taken", "sign", "sketch", "marked", "voice", "paper",
    }  # fmt: skip
    assert got.answers["code"] == "K9-0042"
    assert got.files[got.answers["paper"]] == paper
    assert got.files[got.answers["voice"]] == beep()
    assert b"Acta de Juan" not in b"".join(name.encode() for name in got.files), "its own name stays on the phone"
    kinds = {name: find_type(got.files[got.answers[name]][:64]) for name in ("sign", "sketch", "marked", "taken")}
    assert kinds == {"sign": "image/png", "sketch": "image/png", "marked": "image/jpeg", "taken": "image/jpeg"}
    with Image.open(io.BytesIO(got.files[got.answers["sketch"]])) as drawing:
        colours = {colour for _, colour in drawing.convert("RGB").getcolors(1_000_000)}
        assert (11, 79, 179) in colours and (255, 255, 255) in colours
    with Image.open(io.BytesIO(got.files[got.answers["taken"]])) as usual:
        assert max(usual.size) == 1600
    for row in got.rows:
        assert row.completed_at is not None


READ_NAMES = """() => new Promise((done) => { indexedDB.open('encuesta').onsuccess = (e) => e.target.result
  .transaction('media').objectStore('media').getAllKeys().onsuccess = (f) => done(f.target.result); })"""


def test_it_forgets_a_file_that_is_changed_or_removed(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = here(page, "photo")
    choose(question, photo(800, 600), place=1)
    saved(question)
    first = question.locator("img").get_attribute("src")
    choose(question, photo(700, 500), place=1)
    wait_for_script(page, "src => document.querySelector('.media img')?.src !== src", arg=first)
    saved(question)
    names = {key.split("/")[1] for key in page.evaluate(READ_NAMES)}
    assert len(names) == 1
    question.locator("button[data-do=mediaRemove]").click()
    page.locator("dialog button.danger").click()
    question.locator("img").wait_for(state="detached")
    wait_until(lambda: page.evaluate(READ_NAMES) == [], "the file to be gone")
    choose(question, photo(800, 600), place=1)
    saved(question)
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator("li.draft button").first.click()
    page.locator("dialog button.danger").click()
    page.locator("li.draft").wait_for(state="detached")
    assert page.evaluate(READ_NAMES) == [], "a deleted draft leaves no file"


def test_it_undoes_and_clears_a_drawing(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = go_to(page, "sketch")
    draw(page, question, fingers=2)
    saved(question)
    assert question.locator("canvas").get_attribute("aria-label") == "Lienzo con 2 trazos"
    question.locator("button[data-do=undo]").click()
    assert question.locator("canvas").get_attribute("aria-label") == "Lienzo con 1 trazo"
    question.locator("button[data-do=clear]").click()
    question.locator(".media-status", has_text="Guardado").wait_for(state="detached")
    wait_until(lambda: page.evaluate(READ_NAMES) == [], "the blank sheet to be no answer")


def test_it_says_in_words_what_is_wrong_with_a_file(phone: Phone, link: str, server: Server) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = here(page, "photo")
    choose(question, b"this is no picture", place=1)
    question.locator("[role=alert]", has_text="no puede abrir esa imagen").wait_for()
    question = go_to(page, "voice")
    choose(question, b"x", "a.txt", "text/plain")
    question.locator("[role=alert]", has_text="no es del tipo").wait_for()
    question = go_to(page, "paper")
    choose(question, b"", "vacio.pdf", "application/pdf")
    question.locator("[role=alert]", has_text="está vacío").wait_for()
    choose(question, bytes(34_000_000), "grande.bin", "application/octet-stream")
    question.locator("[role=alert]", has_text="el límite es 33.6 MB").wait_for()
    go_to_end(page)
    finish(page)


def test_it_records_sound_and_film_and_plays_them_back(
    phone: Phone, link: str, arrived: Callable[[], Arrived], screens: Path
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = go_to(page, "voice")
    question.locator("button[data-do=mediaRecord]").click()
    question.locator("[role=timer]", has_text="0:02").wait_for()
    page.screenshot(path=screens / "35-recording.png")
    question.locator("button[data-do=mediaStop]").click()
    saved(question)
    wait_for_script(page, CAN_PLAY)
    assert 1.5 < page.evaluate("document.querySelector('.media audio').duration") < 12, "players know how long it is"
    question = go_to(page, "clip")
    question.locator("button[data-do=mediaRecordVideo]").click()
    question.locator("[role=timer]", has_text="0:02").wait_for()
    page.screenshot(path=screens / "36-film.png")
    question.locator("button[data-do=mediaStop]").click()
    saved(question)
    go_to_end(page)
    finish(page)
    is_sent(page)
    got = arrived()
    sound, film = got.files[got.answers["voice"]], got.files[got.answers["clip"]]
    assert {find_type(sound[:64]), find_type(film[:64])} == {"video/webm"}
    assert 1_000 < len(sound) < 40_000, "24 kbit a second at most"
    assert len(film) > len(sound)
    assert [row.type for row in got.rows if row.name == got.answers["voice"]] == ["audio/webm"]


def test_it_keeps_what_was_recorded_until_the_phone_died(
    phone: Phone, link: str, arrived: Callable[[], Arrived]
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = go_to(page, "voice")
    question.locator("button[data-do=mediaRecord]").click()
    question.locator("[role=timer]", has_text="0:05").wait_for()
    wait_for_script(page, HAS_LINE)
    phone.kill()
    page = phone.open()
    page.locator("li.draft a").first.click()
    question = go_to(page, "voice")
    saved(question)
    wait_for_script(page, CAN_PLAY)
    go_to_end(page)
    finish(page)
    is_sent(page)
    got = arrived()
    assert find_type(got.files[got.answers["voice"]][:64]) == "video/webm"


CAN_PLAY = (
    "() => document.querySelector('.media audio')?.readyState >= 2 && !document.querySelector('.media audio').error"
)
HAS_LINE = """() => new Promise((done) => { indexedDB.open('encuesta').onsuccess = (e) => e.target.result
  .transaction('media').objectStore('media').getAllKeys()
  .onsuccess = (f) => done(f.target.result.some((key) => key.split('/').length === 2)); })"""


def test_it_answers_on_a_drawing_by_finger_and_by_keyboard(
    phone: Phone, link: str, arrived: Callable[[], Arrived], screens: Path
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = go_to(page, "where")
    question.locator("svg").wait_for()
    assert page.evaluate("window.bad") is None
    drawing = question.locator("svg")
    assert drawing.evaluate("svg => svg.querySelectorAll('script, style, a, image, foreignObject').length") == 0
    assert drawing.evaluate(HANDLERS) == 0
    assert drawing.locator("#head").evaluate("e => getComputedStyle(e).stroke") == "rgb(51, 51, 51)"
    question.locator("#head").click()
    question.locator("#arm").click()
    question.locator(".media-status", has_text="Elegido: Brazo").wait_for()
    page.screenshot(path=screens / "37-image-map.png")
    question = go_to(page, "wheres")
    question.locator("#head").focus()
    page.keyboard.press("Enter")
    question.locator("#arm").focus()
    page.keyboard.press(" ")
    assert question.locator("#head").get_attribute("aria-checked") == "true"
    question.locator("label.choice", has_text="Otra parte").click()
    question.locator(".media-status", has_text="Cabeza, Brazo, Otra parte").wait_for()
    go_to_end(page)
    finish(page)
    is_sent(page)
    got = arrived()
    assert (got.answers["where"], got.answers["wheres"]) == ("arm", "head arm other")


def test_it_shows_what_labels_show_without_a_line(server: Server, phone: Phone, link: str, screens: Path) -> None:
    page = phone.open()
    enrol(page, link)
    wait_until(lambda: page.evaluate(COUNT_FILES) == 3, "the form's pictures to be on the phone")
    server.kill()
    reload(page)
    begin(page, "media")
    question = go_to(page, "sign_seen")
    question.locator(".pictures img").wait_for()
    question.locator(".pictures audio").wait_for()
    question.locator("label.choice", has_text="Este").locator("img").wait_for()
    assert (
        question.locator(".pictures img").evaluate("async (img) => { await img.decode(); return img.naturalWidth; }")
        == 300
    )
    assert question.locator("label.choice", has_text="Otro").locator("img").count() == 0
    page.screenshot(path=screens / "38-labels.png")


COUNT_FILES = """() => new Promise((done) => { indexedDB.open('encuesta').onsuccess = (e) => e.target.result
  .transaction('files').objectStore('files').count().onsuccess = (f) => done(f.target.result); })"""
DETECTOR = """() => { self.BarcodeDetector = class {
  async detect(video) { return video.videoWidth ? [{ rawValue: 'QR-77' }] : []; }
}; }"""
HANDLERS = """svg => [...svg.querySelectorAll('*'), svg].flatMap(e => e.getAttributeNames())
  .filter(n => n.startsWith('on')).length"""


def test_it_reads_a_code_with_the_camera(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    page.evaluate(DETECTOR)
    begin(page, "media")
    question = go_to(page, "code")
    question.locator("button[data-do=scan]").click()
    question.locator(".media-status", has_text="Código leído").wait_for()
    assert question.locator("input").input_value() == "QR-77"


@pytest.mark.parametrize("name", ["voice", "clip"])
def test_it_says_so_when_microphone_or_camera_are_refused_and_goes_on(phone: Phone, link: str, name: str) -> None:
    phone.flags = [flag for flag in phone.flags if "fake-ui" not in flag]
    phone.permissions = ["geolocation"]
    page = phone.open()
    assert phone.context is not None
    session = phone.context.new_cdp_session(page)
    for permission in ("audioCapture", "videoCapture"):
        session.send(
            "Browser.setPermission",
            {
                "permission": {"name": "camera" if permission == "videoCapture" else "microphone"},
                "setting": "denied",
                "origin": phone.address,
            },
        )
    enrol(page, link)
    begin(page, "media")
    question = go_to(page, name)
    question.locator("button[data-do^=mediaRecord]").click()
    question.locator("[role=alert]", has_text="no dio permiso").wait_for()
    assert "La entrevista puede seguir" in question.locator("[role=alert]").last.inner_text()
    go_to_end(page)
    finish(page)
