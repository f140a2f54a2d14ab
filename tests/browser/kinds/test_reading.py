"""How a form is read: from right to left, a section at once, and clear to everyone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.field import unlock
from tests.browser.interviewing import NEXT
from tests.browser.kinds.interview import FORM, Begin
from tests.browser.looking import look_in_every_light

pytestmark = pytest.mark.browser


def test_it_reads_from_right_to_left_and_keeps_place(begin: Begin, screens: Path) -> None:
    it = begin("mirrored")
    page = it.page
    it.question("who").locator("input").fill("Ana <b>")
    page.locator("select.language").select_option(label="العربية (ar)")
    page.locator("h1", has_text="ما اسمك؟").wait_for()
    assert it.question("who").locator("input").input_value() == "Ana <b>"
    assert it.question("who").locator("input").get_attribute("dir") == "auto"
    it.next("/safe")
    assert (
        page.locator(".page.fill").get_attribute("dir") == "rtl"
        and page.locator("form.questions").get_attribute("lang") == "ar"
    )
    assert it.question("safe").locator("h1 bdi").inner_text() == "Ana <b>"
    button, words = (
        it.question("safe").locator(f"label >> nth=0 >> {part}").bounding_box() for part in ("input", "span")
    )
    assert button and words and button["x"] > words["x"], "the button stands at the right"
    forward, back = (page.locator(f"footer nav button.{look}").bounding_box() for look in ("main", "plain"))
    assert forward and back and forward["x"] < back["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= 360")
    page.screenshot(path=screens / "46-right-to-left.png")
    it.question("safe").locator("label").first.click()
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("dialog.contents").wait_for()
    assert page.locator("dialog.contents").get_attribute("dir") == "rtl"
    page.screenshot(path=screens / "47-right-to-left-list.png")
    page.locator("dialog .quiet").click()
    page.locator("select.language").select_option(label="Español (es)")
    page.locator("h1 strong bdi", has_text="Ana <b>").wait_for()
    assert page.locator(".page.fill").get_attribute("dir") == "ltr"
    assert it.question("safe").locator("input").first.is_checked()
    it.next("/age")
    it.next("/fixed")
    assert it.question("fixed").locator(".shown").inner_text() == "A-12"
    assert it.question("fixed").locator("input").count() == 0
    it.next("/many")
    it.next("end")
    found = it.finished()
    assert (found["who"], found["safe"], found["fixed"]) == ("Ana <b>", "1", "A-12")


def test_it_shows_a_section_at_once_if_the_enumerator_wants(begin: Begin, screens: Path) -> None:
    it = begin("sections")
    page = it.page
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("label", has_text="Toda la sección").click()
    page.locator("dialog").wait_for(state="detached")
    assert page.locator("section.question").count() == 2
    it.question("water").locator("label", has_text="Sí").click()
    it.question("source").wait_for()
    page.screenshot(path=screens / "48-section.png", full_page=True)
    page.locator(NEXT).click()
    assert it.question("rooms").locator(".message").inner_text().endswith("Conteste esta pregunta para seguir.")
    it.question("rooms").locator("input").fill("3")
    page.locator(NEXT).click()
    it.question("seen").locator("bdi", has_text="3").wait_for()
    page.reload()
    unlock(page)
    page.locator("form.questions").wait_for()
    assert page.locator("section.question").count() == 2, "the choice is remembered"
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("label", has_text="De una en una").click()
    page.locator("dialog").wait_for(state="detached")
    assert page.locator("section.question").count() == 1
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("dialog .entry").last.click()
    page.locator(".summary").wait_for()
    assert page.evaluate("document.activeElement.classList.contains('summary')")
    page.locator(".summary button").first.click()
    page.locator(FORM.format("/light")).wait_for()
    it.question("light").locator("label").first.click()
    it.next("/seen")
    it.next("end")
    found = it.finished()
    assert (found["rooms"], found["water"], found["light"]) == ("3", "1", "1")


@pytest.mark.parametrize("form", ["typed", "chosen", "placed", "mirrored"])
def test_it_is_clear_to_everyone_whatever_the_question(begin: Begin, screens: Path, form: str) -> None:
    it = begin(form)
    page = it.page
    number = 0
    wrong: list[str] = []
    while page.evaluate("document.querySelector('form.questions').dataset.page") != "end":
        number += 1
        name = f"kinds-{form}-{number:02}"
        page.locator(".later").first.wait_for(state="detached")
        wrong += look_in_every_light(page, name, screens)
        for first in page.locator("section.question:not(:has(.optional)) label.choice:first-of-type").all():
            first.click()
        for field in page.locator("section.question:not(:has(.optional)) .control input[dir=auto]").all():
            field.fill("Ana")
        key = page.evaluate("document.querySelector('form.questions').dataset.page")
        page.locator(NEXT).click()
        page.locator(f"form.questions[data-page='{key}']").wait_for(state="detached")
    assert wrong == []
