"""What a server, a line or a clock can do wrong: the phone says so in its own language, and keeps every answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from survey_server.db.forms import get_current_version, get_form
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from tests.browser.diary import publish_diary, stored, write
from tests.browser.field import Phone, Server, wait_until
from tests.browser.interviewing import enrol, unsent
from tests.browser.programmes import enrolled, make_programme

pytestmark = pytest.mark.browser

TOWNS = 100_000


@pytest.fixture
def page(phone: Phone, database: Database, link: str) -> Iterator[Page]:
    publish_diary(database, "20")
    opened = phone.open()
    enrol(opened, link)
    yield opened


def ask(page: Page, module: str, expression: str) -> Any:
    version = page.evaluate("document.documentElement.dataset.version")
    return page.evaluate(f"import('/static/{version}/js/{module}.js').then((m) => ({expression}))")


def look_for_forms(page: Page) -> None:
    ask(page, "sync", "m.syncNow({ catalogue: true })")


def change_diary(page: Page, **changes: Any) -> None:
    """From now on the server names another form under the diary's name."""

    def answer(route: Route) -> None:
        told = route.fetch().json()
        for entry in told["forms"]:
            if entry["id"] == "diary":
                entry.update(changes)
        route.fulfill(json=told)

    page.route("**/api/v1/phone", answer)


def test_it_keeps_the_form_before_when_it_can_not_open_the_new_one(page: Page) -> None:
    broken = json.dumps({"id": "diary", "version": "99", "binds": "nonsense"}).encode()
    digest = hashlib.sha256(broken).hexdigest()
    page.route(f"**/{digest}.json", lambda route: route.fulfill(body=broken, content_type="application/json"))
    change_diary(page, hash=digest, url=f"/api/v1/forms/{digest}.json", version="99")
    look_for_forms(page)
    page.locator(".state .alert", has_text="no se puede abrir con esta versión de la aplicación").wait_for()
    write(page, "Alfa")
    assert stored(page, "outbox")[0]["version"] == "20"


def test_it_says_that_a_form_is_too_large_for_this_phone_and_keeps_the_one_before(
    page: Page, database: Database
) -> None:
    page.evaluate(
        """() => {
          const { put } = IDBObjectStore.prototype;
          IDBObjectStore.prototype.put = function (...all) {
            if (this.name === 'forms') throw new DOMException('full', 'QuotaExceededError');
            return put.apply(this, all);
          };
        }"""
    )
    with database.reading() as session:
        form = get_form(session, get_programme(session, "demo").id, "diary")
        document = json.loads(get_current_version(session, form).phone)
    large = json.dumps(document | {"version": "98"}).encode()
    digest = hashlib.sha256(large).hexdigest()
    page.route(f"**/{digest}.json", lambda route: route.fulfill(body=large, content_type="application/json"))
    change_diary(page, hash=digest, url=f"/api/v1/forms/{digest}.json", version="98")
    look_for_forms(page)
    page.locator(".state .alert", has_text="demasiado grande para este teléfono").wait_for()
    write(page, "Alfa")
    assert stored(page, "outbox")[0]["version"] == "20"


def test_it_says_that_a_code_is_not_the_office_s(page: Page) -> None:
    page.evaluate(
        """() => {
          self.BarcodeDetector = class { async detect() { return [{ rawValue: 'https://example.org/menu' }]; } };
          const canvas = document.createElement('canvas');
          const pen = canvas.getContext('2d');
          setInterval(() => pen.fillRect(Math.random() * 200, 0, 50, 50), 40);
          navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(25);
          location.hash = '#/enrol';
        }"""
    )
    page.get_by_role("button", name="Escanear").click()
    page.locator("#message", has_text="no es de esta encuesta").wait_for()
    page.locator("#code").fill("https://example.org/menu")
    page.locator("form button.main").click()
    page.locator("#message:not(:empty)").wait_for()
    refuse = "async () => { throw new DOMException('no', 'NotAllowedError'); }"
    page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {refuse}; }}")
    page.get_by_role("button", name="Escanear").click()
    page.locator("#message", has_text="cámara").wait_for()


def test_it_takes_no_form_whose_bytes_are_not_those_announced(page: Page) -> None:
    change_diary(page, hash="0" * 64, version="99")
    look_for_forms(page)
    page.locator("a.queue", has_text="La respuesta no se entiende").wait_for()
    write(page, "Alfa", whole=False)
    assert stored(page, "drafts")[0]["version"] == "20"


