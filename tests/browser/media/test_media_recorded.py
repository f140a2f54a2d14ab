"""What is recorded, tapped on a drawing, shown by labels and read by the camera; and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from survey_server.db.media.types import find_type
from tests.browser.field import Phone, Server, reload, wait_until
from tests.browser.interviewing import finish
from tests.browser.media.conftest import Arrived
from tests.browser.media.steps import (
    begin,
    enrol,
    go_to,
    go_to_end,
    is_sent,
    saved,
)
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

SOME_SECONDS, MORE_SECONDS = re.compile(r"0:(0[2-9]|[1-5]\d)"), re.compile(r"0:(0[5-9]|[1-5]\d)")
"""What the clock of a recording shows from then on: a busy machine may not see each second."""


def test_it_records_sound_and_film_and_plays_them_back(
    phone: Phone, link: str, arrived: Callable[[], Arrived], screens: Path
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "media")
    question = go_to(page, "voice")
    question.locator("button[data-do=mediaRecord]").click()
    question.locator("[role=timer]", has_text=SOME_SECONDS).wait_for()
    page.screenshot(path=screens / "35-recording.png")
    question.locator("button[data-do=mediaStop]").click()
    saved(question)
    wait_for_script(page, CAN_PLAY)
    seconds = page.evaluate("document.querySelector('.media audio').duration")
    assert 1.5 < seconds < 90, "players know how long it is"
    question = go_to(page, "clip")
    question.locator("button[data-do=mediaRecordVideo]").click()
    question.locator("[role=timer]", has_text=SOME_SECONDS).wait_for()
    page.screenshot(path=screens / "36-film.png")
    question.locator("button[data-do=mediaStop]").click()
    saved(question)
    go_to_end(page)
    finish(page)
    is_sent(page)
    got = arrived()
    sound, film = got.files[got.answers["voice"]], got.files[got.answers["clip"]]
    assert {find_type(sound[:64]), find_type(film[:64])} == {"video/webm"}
    assert 1_000 < len(sound) < 4_000 * (seconds + 2), "24 kbit a second, and what the file costs"
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
    question.locator("[role=timer]", has_text=MORE_SECONDS).wait_for()
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
