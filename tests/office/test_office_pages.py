"""What the pages say, in both languages, and what they write down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from survey_server.db.audit import find_broken_link
from survey_server.db.field.devices import enrol_device
from survey_server.db.models import AuditRow, Device, Wave
from survey_server.web.office import texts
from survey_server.web.office.texts import CATALOGUE, LANGUAGES, read_catalogue, texts_for
from survey_server.web.office.waves import build_chart
from tests.office.world import World, add_submission
from tests.web.field import interview

TEMPLATES = CATALOGUE.parents[1] / "templates" / "office"
PAGES = ("", "submissions", "devices", "quarantine", "reports")
PROGRAMME = "/office/p/norte/"


def audited(world: World, action: str) -> int:
    with world.database.reading() as session:
        query = select(func.count()).select_from(AuditRow).where(AuditRow.action == action)
        return session.scalar(query) or 0


def test_it_shows_a_programme_with_its_waves_forms_and_phones(world: World) -> None:
    page = world.browser("coordinator").get(PROGRAMME).text
    assert "Programa del norte" in page
    assert "W1 · Mini" in page
    assert "1 mar 2026 – 20 mar 2026" in page
    assert "Bloqueada" in page
    assert "1 envío en cuarentena" in page


@pytest.mark.parametrize("path", PAGES)
def test_it_says_demo_on_each_page_of_a_demo_programme(world: World, path: str) -> None:
    assert "todos los datos son inventados" in world.browser("coordinator").get(PROGRAMME + path).text


def test_it_does_not_say_demo_elsewhere(world: World) -> None:
    assert "todos los datos son inventados" not in world.browser("administrator").get("/office/p/sur/").text


def test_it_counts_a_wave_by_site_and_day(world: World) -> None:
    page = world.browser("coordinator").get(f"{PROGRAMME}waves/{world.open.id}").text
    assert "aquí se ven solo totales" in page
    assert "no previsto" in page  # the site Z, which nobody planned
    assert "Punto de muestreo desconocido" in page
    assert "5 sep 2026" in page


def test_it_shows_questions_and_answers_in_the_readers_language_with_issues_and_receipt(world: World) -> None:
    browser = world.browser("supervisor")
    page = browser.get(f"{PROGRAMME}submissions/{world.submissions[1]}").text
    assert "¿Se siente seguro?" in page
    assert ">Sí <" in page
    assert "Valor fuera de lo permitido" in page
    assert re.search(r"Recibo</dt><dd class=\"code\">[0-9A-Z]{10,}<", page)
    browser.post("/office/language", {"language": "en", "next": "/office/"})
    page = browser.get(f"{PROGRAMME}submissions/{world.submissions[1]}").text
    assert "Do you feel safe?" in page
    assert "Value outside what is allowed" in page


def test_it_shows_what_a_respondent_wrote_as_text_and_nothing_else(world: World) -> None:
    page = world.browser("supervisor").get(f"{PROGRAMME}submissions/{world.submissions[1]}").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page


def test_it_filters_submissions_by_wave_site_and_issue(world: World) -> None:
    browser = world.browser("supervisor")

    def listed(query: str) -> set[int]:
        page = browser.get(f"{PROGRAMME}submissions?{query}").text
        return {int(found) for found in re.findall(r"/submissions/(\d+)\"", page)}

    locked, still_open, _ = world.submissions
    assert listed("") == {locked, still_open}
    assert listed(f"wave={world.locked.id}") == {locked}
    assert listed("site=Z") == {still_open}
    assert listed("issue=any") == {still_open}
    assert listed("issue=unknown-site") == {still_open}
    assert listed("issue=nonsense") == set()
    assert listed("wave=1%20OR%201=1&before=x") == {locked, still_open}


def test_it_pages_through_many_submissions_without_missing_one(world: World) -> None:
    for number in range(60):
        add_submission(world, interview(f"uuid:{number}", today="2026-09-06"), f"uuid:{number}")
    browser = world.browser("supervisor")
    first = browser.get(f"{PROGRAMME}submissions?wave={world.open.id}").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = browser.get(older[1].replace("&amp;", "&")).text
    found = [set(re.findall(r"/submissions/(\d+)\"", page)) for page in (first, second)]
    assert [len(ids) for ids in found] == [50, 11]
    assert not found[0] & found[1]


def test_it_writes_down_every_look_at_single_submissions(world: World) -> None:
    browser = world.browser("supervisor")
    browser.get(f"{PROGRAMME}submissions")
    browser.get(f"{PROGRAMME}submissions/{world.submissions[0]}")
    world.browser("analyst").get(f"{PROGRAMME}quarantine")
    assert [audited(world, name) for name in ("list-submissions", "read-submission", "list-quarantine")] == [1, 1, 1]
    with world.database.reading() as session:
        assert find_broken_link(session, world.here.id) is None


def test_it_enrols_a_phone_by_a_code_that_is_shown_once(world: World) -> None:
    browser = world.browser("coordinator")
    answer = browser.post(f"{PROGRAMME}devices", {"label": "T-03", "interviewer": "EN003"})
    link = re.search(r"http://127.0.0.1:8000/#enrol=([^&<]+)", answer.text)
    assert link
    assert "<svg" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    with world.database.transaction() as session:
        device, _ = enrol_device(session, link[1])
    assert (device.label, device.interviewer) == ("T-03", "EN003")
    assert link[1] not in browser.get(f"{PROGRAMME}devices").text


def test_it_asks_again_when_a_phone_has_no_name(world: World) -> None:
    answer = world.browser("coordinator").post(f"{PROGRAMME}devices", {"label": "  ", "interviewer": "EN003"})
    assert answer.status_code == 422
    assert 'value="EN003"' in answer.text


def test_it_revokes_a_phone(world: World) -> None:
    answer = world.browser("coordinator").post(f"{PROGRAMME}devices/{world.device_id}/revoke", {"reason": "lost"})
    assert answer.status_code == 303
    with world.database.reading() as session:
        device = session.get_one(Device, (world.here.id, world.device_id))
    assert device.revoked_at is not None
    assert device.revoked_reason == "lost"


@pytest.mark.parametrize(("state", "status"), [("closed", 303), ("locked", 422), ("planned", 422), ("nonsense", 422)])
def test_it_moves_a_wave_only_one_step_at_a_time(world: World, state: str, status: int) -> None:
    answer = world.browser("coordinator").post(f"{PROGRAMME}waves/{world.open.id}/state", {"state": state})
    assert answer.status_code == status
    with world.database.reading() as session:
        assert session.get_one(Wave, (world.here.id, world.open.id)).state == (state if status == 303 else "open")


def test_it_invites_a_person_who_then_chooses_a_password(world: World) -> None:
    administrator = world.browser("administrator")
    page = administrator.post("/office/people", {"login": "Nueva", "name": "Nueva Persona", "language": "en"}).text
    link = re.search(r"http://127.0.0.1:8000(/office/link/\S+?)<", page)
    assert link
    browser = world.browser()
    browser.post(link[1], {"password": "otra frase bien larga", "again": "otra frase bien larga"})
    assert "You have no programmes yet" in browser.get("/office/").text
    person_id = re.search(r"/office/people/(\d+)\">Nueva", administrator.get("/office/people").text)
    assert person_id
    page = f"/office/people/{person_id[1]}"
    told = {"programme": "norte", "role": ["observer", "king"], "seen": administrator.seen(page, 'value="norte"')}
    assert administrator.post(f"{page}/roles", told).status_code == 303
    assert browser.get(PROGRAMME).status_code == 200


@pytest.mark.parametrize(
    "values", [{"login": "", "name": "X"}, {"login": "a b", "name": "X"}, {"login": "observer", "name": "X"}]
)
def test_it_asks_again_for_a_login_that_cannot_be(world: World, values: dict[str, str]) -> None:
    assert world.browser("administrator").post("/office/people", values).status_code == 422


def test_it_speaks_the_language_of_the_browser_at_the_door(world: World) -> None:
    client = world.app.test_client()
    assert 'lang="en"' in client.get("/office/login", headers={"Accept-Language": "en-CA,en;q=0.9"}).text
    assert 'lang="es"' in client.get("/office/login", headers={"Accept-Language": "kek"}).text


@pytest.mark.parametrize(
    "path", ["/office/nowhere", "/office/p/missing/", "/office/p/norte/waves/7", "/office/p/norte/submissions/7"]
)
def test_it_has_a_page_for_what_is_not_there(world: World, path: str) -> None:
    answer = world.browser("supervisor").get(path)
    assert answer.status_code == 404
    assert "No se encontró" in answer.text


@pytest.mark.parametrize("path", ["/office/login", "/office/", *(PROGRAMME + path for path in PAGES)])
def test_it_sends_strict_headers_and_small_pages(world: World, path: str) -> None:
    answer = world.browser("coordinator").client.get(path, headers={"Accept-Encoding": "br"})
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Encoding"] == "br"
    assert len(answer.data) < 20_000


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_it_has_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<style|style=|\son\w+=|<script>|javascript:", text)


def test_it_has_every_text_in_both_languages_and_none_that_nobody_uses() -> None:
    catalogue = read_catalogue()
    assert all(set(texts) == set(LANGUAGES) and all(texts.values()) for texts in catalogue.values())
    sources = [
        path.read_text()
        for path in (*TEMPLATES.glob("*.html"), *CATALOGUE.parents[1].joinpath("web/office").rglob("*.py"))
    ]
    used = "\n".join(sources)
    named = set(re.findall(r"""['"]([a-z_]+(?:\.[a-z_0-9-]+)+)['"]""", used))
    prefixes = tuple(re.findall(r"""['"]([a-z_.]+\.)(?:['"] ~|\{)""", used))
    assert {key for key in catalogue if key not in named and not key.startswith(prefixes)} == set()
    spoken = set(re.findall(r"""\bt(?:exts)?\(['"]([^'"]+)['"][,)]""", used))
    assert spoken <= set(catalogue)


