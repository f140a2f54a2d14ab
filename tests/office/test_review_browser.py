"""Review in real Chromium: an interview edited in its own form, hostile texts, by keyboard, nothing in the console."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Submission, SubmissionVersion
from survey_server.db.publishing import publish_form
from tests.chromium import CHROMIUM
from tests.office.test_office_browser import SIZES, look
from tests.office.test_versions import NEWER
from tests.office.world import PASSWORD, World

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>{{7*7}}"
ESCAPED = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
KINDS = """
| survey |
| | type | name | label | appearance | relevant | constraint | calculation |
| | start | start |  |  |  |  |  |
| | today | today |  |  |  |  |  |
| | text | psu | Punto <b>x</b> |  |  |  |  |
| | text | remark | Comentario |  |  |  |  |
| | integer | age | Edad |  |  | . >= 18 |  |
| | decimal | weight | Peso |  |  |  |  |
| | date | day | Día |  |  |  |  |
| | time | hour | Hora |  |  |  |  |
| | dateTime | moment | Momento |  |  |  |  |
| | select_one yn | safe | ¿Seguro? |  |  |  |  |
| | select_one yn | folded | ¿Plegado? | minimal |  |  |  |
| | select_multiple yn | several | Varias |  |  |  |  |
| | select_one_from_file psus.csv | place | Lugar |  |  |  |  |
| | rank yn | order | Orden |  |  |  |  |
| | range | scale | Escala |  |  |  |  |
| | acknowledge | ok | De acuerdo |  |  |  |  |
| | barcode | code | Código |  |  |  |  |
| | geopoint | point | Posición |  |  |  |  |
| | image | photo | Foto |  |  |  |  |
| | text | why | ¿Por qué no? |  | ${safe} = 0 |  |  |
| | calculate | double |  |  |  |  | ${age} * 2 |
| | begin_repeat | people | Persona |  |  |  |  |
| | text | name | Nombre |  |  |  |  |
| | end_repeat |  |  |  |  |  |  |
| choices |
| | list_name | name | label |
| | yn | 1 | Sí |
| | yn | 0 | No |
| settings |
| | form_title | form_id | version | default_language |
| | Todo | kinds | 1 | Español (es) |
| design |
| | role | source | field | note |
| | psu | question | psu |  |
"""
PSUS = b"name,label\nA,Aldea A\nB,Aldea B\n"


def document(instance_id: str) -> str:
    hostile = ESCAPED
    return (
        '<data id="kinds" version="1"><start>2026-09-05T09:00:00.000-06:00</start><today>2026-09-05</today>'
        f"<psu>A</psu><remark>{hostile}</remark><age>30</age><weight>1.5</weight><day>2026-09-01</day>"
        "<hour>10:00:00.000-06:00</hour><moment>2026-09-01T10:00:00.000-06:00</moment><safe>1</safe><folded>1</folded>"
        "<several>1 0</several><place>A</place><order>1 0</order><scale>3</scale><ok>OK</ok><code>X-1</code>"
        f"<point>16.9 -89.9 0 5</point><photo>{hostile[:40]}.jpg</photo><double>60</double>"
        f"<people><name>Ana</name></people><people><name>Beto</name></people>"
        f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
    )


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def one(world: World) -> int:
    """An interview with an answer to every kind of question, hostile where it can be."""
    publish_form(world.database, world.here.id, "kinds.md", KINDS.encode(), {"psus.csv": PSUS})
    source = Source(world.here.id, "phone", "device:1")
    xml = document("uuid:kinds").encode()
    receipts = take_in(world.database, source, [Arrival("uuid:kinds", "kinds", "1", xml, device_id=world.device_id)])
    assert receipts[0].status == 201, receipts
    with world.database.reading() as session:
        return session.scalars(select(Submission.id).where(Submission.instance_id == "uuid:kinds")).one()


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, chromium: Browser, world: World, one: int) -> Iterator[Page]:
    """The supervisor, signed in; anything in the console, and any dialog, fails the test."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    width, height = SIZES[request.param]
    address = f"http://127.0.0.1:{server.server_port}"
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="es-GT", base_url=address)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto("/office/login")
    page.fill("#login", "supervisor")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/office/**")
    page.size_name = request.param  # type: ignore[attr-defined]
    yield page
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert said == []


def test_it_edits_every_kind_of_question_in_the_form_itself_and_escapes_what_is_hostile(
    page: Page, world: World, one: int
) -> None:
    size = page.size_name  # type: ignore[attr-defined]
    page.goto(f"/office/p/norte/submissions/{one}")
    assert look(page, "review-submission", size) == []
    page.click("text=Editar en el formulario")
    page.wait_for_selector(".edit-questions .question")
    page.wait_for_selector(".later", state="detached")
    assert page.locator(".question").count() == 19
    assert page.locator("[data-ref$='/remark'] :is(input, textarea)").input_value() == HOSTILE
    assert page.locator("[data-ref$='/photo']").inner_text().count("Se conserva") == 1
    assert page.locator("[data-ref$='/why']").count() == 0
    assert look(page, "review-edit", size) == []
    assert page.locator("#save button").is_disabled()

    page.locator("[data-ref$='/age'] input").fill("41")
    page.locator("[data-ref$='/safe'] input[value='0']").check(force=True)
    page.locator("[data-ref$='/why'] :is(input, textarea)").fill("Sin luz")
    page.locator("[data-ref='/data/people[2]/name'] :is(input, textarea)").fill("Berta")
    page.locator("[data-ref$='/code'] input").first.fill("X-2")
    page.locator("text=Antes: 30").wait_for()
    page.fill("#reason", "El encuestador avisó que marcó mal")
    assert look(page, "review-edited", size) == []
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/submissions/{one}#edits")
    assert look(page, "review-history", size) == []
    text = page.locator("#edits + article").inner_text()
    assert "El encuestador avisó que marcó mal" in text and "Supervisor" in text and "Berta" in text

    with world.database.reading() as session:
        versions = list(session.scalars(select(SubmissionVersion).where(SubmissionVersion.submission_id == one)))
        row = session.get_one(Submission, (world.here.id, one))
    before, after = (json.loads(each.answers) for each in versions)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"age", "safe", "why", "double", "people", "code"}
    assert (after["age"], after["double"], after["why"]) == (41, "82", "Sin luz")
    assert (row.number, row.review_state, row.instance_id) == (2, "edited", "uuid:kinds")
    assert (
        b"<deprecatedID>uuid:kinds</deprecatedID>" in versions[1].xml
        and versions[0].xml == document("uuid:kinds").encode()
    )
    page.goto("/office/p/norte/submissions?state=edited")
    assert look(page, "review-list", size) == []


def test_it_looks_well_where_duplicates_and_quarantine_are_decided(page: Page, world: World) -> None:
    size, here = page.size_name, "/office/p/norte"  # type: ignore[attr-defined]
    left, right = world.submissions[:2]
    for name, path in {
        "duplicates": f"{here}/duplicates",
        "conflict": f"{here}/submissions/{right}/conflicts/{world.field['conflict_id']}",
        "beside": f"{here}/submissions/{left}/beside/{right}",
        "filters": f"{here}/submissions?wave={world.open.id}",
    }.items():
        page.goto(path)
        assert look(page, f"review-{name}", size) == [], name


def test_it_looks_well_where_versions_are_compared_and_quarantine_is_mended(page: Page, world: World) -> None:
    size, here = page.size_name, "/office/p/norte"  # type: ignore[attr-defined]
    publish_form(world.database, world.here.id, "mini.md", NEWER.encode())
    page.context.clear_cookies()
    page.goto("/office/login")
    page.fill("#login", "analyst")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/office/**")
    page.goto(f"{here}/forms/mini/compare")
    page.locator("#item-safe summary").press("Enter")
    assert look(page, "review-versions", size) == []
    page.goto(f"{here}/quarantine/{world.field['quarantine_id']}")
    assert look(page, "review-quarantined", size) == []
