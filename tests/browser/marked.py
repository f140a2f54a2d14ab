"""A short form with something to tell in private, in a programme of its own; and how a visit is made with it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.interviewing import NEXT
from tests.browser.waiting import wait_for_script

FORM = """
| survey |
| | type          | name     | label              | required | relevant         | appearance |
| | today         | today    |                    |          |                  |            |
| | text          | told     | ¿Qué pasó?         | yes      |                  | multiline  |
| | select_one yn | privacy  | ¿Están a solas?    |          |                  |            |
| | text          | secret   | ¿Quién fue?        |          | ${privacy} = '1' |            |
| | image         | photo    | Foto del puesto    |          |                  |            |
| choices |
| | list_name | name | label |
| | yn        | 1    | Sí    |
| | yn        | 0    | No    |
| settings |
| | form_title | form_id | version |
| | Visita     | marked  | 1       |
"""
TITLE = "Visita"


def begin_with(page: Page, told: str) -> None:
    """Open the form and type an answer, key by key."""
    page.locator("main section:last-of-type a.card", has_text=TITLE).click()
    field = page.locator("[data-ref='/data/told'] textarea")
    field.press_sequentially(told)
    page.locator(NEXT).click()
    page.locator("[data-ref='/data/privacy']").wait_for()


def tell_secret(page: Page, secret: str) -> None:
    page.locator("[data-ref='/data/privacy'] label.choice", has_text="Sí").click()
    page.locator(NEXT).click()
    page.locator("[data-ref='/data/secret'] input").press_sequentially(secret)


def go_on(page: Page, times: int) -> None:
    for _ in range(times):
        before = page.locator("form.questions").get_attribute("data-page")
        page.locator(NEXT).click()
        wait_for_script(page, "key => document.querySelector('form.questions').dataset.page !== key", arg=before)
