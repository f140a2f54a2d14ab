"""What is typed and set, down to the value that the server has."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.kinds.interview import Begin

pytestmark = pytest.mark.browser


def test_it_takes_what_is_typed_and_what_is_set(begin: Begin, screens: Path) -> None:
    it = begin("typed")
    page = it.page
    assert it.question("lines").locator("textarea").get_attribute("rows") == "7"
    assert it.question("digits").locator("input").get_attribute("inputmode") == "decimal"
    it.question("line").locator("input").fill("Doña Ana")
    it.question("lines").locator("textarea").fill("uno\ndos")
    it.question("digits").locator("input").fill("0042")
    it.question("link").locator("input").fill("https://example.org/a")
    it.question("link").locator("input").blur()
    link = it.question("link").locator("a[href='https://example.org/a']")
    assert link.get_attribute("rel") == "noopener noreferrer"
    secret = it.question("secret").locator("input")
    secret.fill("abc")
    assert secret.get_attribute("type") == "password"
    it.question("secret").locator("button", has_text="Mostrar").click()
    assert secret.get_attribute("type") == "text"
    it.question("line").locator("summary").click()
    assert it.question("line").locator("details p").inner_text() == "Léala despacio."
    page.screenshot(path=screens / "30-texts.png", full_page=True)
    it.next("/people")
    it.question("people").locator("button", has_text="No sabe").click()
    it.question("weight").locator("input").fill("٢٫٥")
    it.question("money").locator("input").fill("1234567")
    assert it.question("money").locator("output").inner_text() == "1,234,567"
    for _ in range(3):
        it.question("tally").locator(".counter button").last.click()
    it.question("tally").locator(".counter button").first.click()
    page.screenshot(path=screens / "31-numbers.png", full_page=True)
    it.next("/day")
    it.question("day").locator("input").fill("2027-02-03")
    fill_parts(it.question("known"), day="29", month="2", year="1984")
    fill_parts(it.question("month"), month="7", year="2026")
    fill_parts(it.question("year"), year="1999")
    it.question("hour").locator("input").fill("14:05")
    it.question("moment").locator("input").fill("2027-02-03T14:05")
    fill_parts(it.question("past"), day="1", month="12", year="2001")
    it.question("past").locator("input[type=time]").fill("06:30")
    page.screenshot(path=screens / "32-dates.png", full_page=True)
    it.next("/trust")
    it.question("trust").locator("label.step", has_text="5").click()
    it.question("share").locator(".slider button").last.click()
    it.question("half").locator("input").press("ArrowRight")
    it.question("heat").locator("input").click()
    it.question("pick").locator("select").select_option("17")
    it.question("stars").locator("label").nth(3).click()
    page.screenshot(path=screens / "33-scales.png", full_page=True)
    it.next("/order")
    drag(page, it.question("order").locator(".grip").nth(2), it.question("order").locator(".grip").nth(0))
    assert it.question("order").locator("li bdi").all_inner_texts() == ["Empleo", "Agua", "Caminos"]
    it.question("order").locator("[aria-label='Bajar: Empleo']").click()
    page.screenshot(path=screens / "34-rank.png")
    it.next("/aware")
    it.question("aware").locator("label.choice").click()
    it.next("/thanks")
    assert it.question("thanks").locator("strong").inner_text() == "todo"
    it.next("end")
    found = it.finished()
    expected = {
        "line": "Doña Ana", "lines": "uno\ndos", "digits": "0042", "link": "https://example.org/a", "secret": "abc",
        "people": "-88", "weight": "2.5", "money": "1234567", "tally": "2", "day": "2027-02-03", "known": "1984-02-29",
        "month": "2026-07-01", "year": "1999-01-01", "hour": "14:05:00.000-06:00",
        "moment": "2027-02-03T14:05:00.000-06:00",
        "past": "2001-12-01T06:30:00.000-06:00", "trust": "5", "share": "50", "half": "1.5", "heat": "5", "pick": "17",
        "stars": "4", "order": "w j r", "aware": "OK", "thanks": None,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def drag(page: Page, what: Locator, onto: Locator) -> None:
    start, end = what.bounding_box(), onto.bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 20, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 10, steps=5)
    page.mouse.up()


def fill_parts(question: Locator, **parts: str) -> None:
    for key, value in parts.items():
        field = question.locator(f"[id$='-{key}']")
        if key == "month":
            field.select_option(value)
        else:
            field.fill(value)
