"""Restricted reports reach the integrity officer: clock, alerts without content, states and notes, never edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from survey_server.db.forms import get_form
from survey_server.db.intake.keys import Keyring, register_key
from survey_server.db.intake.seals import arrival_of, list_closed
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import AuditRow, Incident, Programme, Submission, WebhookDelivery, now
from survey_server.db.publishing import publish_form
from survey_server.db.review.harm import watch_harm
from survey_server.db.review.integrity import OVERDUE, WAITING, watch
from survey_server.db.waves import add_wave
from survey_server.sealing import KeyFile, make_key, seal, sign_statement
from survey_server.work import KINDS
from tests.office.world import World

HERE = "/office/p/norte"
FORM = """
| survey |
| | type | name | label |
| | select_one seve | l_sev | Gravedad |
| | text | l_what | Qué vio |
| choices |
| | list_name | name | label |
| | seve | 1 | Grave |
| | seve | 2 | Leve |
| settings |
| | form_title | form_id | version |
| | Reporte reservado | reserved | 1 |
"""


@pytest.fixture
def officed(world: World) -> Iterator[World]:
    """A programme with a form for restricted reports."""
    publish_form(world.database, world.here.id, "reserved.md", FORM.encode())
    with world.database.transaction() as session:
        session.get_one(Programme, world.here.id).policies = {"letters": {"reserved": "L"}}
    yield world


def report(world: World, name: str, severity: str) -> int:
    """A report as a phone sends it; the id of its submission."""
    xml = (
        f'<data id="reserved" version="1"><l_sev>{severity}</l_sev><l_what>SECRETO</l_what>'
        f"<meta><instanceID>uuid:{name}</instanceID></meta></data>"
    )
    source = Source(world.here.id, "demo", "command")
    take_in(world.database, source, [Arrival(f"uuid:{name}", "reserved", "1", xml.encode())])
    with world.database.reading() as session:
        return session.scalars(select(Submission.id).where(Submission.instance_id == f"uuid:{name}")).one()


def stories(world: World) -> dict[str, Incident]:
    with world.database.reading() as session:
        return {
            one.subject: one for one in session.scalars(select(Incident).where(Incident.kind == "restricted-report"))
        }


def sent(world: World) -> list[dict[str, str]]:
    with world.database.reading() as session:
        return [json.loads(body) for body in session.scalars(select(WebhookDelivery.body).order_by(WebhookDelivery.id))]


def test_it_alerts_of_a_grave_report_within_minutes_and_again_after_an_hour_without_a_word_of_it(
    officed: World,
) -> None:
    officer = officed.browser("integrity-officer")
    for label, when in (("Guardia", "first"), ("Relevo", "second")):
        values = {"do": "add", "label": label, "url": f"https://{when}.example/x", "when": when}
        assert officer.post(f"{HERE}/restricted/alerts", values).status_code == 303
    grave, slight = report(officed, "grave", "1"), report(officed, "slight", "2")
    assert KINDS["watch-restricted"].every == timedelta(minutes=5)
    assert watch(officed.database) == {"opened": 2, WAITING: 1, OVERDUE: 0}
    assert watch(officed.database) == {"opened": 0, WAITING: 0, OVERDUE: 0}
    later = now() + timedelta(minutes=61)
    assert watch(officed.database, later) == {"opened": 0, WAITING: 0, OVERDUE: 1}
    events = sent(officed)
    assert [event["event"] for event in events] == [WAITING, OVERDUE]
    assert {key for event in events for key in event} == {"delivery", "event", "at", "programme"}
    assert set(stories(officed)) == {f"submission:{grave}", f"submission:{slight}"}


def test_it_stops_the_clock_once_it_is_acknowledged_and_never_goes_back(officed: World) -> None:
    submission = report(officed, "grave", "1")
    watch(officed.database)
    story = stories(officed)[f"submission:{submission}"]
    officer, place = officed.browser("integrity-officer"), f"{HERE}/restricted/{story.id}"
    assert "Dar acuse" in officer.get(f"{HERE}/restricted").text
    assert officer.post(place, {"state": "closed", "seen": "waiting:0"}).status_code == 422
    assert officer.post(place, {"state": "acknowledged", "seen": "waiting:0"}).status_code == 303
    assert officer.post(place, {"state": "acknowledged", "seen": "waiting:0"}).status_code == 409
    assert watch(officed.database, now() + timedelta(hours=2))[OVERDUE] == 0
    assert officer.post(place, {"text": "Llamé a la PDH", "seen": "acknowledged:1"}).status_code == 303
    assert officer.post(place, {"text": " ", "seen": "acknowledged:2"}).status_code == 422
    assert officer.post(place, {"state": "closed", "text": "Remitido", "seen": "acknowledged:2"}).status_code == 303
    closed = stories(officed)[f"submission:{submission}"]
    assert [line["state"] for line in closed.exposed["addenda"]] == ["acknowledged", "", "closed"]
    assert closed.closed_at is not None
    assert "Llamé a la PDH" in officer.get(f"{HERE}/restricted").text
    with officed.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "follow-restricted")).all()
    assert [row.detail["state"] for row in rows] == ["acknowledged", "addendum", "closed"]
    assert "PDH" not in str([row.detail for row in rows])


def test_it_tells_nobody_else_that_there_are_reports_alerts_or_addresses(officed: World) -> None:
    officer, coordinator = officed.browser("integrity-officer"), officed.browser("coordinator")
    values = {"do": "add", "label": "Guardia", "url": "https://guardia.example/x", "when": "first"}
    officer.post(f"{HERE}/restricted/alerts", values)
    report(officed, "grave", "1")
    watch(officed.database)
    story = next(iter(stories(officed).values()))
    with officed.database.reading() as session:
        delivery, hook = session.execute(select(WebhookDelivery.id, WebhookDelivery.webhook_id)).one()
    for path in ("webhooks", "incidents", "restricted", "field", ""):
        text = coordinator.get(f"{HERE}/{path}").text
        assert not any(word in text for word in ("Guardia", "guardia.example", "SECRETO", "restricted-report"))
    assert coordinator.get(f"{HERE}/webhooks/{hook}").status_code == 404
    assert coordinator.post(f"{HERE}/incidents/{story.id}", {"outcome": "nada"}).status_code == 404
    public = {"label": "Panel", "url": "https://panel.example", "event": ["restricted.waiting"]}
    assert coordinator.post(f"{HERE}/webhooks", public).status_code == 422
    other = coordinator.post(f"{HERE}/webhooks", {**public, "event": ["wave.state"]}).location
    assert coordinator.post(other, {"delivery": str(delivery)}).status_code == 404
    assert officer.get(f"{HERE}/restricted").text.count("guardia.example") == 1
    assert officer.post(f"{HERE}/restricted/alerts", {"do": "stop", "hook": str(hook)}).status_code == 303
    assert officer.post(f"{HERE}/restricted/alerts", {**values, "url": "javascript:x"}).status_code == 422
    assert officer.post(f"{HERE}/restricted/alerts", {"do": "stop", "hook": "none"}).status_code == 422


def test_it_keeps_a_sealed_report_closed_until_the_integrity_officer_brings_the_key(officed: World) -> None:
    sealing, office = make_key(), make_key()
    keys = KeyFile("norte", sealing, office, [sign_statement(office, sealing, "norte")])
    with officed.database.transaction() as session:
        programme = session.get_one(Programme, officed.here.id)
        form = get_form(session, officed.here.id, "reserved")
        wave = add_wave(session, form, "Reservados", date(2026, 9, 1), date(2026, 9, 30), state="open")
        told = (keys.programme, keys.sealing, keys.office, list(keys.statements))
        register_key(session, officed.app.extensions["keyring"], programme, told, [wave.id], "test")
    words = {"id": "uuid:sealed", "form": "reserved", "version": "1", "wave": str(wave.id)}
    xml = '<data id="reserved" version="1"><l_sev>1</l_sev><l_what>SECRETO</l_what>'
    xml += "<meta><instanceID>uuid:sealed</instanceID></meta></data>"
    envelope = seal(xml.encode(), keys.sealing, **words)
    source, keyring = Source(officed.here.id, "phone", "device:1"), officed.app.extensions["keyring"]
    arrival = Arrival("uuid:sealed", "reserved", "1", envelope, wave=wave.id, sealed=True)
    (receipt,) = take_in(officed.database, source, [arrival], keyring)
    assert receipt.status == 201
    assert not stories(officed)
    assert b"SECRETO" not in envelope
    page = officed.browser("integrity-officer").get(f"{HERE}/restricted").text
    assert "1 está sellado" in page
    assert "/submissions/" not in page
    with officed.database.reading() as session:
        kept = [arrival_of(one) for one in list_closed(session, officed.here.id, wave.id)]
    handed = Keyring(handed={keys.sealing.thumbprint(): keys.sealing})
    opened = take_in(officed.database, Source(officed.here.id, "unseal", "test"), kept, handed, open_again=True)
    assert [one.status for one in opened] == [201]
    with officed.database.reading() as session:
        row = session.scalars(select(Submission.id).where(Submission.instance_id == "uuid:sealed")).one()
    path = f"{HERE}/submissions/{row}"
    assert "SECRETO" in officed.browser("integrity-officer").get(path).text
    assert {officed.browser(role).get(path).status_code for role in ("coordinator", "analyst", "supervisor")} == {404}
    assert officed.browser("administrator").get(path).status_code in (403, 404)


def test_it_lets_nobody_edit_a_report(officed: World) -> None:
    submission = report(officed, "grave", "1")
    for login in ("integrity-officer", "supervisor", "analyst", "coordinator"):
        assert officed.browser(login).get(f"{HERE}/submissions/{submission}/edit").status_code in (403, 404)


def test_it_opens_an_incident_with_a_days_clock_when_answering_caused_somebody_a_problem(world: World) -> None:
    form = "| survey |\n| | type | name | label |\n| | select_one yn | felt_safe | ¿? |\n| choices |\n"
    form += "| | list_name | name | label |\n| | yn | 0 | No |\n| | yn | 1 | Sí |\n"
    form += "| settings |\n| | form_title | form_id | version |\n| | Verificación | ssr_backcheck | 1 |\n"
    publish_form(world.database, world.here.id, "k.md", form.encode())
    source = Source(world.here.id, "demo", "command")
    for name, answer in (("harmed", "1"), ("well", "0")):
        xml = f'<data id="ssr_backcheck" version="1"><felt_safe>{answer}</felt_safe>'
        xml += f"<meta><instanceID>uuid:{name}</instanceID></meta></data>"
        take_in(world.database, source, [Arrival(f"uuid:{name}", "ssr_backcheck", "1", xml.encode())])
    assert [watch_harm(world.database), watch_harm(world.database)] == [1, 0]
    page = world.browser("security").get(f"{HERE}/incidents").text
    assert page.count("Contestar le trajo problemas a alguien") == 1
    with world.database.reading() as session:
        harm = session.scalars(select(Incident).where(Incident.kind == "respondent-harm")).one()
    answer = world.browser("coordinator").post(f"{HERE}/incidents/{harm.id}", {"outcome": "Se habló con ella"})
    assert answer.status_code == 303