def test_it_writes_numbers_days_and_hours_as_people_in_guatemala_do(world: World) -> None:
    t = texts_for("es", "America/Guatemala")
    moment = world.open.changed_at.replace(2026, 11, 21, 3, 5)
    assert t.number(1234567) == "1,234,567"
    assert t.instant(moment) == "20 nov 2026, 21:05"
    assert t("submissions.found", n=1) == "1 envío"
    assert t("submissions.found", n=1200) == "1,200 envíos"
    assert texts_for("kek").language == "es"


@pytest.mark.parametrize(("language", "title"), [("es", "Encuesta"), ("en", "Survey")])
def test_it_takes_the_readers_half_of_a_title_in_two_languages(language: str, title: str) -> None:
    assert texts.texts_for(language).title({"": "Encuesta / Survey"}, "x") == title
    assert texts.texts_for(language).title({"": "Uno solo"}, "x") == "Uno solo"
    assert texts.texts_for(language).title({}, "mini") == "mini"


def test_it_draws_no_chart_of_nothing() -> None:
    assert build_chart([]) is None


def test_it_says_what_went_wrong_in_the_readers_language_and_leads_back(world: World) -> None:
    """English words of the catalogue of problems never stand on a Spanish page that somebody can get to."""
    locked, coordinator = world.submissions[0], world.browser("coordinator")
    page = coordinator.get(f"{PROGRAMME}submissions/{locked}/edit").text
    assert "Su ola está bloqueada" in page and "Its wave" not in page
    assert f'href="{PROGRAMME}"' in page
    for path, says in (
        ("waves/7", "No se encontró"),
        ("sites/7", "No hay tal punto"),
        ("devices/7/lost", "No hay tal"),
    ):
        assert says in coordinator.get(PROGRAMME + path).text, path
    wrong = world.browser("security").post(f"{PROGRAMME}phone-rules", {"draft_days": "cien"})
    assert (wrong.status_code, "Un número falta o está fuera de sus límites" in wrong.text) == (422, True)
