"""How what is finished gets to the office: oldest first, one tab at a time, and only by the app's own pages."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, Request, Route
from sqlalchemy import select

from survey_server.db.models import Device
from survey_server.db.session import Database
from tests.browser.diary import publish_diary, stored, write
from tests.browser.field import Phone, unlock, wait_until
from tests.browser.interviewing import enrol, unsent

pytestmark = pytest.mark.browser

BELIEVES_ITSELF_OFFLINE = "Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false });"
SYNC = "**/api/v1/sync"


@pytest.fixture
def page(phone: Phone, database: Database, link: str) -> Iterator[Page]:
    publish_diary(database)
    opened = phone.open()
    enrol(opened, link)
    yield opened


def body_of(request: Request) -> Any:
    sent = request.post_data_buffer or b""
    return json.loads(gzip.decompress(sent) if request.headers.get("content-encoding") == "gzip" else sent)


def tell_of_a_line(session: CDPSession, page: Page) -> None:
    """What the system does with an app that asked to be woken: an event for its service worker."""
    found: list[str] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(_ids(told)))
    session.send("ServiceWorker.enable")
    wait_until(lambda: page.evaluate("true") and bool(found), "the service worker to be listed")
    event = {"origin": page.evaluate("location.origin"), "registrationId": found[-1], "tag": "line"}
    session.send("ServiceWorker.dispatchSyncEvent", {**event, "lastChance": False})


def _ids(told: Any) -> list[str]:
    return [each["registrationId"] for each in told["registrations"]]


def test_it_sends_the_oldest_first_when_it_is_woken_and_says_how_the_phone_is(page: Page, database: Database) -> None:
    page.route(SYNC, lambda route: route.abort())
    for place in ("Alfa", "Beta", "Gama"):
        write(page, place)
    wait_until(lambda: unsent(page) == "3 entrevistas sin enviar", "the queue to say so")
    page.evaluate(BELIEVES_ITSELF_OFFLINE)
    page.evaluate("location.hash = '#/phone'")  # from anywhere in the app
    page.locator(".page:not(.home) h1").wait_for()
    asked: list[Request] = []
    assert page.context.pages == [page]
    page.context.on("request", lambda request: asked.append(request))
    page.unroute(SYNC)
    tell_of_a_line(page.context.new_cdp_session(page), page)
    wait_until(lambda: all(item["state"] == "sent" for item in stored(page, "outbox")), "all to be sent")

    posts = [each for each in asked if each.method == "POST" and not each.failure and body_of(each)["submissions"]]
    assert all(each.service_worker is None for each in asked if each.method != "GET"), "the worker only caches"
    assert posts[0].headers["content-encoding"] == "gzip"
    times = [item["finished_at"] for post in posts for item in body_of(post)["submissions"]]
    assert len(times) == 3 and times == sorted(times)
    about = body_of(posts[-1])["device"]
    assert about["app_version"] == page.evaluate("document.documentElement.dataset.version")
    assert about["queue"] == 0 and about["storage"]["finished"] == 3 and about["storage"]["quota"] > 0
    with database.reading() as session:
        device = session.scalars(select(Device).order_by(Device.id.desc())).first()
        assert device is not None and device.clock_offset_seconds is not None and abs(device.clock_offset_seconds) < 600
        assert (device.app_version, device.queue_length) == (about["app_version"], 0)


NEWS = """async () => {
  const { tell } = await import(`/static/${document.documentElement.dataset.version}/js/bus.js`);
  const card = document.querySelector('main section:last-of-type a.card');
  const finger = (type) => card.dispatchEvent(new PointerEvent(type, { bubbles: true }));
  const some = (ms) => new Promise((passed) => { setTimeout(passed, ms); });
  finger('pointerdown');
  tell('drafts');
  await some(200);
  const stayed = card.isConnected;
  finger('pointerup');
  while (card.isConnected) await some(20);
  return stayed;
}"""
"""News come while a finger is on a card: is it still the same card until the finger is up?"""


def test_it_draws_nothing_anew_under_a_finger_and_keeps_what_it_has_just_said(page: Page) -> None:
    write(page, "Alfa")
    assert page.evaluate(NEWS)
    assert page.locator("main .notice[role=status]").count() == 1


def test_two_tabs_never_send_at_once(page: Page, phone: Phone) -> None:
    assert phone.context is not None
    held: list[Route] = []
    phone.context.route(SYNC, lambda route: held.append(route), times=1)
    posts: list[Request] = []
    phone.context.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    write(page, "Delta")
    wait_until(lambda: page.evaluate("true") and len(held) == 1, "the interview to be on its way")
    second = phone.context.new_page()
    second.goto(phone.address)
    unlock(second)
    version = second.evaluate("document.documentElement.dataset.version")
    second.evaluate(f"import('/static/{version}/js/sync.js').then((m) => m.syncNow())")
    assert posts == [held[0].request]
    held[0].continue_()
    for tab in (page, second):
        tab.locator("a.queue", has_text="Todo enviado").wait_for()
