"""What is photographed, drawn, recorded and chosen on the phone, byte for byte to the server."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from survey_server.db.media.types import find_type
from tests.browser.field import Phone, Server, wait_until
from tests.browser.interviewing import finish
from tests.browser.media.conftest import Arrived, beep, photo
from tests.browser.media.steps import (
    begin,
    choose,
    draw,
    enrol,
    go_to,
    go_to_end,
    here,
    is_sent,
    saved,
)
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


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
    wait_until(lambda: len({key.split("/")[1] for key in page.evaluate(READ_NAMES)}) == 1, "the first file to go")
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


def test_it_says_in_words_what_is_wrong_with_a_file(phone: Phone, link: str, tmp_path: Path) -> None:
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
    with (tmp_path / "grande.bin").open("wb") as large:
        large.truncate(34_000_000)
    question.locator("input[type=file]").first.set_input_files(tmp_path / "grande.bin")
    question.locator("[role=alert]", has_text="el límite es 33.6 MB").wait_for()
    go_to_end(page)
    finish(page)
