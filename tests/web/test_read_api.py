"""The read API: what its token's maker may read, page by page, edits again, at the same price at any depth."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from werkzeug.test import TestResponse

from survey_server.app import create_app
from survey_server.db.access.people import add_person, set_roles
from survey_server.db.access.tokens import LONGEST, add_token, list_tokens, revoke_token
from survey_server.db.analysis.api_rows import SETTLED, Cursor
from survey_server.db.audit import find_broken_link
from survey_server.db.field.sites import set_sites
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import ApiToken, AuditRow, Person, Programme, Submission, Wave, now
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.problems import BadCursor, UnfitToken
from tests.web.conftest import make_config
from tests.web.field import FORM, interview

PURPOSE = "tablero de la coordinación"


@dataclass
class Api:
    """A server with 25 interviews of a locked wave, 3 of an open one, and a token of an analyst."""

    app: Flask
    database: Database
    programme: Programme
    person_id: int
    token: str

    def get(self, path: str, token: str | None = None, **headers: str) -> TestResponse:
        given = {"Authorization": f"Bearer {self.token if token is None else token}", **headers}
        return self.app.test_client().get(f"/api/v1/programmes/frontera/{path}", headers=given)

    def pages(self, limit: int, since: str = "") -> Iterator[dict[str, Any]]:
        while True:
            page = self.get(f"forms/mini/submissions?limit={limit}&since={since}").get_json()
            yield page
            since = page["next"]
            if not page["more"]:
                return


@pytest.fixture
def api(database: Database, database_url: str, programme: Programme, tmp_path: Path) -> Api:
    publish_form(database, programme.id, "mini.md", FORM.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        locked = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20), state="open")
        add_wave(session, form, "W2", date(2026, 9, 1), date(2026, 9, 20), state="open")
        site = {"code": "A", "name": "Aldea A", "arm": "BRAZO-X", "stratum": "ESTRATO-X", "weight": 1.75}
        set_sites(session, programme.id, [site], actor="command")
    days = [("2026-03-05", f"uuid:{n:02d}") for n in range(25)] + [("2026-09-05", f"uuid:open{n}") for n in range(3)]
    for day, name in days:
        source = Source(programme.id, "phone", "device:1")
        take_in(database, source, [Arrival(name, "mini", "1", interview(name, today=day, age="47").encode())])
    with database.transaction() as session:
        set_wave_state(session, session.get_one(Wave, (programme.id, locked.id)), "locked", actor="command")
        person = add_person(session, "ana", "Ana")
        set_roles(session, person, programme, ["analyst"], actor="command")
        until = now() + timedelta(days=30)
        _, token = add_token(session, programme.id, "Tablero", ["mini"], PURPOSE, until, person_id=person.id)
    app = create_app(make_config(database_url, tmp_path / "data"))
    app.config["CLOCK"] = lambda: now() + SETTLED + timedelta(seconds=1)
    return Api(app, database, programme, person.id, token)


def test_it_gives_every_submission_of_locked_waves_once_page_by_page(api: Api) -> None:
    pages = list(api.pages(10))
    assert [len(page["items"]) for page in pages] == [10, 10, 5]
    ids = [item["id"] for page in pages for item in page["items"]]
    assert sorted(ids) == [f"uuid:{n:02d}" for n in range(25)]
    first = pages[0]["items"][0]
    assert (first["wave"], first["version"], first["number"], first["review_state"]) == ("W1", "1", 1, "received")
    assert first["answers"]["age"] == 47
    assert first["collected_on"] == "2026-03-05"
    assert first["received_at"].endswith("Z")


def test_it_tells_not_asked_from_not_answered(api: Api) -> None:
    xml = interview("uuid:blank", today="2026-03-05", remark="")
    take_in(
        api.database, Source(api.programme.id, "phone", "device:1"), [Arrival("uuid:blank", "mini", "1", xml.encode())]
    )
    items = {item["id"]: item["answers"] for page in api.pages(1000) for item in page["items"]}
    assert items["uuid:blank"].get("remark", "absent") is None
    assert "never_asked" not in items["uuid:blank"]


def test_it_gives_an_edited_submission_again_after_the_others(api: Api) -> None:
    *_, last = api.pages(1000)
    assert (last["more"], api.get(f"forms/mini/submissions?since={last['next']}").get_json()["items"]) == (False, [])
    with api.database.transaction() as session:
        row = session.scalars(select(Submission).where(Submission.instance_id == "uuid:03")).one()
        row.review_state, row.changed_at = "edited", now()
    again = api.get(f"forms/mini/submissions?since={last['next']}").get_json()
    assert [(item["id"], item["review_state"]) for item in again["items"]] == [("uuid:03", "edited")]


def test_it_loses_none_of_many_that_changed_in_one_moment(api: Api) -> None:
    with api.database.transaction() as session:
        session.execute(update(Submission).values(changed_at=now()))
    ids = [item["id"] for page in api.pages(4) for item in page["items"]]
    assert len(ids) == len(set(ids)) == 25


def test_it_keeps_what_has_just_changed_until_nothing_earlier_can_come(api: Api) -> None:
    api.app.config["CLOCK"] = now
    with api.database.transaction() as session:
        session.execute(update(Submission).values(changed_at=now() - SETTLED / 2))
    assert api.get("forms/mini/submissions").get_json()["items"] == []


def test_it_asks_the_database_the_same_at_any_depth_and_sorts_nothing(api: Api) -> None:
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((statement, parameters))

    *_, last = api.pages(20)
    event.listen(api.database.engine, "before_cursor_execute", note)
    api.get("forms/mini/submissions?limit=5")
    first = len(asked)
    api.get(f"forms/mini/submissions?limit=5&since={last['next']}")
    event.remove(api.database.engine, "before_cursor_execute", note)
    assert len(asked) == 2 * first
    if api.database.is_sqlite:
        statement, parameters = next(one for one in asked if "answers" in one[0])
        with api.database.reading() as session:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        steps = [row[3] for row in plan]
        assert any("ix_submission_form_changed" in step for step in steps)
        assert not any("SCAN" in step or "B-TREE" in step for step in steps)


def test_it_reads_only_what_its_maker_may_read_now(api: Api) -> None:
    with api.database.transaction() as session:
        person = session.get_one(Person, api.person_id)
        set_roles(session, person, api.programme, ["coordinator"], actor="command")
    assert api.get("forms").status_code == 401
    with api.database.transaction() as session:
        person = session.get_one(Person, api.person_id)
        set_roles(session, person, api.programme, ["analyst"], actor="command")
    assert api.get("forms").status_code == 200
    with api.database.transaction() as session:
        session.get_one(Person, api.person_id).active = False
    assert api.get("forms").status_code == 401


def test_it_ends_with_its_day_or_when_it_is_revoked(api: Api) -> None:
    with api.database.transaction() as session:
        token = session.scalars(select(ApiToken)).one()
        token.expires_at = now() - timedelta(seconds=1)
    assert api.get("forms").get_json()["type"].endswith("bad-api-token")
    with api.database.transaction() as session:
        session.scalars(select(ApiToken)).one().expires_at = now() + timedelta(days=1)
    assert api.get("forms").status_code == 200
    with api.database.transaction() as session:
        revoke_token(session, api.programme.id, session.scalars(select(ApiToken.id)).one(), person_id=api.person_id)
    assert api.get("forms").status_code == 401
    with api.database.reading() as session:
        assert [line.state for line in list_tokens(session, api.programme.id)] == ["revoked"]


@pytest.mark.parametrize("token", ["", "svr_", "svr_wrong", "1.device", "x" * 300])
def test_it_knows_no_other_token(api: Api, token: str) -> None:
    assert api.get("forms/mini/submissions", token).status_code == 401
    assert api.app.test_client().get("/api/v1/programmes/frontera/forms").status_code == 401


def test_it_reads_no_other_programme_and_no_other_form(api: Api) -> None:
    client, given = api.app.test_client(), {"Authorization": f"Bearer {api.token}"}
    assert client.get("/api/v1/programmes/other/forms", headers=given).status_code == 401
    assert api.get("forms/ssr_restricted/submissions").status_code == 404


def test_it_tells_forms_waves_and_sites_and_never_arms_or_weights(api: Api) -> None:
    assert api.get("forms").get_json()["forms"][0]["versions"][0]["version"] == "1"
    waves = {wave["name"]: wave for wave in api.get("waves").get_json()["waves"]}
    assert (waves["W1"]["state"], waves["W1"]["received"], waves["W2"]["received"]) == ("locked", 25, 3)
    text = api.get("sites").text + api.get("waves").text + api.get("forms/mini/submissions").text
    assert "Aldea A" in text
    assert not any(secret in text for secret in ("BRAZO", "ESTRATO", "1.75"))


def test_it_writes_every_reading_into_the_audit_chain_and_when_it_was_used(api: Api) -> None:
    api.get("forms/mini/submissions?limit=7")
    api.get("waves")
    with api.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "api-read").order_by(AuditRow.number)).all()
        token = session.scalars(select(ApiToken)).one()
        assert find_broken_link(session, api.programme.id) is None
        assert [row.detail for row in session.scalars(select(AuditRow).where(AuditRow.action == "make-token"))] != []
    assert [(row.actor, row.subject, row.detail["count"]) for row in rows] == [
        (f"token:{token.id}", "mini", 7),
        (f"token:{token.id}", "waves", 2),
    ]
    assert token.used_at is not None


@pytest.mark.parametrize(
    "query", ["since=x", "since=MQ==", "since=Ni4tNQ==", "limit=0", "limit=1001", "limit=x", "limit=-1"]
)
def test_it_says_what_is_wrong_with_a_question(api: Api, query: str) -> None:
    answer = api.get(f"forms/mini/submissions?{query}")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_it_gives_out_cursors_that_it_reads_again(api: Api) -> None:
    cursor = Cursor(1_800_000_000_123, 456_112_233_445_566_778)
    assert Cursor.read(cursor.text) == cursor
    with pytest.raises(BadCursor):
        Cursor.read(cursor.text + "A")


def test_it_packs_its_answer_for_who_takes_it(api: Api) -> None:
    answer = api.get("forms/mini/submissions", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.data))["items"]) == 25


def test_it_makes_no_token_without_forms_a_purpose_and_an_end(api: Api) -> None:
    soon = now() + timedelta(days=1)
    for label, forms, purpose, until in (
        ("", ["mini"], PURPOSE, soon),
        ("x", [], PURPOSE, soon),
        ("x", ["other"], PURPOSE, soon),
        ("x", ["mini"], "x", soon),
        ("x", ["mini"], PURPOSE, now()),
        ("x", ["mini"], PURPOSE, now() + LONGEST * 2),
    ):
        with api.database.transaction() as session, pytest.raises(UnfitToken):
            add_token(session, api.programme.id, label, forms, purpose, until, person_id=api.person_id)


def test_it_never_gives_the_code_on_a_persons_card(api: Api) -> None:
    source = FORM.replace("| 1       |", "| 2       |") + "| | withdrawal | question | remark | |\n"
    assert "withdrawal" in source
    publish_form(api.database, api.programme.id, "mini.md", source.encode())
    xml = interview("uuid:card", today="2026-03-05", remark="AB12CD34").replace('version="1"', 'version="2"')
    arrival = Arrival("uuid:card", "mini", "2", xml.encode())
    assert take_in(api.database, Source(api.programme.id, "phone", "device:1"), [arrival])[0].status == 201
    text = api.get("forms/mini/submissions").text
    assert "uuid:card" in text
    assert "AB12CD34" not in text
    assert len(json.loads(text)["items"]) == 26


def test_it_gives_positions_only_where_the_policy_of_the_site_has_them(api: Api) -> None:
    source = FORM.replace("| 1       |", "| 2       |").replace("| text          | remark", "| geopoint      | remark")
    assert "geopoint" in source
    publish_form(api.database, api.programme.id, "mini.md", source.encode())
    sites = [{"code": "A"}, {"code": "B", "risk_tier": 4}]
    with api.database.transaction() as session:
        set_sites(session, api.programme.id, sites, actor="command")
    for code in "AB":
        xml = interview(f"uuid:{code}", today="2026-03-05", psu=code, version="2", remark="14.6 -90.5 0 4")
        arrival = Arrival(f"uuid:{code}", "mini", "2", xml.encode())
        assert take_in(api.database, Source(api.programme.id, "phone", "device:1"), [arrival])[0].status == 201
    page = api.get("forms/mini/submissions").get_json()
    found = {item["id"]: item["answers"] for item in page["items"] if item["version"] == "2"}
    assert (found["uuid:A"].get("remark"), "remark" in found["uuid:B"]) == ("14.6 -90.5 0 4", False)
