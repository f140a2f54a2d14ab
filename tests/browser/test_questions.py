"""Every kind of question, answered by finger, arrives as the form means it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree
from playwright.sync_api import Page

from survey_server.db.models import SubmissionVersion
from tests.browser.field import Phone, wait_until
from tests.browser.interviewing import NEXT, begin, enrol, finish, unsent

pytestmark = pytest.mark.browser


def go_on(page: Page, to: str) -> None:
    page.locator(NEXT).click()
    page.locator(f"form.questions[data-page*='{to}']").wait_for()


def test_it_takes_every_kind_of_answer(
    phone: Phone, link: str, stored: Callable[[], list[SubmissionVersion]], screens: Path
) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "Todas las preguntas")
    page.locator("[data-ref$='/weight'] input").fill("2,5")
    assert page.locator("[data-ref$='/what']").count() == 0
    page.locator("label.choice", has_text="Sí").click()
    page.locator("[data-ref$='/what'] textarea").fill("Otra <cosa> & más")
    page.screenshot(path=screens / "21-together.png")
    go_on(page, "/day")
    page.locator("input").fill("2027-02-03")
    go_on(page, "/moment")
    page.locator("input").fill("2027-02-03T14:05")
    go_on(page, "/trust")
    page.locator("label.step", has_text="5").click()
    page.screenshot(path=screens / "22-range.png")
    go_on(page, "/share")
    page.locator(".slider button").last.click()
    page.screenshot(path=screens / "23-slider.png")
    go_on(page, "/order")
    page.locator("[aria-label='Subir: Empleo']").click()
    page.screenshot(path=screens / "24-rank.png")
    go_on(page, "/aware")
    page.locator("label.choice").click()
    go_on(page, "/photo")
    page.screenshot(path=screens / "25-photo.png")
    go_on(page, "/people")
    page.locator("input").fill("4")
    go_on(page, "/visit")
    page.locator("button", has_text="Agregar").click()
    page.locator("form.questions[data-page$='/visit[2]/people']").wait_for()
    page.locator("input").fill("6")
    go_on(page, "/visit")
    page.locator("p[role=status]", has_text="Hay 2 en la lista").wait_for()
    page.screenshot(path=screens / "26-repeat.png")
    go_on(page, "end")
    finish(page)
    wait_until(lambda: unsent(page) == "Todo enviado", "the phone to send by itself")
    [document] = stored()
    found = {leaf.tag: leaf.text for leaf in etree.fromstring(document.xml).iter(etree.Element)}
    expected = {
        "weight": "2.5", "more": "1", "what": "Otra <cosa> & más", "day": "2027-02-03",
        "moment": "2027-02-03T14:05:00.000-06:00", "trust": "5", "share": "50", "order": "w j r", "aware": "OK",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert [leaf.text for leaf in etree.fromstring(document.xml).iter("people")] == ["4", "6"]


def test_it_says_beside_the_field_what_is_wrong_and_how_to_put_it_right(phone: Phone, link: str) -> None:
    page = phone.open()
    enrol(page, link)
    begin(page, "Todas las preguntas")
    field = page.locator("[data-ref$='/weight'] input")
    field.fill("dos")
    page.locator(NEXT).click()
    message = page.locator("[data-ref$='/weight'] .message")
    assert message.inner_text().endswith("Escriba un número, sin letras.")
    assert field.get_attribute("aria-invalid") == "true"
    assert message.get_attribute("id") in (field.get_attribute("aria-describedby") or "").split(" ")
    page.locator("[data-ref$='/more'] .message", has_text="Conteste esta pregunta").wait_for()
    field.fill("2")
    assert message.inner_text() == "" and field.get_attribute("aria-invalid") is None