def test_it_waits_for_its_update_when_the_server_speaks_another_protocol(page: Page) -> None:
    problem = {"type": "about:blank", "title": "The app has to be updated", "status": 426, "detail": ""}
    page.route(
        "**/api/v1/sync",
        lambda route: route.fulfill(status=426, content_type="application/problem+json", body=json.dumps(problem)),
    )
    write(page, "Alfa")
    page.locator("a.queue", has_text="demasiado vieja para la oficina").wait_for()
    assert unsent(page) == "1 entrevista sin enviar"
    page.unroute("**/api/v1/sync")
    page.locator("a.queue").click()
    page.locator("button", has_text="Enviar ahora").click()
    page.locator("li.is-sent").wait_for()


@pytest.mark.parametrize("body", ["null", "[]", '{"receipts": 7}', '{"receipts": [{"id": "other"}]}'])
def test_it_keeps_waiting_when_the_answer_makes_no_sense(page: Page, body: str) -> None:
    page.route("**/api/v1/sync", lambda route: route.fulfill(content_type="application/json", body=body))
    write(page, "Alfa")
    wait_until(lambda: stored(page, "outbox")[0]["tries"] > 0 or body == "null", "a try")
    assert stored(page, "outbox")[0]["state"] == "waiting"
    assert len(stored(page, "bodies")) == 1


def test_it_gives_up_a_line_on_which_nothing_moves_and_no_other(page: Page) -> None:
    page.route("**/api/v1/phone", lambda _: None)
    assert ask(page, "api", "m.call('/api/v1/phone', { stall: 300 })") == {"kind": "waiting", "reason": "slow"}
    page.route("**/api/v1/sync", lambda _: None)
    stalled = ask(page, "api", "m.call('/api/v1/sync', { body: { a: 1 }, stall: 300 })")
    assert stalled == {"kind": "waiting", "reason": "slow"}


def test_it_sends_less_at_once_on_a_line_that_carries_less(page: Page) -> None:
    budget = "rooms/sync/sending"
    assert ask(page, budget, "m.nextBudget(65536, 65536, 60)") == 16384
    assert ask(page, budget, "m.nextBudget(65536, 65536, 0.5)") == 131072
    assert ask(page, budget, "m.nextBudget(65536, 0, null)") == 32768
    assert ask(page, budget, "m.nextBudget(16384, 0, null)") == 16384
    assert ask(page, budget, "m.nextBudget(262144, 262144, 1)") == 262144


CLOCKS = (
    ("0", "undefined", True),
    ("Date.UTC(2027, 1, 1)", "undefined", False),
    ("Date.UTC(2027, 1, 1)", "{offset: 5000, server: '2027-01-01T00:00:00Z'}", False),
    ("Date.UTC(2027, 1, 1)", "{offset: 3600000, server: '2027-02-01T00:00:00Z'}", True),
    ("Date.UTC(2026, 5, 1)", "{offset: 0, server: '2027-01-01T00:00:00Z'}", True),
)


def test_it_knows_when_its_clock_is_wrong(page: Page) -> None:
    for now, clock, wrong in CLOCKS:
        found = ask(page, "rooms/state/facts", f"m.wrongClock({now}, {clock})")
        assert (found is not None) == wrong, (now, clock)


def test_it_keeps_interviews_made_with_a_clock_of_1970(page: Page) -> None:
    page.evaluate("() => { const now = Date.now; Date.now = () => now() - 56 * 365 * 86400000; }")
    write(page, "Alfa")
    page.locator(".state .alert", has_text="El reloj del teléfono está mal").wait_for()
    wait_until(lambda: unsent(page) == "Todo enviado", "the interview to be sent all the same")


def test_it_opens_a_form_with_a_list_of_100_000_places(
    phone: Phone, server: Server, database: Database, label: str
) -> None:
    towns = "name,label\n" + "".join(f"t{n},Aldea número {n}\n" for n in range(TOWNS))
    form = """
| survey |
| | type | name | label |
| | select_one_from_file towns.csv | town | Aldea |
| settings |
| | form_title | form_id | version |
| | Cien mil aldeas | many_towns | 1 |
"""
    programme = make_programme(database, {})  # no other phone has to take so long a list
    publish_form(database, programme.id, "towns.md", form.encode(), {"towns.csv": towns.encode()})
    page = enrolled(phone, server, database, programme, label)
    page.locator("a.card", has_text="Cien mil aldeas").click()
    page.locator("input[type=search]").fill("99999")
    page.locator("label.choice", has_text="Aldea número 99999").click()
    page.locator("footer .saved", has_text="Guardado").wait_for()
