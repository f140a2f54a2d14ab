"""The office of a team: its forms, sites and days, the links that it hands out; and how its phones are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import select

from survey_server.db.field.devices import add_enrolment, enrol_link
from survey_server.db.field.samples import draw_site_dwellings
from survey_server.db.field.sites import get_site, set_sites, set_wave_sites
from survey_server.db.field.teams import add_team, assign
from survey_server.db.forms import get_form
from survey_server.db.models import Programme, SubmissionVersion, Team, now
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.estimation.sampling import Take
from tests.browser.field import Server
from tests.browser.looking import look_in_both_languages, look_in_every_light, speak

ROOT = Path(__file__).resolve().parents[3]
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


def look(page: Page, screens: Path, name: str) -> None:
    """Pictures in every light and both languages; and nothing that axe, a thumb or weak eyes would complain of."""
    wrong = look_in_both_languages(page, f"field-{name}", screens, whole=True)
    assert not wrong, wrong


def look_at_box(page: Page, screens: Path, name: str, opens: str) -> None:
    """The same of a box over the page, which the button `opens` opens."""
    for language in ("en", "es"):
        speak(page, language)
        page.locator(opens).click()
        page.locator("dialog").wait_for()
        wrong = look_in_every_light(page, f"field-{name}-{language}", screens)
        assert not wrong, wrong
        page.locator("dialog button").last.click()
        page.locator("dialog").wait_for(state="detached")
