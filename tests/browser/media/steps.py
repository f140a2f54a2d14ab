"""What a person does with a form that asks for media: find the question, choose, draw, go on, send."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.field import wait_told, wait_until, wait_whole
from tests.browser.interviewing import NEXT, choose_pin, unsent
from tests.browser.waiting import wait_for_script


def enrol(page: Page, link: str) -> None:
    page.goto(link)
    choose_pin(page)
    page.locator("main ul.list a.card").first.wait_for()
    wait_whole(page)
    wait_told(page)
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
    wait_until(lambda: unsent(page) == "Todo enviado", "everything to be sent")
