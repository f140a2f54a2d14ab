"""Review through the pages: time per question, places by policy, raw XML, what the second of two is told, repair."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event, select, update

from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.media.pieces import Hander, MediaIntake
from survey_server.db.models import Quarantine, Site, Submission
from survey_server.db.publishing import publish_form
from survey_server.web.media import make_store
from survey_server.xlsform.received.trail import read_trail
from tests.office.world import World
from tests.web.field import interview

HERE = "/office/p/norte/"
FORM = """
| survey |
| | type     | name  | label    | parameters |
| | audit    | audit |          |            |
| | text     | psu   | Punto    |            |
| | text     | why   | ¿Por qué? |           |
| | geopoint | point | Posición |            |
| settings |
| | form_title | form_id | version |
| | Con tiempo | timed   | 1       |
| design |
| | role | source   | field | note |
| | psu  | question | psu   |      |
"""
LOG = """event,node,start,end,old-value,new-value
form start,,1788000000000,,,
question,/data/psu,1788000000000,1788000004000,,
question,/data/why,1788000004000,1788000094000,,
question,/data/why,1788000100000,1788000131000,uno,dos
question,/data/<script>alert(1)</script>,1788000131000,x,,
form finalize,,1788000200000,,,
"""


@pytest.fixture
def timed(world: World) -> str:
    """The address of an interview with an audit log and a position."""
    publish_form(world.database, world.here.id, "timed.md", FORM.encode())
    xml = (
        '<data id="timed" version="1"><psu>A</psu><why>=1+1</why><point>16.91 -89.95 0 5</point>'
        "<meta><instanceID>uuid:timed</instanceID><audit>audit.csv</audit></meta></data>"
    )
    source = Source(world.here.id, "phone", "device:1")
    take_in(world.database, source, [Arrival("uuid:timed", "timed", "1", xml.encode(), device_id=world.device_id)])
    intake = MediaIntake(world.database, make_store(world.app.config["SURVEY"]))
    intake.keep(Hander(world.here.id, "phone", "command"), "uuid:timed", "audit.csv", "text/csv", LOG.encode())
    with world.database.reading() as session:
        return f"{HERE}submissions/{session.scalars(select(Submission.id).filter_by(instance_id='uuid:timed')).one()}"


def test_it_tells_how_long_each_question_took(world: World, timed: str) -> None:
    text = world.browser("supervisor").get(timed).text
    section = text[text.index('id="times"') : text.index('id="notes"')]
    assert "2 min 1 s" in section and "2 min 5 s en preguntas" in section and "¿Por qué?" in section
    assert "<script>alert" not in section and section.count("<rect") == 3
    assert "se terminó" in section


@pytest.mark.parametrize("content", [b"", b"\xff\x00,\n", b"event\nquestion", b'event,node\n"', LOG.encode()[:70]])
def test_it_reads_of_a_damaged_log_what_it_can(content: bytes) -> None:
    assert read_trail(content).seconds >= 0


def test_it_shows_a_position_only_where_the_policy_of_the_site_allows_it(world: World, timed: str) -> None:
    browser = world.browser("supervisor")
    assert "16.91 -89.95" in browser.get(timed).text
    assert "16.91" in browser.get(f"{timed}/edit.json").text
    with world.database.transaction() as session:
        session.execute(update(Site).where(Site.code == "A").values(risk_tier=3))
    assert "16.91" not in browser.get(timed).text and "oculto por la política" in browser.get(timed).text
    told = browser.get(f"{timed}/edit.json").get_json()
    assert "16.91" not in told["instance"] and told["hidden"] == ["/data/point"]
    edited = told["instance"].replace("=1+1", "otra cosa")
    answer = browser.post(f"{timed}/edit", {"xml": edited, "seen": "uuid:timed", "reason": "Se oyó mal"})
    assert answer.status_code == 303
    with world.database.transaction() as session:
        session.execute(update(Site).where(Site.code == "A").values(risk_tier=1))
    text = browser.get(timed).text
    assert "16.91 -89.95" in text and "otra cosa" in text and "Se oyó mal" in text


def test_it_tells_the_second_of_two_who_edit_and_keeps_both(world: World, timed: str) -> None:
    first, second = (world.browser("supervisor") for _ in range(2))
    xml = first.get(f"{timed}/edit.json").get_json()["instance"]

    def save(browser: object, value: str, **more: str) -> int:
        values = {"xml": xml.replace("=1+1", value), "seen": "uuid:timed", "reason": "Se oyó mal", **more}
        return browser.post(f"{timed}/edit", values).status_code  # type: ignore[attr-defined,no-any-return]

    assert save(first, "x", reason=" ") == 422
    assert save(first, "=1+1") == 422  # nothing was changed
    assert save(first, "", xml="<nonsense/>") == 422
    assert save(first, "", xml='<!DOCTYPE x [<!ENTITY a "b">]><data id="timed">&a;</data>') == 422
    assert save(first, "uno") == 303
    assert save(second, "dos") == 409
    text = second.get(timed).text
    assert "uno" in text and "/conflicts/" in text
    conflict = re.findall(r'href="([^"]+/conflicts/\d+)"', text)[0]
    shown = second.get(conflict).text
    assert "uno" in shown and "dos" in shown
    assert second.post(conflict, {"counts": "right", "reason": "La segunda es la buena"}).status_code == 303
    assert "La segunda es la buena" in second.get(timed).text


def test_it_reviews_from_the_list_and_names_what_others_changed(world: World) -> None:
    browser = world.browser("supervisor")
    open_one = world.submissions[1]
    done = browser.post(f"{HERE}submissions", {"chosen": f"{open_one}:0", "state": "approved"})
    assert "1 envío revisado" in done.text and "aprobado" in done.text
    stale = browser.post(f"{HERE}submissions", {"chosen": f"{open_one}:0", "state": "rejected", "text": "Duplicado"})
    assert "lo cambió otra persona" in stale.text and f"ids={open_one}" in stale.text
    one = f"{HERE}submissions/{open_one}"
    assert (
        browser.post(f"{one}/review", {"chosen": f"{open_one}:0", "state": "rejected", "text": "No"}).status_code == 422
    )
    late = browser.post(f"{one}/review", {"chosen": f"{open_one}:0", "state": "rejected", "text": "Era falsa"})
    assert late.status_code == 409
    locked = {"chosen": f"{world.submissions[0]}:0", "state": "approved"}
    assert "ola bloqueada" in browser.post(f"{HERE}submissions", locked).text
    assert browser.post(f"{HERE}submissions", {"state": "approved"}).status_code == 422
    again = browser.post(f"{HERE}submissions", {"chosen": f"{open_one}:1", "state": "rejected"})
    ticked = re.search(rf'value="{open_one}:1" checked', again.text)
    assert again.status_code == 422 and ticked and '<option value="rejected" selected>' in again.text
    listed = browser.get(f"{HERE}submissions?ids={open_one},999,x").text
    assert f'/submissions/{open_one}"' in listed and f'/submissions/{world.submissions[0]}"' not in listed


def test_it_gives_the_xml_to_those_who_may_and_writes_it_down(world: World) -> None:
    path = f"{HERE}submissions/{world.submissions[0]}/versions/1.xml"
    answer = world.browser("analyst").get(path)
    assert answer.data.startswith(b"<") and answer.headers["Content-Disposition"].startswith("attachment")
    assert world.browser("analyst").get(path.replace("/1.xml", "/9.xml")).status_code == 404
    assert world.browser("supervisor").get(path).status_code == 403


def test_it_mends_what_is_in_quarantine_after_showing_what_would_happen(world: World) -> None:
    browser, path = world.browser("analyst"), f"{HERE}quarantine/{world.field['quarantine_id']}"
    assert "&lt;data id=" in browser.get(path).text
    assert browser.post(f"{path}/replay").status_code == 422
    body = interview("uuid:broken", today="2026-03-05", age="12", remark="<b>x</b>".replace("<", "&lt;"))
    shown = browser.post(f"{path}/repair", {"body": body, "form": "mini", "do": "preview"}).text
    assert "Dejar entrar" in shown and "Valor fuera de lo permitido" in shown and "<b>x</b>" not in shown
    values = {"body": body, "form": "mini", "site": "B", "do": "let-in"}
    assert browser.post(f"{path}/repair", values).status_code == 422  # no reason
    assert browser.post(f"{path}/repair", {**values, "body": "<data"}).status_code == 422
    assert browser.post(f"{path}/repair", {**values, "reason": "Venía cortado"}).status_code == 303
    assert "Atendido" in browser.get(path).text
    with world.database.reading() as session:
        one = session.scalars(select(Submission).filter_by(instance_id="uuid:broken")).one()
        kept = session.scalars(select(Quarantine)).one()
    assert (one.site_code, kept.content) == ("B", b"<data id=")
    assert world.browser("coordinator").get(path).status_code == 403


def test_it_asks_no_more_of_the_database_for_fifty_lines_than_for_two(world: World) -> None:
    browser = world.browser("supervisor")
    counts = []
    for more in (0, 48):
        for number in range(more):
            xml = interview(f"uuid:m{number}", today="2026-09-06").encode()
            source = Source(world.here.id, "phone", "device:1")
            one = Arrival(f"uuid:m{number}", "mini", "1", xml, device_id=world.device_id)
            take_in(world.database, source, [one])
        statements: list[str] = []

        def note(*told: object, seen: list[str] = statements) -> None:
            seen.append(str(told[2]))

        event.listen(world.database.engine, "before_cursor_execute", note)
        page = browser.get(f"{HERE}submissions")
        event.remove(world.database.engine, "before_cursor_execute", note)
        counts.append(len(statements))
        assert len(page.data) < 100_000
    assert counts[0] == counts[1] < 40
