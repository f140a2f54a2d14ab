"""Indicators, decisions, programmes and restricted reports, as people use their pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from survey_server.db.access.people import get_person
from survey_server.db.access.second_factor import code_at, make_secret, set_second_factor, step_of
from survey_server.db.models import AuditRow, Device, Form, MadeReport, Programme, Team
from tests.office.made import make_report
from tests.office.world import PASSWORD, Browser, World, add_submission
from tests.web.field import interview

HERE = "/office/p/norte"
KEY = "k" * 40


def digest_on(text: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', text)
    assert found
    return found[1]


def sign(browser: Browser, path: str, decision_id: int, **values: str) -> int:
    seen = digest_on(browser.get(path).text)
    given = {"seen": seen, "password": PASSWORD, **values}
    return browser.post(f"{HERE}/decisions/{decision_id}/sign", given).status_code


def test_it_writes_a_decision_down_and_counts_it_once_two_people_have_signed(world: World) -> None:
    report = make_report(world)
    path = f"{HERE}/reports/{report.id}/decision"
    coordinator, analyst = world.browser("coordinator"), world.browser("analyst")
    text = coordinator.get(path).text
    assert all(part in text for part in ("Seguridad", "▲ mejora", "Una de 1 a 3 mejora", "Calidad B", "abcdef012345"))
    words = {"reading": "extend", "decision": "Seguir un año", "reasons": "<b>Mejoró</b>", "eligibility-harm": "yes"}
    assert coordinator.post(path, {**words, "reasons": " "}).status_code == 422
    assert analyst.post(path, words).status_code == 403
    assert coordinator.post(path, words).status_code == 303
    assert coordinator.post(path, words).status_code == 422
    text = coordinator.get(path).text
    assert "&lt;b&gt;Mejoró" in text and "0 de 2 firmas" in text
    found = re.search(r"decisions/(\d+)/sign", text)
    assert found
    decision_id = int(found[1])
    assert sign(coordinator, path, decision_id, password="wrong") == 422
    assert sign(coordinator, path, decision_id) == 303
    assert coordinator.post(f"{HERE}/decisions/{decision_id}/sign", {"password": PASSWORD}).status_code == 422
    with world.database.transaction() as session:  # the second signs with a code too
        person, secret, at = get_person(session, world.people["analyst"]), make_secret(), datetime.now(UTC)
        set_second_factor(session, person, secret, code_at(secret, step_of(at)), KEY, at)
    assert analyst.get(path).status_code == 303  # the session has to show it first
    analyst.post("/office/code", {"code": code_at(secret, step_of(at) + 1)})
    assert sign(analyst, path, decision_id, code="000000") == 422
    with world.database.transaction() as session:
        get_person(session, world.people["analyst"]).totp_last_step = step_of(at) - 1
    code = code_at(secret, step_of(datetime.now(UTC)))
    assert sign(analyst, path, decision_id, code=code, dissent="Falta un grupo de comparación") == 303
    text = analyst.get(path).text
    assert all(part in text for part in ("Firmada", "con contraseña y código", "Falta un grupo de comparación"))
    assert coordinator.post(f"{HERE}/decisions/{decision_id}/withdraw").status_code == 422
    assert "Firmada" in coordinator.get(f"{HERE}/decisions").text
    with world.database.reading() as session:
        made = session.scalars(select(MadeReport).where(MadeReport.report == report.id)).one()
        assert (made.sha256, set(made.files)) == ("abcdef012345", {"wave-summary.pdf", "wave-summary.json"})
        actions = session.scalars(select(AuditRow.action).where(AuditRow.programme_id == world.here.id)).all()
    assert actions.count("sign-decision") == 2


def test_it_shows_preliminary_evidence_to_nobody_who_may_not_see_it_and_rests_no_decision_on_it(world: World) -> None:
    report = make_report(world, interim=True, data_hash="111111111111")
    path = f"{HERE}/reports/{report.id}/decision"
    assert world.browser("coordinator").get(path).status_code == 403
    assert "Guardar para firmar" not in world.browser("analyst").get(path).text


def test_it_edits_an_indicator_with_the_complaints_of_the_form_and_keeps_its_history(world: World) -> None:
    browser, other = world.browser("coordinator"), world.browser("analyst")
    path = f"{HERE}/indicators/{world.field['form_row']}/S1"
    values = {
        "label::Español (es)": "Se siente seguro de noche",
        "level": "outcome",
        "family": "secondary",
        "estimator": "share",
        "formula": "${saffe} = 1",
        "direction": "up",
        "minimum_change": "4",
        "target": "60",
        "seen": "1",
        "reason": "Acordado con el comité",
    }
    answer = browser.post(path, values)
    assert answer.status_code == 422
    assert "There is no question called saffe" in answer.text and "Did you mean safe?" in answer.text
    assert "Se siente seguro de noche" in answer.text  # what was typed is still there
    assert browser.post(path, {**values, "formula": "${safe} = 1"}).status_code == 303
    text = browser.get(path).text
    assert "Acordado con el comité" in text and "<ins>4</ins>" in text
    answer = other.post(path, {**values, "formula": "${safe} = 0"})
    assert answer.status_code == 409 and "Otra persona lo cambió" in answer.text
    assert "60" in browser.get(f"{HERE}/results-framework").text
    new = f"{HERE}/indicators/{world.field['form_row']}/new"
    added = {**values, "formula": "${safe} = 1", "seen": "0"}
    assert browser.post(new, {**added, "code": "S1"}).status_code == 422
    assert browser.post(new, {**added, "code": "9 9"}).status_code == 422
    assert browser.post(new, {**added, "code": "S2"}).status_code == 303
    assert browser.get(f"{HERE}/indicators/{world.field['form_row']}/S3").status_code == 404


def test_it_adds_a_programme_that_nobody_of_another_sees(world: World) -> None:
    administrator = world.browser("administrator")
    values = {
        "name": "Programa del este",
        "code": "este",
        "country": ["HN", "SV"],
        "language": ["es"],
        "funder": "Canadá",
    }
    for wrong in ({"code": "norte"}, {"code": "Mal código"}, {"name": ""}, {"time_zone": "Marte/Uno"}):
        assert administrator.post("/office/programmes/new", {**values, **wrong}).status_code in (409, 422)
    assert administrator.post("/office/programmes/new", values).location == "/office/p/este/settings"
    with world.database.reading() as session:
        made = session.scalars(select(Programme).where(Programme.code == "este")).one()
        assert made.policies == {"funder": "Canadá", "countries": ["SV", "HN"]}
    for login in ("coordinator", "analyst", "supervisor"):
        browser = world.browser(login)
        assert browser.get("/office/p/este/").status_code == 404
        assert "Programa del este" not in browser.get("/office/").text


def test_it_changes_a_programme_and_tells_the_second_of_two_people(world: World) -> None:
    browser = world.browser("coordinator")
    path = f"{HERE}/settings"
    seen = re.search(r'name="seen" value="([^"]+)"', browser.get(path).text)
    assert seen
    values = {
        "name": "Programa del norte",
        "seen": seen[1],
        "recipients-full": "Embajada\n\n Ministerio ",
        "letter-mini": "L",
    }
    assert browser.post(path, {**values, "language": ["es", "fr"]}).status_code == 303
    assert browser.post(path, {**values, "name": "Otro"}).status_code == 409
    with world.database.reading() as session:
        one = session.get_one(Programme, world.here.id)
        assert (one.name, one.languages) == ("Programa del norte", ["es", "fr"])
        assert one.policies["recipients"] == {"full": ["Embajada", "Ministerio"]}
        assert one.policies["letters"] == {"mini": "L"}


def test_it_keeps_restricted_reports_from_every_list_but_the_integrity_officers(world: World) -> None:
    with world.database.transaction() as session:
        session.get_one(Programme, world.here.id).policies = {"letters": {"mini": "L"}}
    add_submission(world, interview("uuid:third", today="2026-09-06"), "uuid:third")
    page = f"{HERE}/submissions/{world.submissions[0]}"
    for login in ("administrator", "coordinator", "analyst", "supervisor", "observer", "security", "data-protection"):
        browser = world.browser(login)
        assert browser.get(page).status_code in (403, 404), login
        for path in ("", "submissions", "reports", "exports", "indicators", "quarantine"):
            assert "uuid:locked" not in browser.get(f"{HERE}/{path}").text
        assert "Mini" not in browser.get(f"{HERE}/").text, login
    counted = world.browser("coordinator").get(f"{HERE}/restricted").text
    assert f"/submissions/{world.submissions[0]}" not in counted
    assert re.search(r"<td class=\"num\">3</td>", counted)
    officer = world.browser("integrity-officer")
    assert f"/submissions/{world.submissions[0]}" in officer.get(f"{HERE}/restricted").text
    assert officer.get(page).status_code == 200


def test_it_lets_no_supervisor_take_a_phone_or_a_team_for_themselves(world: World) -> None:
    supervisor, coordinator = world.browser("supervisor"), world.browser("coordinator")
    path = f"{HERE}/teams/{world.field['team_id']}"

    def post(browser: Browser, **values: str) -> None:
        seen = re.search(r'name="seen" value="([^"]+)"', browser.get(path).text)
        assert seen
        given = {"name": "Norte 1", "active": "yes", "seen": seen[1], **values}
        assert browser.post(path, given).status_code == 303

    with world.database.reading() as session:
        other = session.scalars(select(Device).where(Device.label == "T-02")).one().id
    post(supervisor, device=str(other), supervisor="")
    with world.database.reading() as session:
        assert session.get_one(Device, (world.here.id, other)).team_id is None
        assert session.get_one(Team, (world.here.id, world.field["team_id"])).supervisor_id is not None
    page = f"{HERE}/submissions/{world.submissions[1]}"
    assert supervisor.get(page).status_code == 200
    post(coordinator, device=str(world.device_id), supervisor="")
    assert supervisor.get(page).status_code == 403  # at once: the condition is asked anew every time


def test_it_keeps_old_reports_with_a_row_once_somebody_looks_at_their_decision(world: World) -> None:
    report = make_report(world, data_hash="222222222222")
    with world.database.transaction() as session:
        session.delete(session.scalars(select(MadeReport).where(MadeReport.report == report.id)).one())
    assert "222222222222" in world.browser("coordinator").get(f"{HERE}/reports/{report.id}/decision").text
    with world.database.reading() as session:
        assert session.scalars(select(MadeReport.sha256).where(MadeReport.report == report.id)).one() == "222222222222"
        assert session.scalars(select(Form.form_id)).first() == "mini"
        assert report.asked_at > datetime.now(UTC) - timedelta(minutes=5)
