"""Every view, in both languages, light, dark and for the sun, on phone and tablet: axe, thumbs, letters, pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.field import Phone, reload
from tests.browser.interviewing import NEXT, begin, enrol, fill_in, finish
from tests.browser.looking import look_in_every_light
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser

ANSWERS = {"country": "GT", "adm1": "GT12", "psu": "GT1217011", "dwelling": "7", "n_adults": "2", "r_age": "44"}
ANSWERS |= {"sel_status": "1", "consent": "1", "age": "34"}
STOPS = ("adm1", "psu_point", "intro", "r_age", "consent_text", "int_lang", "safe_day", "avoid")


@pytest.mark.parametrize("language", ["es", "en"])
def test_it_is_clear_to_everyone_on_every_view(phone: Phone, link: str, screens: Path, language: str) -> None:
    page = phone.open()
    if language == "en":
        page.locator("button.language").click()

    wrong: list[str] = []

    def look(name: str) -> None:
        wrong.extend(look_in_every_light(page, f"{name}-{language}", screens))

    look("01-enrol")
    enrol(page, link)
    look("02-home")
    begin(page, {"es": "Encuesta de percepción", "en": "Perception survey"}[language])
    for number, stop in enumerate(STOPS):
        fill_in(page, ANSWERS, until=stop)
        look(f"{3 + number:02}-{stop.replace('_', '-')}")
    page.locator(NEXT).click()
    page.locator(".message:not(:empty)").wait_for()
    look("11-missing")
    page.locator(
        "header button[aria-label='Lista de preguntas'], header button[aria-label='List of questions']"
    ).click()
    page.locator("dialog.contents").wait_for()
    look("12-contents")
    page.locator("dialog .entry").last.click()
    page.locator(".summary").wait_for()
    look("13-problems")
    page.locator("header .icon-button").first.click()
    page.locator("li.draft").wait_for()
    look("14-home-with-draft")
    page.locator("li.draft .icon-button").click()
    page.locator("dialog.ask").wait_for()
    look("15-delete")
    page.locator("dialog .plain").click()
    page.route("**/api/v1/sync", lambda route: route.abort())
    page.locator("li.draft a").click()
    page.locator("form.questions").wait_for()
    page.locator(
        "header button[aria-label='Lista de preguntas'], header button[aria-label='List of questions']"
    ).click()
    page.locator("dialog.contents").wait_for()
    page.evaluate("document.querySelectorAll('dialog details').forEach((each) => { each.open = true; })")
    page.locator("dialog .entry", has_text={"es": "Punto de muestreo", "en": "Sampling point"}[language]).first.click()
    page.locator("form.questions[data-page$='/psu']").wait_for()
    fill_in(page, ANSWERS | {"consent": "0"})
    look("16-end")
    finish(page)
    look("17-finished")
    page.locator("a.queue").click()
    page.locator("li.is-waiting").wait_for()
    look("18-outbox")
    page.locator("a[href='#/load']").click()
    page.locator("#file + button").wait_for()
    look("20-load")
    page.locator("header a").click()
    page.locator("footer a").click()
    page.locator("dl.facts").first.wait_for()
    look("19-phone")
    assert wrong == []


def test_it_looks_as_the_phone_prefers_until_somebody_chooses(phone: Phone, link: str) -> None:
    page = phone.open(scheme="dark")
    looks = "wanted => document.documentElement.dataset.looks === wanted"
    wait_for_script(page, looks, arg="dark")
    page.emulate_media(color_scheme="light")
    wait_for_script(page, looks, arg="light")
    enrol(page, link)
    page.locator("footer a").click()
    page.locator("label", has_text="Para el sol").click()
    wait_for_script(page, looks, arg="sun")
    page.emulate_media(color_scheme="dark")
    reload(page)
    assert page.evaluate(looks, "sun")


def test_it_reads_well_at_twice_the_text_size_on_a_narrow_screen(phone: Phone, link: str, screens: Path) -> None:
    page = phone.open()
    enrol(page, link)
    page.set_viewport_size({"width": 320, "height": 640})
    begin(page, "Encuesta de percepción")
    fill_in(page, ANSWERS, until="dwelling")
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    page.screenshot(path=screens / "20-large-text.png")
    assert page.evaluate("document.documentElement.scrollWidth <= 320")
    page.locator("input.number").fill("7")
    page.locator(NEXT).click()
    page.locator("form.questions[data-page$='psu_point']").wait_for()


def test_it_keeps_place_and_answer_when_the_language_changes(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "Encuesta de percepción")
    fill_in(page, ANSWERS, until="psu")
    page.locator("button.fold").click()
    page.locator("dialog label.choice", has_text="Ayutla").click()
    page.locator("button.fold", has_text="Ayutla").wait_for()
    page.locator("button.language").click()
    page.locator("h1", has_text="Sampling point").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert "Ayutla" in page.locator("button.fold").inner_text()
    assert page.locator("footer .main").inner_text() == "Next"
