"""Watching as a pair without signal, counters, help at hand, and the report that waits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.field import reload, wait_until
from tests.browser.fieldwork.office import (
    POST,
    Office,
    look,
    look_at_box,
)
from tests.browser.interviewing import fill_in, finish
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


def test_it_pairs_two_phones_by_a_code_without_signal(
    office: Office, phones: Callable[[str], Page], screens: Path
) -> None:
    first, second = phones("OB007"), phones("OB008")
    for page in (first, second):
        page.context.set_offline(True)
        page.locator("a.work").click()
        page.locator("a.card", has_text="Observar en pareja").click()
        page.locator(".watch").wait_for()
    look(second, screens, "join")
    first.locator(".place-row", has_text=POST).click()
    first.locator(".clock-time").wait_for()
    look(first, screens, "watch")
    look_at_box(first, screens, "pair-code", ".pair > button")
    first.locator("button", has_text="Mostrar el código").click()
    first.locator(".qr").wait_for()
    code = first.locator(".short-code").inner_text()
    first.locator("dialog button").click()
    second.locator("#pair-code").fill(code[:-1])
    second.locator("button", has_text="Unirse").click()
    assert "Revise cada letra" in second.locator("#pair-message").inner_text()
    second.locator("#pair-code").fill(code.lower())
    second.locator("button", has_text="Unirse").click()
    second.locator("h2", has_text="OB007").wait_for()
    first.locator("#partner").fill("OB008")
    for page in (first, second):
        page.locator(".big-button").click()
        page.locator("form.questions").wait_for()
        answers = {"country": "GT", "adm1": "GT17", "post_type": "1", "post": POST, "flags": "0", "off_ref": "3"}
        fill_in(page, answers)
        finish(page)
        page.context.set_offline(False)
    wait_until(lambda: len(office.documents("ssr_observer")) == 2, "both encounters to arrive")
    documents = office.documents("ssr_observer")
    assert {re.findall("<enc_id>(.*?)</enc_id>", document)[0] for document in documents} == {f"{POST}-K7Q2M-01"}
    assert sorted(re.findall("<obs2_id>(.*?)</obs2_id>", " ".join(documents))) == ["OB007", "OB008"]


KEPT = """async (people) => {
  const { recall } = await import(`/static/${document.documentElement.dataset.version}/js/rooms/field/log.js`);
  return (await recall('watch')).counts.people === people;
}"""
"""Whether so many are counted on the disk too."""


def test_it_counts_and_keeps_counting_after_a_reload(phones: Callable[[str], Page]) -> None:
    page = phones("OB009")
    page.locator("a.work").click()
    page.locator("a.card", has_text="Observar en pareja").click()
    page.locator("button", has_text="sin pareja").click()
    more = page.locator("button[aria-label='Uno más: Personas que pasaron']")
    for _ in range(3):
        more.click()
    wait_for_script(page, KEPT, arg=3)
    page.locator("a.icon-button").first.click()
    page.locator("a.work").wait_for()
    reload(page)
    page.locator("a.work").click()
    page.locator("a.work").wait_for(state="detached")
    page.locator("a.card", has_text="Visita").click()
    wait_for_script(page, "document.querySelector('.count')?.textContent === '3'")


def test_it_offers_help_while_watching_and_waits_with_the_restricted_report(
    office: Office, phones: Callable[[str], Page], screens: Path
) -> None:
    page = phones("OB010")
    page.locator("a.work").click()
    page.locator("a.card", has_text="Observar en pareja").click()
    page.locator("button", has_text="sin pareja").click()
    page.locator(".notice", has_text="Nunca intervenga").wait_for()
    page.get_by_role("button", name="Números para pedir ayuda").click()
    page.locator(".places li", has_text="PDH 1555").wait_for()
    page.locator("dialog button").click()
    page.goto(f"{office.server.address}/#/fill/new:ssr_restricted")
    page.locator("text=La visita sigue abierta").wait_for()
    look(page, screens, "later")
    page.goto(f"{office.server.address}/#/field/watch")
    page.get_by_role("button", name="Terminar la visita").click()
    page.locator("dialog button.danger").click()
    page.locator("button", has_text="sin pareja").wait_for()
    page.goto(f"{office.server.address}/#/fill/new:ssr_restricted")
    page.locator("text=Faltan 20 minutos").wait_for()
    page.get_by_role("button", name="Estoy a salvo").click()
    page.locator("form.questions").wait_for()
