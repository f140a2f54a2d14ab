"""A team's phones in the field: its own sites, visits and interviews that belong together, pairs, stops, the card."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright
from sqlalchemy import select

from survey_server.db.devices import add_enrolment, enrol_link
from survey_server.db.forms import get_form
from survey_server.db.migrate import migrate
from survey_server.db.models import Programme, SubmissionVersion, Team, now
from survey_server.db.policies import set_policies
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.samples import draw_site_dwellings
from survey_server.db.session import Database, open_database
from survey_server.db.sites import get_site, set_sites, set_wave_sites
from survey_server.db.stops import lift_stop, order_stop
from survey_server.db.teams import add_team, assign
from survey_server.db.waves import add_wave
from survey_server.estimation.sampling import Take
from tests.browser.field import Phone, Server, reload, running, wait_until
from tests.browser.interviewing import enrol, fill_in, finish
from tests.browser.looking import look_in_every_light

ROOT = Path(__file__).resolve().parents[2]
FORMS = {
    "ssr_perception": ("psus.csv", "posts.csv"),
    "ssr_contact": ("psus.csv",),
    "ssr_observer": ("posts.csv",),
    "ssr_checkin": (),
    "ssr_restricted": (),
}
SITE, POST = "GT0101040", "GTP01"
CARD = "PDH 1555\nBomberos 122"
ME = "command"


@dataclass
class Office:
    """The server, its database, and the links that it hands out."""

    server: Server
    database: Database

    def link(self, interviewer: str) -> str:
        """An enrolment link for a phone of the team."""
        with self.database.transaction() as session:
            programme = get_programme(session, "demo")
            team = session.scalars(select(Team)).one()
            code = add_enrolment(session, programme.id, f"N1 {interviewer}", interviewer, team_id=team.id)
        return enrol_link(self.server.address, code)

    def documents(self, form: str) -> list[str]:
        """What has arrived of a form."""
        with self.database.reading() as session:
            row = get_form(session, session.scalars(select(Programme)).one().id, form)
            query = select(SubmissionVersion).where(SubmissionVersion.form_row == row.id)
            return [version.xml.decode() for version in session.scalars(query.order_by(SubmissionVersion.received_at))]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("fieldwork")
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme_id = add_programme(session, "demo", "Programa de prueba", demo=True).id
        card = {"es": CARD, "en": CARD, "dated": "2026-11-01"}
        set_policies(session, get_programme(session, "demo"), {"referral": card}, actor=ME)
    for form, files in FORMS.items():
        data = {name: (ROOT / "forms" / name).read_bytes() for name in files}
        publish_form(database, programme_id, f"{form}.md", (ROOT / "forms" / f"{form}.md").read_bytes(), data)
    with database.transaction() as session:
        plan_work(session, programme_id)
    with running(Server(folder)) as server:
        yield Office(server, database)
    database.close()


def plan_work(session, programme_id: int) -> None:  # type: ignore[no-untyped-def]
    """A wave of each form, a team, a site with three dwellings, a post with a visit as a pair."""
    today = now().date()
    days = (today - timedelta(days=3), today + timedelta(days=9))
    where = {"country": "GT", "risk_tier": 3, "target": 3}
    rows = [
        {"code": SITE, "name": "Aldea La Prueba", "department": "GT01", "municipality": "Guatemala", **where},
        {"code": POST, "name": "Puesto de prueba", "department": "GT17", **where},
    ]
    set_sites(session, programme_id, rows, actor=ME)
    team = add_team(session, programme_id, "N1", "Norte 1", actor=ME)
    for form in FORMS:
        wave = add_wave(session, get_form(session, programme_id, form), "Ola 2", *days, ordinal=2, state="open")
        code = {"ssr_perception": SITE, "ssr_observer": POST}.get(form)
        if code:
            set_wave_sites(session, wave, [code], actor=ME)
            site = get_site(session, programme_id, code)
            visit = {"code": "K7Q2M", "mode": "3", "paired": "1"} if code == POST else {}
            assign(session, wave, [site.id], team.id, *days, visit=visit, actor=ME)
            if code == SITE:
                draw_site_dwellings(session, wave, site.id, 30, Take(3, 1), "17", actor=ME)


@pytest.fixture
def phones(playwright: Playwright, office: Office, tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Enrols the phone of an interviewer, in the team, with its list."""
    made: list[Phone] = []

    def enrolled(interviewer: str) -> Page:
        phone = Phone(playwright, tmp_path / interviewer, office.server.address)
        made.append(phone)
        page = phone.open()
        enrol(page, office.link(interviewer))
        page.locator("a.work", has_text="puntos asignados").wait_for()
        return page

    yield enrolled
    for phone in made:
        phone.close()


