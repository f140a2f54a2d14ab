"""Every kind of question and every appearance, answered by finger in Chromium; what the server then has is compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree
from playwright.sync_api import Locator, Page, Playwright
from sqlalchemy import select

from survey_server.db.devices import add_enrolment, enrol_link
from survey_server.db.migrate import migrate
from survey_server.db.models import Submission, SubmissionVersion
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from survey_server.xlsform.functions_geo import distance_between, parse_points
from tests.browser.field import Phone, Server, running, unlock, wait_until
from tests.browser.interviewing import NEXT, choose_pin
from tests.browser.kinds_forms import FILES, FORMS
from tests.browser.looking import look_at, reflow

pytestmark = pytest.mark.browser

FORM = "form.questions[data-page$='{}']"


class Interview:
    """One interview on the shared phone: what is tapped, and what the server has of it in the end."""

    def __init__(self, page: Page, database: Database, form: str) -> None:
        self.page = page
        self.database = database
        self.form = form
        page.evaluate("location.hash = '#/'")
        page.locator(".page.home").wait_for()
        page.evaluate("form => { location.hash = `#/fill/new:${form}`; }", form)
        page.locator("form.questions").wait_for()

    def question(self, name: str) -> Locator:
        return self.page.locator(f"section.question[data-ref$='/{name}']")

    def next(self, to: str) -> None:
        self.page.locator(NEXT).click()
        self.page.locator(FORM.format(to)).wait_for()

    def finished(self) -> dict[str, str | None]:
        """Finish; the answers by name as they reached the server."""
        self.page.locator("main button.main").click()
        self.page.locator("main .notice[role=status]").wait_for()
        wait_until(
            lambda: self.page.locator("a.queue strong").inner_text() == "Todo enviado", "the interview to be sent"
        )
        with self.database.reading() as session:
            query = select(SubmissionVersion).join(Submission, Submission.id == SubmissionVersion.submission_id)
            xml = session.scalars(query.order_by(SubmissionVersion.submission_id.desc())).first()
            assert xml is not None
            return {leaf.tag: leaf.text for leaf in etree.fromstring(xml.xml).iter(etree.Element) if len(leaf) == 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.fixture(scope="module")
def office(folder: Path) -> Iterator[Database]:
    url = f"sqlite:///{folder / 'survey.db'}"
    migrate(url)
    database = open_database(url)
    with database.transaction() as session:
        programme = add_programme(session, "kinds", "Todas las preguntas", demo=True).id
    for form, text in FORMS.items():
        publish_form(database, programme, f"{form}.md", text.encode(), FILES.get(form, {}))
    yield database
    database.close()


@pytest.fixture(scope="module")
def page(playwright: Playwright, office: Database, folder: Path) -> Iterator[Page]:
    """A phone with all the forms on it, enrolled once."""
    with running(Server(folder)) as server:
        with office.transaction() as session:
            code = add_enrolment(session, get_programme(session, "kinds").id, "Teléfono", "OB007")
        phone = Phone(playwright, folder / "profile", server.address)
        opened = phone.open(path=enrol_link(server.address, code).removeprefix(server.address))
        choose_pin(opened)
        opened.set_default_timeout(8_000)
        opened.locator("main ul.list a.card").nth(len(FORMS) - 1).wait_for()
        yield opened
        phone.close()


@pytest.fixture
def begin(page: Page, office: Database) -> Callable[[str], Interview]:
    return lambda form: Interview(page, office, form)


def test_it_takes_what_is_typed_and_what_is_set(begin: Callable[[str], Interview], screens: Path) -> None:
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


def test_it_takes_what_is_chosen_whatever_it_looks_like(begin: Callable[[str], Interview], screens: Path) -> None:
    it = begin("chosen")
    page = it.page
    page.locator(NEXT).click()
    assert it.question("plain").locator(".message").inner_text().endswith("Elija una, por favor.")
    it.question("plain").locator("label", has_text="Regular").click()
    it.next("/quickly")
    it.question("quickly").locator("label", has_text="Mal").click()
    page.locator(FORM.format("/likert")).wait_for()
    page.locator("footer nav button.plain").click()
    page.locator(FORM.format("/quickly")).wait_for()
    page.keyboard.press("Tab")
    it.question("quickly").locator("input").nth(2).focus()
    page.keyboard.press("ArrowUp")
    assert it.question("quickly").locator("input").nth(1).is_checked()
    assert page.locator(FORM.format("/quickly")).count() == 1, "arrow keys only walk through the rows"
    it.next("/likert")
    rows = it.question("likert").locator("label.choice")
    boxes = [row.bounding_box() for row in rows.all()]
    assert all(box and box["height"] >= 48 and box["width"] > 300 for box in boxes)
    rows.nth(3).click()
    page.screenshot(path=screens / "35-likert.png")
    it.next("/village")
    assert it.question("village").locator("label.choice").count() == 50
    it.question("village").locator("input[type=search]").fill("numero 57")
    it.question("village").locator("label.choice").click()
    page.screenshot(path=screens / "36-search.png")
    it.next("/fold")
    it.question("fold").locator("button.fold").click()
    page.locator("dialog.sheet label", has_text="Mal").click()
    page.locator("dialog.sheet").wait_for(state="detached")
    assert it.question("fold").locator("button.fold").inner_text() == "Mal"
    it.question("folds").locator("button.fold").click()
    page.locator("dialog.sheet label", has_text="Bien").click()
    page.locator("dialog.sheet label", has_text="Mal").click()
    page.screenshot(path=screens / "37-sheet.png")
    page.locator("dialog.sheet button", has_text="Listo").click()
    it.question("auto").locator("input[type=search]").fill("regu")
    it.question("auto").locator("label.choice").click()
    it.question("cols").locator("label", has_text="Bien").click()
    tops = [box["y"] for row in it.question("cols3").locator("label").all()[:3] if (box := row.bounding_box())]
    assert len(set(tops)) == 1, "three choices side by side"
    it.question("cols3").locator("label", has_text="Mal").click()
    for words in ("Mal", "Bien"):
        it.question("pack").locator("label", has_text=words).click()
        it.question("several").locator("label", has_text=words).click()
    it.question("other").locator("label").last.click()
    it.question("other_other").locator("input").fill("Peor")
    page.screenshot(path=screens / "38-looks.png", full_page=True)
    page.locator(NEXT).click()
    it.question("row1").wait_for()
    it.question("row1").locator("label", has_text="Bien").click()
    it.question("row2").locator("label", has_text="Mal").click()
    page.screenshot(path=screens / "39-table.png", full_page=True)
    it.next("/inline")
    it.question("inline").locator("label").nth(0).click()
    it.question("inline").locator("label").nth(1).click()
    it.next("/site")
    it.question("site").locator("canvas").wait_for()
    page.wait_for_function(
        "performance.getEntriesByType('resource').some(({name}) => name.endsWith('gt_departments.json'))"
    )
    tap_until(it, "canvas", lambda: "Zona" in it.question("site").locator(".big").inner_text())
    page.screenshot(path=screens / "40-map-choice.png", full_page=True)
    it.question("site").locator("summary").click()
    it.question("site").locator("label", has_text="Sur").click()
    assert it.question("site").locator(".big").inner_text() == "Elegido: Sur"
    it.next("end")
    found = it.finished()
    expected = {
        "plain": "2", "quickly": "2", "likert": "4", "village": "v57", "fold": "3", "folds": "1 3", "auto": "2",
        "cols": "1", "cols3": "3", "pack": "1 3", "several": "1 3", "other": "other", "other_other": "Peor",
        "row1": "1",
        "row2": "3", "inline": "1 2", "site": "south",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_it_never_hides_what_has_the_focus_behind_its_own_bars(begin: Callable[[str], Interview]) -> None:
    it = begin("typed")
    page = it.page
    page.locator("form.questions input").first.focus()
    hidden = []
    for _ in range(12):
        page.keyboard.press("Tab")
        found = page.evaluate(COVERED)
        if found:
            hidden.append(found)
    assert hidden == []


COVERED = """() => {
  const here = document.activeElement;
  if (!here.closest('main')) return null;
  const [box, head, foot] = [here, document.querySelector('header.bar'), document.querySelector('footer.foot')]
    .map((each) => each.getBoundingClientRect());
  return box.top >= head.bottom - 1 && box.top < foot.top - 8 ? null : here.outerHTML.slice(0, 100);
}"""


def test_it_measures_ways_and_areas_as_the_forms_own_functions_do(page: Page) -> None:
    ring = "14.5 -90.5 0 0;14.6 -90.5 0 0;14.6 -90.4 0 0;14.5 -90.5 0 0"
    corners = parse_points(ring)
    assert corners is not None
    length = sum(distance_between(a, b) for a, b in pairwise(corners))
    found = page.evaluate(
        """async (ring) => {
          const { version } = document.documentElement.dataset;
          const geo = await import(`/static/${version}/js/rooms/maps/geo.js`);
          const points = geo.readPoints(ring);
          const back = geo.fromMap(geo.toMap(points[1]));
          return {
            again: geo.writePoints(points), length: geo.lengthOf(points), area: geo.areaOf(points),
            kind: geo.shapeOf(points), back,
            mean: geo.average([0, 1].map((at) => ({ lat: at, lon: at, alt: 0, acc: 5 }))),
          };
        }""",
        ring,
    )
    assert found["again"] == ring and found["kind"] == "area"
    assert found["length"] == pytest.approx(length) and found["area"] == pytest.approx(59_992_000, rel=0.001)
    assert (found["mean"]["lat"], found["mean"]["acc"]) == (0.5, 5)
    assert (found["back"]["lat"], found["back"]["lon"]) == pytest.approx((14.6, -90.5))


def tap_until(it: Interview, where: str, true: Callable[[], bool]) -> None:
    """Tap the middle of the map, where the test's area lies."""
    box = it.page.locator(where).bounding_box()
    assert box
    it.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(true, "the map to take the tap")


