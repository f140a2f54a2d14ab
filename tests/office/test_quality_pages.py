"""The quality page, the cases behind a flag, the field sheet; tokens and webhooks from the office."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from survey_server.db.media.pieces import Hander, MediaIntake
from survey_server.db.models import ApiToken, AuditRow, Submission, Webhook, WebhookDelivery
from survey_server.db.publishing import publish_form
from survey_server.reports.quality import wave_quality_data
from survey_server.web.media import make_store
from survey_server.work import KINDS, Worker
from tests.office.world import World, add_submission
from tests.web.field import FORM, interview


def page_of(world: World, rest: str = "") -> str:
    return f"/office/p/norte/waves/{world.open.id}/quality{rest}"


def add_fast(world: World) -> None:
    """Forty interviews of usual length, and one that came ten days late."""
    for number in range(40):
        add_submission(world, interview(f"uuid:q{number}", today="2026-09-05"), f"uuid:q{number}")
    with world.database.transaction() as session:
        late = session.scalars(select(Submission).where(Submission.instance_id == "uuid:q3")).one()
        moved = late.received_at.replace(year=2026, month=9, day=20)
        session.execute(
            update(Submission)
            .where(Submission.wave_id == world.open.id, Submission.id != late.id)
            .values(received_at=late.received_at.replace(year=2026, month=9, day=6))
        )
        session.execute(update(Submission).where(Submission.id == late.id).values(received_at=moved))


def test_it_shows_the_checks_of_an_open_wave_and_links_each_flag_to_its_cases(world: World) -> None:
    add_fast(world)
    supervisor = world.browser("supervisor")
    page = supervisor.get(page_of(world)).text
    assert "Llegó tarde" in page
    link = re.search(r'href="([^"]*quality/late[^"]*)"', page)
    assert link
    cases = supervisor.get(link[1]).text
    with world.database.reading() as session:
        late = session.scalars(select(Submission.id).where(Submission.instance_id == "uuid:q3")).one()
    assert re.findall(r"/submissions/(\d+)\"", cases) == [str(late)]
    assert supervisor.get(f"/office/p/norte/submissions?wave={world.open.id}&ids={late}").status_code == 200
    with world.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "list-flagged")).all()
    assert [(row.subject, row.detail["check"], row.detail["shown"]) for row in rows] == [
        (str(world.open.id), "late", 1)
    ]


def test_it_is_live_and_shows_aggregates_alone_to_the_coordinator(world: World) -> None:
    coordinator = world.browser("coordinator")
    before = coordinator.get(page_of(world)).text
    add_fast(world)
    after = coordinator.get(page_of(world)).text
    assert before != after
    assert "/quality/late" not in after
    assert coordinator.get(page_of(world, "/late")).status_code == 403
    assert not re.search(r"BRAZO|ESTRATO|\b1\.75\b", after)


def test_it_shows_what_took_long_to_compute_once_more_and_says_of_when_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wave_quality_data, "_LONG", 0.0)
    monkeypatch.setattr(wave_quality_data, "_TIMES_AS_LONG", 1e6)
    supervisor = world.browser("supervisor")
    add_submission(world, interview("uuid:first", today="2026-09-05"), "uuid:first")
    before = supervisor.get(page_of(world)).text
    assert "Calculado el" in before
    add_fast(world)
    figures = re.compile(r"<dd>.*?</dd>")
    assert figures.findall(supervisor.get(page_of(world)).text) == figures.findall(before)


def test_it_tells_how_long_each_question_took_by_the_time_logs(world: World) -> None:
    add_fast(world)
    store = MediaIntake(world.database, make_store(world.app.config["SURVEY"]))
    for number in range(6):
        log = f"event,node,start,end,old-value,new-value\nquestion,/data/part/age,1000,{3000 + 1000 * number},,\n"
        log += "question,/data/part/sex,9000,9400,1,2\nform exit,,9999,,,\n"
        store.keep(Hander(world.here.id, "phone", "x"), f"uuid:q{number}", "audit.csv", "text/csv", log.encode())
    supervisor = world.browser("supervisor")
    assert "quality/times" in supervisor.get(page_of(world)).text
    rows = re.findall(r"<tr><th scope=\"row\">(\w+)(.*?)</tr>", supervisor.get(page_of(world, "/times")).text)
    told = {name: re.findall(r"<td[^>]*>([^<]*)</td>", cells) for name, cells in rows}
    assert told["Edad"][:4] == ["6", "2.5", "4.5", "6.5"]
    assert told["sex"][4:] == ["100\u00a0%", "100\u00a0%"]  # changed, and answered in under a second
    assert world.browser("observer").get(page_of(world, "/times")).status_code == 403


def test_it_lists_what_was_written_as_other_to_whom_may_read_it(world: World) -> None:
    head, rest = FORM.replace("| mini    | 1 ", "| mini    | 2 ").lstrip().split("\n| | start", 1)
    asked = f"{head} relevant |\n| | start{rest}"
    asked = asked.replace("| choices |", "| | text | why | ¿Por qué no? | Why not? | | | | ${safe} = 0 |\n| choices |")
    publish_form(world.database, world.here.id, "mini.md", asked.encode())
    for number, said in enumerate(("De noche", "de noche.", "Por los perros")):
        xml = interview(f"uuid:w{number}", today="2026-09-05", version="2", psu="A")
        xml = xml.replace("<safe>1", "<safe>0").replace("<remark></remark>", f"<remark></remark><why>{said}</why>")
        add_submission(world, xml, f"uuid:w{number}", version="2")
    supervisor = world.browser("supervisor")
    assert "/quality/others" in supervisor.get(page_of(world)).text
    page = supervisor.get(page_of(world, "/others")).text
    lines = re.findall(r'ids=([^"]*)">([^<]*)</a></th><td class="num">(\d+)</td><td>(\w)', page)
    assert [(text, n, site) for _, text, n, site in lines] == [("De noche", "2", "A"), ("Por los perros", "1", "A")]
    assert "2 envíos" in supervisor.get(f"/office/p/norte/submissions?ids={lines[0][0]}").text
    assert world.browser("coordinator").get(page_of(world, "/others")).status_code == 403
    with world.database.reading() as session:
        noted = session.scalars(select(AuditRow).where(AuditRow.action == "list-others")).one()
        assert noted.detail["shown"] == 3


@pytest.mark.parametrize("check", ["unheard", "..%2f", "answers"])
def test_it_knows_no_other_check(world: World, check: str) -> None:
    assert world.browser("supervisor").get(page_of(world, f"/{check}")).status_code == 404


def test_it_prints_the_week_of_a_team(world: World) -> None:
    add_fast(world)
    supervisor = world.browser("supervisor")
    answer = supervisor.get(f"/office/p/norte/waves/{world.open.id}/field-sheet?team=N1&until=2026-09-07")
    assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert "2026-09-07" in answer.headers["Content-Disposition"]
    assert supervisor.get(f"/office/p/norte/waves/{world.open.id}/field-sheet?team=X").status_code == 404


def test_it_shows_a_token_once_and_lets_it_read(world: World) -> None:
    analyst = world.browser("analyst")
    values = {"label": "Tablero", "form": ["mini"], "purpose": "tablero semanal", "days": "30"}
    made = analyst.post("/office/p/norte/tokens", values).text
    token = re.search(r"svr_[\w-]{43}", made)
    assert token
    assert token[0] not in analyst.get("/office/p/norte/tokens").text
    client, given = world.app.test_client(), {"Authorization": f"Bearer {token[0]}"}
    assert client.get("/api/v1/programmes/norte/forms", headers=given).status_code == 200
    with world.database.reading() as session:
        token_id = session.scalars(select(ApiToken.id)).one()
        assert token[0] not in str(session.scalars(select(AuditRow.detail)).all())
    assert analyst.post(f"/office/p/norte/tokens/{token_id}/revoke").status_code == 303
    assert client.get("/api/v1/programmes/norte/forms", headers=given).status_code == 401


@pytest.mark.parametrize("missing", ["label", "form", "purpose", "days"])
def test_it_says_what_a_token_lacks(world: World, missing: str) -> None:
    values: dict[str, object] = {"label": "x", "form": ["mini"], "purpose": "tablero semanal", "days": "30"}
    values.pop(missing)
    answer = world.browser("analyst").post("/office/p/norte/tokens", values)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_it_adds_tries_stops_and_repeats_a_webhook(world: World) -> None:
    coordinator = world.browser("coordinator")
    values = {"label": "Panel", "url": "https://127.0.0.1/x", "event": ["submission.received"]}
    place = coordinator.post("/office/p/norte/webhooks", values).location
    assert "whs_" in coordinator.get(place).text
    assert "whs_" not in world.browser("administrator").get(place).text
    add_submission(world, interview("uuid:hook", today="2026-09-05"), "uuid:hook")
    coordinator.post(place, {"do": "ping"})
    Worker(world.database, world.app.config["SURVEY"], {"webhook": KINDS["webhook"]}).run_due()
    with world.database.reading() as session:
        deliveries = session.scalars(select(WebhookDelivery)).all()
        assert {one.event for one in deliveries} == {"submission.received", "ping"}
        assert {one.state for one in deliveries} == {"failed"}  # our own machine isn't called
    coordinator.post(place, {"delivery": str(deliveries[0].id)})
    coordinator.post(place, {"do": "stop"})
    with world.database.reading() as session:
        assert session.get_one(WebhookDelivery, (world.here.id, deliveries[0].id)).state == "waiting"
        assert session.scalars(select(Webhook.stopped_at)).one() is not None
    assert "Detenido" in coordinator.get("/office/p/norte/webhooks").text


@pytest.mark.parametrize("url", ["http://panel.example", "https://a b", "javascript:alert(1)", "https://x:y@z.example"])
def test_it_takes_no_odd_address_for_a_webhook(world: World, url: str) -> None:
    values = {"label": "Panel", "url": url, "event": ["submission.received"]}
    assert world.browser("coordinator").post("/office/p/norte/webhooks", values).status_code == 422


def test_it_sends_every_page_in_less_than_100_kilobytes(world: World) -> None:
    add_fast(world)
    browser = world.browser("supervisor")
    for path in ("", "/late"):
        answer = browser.client.get(page_of(world, path), headers={"Accept-Encoding": "gzip"})
        assert len(answer.data) < 100_000