def refresh(page: Page) -> None:
    """Ask the office again now, and not in a quarter of an hour."""
    page.evaluate(
        """async () => {
          const { syncNow } = await import(`/static/${document.documentElement.dataset.version}/js/sync.js`);
          await syncNow({ catalogue: true });
        }"""
    )


def open_site(page: Page) -> None:
    page.locator("a.work").click()
    page.locator(".place-row a", has_text=SITE).click()
    page.locator(".dwelling").first.wait_for()


def look(page: Page, screens: Path, name: str, *, languages: tuple[str, ...] = ("en", "es")) -> None:
    """Pictures in every light; and nothing that axe, a thumb or weak eyes would complain of."""
    for language in languages:
        page.evaluate(
            """async (language) => {
              const texts = await import(`/static/${document.documentElement.dataset.version}/js/texts.js`);
              if (texts.language() !== language) texts.setLanguage(language);
            }""",
            language,
        )
        page.locator("#app h1").first.wait_for()
        assert look_in_every_light(page, f"field-{name}-{language}", screens) == []


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


def test_it_pairs_two_phones_by_a_code_without_signal(
    office: Office, phones: Callable[[str], Page], screens: Path
) -> None:
    first, second = phones("OB007"), phones("OB008")
    for page in (first, second):
        page.context.set_offline(True)
        page.locator("a.work").click()
        page.locator("a.card", has_text="Observar en pareja").click()
        page.locator(".watch").wait_for()
    first.locator(".place-row", has_text=POST).click()
    first.locator(".clock-time").wait_for()
    look(first, screens, "watch")
    first.locator("button", has_text="Mostrar el código").click()
    first.locator(".qr").wait_for()
    look(first, screens, "pair-code", languages=("es",))
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
    wait_until(lambda: len(office.documents("ssr_observer")) == 2, "both encounters to arrive", 60)
    documents = office.documents("ssr_observer")
    assert {re.findall("<enc_id>(.*?)</enc_id>", document)[0] for document in documents} == {f"{POST}-K7Q2M-01"}
    assert sorted(re.findall("<obs2_id>(.*?)</obs2_id>", " ".join(documents))) == ["OB007", "OB008"]


def test_it_counts_and_keeps_counting_after_a_reload(phones: Callable[[str], Page]) -> None:
    page = phones("OB009")
    page.locator("a.work").click()
    page.locator("a.card", has_text="Observar en pareja").click()
    page.locator("button", has_text="sin pareja").click()
    more = page.locator("button[aria-label='Uno más: Personas que pasaron']")
    for _ in range(3):
        more.click()
    page.wait_for_function("document.querySelector('.count').textContent === '3'")
    page.wait_for_timeout(0)
    page.locator("a.icon-button").first.click()
    page.locator("a.work").wait_for()
    reload(page)
    page.locator("a.work").click()
    page.locator("a.work").wait_for(state="detached")
    page.locator("a.card", has_text="Visita").click()
    page.wait_for_function("document.querySelector('.count')?.textContent === '3'")


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
    page.locator(".card-button").click()
    page.locator(".places li", has_text="PDH 1555").wait_for()
    look(page, screens, "card", languages=("es",))
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