def test_it_takes_places_by_satellite_on_a_map_and_by_hand(begin: Callable[[str], Interview], screens: Path) -> None:
    it = begin("placed")
    page = it.page
    it.question("spot").locator("button", has_text="Tomar la ubicación").click()
    it.question("spot").locator(".taken", has_text="Precisión: 4 m").wait_for()
    page.screenshot(path=screens / "41-point.png")
    it.next("/wide")
    it.question("wide").locator("button", has_text="Tomar la ubicación").click()
    it.question("wide").locator(".big", has_text="Precisión: 4 m").wait_for()
    assert "más de 3 m" in it.question("wide").locator(".alert").inner_text()
    page.screenshot(path=screens / "42-waiting.png", full_page=True)
    it.question("wide").locator("button", has_text="Usar esta").click()
    it.question("wide").locator(".taken").wait_for()
    it.next("/placed")
    it.question("placed").locator("button[aria-label='Dónde estoy']").click()
    page.wait_for_function("document.querySelector('canvas') !== null")
    it.question("placed").locator("button", has_text="Poner el punto aquí").click()
    it.question("placed").locator(".taken").wait_for()
    page.screenshot(path=screens / "43-placement.png", full_page=True)
    it.next("/path")
    canvas = it.question("path").locator("canvas")
    box = canvas.bounding_box()
    assert box
    for share in (0.3, 0.6):
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.5)
    it.question("path").locator("button", has_text="Mi posición").click()
    it.question("path").locator(".big", has_text="3 puntos").wait_for()
    it.question("path").locator("button", has_text="Deshacer").click()
    it.question("path").locator(".big", has_text="2 puntos").wait_for()
    page.screenshot(path=screens / "44-trace.png", full_page=True)
    it.next("/field")
    it.question("field").locator("summary").click()
    for lat, lon in (("14.5", "-90.5"), ("14.6", "-90.5"), ("14.6", "-90.4")):
        it.question("field").locator("[aria-label='Latitud']").fill(lat)
        it.question("field").locator("[aria-label='Longitud']").fill(lon)
        if lon == "-90.4":
            page.locator(NEXT).click()
            assert "un área necesita 3" in it.question("field").locator(".message").first.inner_text()
        it.question("field").locator("button", has_text="Agregar por coordenadas").click()
    assert it.question("field").locator(".big").inner_text() == "3 puntos · 37.4 km · 60 km²"
    page.screenshot(path=screens / "45-shape.png", full_page=True)
    it.next("/done")
    it.question("done").locator("label").first.click()
    page.locator("form.questions").wait_for()
    it.next("end")
    found = it.finished()
    here = "14.6407 -90.5133 0 4"
    assert (found["began"], found["spot"], found["wide"], found["after"]) == (here, here, here, here)
    assert re.fullmatch(r"-?[\d.]+ -?[\d.]+ 0 0", found["placed"] or "")
    assert re.fullmatch(r"(-?[\d.]+ -?[\d.]+ 0 0;?){2}", found["path"] or "")
    assert found["field"] == "14.5 -90.5 0 0;14.6 -90.5 0 0;14.6 -90.4 0 0;14.5 -90.5 0 0"


