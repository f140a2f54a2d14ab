"""An interviewer who answers whatever the phone shows: what the test names, else the first there is."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import Locator, Page

NEXT = "footer nav button.main"


def enrol(page: Page, link: str) -> None:
    """Open the link of the office, and wait until the app and its forms are on the phone for good."""
    page.goto(link)
    page.locator("main ul.list a.card").first.wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.locator("text=/Todo enviado|Everything sent/").wait_for()
    page.wait_for_function("document.querySelectorAll('main section:last-of-type ul.list a.card').length >= 2")


def begin(page: Page, title: str) -> None:
    page.locator("main section:last-of-type a.card", has_text=title).click()
    page.locator("form.questions").wait_for()


def fill_in(page: Page, answers: Mapping[str, str], *, until: str | None = None) -> dict[str, str]:
    """Answer page after page to the end, or up to the question `until`; what was answered, by path."""
    given: dict[str, str] = {}
    while page.locator("form.questions[data-page='end']").count() == 0:
        key = page.locator("form.questions").get_attribute("data-page")
        assert key is not None
        if until is not None and key.endswith(f"/{until}"):
            break
        for question in page.locator("section.question").all():
            ref = question.get_attribute("data-ref")
            assert ref is not None
            value = answer(question, answers.get(ref.rsplit("/", 1)[1]))
            if value is not None:
                given[ref] = value
        page.locator(NEXT).click()
        page.wait_for_function("key => document.querySelector('form.questions').dataset.page !== key", arg=key)
    return given


def answer(question: Locator, wanted: str | None) -> str | None:
    """Answer one question; None for what only tells, or may stay blank."""
    choices = question.locator("input[type=radio], input[type=checkbox]")
    field = question.locator(".control input:not([type=search]), .control textarea").first
    if choices.count():
        return choose(question, wanted)
    if question.locator(".place").count():
        question.locator(".place button").first.click()
        question.locator(".taken").wait_for()
        return "14.6407 -90.5133 0 4"
    if field.count() == 0:
        return None
    if field.get_attribute("type") == "time":
        question.locator("button.code").click()
        return field.input_value()
    if wanted is None and question.locator(".optional").count():
        return None
    if wanted is not None or field.input_value() == "":
        field.fill(wanted or "7")
    return field.input_value()


def choose(question: Locator, wanted: str | None) -> str:
    """Tap one row, or several for "1 2": the first when none is named and nothing is chosen yet."""
    chosen = question.locator("input:checked")
    if wanted is None and chosen.count():
        return " ".join(chosen.nth(i).input_value() for i in range(chosen.count()))
    values = (wanted or question.locator("input[type=radio], input[type=checkbox]").first.input_value()).split(" ")
    for value in values:
        row = question.locator(f"label:has(input[value='{value}'])")
        if not row.locator("input").is_checked():
            row.click()
    return " ".join(values)


def finish(page: Page) -> None:
    """Press the last button and wait until the phone says that it is kept."""
    page.locator("main button.main").click()
    page.locator("main .notice[role=status]").wait_for()


def unsent(page: Page) -> str:
    """What the queue says on the first screen."""
    return page.locator("a.queue strong").inner_text()
