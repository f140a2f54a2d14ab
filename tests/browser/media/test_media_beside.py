"""What runs beside an interview: the audit log in ODK's format, and the recording in the background."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from survey_server.db.media.types import find_type
from tests.browser.field import Phone
from tests.browser.interviewing import NEXT, finish
from tests.browser.media.conftest import Arrived
from tests.browser.media.steps import begin, enrol, go_on, here, is_sent
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

COLUMNS = ["event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value", "user"]


def identify(page: Page, name: str) -> None:
    page.locator("#audit-who").fill(name)
    page.locator("dialog button.main").click()
    page.locator("dialog").wait_for(state="detached")


def test_it_logs_an_interview_as_odk_collect_does(phone: Phone, link: str, arrived: Callable[[], Arrived]) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "audited")
    assert page.locator("#audit-who").input_value() == "EN007"
    identify(page, "Ana, la de campo")
    here(page, "village").locator("input").fill('El "Alto", norte')
    go_on(page, "/people")
    here(page, "people").locator("input").fill("500")
    page.locator(NEXT).click()
    page.locator(".message", has_text="Menos de cien").wait_for()
    here(page, "people").locator("input").fill("12")
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator("li.draft a").first.click()
    identify(page, "Beto")
    page.locator("form.questions[data-page$='/people']").wait_for()
    here(page, "people").locator("input").fill("13")
    go_on(page, "left")
    here(page, "left").locator("input").fill("x")
    here(page, "right").locator("input").fill("y")
    go_on(page, "end")
    finish(page)
    is_sent(page)
    got = arrived()
    assert got.answers["audit"] == "audit.csv"
    text = got.files["audit.csv"].decode()
    assert "\r" not in text and text.endswith("\n")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert list(lines[0]) == COLUMNS
    events = [line["event"] for line in lines if not line["event"].startswith("location")]
    assert events == [
        "form start", "question", "constraint error", "question", "form save", "form exit",
        "form resume", "question", "group questions", "question", "question", "end screen",
        "form save", "form exit", "form finalize",
    ]  # fmt: skip
    asked = [line for line in lines if line["event"] == "question"]
    assert [(line["node"], line["old-value"], line["new-value"]) for line in asked] == [
        ("/data/village", "", 'El "Alto", norte'),
        ("/data/people", "", "12"),
        ("/data/people", "12", "13"),
        ("/data/pair/left", "", "x"),
        ("/data/pair/right", "", "y"),
    ]
    assert next(line["node"] for line in lines if line["event"] == "group questions") == "/data/pair"
    assert [line["user"] for line in asked][:3] == ["Ana, la de campo", "Ana, la de campo", "Beto"]
    timed = [line for line in lines if line["end"]]
    assert {line["event"] for line in timed} == {"question", "group questions", "end screen"}
    assert all(1_700_000_000_000 < int(line["start"]) <= int(line["end"]) for line in timed)
    placed = [line for line in asked if line["latitude"]]
    assert placed and placed[-1]["latitude"] == "14.6407" and placed[-1]["accuracy"] == "4"


def test_it_records_the_interview_with_a_sign_and_stops_with_it(
    phone: Phone, link: str, arrived: Callable[[], Arrived], screens: Path
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "recorded")
    page.locator(".background-sound", has_text="Se está grabando").wait_for()
    page.screenshot(path=screens / "39-background.png")
    here(page, "first").locator("input").fill("uno")
    wait_for_script(page, f"{PIECES}.then((pieces) => pieces > 0)")
    page.locator("[aria-label='Guardar y salir']").click()
    page.locator(".background-sound").wait_for(state="detached")
    page.locator("li.draft a").first.click()
    page.locator(".background-sound", has_text="Se está grabando").wait_for()
    before = page.evaluate(PIECES)
    wait_for_script(page, f"{PIECES}.then((pieces) => pieces > {before})")
    go_on(page, "/second")
    go_on(page, "end")
    finish(page)
    is_sent(page)
    got = arrived()
    first = got.answers["sound"]
    assert sorted(got.files) == sorted([first, first.replace(".webm", "-2.webm")])
    assert {find_type(body[:64]) for body in got.files.values()} == {"video/webm"}


PIECES = """new Promise((done) => { indexedDB.open('encuesta').onsuccess = (e) => e.target.result
  .transaction('media').objectStore('media').count().onsuccess = (f) => done(f.target.result); })"""
"""How much of what is recorded lies on the phone."""


def test_it_goes_on_without_a_recording_that_is_refused(
    phone: Phone, link: str, arrived: Callable[[], Arrived]
) -> None:
    phone.flags = [flag for flag in phone.flags if "fake-ui" not in flag]
    phone.permissions = ["geolocation"]
    page = phone.open()
    assert phone.context is not None
    refused = {"permission": {"name": "microphone"}, "setting": "denied", "origin": phone.address}
    phone.context.new_cdp_session(page).send("Browser.setPermission", refused)
    enrol(page, link)
    begin(page, "recorded")
    page.locator(".background-sound", has_text="no dio permiso").wait_for()
    go_on(page, "/second")
    go_on(page, "end")
    finish(page)
    is_sent(page)
    assert arrived().answers["sound"] == ""
