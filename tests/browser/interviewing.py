"""An interviewer who answers whatever the phone shows: what the test names, else the first there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.field import PIN, wait_told, wait_whole
from tests.browser.waiting import wait_for_script

NEXT = "footer nav button.main"


def enrol(page: Page, link: str) -> None:
    """Open the link of the office, and wait until the app and its forms are on the phone, and nothing more comes."""
    page.goto(link)
    choose_pin(page)
    page.locator("main ul.list a.card").first.wait_for()
    wait_whole(page)
    wait_told(page)
    wait_for_script(page, "navigator.serviceWorker.controller !== null")
    page.locator("text=/Todo enviado|Everything sent/").wait_for()
    wait_for_script(page, "document.querySelectorAll('main section:last-of-type ul.list a.card').length >= 2")


def choose_pin(page: Page, *, emergency: str = "") -> None:
    """What the app asks after enrolling: the PIN twice, and the one that shows an empty phone if there is to be one."""
    page.locator("#secret").fill(PIN)
    page.locator("#secret-again").fill(PIN)
    if emergency:
        page.locator("details summary").click()
        page.locator("#secret-empty").fill(emergency)
    page.locator("form button.main").click()


def begin(page: Page, title: str) -> None:
    page.locator("main section:last-of-type a.card", has_text=title).click()
    page.locator("form.questions").wait_for()


LOOK = """() => {
  const form = document.querySelector('form.questions');
  const questions = [...form.querySelectorAll('section.question')].map((question) => {
    const rows = [...question.querySelectorAll('input[type=radio], input[type=checkbox]')];
    const field = question.querySelector('.control input:not([type=search]), .control textarea');
    return {
      ref: question.dataset.ref,
      rows: rows.map((row) => row.value),
      chosen: rows.filter((row) => row.checked).map((row) => row.value),
      field: rows.length || !field ? null : field.type,
      text: rows.length || !field ? '' : field.value,
      place: Boolean(question.querySelector('.place')),
      folded: Boolean(question.querySelector('button.fold')),
      blank: Boolean(question.querySelector('button.fold.is-blank')),
      optional: Boolean(question.querySelector('.optional')),
    };
  });
  return { page: form.dataset.page, questions };
}"""


def fill_in(page: Page, answers: Mapping[str, str], *, until: str | None = None) -> dict[str, str]:
    """Answer page after page to the end, or up to the question `until`; what was answered, by path."""
    given: dict[str, str] = {}
    seen = page.evaluate(LOOK)
    while seen["page"] != "end" and not (until and seen["page"].endswith(f"/{until}")):
        for question in seen["questions"]:
            value = answer(page, question, answers.get(question["ref"].rsplit("/", 1)[1]))
            if value is not None:
                given[question["ref"]] = value
        page.locator(NEXT).click()
        wait_for_script(page, "key => document.querySelector('form.questions').dataset.page !== key", arg=seen["page"])
        seen = page.evaluate(LOOK)
    return given


def answer(page: Page, question: Mapping[str, Any], wanted: str | None) -> str | None:
    """Answer one question, by finger; None for what only tells, or may stay blank."""
    here = page.locator(f"[data-ref='{question['ref']}']")
    if question["rows"]:
        return choose(here, question, wanted)
    if question["folded"]:
        return unfold(page, here, wanted) if wanted or (question["blank"] and not question["optional"]) else None
    if question["place"]:
        here.locator(".place button").first.click()
        here.locator(".taken").wait_for()
        return "14.6407 -90.5133 0 4"
    if question["field"] == "time" and not question["text"] and wanted is None:
        here.locator("button.code").click()
        return here.locator("input").input_value()
    if question["field"] is None or (wanted is None and question["optional"]):
        return None
    if wanted is not None or question["text"] == "":
        here.locator(".control input, .control textarea").fill(wanted or "7")
    return wanted or str(question["text"]) or "7"


def choose(here: Locator, question: Mapping[str, Any], wanted: str | None) -> str:
    """Tap one row, or several for "1 2": the first when none is named and nothing is chosen yet."""
    values = wanted.split(" ") if wanted else question["chosen"] or question["rows"][:1]
    for value in values:
        if value not in question["chosen"]:
            here.locator(f"label:has(input[value='{value}'])").click()
    return " ".join(values)


def unfold(page: Page, here: Locator, wanted: str | None) -> str:
    """Open the list behind one line, choose in it, and see it closed."""
    here.locator("button.fold").click()
    sheet = page.locator("dialog.sheet")
    value = wanted or sheet.locator("input[type=radio], input[type=checkbox]").first.get_attribute("value") or ""
    several = sheet.locator("input[type=checkbox]").count() > 0
    for each in value.split(" "):
        sheet.locator(f"label:has(input[value='{each}'])").click()
    if several:
        sheet.locator("header button").click()
    sheet.wait_for(state="detached")
    return value


def finish(page: Page) -> None:
    """Press the last button and wait until the phone says that it is kept."""
    page.locator("main button.main").click()
    page.locator("main .notice[role=status]").wait_for()


def unsent(page: Page) -> str:
    """What the queue says on the first screen."""
    return page.locator("a.queue strong").inner_text()