def test_it_reads_from_right_to_left_and_keeps_place(begin: Callable[[str], Interview], screens: Path) -> None:
    it = begin("mirrored")
    page = it.page
    it.question("who").locator("input").fill("Ana <b>")
    page.locator("select.language").select_option(label="العربية (ar)")
    page.locator("h1", has_text="ما اسمك؟").wait_for()
    assert it.question("who").locator("input").input_value() == "Ana <b>"
    assert it.question("who").locator("input").get_attribute("dir") == "auto"
    it.next("/safe")
    assert (
        page.locator(".page.fill").get_attribute("dir") == "rtl"
        and page.locator("form.questions").get_attribute("lang") == "ar"
    )
    assert it.question("safe").locator("h1 bdi").inner_text() == "Ana <b>"
    button, words = (
        it.question("safe").locator(f"label >> nth=0 >> {part}").bounding_box() for part in ("input", "span")
    )
    assert button and words and button["x"] > words["x"], "the button stands at the right"
    forward, back = (page.locator(f"footer nav button.{look}").bounding_box() for look in ("main", "plain"))
    assert forward and back and forward["x"] < back["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=screens / "46-right-to-left.png")
    it.question("safe").locator("label").first.click()
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("dialog.contents").wait_for()
    assert page.locator("dialog.contents").get_attribute("dir") == "rtl"
    page.screenshot(path=screens / "47-right-to-left-list.png")
    page.locator("dialog .quiet").click()
    page.locator("select.language").select_option(label="Español (es)")
    page.locator("h1 strong bdi", has_text="Ana <b>").wait_for()
    assert page.locator(".page.fill").get_attribute("dir") == "ltr"
    assert it.question("safe").locator("input").first.is_checked()
    it.next("/age")
    it.next("/fixed")
    assert it.question("fixed").locator(".shown").inner_text() == "A-12"
    assert it.question("fixed").locator("input").count() == 0
    it.next("/many")
    it.next("end")
    found = it.finished()
    assert (found["who"], found["safe"], found["fixed"]) == ("Ana <b>", "1", "A-12")


def test_it_shows_a_section_at_once_if_the_enumerator_wants(begin: Callable[[str], Interview], screens: Path) -> None:
    it = begin("sections")
    page = it.page
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("label", has_text="Toda la sección").click()
    page.locator("dialog").wait_for(state="detached")
    assert page.locator("section.question").count() == 2
    it.question("water").locator("label", has_text="Sí").click()
    it.question("source").wait_for()
    page.screenshot(path=screens / "48-section.png", full_page=True)
    page.locator(NEXT).click()
    assert it.question("rooms").locator(".message").inner_text().endswith("Conteste esta pregunta para seguir.")
    it.question("rooms").locator("input").fill("3")
    page.locator(NEXT).click()
    it.question("seen").locator("bdi", has_text="3").wait_for()
    page.reload()
    unlock(page)
    page.locator("form.questions").wait_for()
    assert page.locator("section.question").count() == 2, "the choice is remembered"
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("label", has_text="De una en una").click()
    page.locator("dialog").wait_for(state="detached")
    assert page.locator("section.question").count() == 1
    page.locator("header button[aria-label='Lista de preguntas']").click()
    page.locator("dialog .entry").last.click()
    page.locator(".summary").wait_for()
    assert page.evaluate("document.activeElement.classList.contains('summary')")
    page.locator(".summary button").first.click()
    page.locator(FORM.format("/light")).wait_for()
    it.question("light").locator("label").first.click()
    it.next("/seen")
    it.next("end")
    found = it.finished()
    assert (found["rooms"], found["water"], found["light"]) == ("3", "1", "1")


@pytest.mark.parametrize("form", ["typed", "chosen", "placed", "mirrored"])
def test_it_is_clear_to_everyone_whatever_the_question(
    begin: Callable[[str], Interview], screens: Path, form: str
) -> None:
    it = begin(form)
    page = it.page
    number = 0
    wrong: list[str] = []
    while page.evaluate("document.querySelector('form.questions').dataset.page") != "end":
        number += 1
        name = f"kinds-{form}-{number:02}"
        page.locator(".later").first.wait_for(state="detached")
        wrong += look_at(page, name, screens) + reflow(page, name)
        for scheme in ("dark", "sun"):
            page.evaluate("scheme => { document.documentElement.dataset.looks = scheme; }", scheme)
            wrong += look_at(page, f"{name}-{scheme}", screens, rules=["color-contrast"], tablet=False)
        wrong += reflow(page, f"{name} in large letters")
        page.evaluate("delete document.documentElement.dataset.looks")
        for first in page.locator("section.question:not(:has(.optional)) label.choice:first-of-type").all():
            first.click()
        for field in page.locator("section.question:not(:has(.optional)) .control input[dir=auto]").all():
            field.fill("Ana")
        key = page.evaluate("document.querySelector('form.questions').dataset.page")
        page.locator(NEXT).click()
        page.locator(f"form.questions[data-page='{key}']").wait_for(state="detached")
    assert wrong == []
