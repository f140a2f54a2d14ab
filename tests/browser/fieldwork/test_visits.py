"""A team's phones: visits and interviews that belong together, stops, the card, nothing in clear."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from survey_server.db.field.stops import lift_stop, order_stop
from survey_server.db.programmes import get_programme
from tests.browser.field import wait_until
from tests.browser.fieldwork.office import (
    ME,
    SITE,
    Office,
    look,
    look_at_box,
    open_site,
    refresh,
)
from tests.browser.interviewing import fill_in, finish

pytestmark = pytest.mark.browser


def test_it_goes_from_a_visit_to_the_interview_of_the_same_case(
    office: Office, phones: Callable[[str], Page], screens: Path
) -> None:
    page = phones("EN001")
    look(page, screens, "home")
    open_site(page)
    look(page, screens, "site")
    numbers = page.locator(".dwelling strong").all_inner_texts()
    assert len(numbers) == 3
    assert "GPS apagado" in page.locator(".rules").inner_text()
    page.locator(".dwelling .plain").first.click()
    page.locator("form.questions").wait_for()
    assert page.evaluate("document.querySelector('form.questions').dataset.page").endswith("/disp")
    fill_in(page, {"disp": "11", "subst": "0", "sec": "0"})
    finish(page)
    page.locator(".next-step").wait_for()
    look(page, screens, "next")
    page.locator(".next-step").click()
    page.locator("form.questions").wait_for()
    wait_until(lambda: len(office.documents("ssr_contact")) == 1, "the visit to arrive")
    seen = office.documents("ssr_contact")[0]
    number = re.findall(r"\d+", numbers[0])[0]
    for part in (f"<psu>{SITE}</psu>", f"<dwelling>{number}</dwelling>", "<attempt>1</attempt>", "<wave>2</wave>"):
        assert part in seen
    assert fill_in(page, {"n_adults": "0"}) != {}
    finish(page)
    wait_until(lambda: len(office.documents("ssr_perception")) == 1, "the interview to arrive")
    interview = office.documents("ssr_perception")[0]
    assert f"<case_id>{SITE}-D{int(number):03}-W2</case_id>" in interview
    open_site(page)
    assert page.locator(".dwelling.is-done").count() == 1
    look(page, screens, "site-done")


def test_it_declines_a_whole_site_in_one_step(office: Office, phones: Callable[[str], Page], screens: Path) -> None:
    page = phones("EN006")

    def mine() -> list[str]:
        return [each for each in office.documents("ssr_contact") if "<username>EN006</username>" in each]

    open_site(page)
    numbers = {int(re.findall(r"\d+", each)[0]) for each in page.locator(".dwelling strong").all_inner_texts()}
    page.locator(".dwelling .plain").first.click()
    page.locator("form.questions").wait_for()
    fill_in(page, {"disp": "24", "subst": "0", "sec": "0"})
    finish(page)
    wait_until(lambda: len(mine()) == 1, "the visit to arrive")
    open_site(page)
    look(page, screens, "decline")
    page.locator(".decline summary").click()
    page.screenshot(path=screens / "field-decline-open.png", full_page=True)
    page.locator(".decline button").click()
    page.locator("dialog .danger").click()
    page.locator(".dwelling", has_text="seguridad").nth(1).wait_for()
    wait_until(lambda: len(mine()) == len(numbers), "every dwelling to arrive")
    declined = [each for each in mine() if "<disp>31</disp>" in each]
    told = {int(re.findall(r"<dwelling>(\d+)</dwelling>", each)[0]) for each in declined}
    assert len(told) == len(numbers) - 1 and told < numbers, "a dwelling that has a result keeps it"
    assert page.locator(".decline").count() == 0


def test_it_never_draws_another_respondent_for_the_same_case(phones: Callable[[str], Page]) -> None:
    page = phones("EN002")
    drawn = set()
    for attempt in range(3):
        open_site(page)
        page.locator(".dwelling").nth(1).locator("button").last.wait_for()
        if attempt == 0:
            page.locator(".dwelling").nth(1).locator(".plain").click()
            page.locator("form.questions").wait_for()
            fill_in(page, {"disp": "11", "subst": "0", "sec": "0"})
            finish(page)
            page.locator(".next-step").click()
        else:
            page.locator(".dwelling").nth(1).locator(".main").click()
        page.locator("form.questions").wait_for()
        fill_in(page, {"n_adults": "7", "r_age": "40", "sel_method": "1"}, until="sel_note1")
        drawn.add(page.locator("form.questions h1, form.questions .statement").first.inner_text())
        page.locator("header button.icon-button").first.click()
        page.locator(".draft").wait_for()
        page.locator(".draft .icon-button").click()
        page.locator("dialog .danger").click()
        page.locator(".draft").wait_for(state="detached")
    assert len(drawn) == 1, drawn


def test_it_shows_nobody_how_far_behind_they_are_where_it_is_dangerous(phones: Callable[[str], Page]) -> None:
    page = phones("EN011")
    page.locator("a.work").click()
    page.locator(".place-row", has_text=SITE).wait_for()
    assert page.locator(".place-row progress").count() == 0
    assert "en la oficina" not in page.locator(".place-row", has_text=SITE).inner_text()


def test_it_shows_a_stop_and_begins_nothing_there(office: Office, phones: Callable[[str], Page], screens: Path) -> None:
    page = phones("EN003")
    with office.database.transaction() as session:
        programme_id = get_programme(session, "demo").id
        stop = order_stop(session, programme_id, "site", SITE, "Bloqueo en la ruta: regresen", actor=ME)
    try:
        refresh(page)
        page.locator(".stop", has_text="Bloqueo en la ruta").wait_for()
        look(page, screens, "stop")
        page.locator("main section:last-of-type a.card", has_text="Visitas").click()
        page.locator("form.questions").wait_for()
        fill_in(page, {"wave": "2", "adm1": "GT01"}, until="psu")
        page.locator("[data-ref='/data/psu'] button.fold").click()
        page.locator("dialog.sheet").wait_for()
        assert page.locator("dialog, .results").last.get_by_text(SITE).count() == 0
        page.keyboard.press("Escape")
        page.goto(f"{office.server.address}/#/field")
        page.locator(".place-row a", has_text=SITE).click()
        page.locator(".stop").wait_for()
        assert page.locator(".dwelling, main button.main").count() == 0
    finally:
        with office.database.transaction() as session:
            lift_stop(session, programme_id, stop.id, "Ruta libre", actor=ME)


def test_it_shows_the_card_and_leaves_no_trace(phones: Callable[[str], Page], screens: Path) -> None:
    page = phones("EN004")
    before = page.evaluate("[history.length, location.href]")
    look_at_box(page, screens, "card", ".card-button")
    page.locator(".card-button").click()
    page.locator(".places li", has_text="PDH 1555").wait_for()
    page.locator("dialog button").click()
    page.locator(".places").wait_for(state="detached")
    assert page.evaluate("[history.length, location.href]") == before
    assert "1555" not in page.content()


def test_it_keeps_nothing_of_the_fieldwork_in_clear(phones: Callable[[str], Page]) -> None:
    page = phones("EN005")
    stored = page.evaluate(
        """async () => {
          const database = await new Promise((resolve) => {
            const asking = indexedDB.open('encuesta');
            asking.onsuccess = () => resolve(asking.result);
          });
          const read = (store) => new Promise((resolve) => {
            const asking = database.transaction(store).objectStore(store).getAll();
            asking.onsuccess = () => resolve(asking.result);
          });
          const bytes = [...(await read('assignments')), ...(await read('field'))].map(({ bytes }) => bytes);
          return [bytes.length, bytes.map((each) => new TextDecoder().decode(each)).join(' ')];
        }"""
    )
    assert stored[0] >= 1
    assert SITE not in stored[1]
    assert "Aldea" not in stored[1]
