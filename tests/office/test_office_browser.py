"""The office in real Chromium, on a laptop and on a phone: accessible, nothing cut off, nothing in the console."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright
from werkzeug.serving import make_server

from survey_server.db.access.people import add_link, add_person, get_person, set_roles
from survey_server.db.field.teams import set_supervisor
from survey_server.db.media.shelves import FolderShelf
from survey_server.db.models import Sample
from survey_server.db.programmes import add_programme
from survey_server.db.webhooks import add_webhook
from survey_server.web.office.access.people import GIVEN_ROLES
from survey_server.web.office.frame import GUARDS, LANGUAGE_COOKIE
from survey_server.web.office.results.report_files import ReportFiles
from tests.chromium import CHROMIUM
from tests.office.made import make_report
from tests.office.test_office_roles import address_of
from tests.office.test_second_factor import code_of
from tests.office.world import PASSWORD, World, add_officers

pytestmark = pytest.mark.browser
SCREENS = Path(os.environ.get("SURVEY_SCREENS_DIR", Path(__file__).parents[2] / "build" / "screens" / "office"))
SIZES = {"laptop": (1280, 800), "phone": (390, 844)}


@dataclass
class Site:
    """The server, and the addresses that are looked at."""

    address: str
    world: World
    officers: tuple[int, str, str]
    invitation: str

    def pages(self) -> dict[str, str]:
        here, ids = "/office/p/norte/", self.world.submissions
        return {
            "programmes": "/office/",
            "programme": here,
            "programme-empty": "/office/p/vacio/",
            "wave-locked": f"{here}waves/{self.world.locked.id}",
            "wave-open": f"{here}waves/{self.world.open.id}",
            "submissions": f"{here}submissions",
            "submissions-none": f"{here}submissions?site=nowhere",
            "submission": f"{here}submissions/{ids[1]}",
            "quarantine": f"{here}quarantine",
            "devices": f"{here}devices",
            "outbox-file": f"{here}outbox-file",
            "forms": f"{here}forms",
            "forms-none": "/office/p/vacio/forms",
            "compare": f"{here}forms/mini/compare",
            "duplicates": f"{here}duplicates",
            "conflict": f"{here}submissions/{ids[1]}/conflicts/{self.world.field['conflict_id']}",
            "beside": f"{here}submissions/{ids[0]}/beside/{ids[1]}",
            "edit": f"{here}submissions/{ids[0]}/edit",
            "quarantined": f"{here}quarantine/{self.world.field['quarantine_id']}",
            "cube": f"{here}cube",
            "webhook": f"{here}webhooks/{self.world.field['webhook_id']}",
            "invitation": f"/office/link/{self.invitation}",
            "sites-none": "/office/p/vacio/sites",
            "field-empty": "/office/p/vacio/field",
            "submissions-empty": "/office/p/vacio/submissions",
            "reports-empty": "/office/p/vacio/reports",
            "wave-planned": f"{here}waves/{self.world.field['planned_id']}",
            "opening-planned": f"{here}waves/{self.world.field['planned_id']}/opening",
            "field": f"{here}field",
            "sites": f"{here}sites",
            "outlines": f"{here}outlines",
            "site": f"{here}sites/{self.world.field['site_id']}",
            "site-new": f"{here}sites/new",
            "samples": f"{here}samples?total=2&rule=equal",
            "sample": f"{here}samples/{self.world.field['sample_id']}",
            "planner": f"{here}planner?interviews=800",
            "teams": f"{here}teams",
            "team": f"{here}teams/{self.world.field['team_id']}",
            "assignments": f"{here}waves/{self.world.open.id}/assignments",
            "wave-site": f"{here}waves/{self.world.open.id}/sites/{self.world.field['site_id']}",
            "wave-new": f"{here}waves/new",
            "quality": f"{here}waves/{self.world.open.id}/quality",
            "quality-cases": f"{here}waves/{self.world.open.id}/quality/version",
            "others": f"{here}waves/{self.world.open.id}/quality/others",
            "times": f"{here}waves/{self.world.open.id}/quality/times",
            "exports": f"{here}exports",
            "export-none": f"{here}exports/{'0' * 16}",
            "audit": f"{here}audit",
            "tokens": f"{here}tokens",
            "webhooks": f"{here}webhooks",
            "opening": f"{here}waves/{self.world.open.id}/opening",
            "links": f"{here}waves/{self.world.open.id}/links",
            "check-ins": f"{here}check-ins",
            "stop-work": f"{here}stop-work",
            "policies": f"{here}policies",
            "phone-rules": f"{here}phone-rules",
            "incidents": f"{here}incidents",
            "lost": f"{here}devices/{self.world.device_id}/lost",
            "reports": f"{here}reports",
            "indicators": f"{here}indicators",
            "framework": f"{here}results-framework",
            "indicator": f"{here}indicators/{self.world.field['form_row']}/S1",
            "indicator-new": f"{here}indicators/{self.world.field['form_row']}/new",
            "decisions": f"{here}decisions",
            "restricted": f"{here}restricted",
            "settings": f"{here}settings",
            "programme-new": "/office/programmes/new",
            "retention": f"{here}retention",
            "collect": f"{here}collect",
            "entities": f"{here}entities",
            "entity-list": f"{here}entities/{self.officers[0]}",
            "entity": f"{here}entities/{self.officers[0]}/{self.officers[2]}",
            "people": "/office/people",
            "person": f"/office/people/{self.world.people['observer']}",
            "account": "/office/account",
            "second-factor": "/office/second-factor",
            "not-there": "/office/p/missing/",
        }


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    """The office on a port of its own; the administrator also holds every role."""
    with world.database.transaction() as session:
        empty = add_programme(session, "vacio", "Programa vacío")
        person = get_person(session, world.people["administrator"])
        for programme in (world.here, empty):
            set_roles(session, person, programme, GIVEN_ROLES, actor="command")
        invitation = add_link(session, add_person(session, "invitada", "Invitada"))
        url, owner = "https://panel.example/hooks", world.people["administrator"]
        hook = add_webhook(session, world.here.id, "Panel", url, ["submission.received"], person_id=owner)
        planned = session.get_one(Sample, (world.here.id, world.field["sample_id"])).wave_id
        set_supervisor(session, world.here.id, world.field["team_id"], person.id, actor="command")
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told = {**world.field, "webhook_id": hook.id, "planned_id": planned}
    yield Site(f"http://127.0.0.1:{server.server_port}", replace(world, field=told), add_officers(world), invitation)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[Page]:
    """A signed-in page of one size; anything in the console fails the test."""
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="es-GT")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{site.address}/office/login")
    assert look(page, "login", request.param) == []
    page.fill("#login", "administrator")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/office/")
    page.size_name = request.param  # type: ignore[attr-defined]
    yield page
    context.close()
    assert [text for text in said if "404" not in text and "422" not in text] == []  # pages that say what is wrong


def look(page: Page, name: str, size: str, *, picture: bool = True) -> list[str]:
    """What is wrong: accessibility faults, or more than the screen is wide. Takes a picture for people."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    if picture:
        page.screenshot(path=SCREENS / f"{name}-{size}.png", full_page=True)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    faults = [found.generate_report()] if found.violations_count else []
    faults += [f"two things have the id {name}" for name in page.evaluate(TWICE)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("wider than the screen")
    return [f"{name}-{size}: {fault}" for fault in faults]


TWICE = "[...document.querySelectorAll('[id]')].map(({ id }) => id).filter((id, at, all) => all.indexOf(id) !== at)"
"""A label says what the first thing with its id is, and leaves the second without a name."""
MADE_BY_OTHER_TESTS = {"report_page", "decision_page", "export_page", "code_page"}
"""Pages of things that somebody makes first: the tests below and those of reports and exports look at them."""
GIVE_FILES = {"media_file", "media_picture", "edit_data", "cube_json", "cube_csv", "export_file", "report_file"}
"""What answers with a page only when there is no such file."""


def test_it_is_accessible_and_fits_on_every_page_in_both_languages(page: Page, site: Site) -> None:
    size, faults = page.size_name, list[str]()  # type: ignore[attr-defined]
    for name, path in site.pages().items():
        page.goto(site.address + path)
        faults += look(page, name, size)
    faults += look_at_what_is_made(page, site, size)
    page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": f"{site.address}/office/"}])
    for name, path in site.pages().items():
        page.goto(site.address + path)
        assert page.get_attribute("html", "lang") == "en", name
        faults += look(page, f"{name}-en", size, picture=False)
    assert not faults, "\n".join(faults)


def look_at_what_is_made(page: Page, site: Site, size: str) -> list[str]:
    """The pages that only answer a form: codes, an invitation, a form with faults."""
    faults, here = list[str](), f"{site.address}/office/p/norte"
    for name, path, values in (
        ("enrol", f"{here}/devices", {"label": "T-09", "interviewer": "EN009"}),
        ("collect-made", f"{here}/collect", {"label": "Tableta 9", "interviewer": "EN009"}),
        ("person-link", f"{site.address}/office/people", {"name": "Eva", "login": "eva"}),
    ):
        page.goto(path)
        for field, value in values.items():
            page.fill(f"#{field}", value)
        page.click("main form.stack button[type=submit]")
        faults += look(page, name, size)
    for name, at, content in (
        ("forms-faults", "forms", b"| survey |"),
        ("sites-faults", "sites", b"codigo,target\nC,8\n"),
    ):
        page.goto(f"{here}/{at}")
        page.set_input_files(
            "#file", {"name": "uno.md" if at == "forms" else "uno.csv", "mimeType": "text/plain", "buffer": content}
        )
        page.click("main form.stack button[type=submit] >> nth=0")
        page.wait_for_selector("[role=alert]")
        faults += look(page, name, size)
    return faults


def test_it_looks_at_every_page_that_there_is(site: Site) -> None:
    """A page that nobody put into the list above is a page that nobody has looked at."""
    addresses = site.world.app.url_map.bind("localhost")
    looked_at = {addresses.match(path.split("?")[0])[0] for path in site.pages().values()}
    browser = site.world.browser("administrator")
    shown = {
        guard.endpoint
        for guard in GUARDS
        if guard.method == "GET" and browser.get(address_of(guard, site.world)).mimetype == "text/html"
    }
    assert {name.removeprefix("office.") for name in shown - looked_at} <= MADE_BY_OTHER_TESTS | GIVE_FILES | {
        "login_page"
    }


def test_it_chooses_files_by_a_button_in_the_readers_language(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/office/p/norte/forms")
    for field, button, names in (
        ("file", "Elegir el archivo…", ["a.md"]),
        ("data", "Elegir archivos…", ["b.csv", "c.csv"]),
    ):
        with page.expect_file_chooser() as chooser:
            page.click(f"label[for={field}] >> text={button}")
        files = [{"name": name, "mimeType": "text/plain", "buffer": b"x"} for name in names]
        chooser.value.set_files(files)  # type: ignore[arg-type]
        assert page.evaluate(f"[...document.getElementById('{field}').files].map((one) => one.name)") == names
    assert page.locator("label[for=data] output").inner_text() == "b.csv, c.csv"
    assert look(page, "forms-chosen", page.size_name) == []  # type: ignore[attr-defined]


def test_it_works_by_keyboard_alone(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/office/p/norte/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_it_plans_while_somebody_types(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/office/p/norte/planner?interviews=800")
    assert "±2.6" not in page.inner_text("#planner .figures")
    page.fill("[name=interviews]", "2500")
    page.wait_for_selector("#planner .figures >> text=±2.6")
    page.wait_for_url("**interviews=2500**")


def test_it_waits_for_a_report_and_then_offers_it(page: Page, site: Site) -> None:
    files = ReportFiles(FolderShelf(site.world.app.config["SURVEY"].data_dir), "norte")
    report = files.ask(("W1",), "es", "full", asked_by="person:1", interim=False)
    page.goto(f"{site.address}/office/p/norte/reports/{report.id}")
    assert look(page, "report-making", page.size_name) == []  # type: ignore[attr-defined]
    files.make(report, lambda: {"wave-summary.pdf": b"%PDF-1.7"})
    page.wait_for_selector("text=Abrir el PDF")
    assert look(page, "report-ready", page.size_name) == []  # type: ignore[attr-defined]


def test_it_sets_up_a_second_factor_and_asks_for_it_at_the_next_login(page: Page, site: Site) -> None:
    size = page.size_name  # type: ignore[attr-defined]
    report = make_report(site.world)
    page.goto(f"{site.address}/office/second-factor")
    secret = (page.text_content("#secret") or "").replace(" ", "")
    page.fill("#code", code_of(secret, datetime.now(UTC)))
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.recovery")
    faults = look(page, "recovery-codes", size)
    recovery = page.locator("ul.recovery code").all_text_contents()
    assert len(set(recovery)) == 10
    page.goto(f"{site.address}/office/p/norte/reports/{report.id}/decision")
    faults += look(page, "decision-to-write", size)
    page.check("input[name=reading][value=extend]")
    page.fill("#decision", "Seguir un año más en los mismos lugares.")
    page.fill("#reasons", "Mejoró la seguridad de noche; la práctica no se puede juzgar todavía.")
    page.click("text=Guardar para firmar")
    page.wait_for_selector("text=Firmar la decisión")
    faults += look(page, "decision-to-sign", size)
    page.click("text=Salir")
    page.fill("#login", "administrator")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#code")
    faults += look(page, "code", size)
    page.fill("#code", recovery[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/")
    assert not faults, "\n".join(faults)
