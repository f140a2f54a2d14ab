"""How the phone reads what comes back: sent only with our digest, refused only by a problem, else still waiting."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route
from sqlalchemy import select

from survey_server.db.models import Quarantine, SubmissionVersion
from survey_server.db.session import Database
from tests.browser.field import Phone, wait_until
from tests.browser.interviewing import begin, enrol, fill_in, finish, unsent

pytestmark = pytest.mark.browser

REFUSAL = {"country": "GT", "adm1": "GT12", "psu": "GT1217011", "dwelling": "9", "n_adults": "0"}
"""The shortest interview there is: nobody of age lives here."""


@pytest.fixture
def page(phone: Phone, link: str) -> Page:
    opened = phone.open()
    enrol(opened, link)
    return opened


def interview(page: Page) -> None:
    begin(page, "Encuesta de percepción")
    fill_in(page, REFUSAL)
    finish(page)


def batch_of(route: Route) -> Any:
    body = route.request.post_data_buffer or b""
    return json.loads(gzip.decompress(body) if route.request.headers.get("content-encoding") == "gzip" else body)


def send_on(route: Route, batch: Any) -> None:
    """Let the request go to the real server with another batch in it."""
    headers = {name: value for name, value in route.request.headers.items() if name != "content-encoding"}
    route.continue_(post_data=json.dumps(batch), headers=headers)


def test_it_keeps_waiting_when_a_captive_portal_answers(
    page: Page, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    asked: list[str] = []

    def portal(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="text/html", body="<html><form>Acepte las condiciones</form></html>")

    page.route("**/api/v1/**", portal)
    interview(page)
    page.locator("a.queue", has_text="Contestó otra página").wait_for()
    assert unsent(page) == "1 entrevista sin enviar" and stored() == []
    page.unroute("**/api/v1/**")
    wait_until(lambda: unsent(page) == "Todo enviado", "the phone to send by itself")
    assert len(stored()) == 1


def test_it_keeps_waiting_when_the_digest_is_not_of_what_it_sent(page: Page) -> None:
    def lie(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for receipt in told["receipts"]:
            receipt["sha256"] = "0" * 64
        route.fulfill(response=answer, json=told)

    page.route("**/api/v1/sync", lie)
    interview(page)
    page.locator("a.queue").click()
    page.locator("li.is-waiting", has_text="no es igual a lo enviado").wait_for()
    page.unroute("**/api/v1/sync")
    page.locator("button", has_text="Enviar ahora").click()
    page.locator("li.is-sent", has_text="Recibo").wait_for()


def test_it_keeps_what_the_server_refuses_and_can_send_or_save_it(
    page: Page, database: Database, stored: Callable[[], list[SubmissionVersion]], tmp_path: Path
) -> None:
    sent: list[Any] = []

    def spoil(route: Route) -> None:
        batch = batch_of(route)
        sent.extend(json.loads(json.dumps(batch["submissions"])))
        if not batch["submissions"]:  # only a report about the phone
            return route.continue_()
        member = "sealed" if "sealed" in batch["submissions"][0] else "xml"
        batch["submissions"][0][member] = "<data>cut of"
        return send_on(route, batch)

    page.route("**/api/v1/sync", spoil)
    interview(page)
    wait_until(lambda: unsent(page) == "1 rechazada", "the refusal")
    page.locator("a.queue").click()
    item = page.locator("li.is-refused")
    item.locator(".reason", has_text="no pudo leerla").wait_for()
    with database.reading() as session:
        assert session.scalar(select(Quarantine).where(Quarantine.content == b"<data>cut of")) is not None

    with page.expect_download() as download:
        page.locator("button", has_text="Guardar en un archivo").click()
    download.value.save_as(tmp_path / "unsent.json")
    saved = json.loads((tmp_path / "unsent.json").read_text())
    assert saved["submissions"] == sent
    assert download.value.suggested_filename.startswith("encuesta-")

    page.unroute("**/api/v1/sync")
    item.locator("button", has_text="Enviar otra vez").click()
    page.locator("li.is-sent", has_text="Recibo").wait_for()
    [document] = stored()
    assert document.instance_id == sent[0]["id"]


def test_it_says_so_when_the_office_has_revoked_it_and_still_hands_in(
    page: Page, stored: Callable[[], list[SubmissionVersion]]
) -> None:
    page.route(
        "**/api/v1/sync",
        lambda route: route.fulfill(status=401, content_type="application/problem+json", json={"title": "Unknown"}),
    )
    interview(page)
    page.locator("a.queue", has_text="no reconoce este teléfono").wait_for()
    assert unsent(page) == "1 entrevista sin enviar"
    page.unroute("**/api/v1/sync")
    page.locator("a.queue").click()
    page.locator("button", has_text="Enviar ahora").click()
    page.locator("li.is-sent").wait_for()
    assert len(stored()) == 1


def test_it_tells_a_used_code_from_a_missing_line(page: Page, phone: Phone, link: str) -> None:
    page.goto(f"{phone.address}/#/enrol")
    page.locator("#code").fill(link)
    page.locator("form button").click()
    page.locator(".message", has_text="ya se usó").wait_for()
    page.locator("#code").fill("https://example.org/otra-cosa")
    page.locator("form button").click()
    page.locator(".message", has_text="no parece un código").wait_for()
    assert phone.context is not None
    phone.context.set_offline(True)
    page.locator("#code").fill("1-AnotherCode123")
    page.locator("form button").click()
    page.locator(".message", has_text="Sin señal").wait_for()
    assert "enrol=" not in page.url
