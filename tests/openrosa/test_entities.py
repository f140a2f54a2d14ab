"""Entities by the specification: created, updated, in conflict, made offline in the wrong order, deleted, served."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from survey_server.cli import cli
from survey_server.db.field.devices import add_device
from survey_server.db.models import Entity, EntityVersion, now
from survey_server.db.openrosa.entities import (
    find_entity,
    get_list,
    list_entities,
    list_entity_versions,
    list_lists,
    set_entity_deleted,
)
from survey_server.db.openrosa.entity_intake import release_all
from survey_server.db.publishing import publish_form
from tests.openrosa.field import Collect, new_id
from tests.openrosa.stored import issues, submissions

OFFICERS = """
| survey |
| | type                              | name | label  | save_to   |
| | select_one_from_file officers.csv | who  | Agente |           |
| | text                              | full | Nombre | full_name |
| | text                              | post | Puesto | post      |
| entities |
| | list_name | entity_id                  | label    | create_if   | update_if    |
| | officers  | coalesce(${who}, uuid())   | ${full}  | ${who} = '' | ${who} != '' |
| settings |
| | form_title | form_id  | version |
| | Agentes    | officers | 1       |
"""
HOUSEHOLDS = """
| survey |
| | type         | name | label   | save_to   |
| | text         | hh   | Hogar   |           |
| | begin_repeat | p    | Persona |           |
| | text         | n    | Nombre  | full_name |
| | end_repeat   |      |         |           |
| entities |
| | list_name | label | repeat |
| | people    | ${n}  | ${p}   |
| settings |
| | form_title | form_id | version |
| | Hogares    | homes   | 1       |
"""


def change(entity: str, *, full: str = "", post: str = "", label: str | None = None, **attributes: str) -> bytes:
    """An interview that changes one officer, as Collect writes it; blank questions of an update are not relevant."""
    told = "".join(f' {name}="{value}"' for name, value in attributes.items())
    saved = "".join(f"<{name}>{value}</{name}>" for name, value in (("full", full), ("post", post)) if value)
    return (
        f'<data id="officers" version="1"><who/>{saved}<meta><entity dataset="officers" id="{entity}"{told}>'
        f"<label>{full if label is None else label}</label></entity><instanceID>{new_id()}</instanceID></meta></data>"
    ).encode()


@pytest.fixture
def officers(empty: Collect) -> Collect:
    publish_form(empty.database, empty.programme_id, "officers.md", OFFICERS.encode())
    return empty


def entity_issues(collect: Collect) -> list[str]:
    return [kind for kind in issues(collect) if kind.startswith("entity-")]


def entity_of(collect: Collect, entity: str) -> Entity:
    with collect.database.reading() as session:
        found = find_entity(session, get_list(session, collect.programme_id, "officers"), entity)
    assert found is not None
    return found


def history(collect: Collect, entity: str) -> list[EntityVersion]:
    with collect.database.reading() as session:
        return list_entity_versions(session, entity_of(collect, entity))[::-1]


def served(collect: Collect) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The entity list as the manifest of the form names it, and its rows."""
    manifest_url = collect.get("/formList?formID=officers").text().partition("<manifestUrl>")[2].partition("<")[0]
    manifest = collect.ask("GET", urlsplit(manifest_url).path)
    [item] = ElementTree.fromstring(manifest.body)
    told = {child.tag.rpartition("}")[2]: child.text or "" for child in item} | dict(item.attrib)
    content = collect.ask("GET", urlsplit(told["downloadUrl"]).path)
    assert content.status == 200
    return told, list(csv.DictReader(io.StringIO(content.text())))


def test_it_creates_and_updates_in_the_transaction_of_the_interview(officers: Collect) -> None:
    one = str(uuid.uuid4())
    assert officers.send(change(one, full="Ana", post="P1", create="1")).status == 201
    assert officers.send(change(one, post="P2", label="", update="1", baseVersion="1")).status == 201
    entity = entity_of(officers, one)
    assert (entity.version, entity.label, entity.data) == (2, "Ana", {"full_name": "Ana", "post": "P2"})
    assert entity.conflict is None and entity_issues(officers) == []
    stored = {row.id for row in submissions(officers)}
    assert {row.submission_id for row in history(officers, one)} == stored
    assert [row.changed for row in history(officers, one)] == [["full_name", "post"], ["post"]]


def test_it_applies_an_interview_that_comes_twice_once(officers: Collect) -> None:
    one = str(uuid.uuid4())
    officers.send(change(one, full="Ana", create="1"))
    update = change(one, post="P2", update="1", baseVersion="1")
    assert [officers.send(update).status for _ in range(3)] == [201, 201, 201]
    assert entity_of(officers, one).version == 2


def test_it_serves_the_list_with_another_digest_after_every_change(officers: Collect) -> None:
    empty, rows = served(officers)
    assert (empty["type"], empty["filename"], rows) == ("entityList", "officers.csv", [])
    one = str(uuid.uuid4())
    officers.send(change(one, full='Ana, la "jefa"', post="P1", create="true"))
    told, rows = served(officers)
    assert told["hash"].startswith("md5:") and told["hash"] != empty["hash"]
    assert rows == [
        {
            "name": one, "label": 'Ana, la "jefa"', "__version": "1", "__trunkVersion": "1", "__branchId": "",
            "full_name": 'Ana, la "jefa"', "post": "P1",
        }
    ]  # fmt: skip
    assert served(officers)[0] == told


def test_it_tells_which_entities_were_deleted(officers: Collect) -> None:
    gone, here = str(uuid.uuid4()), str(uuid.uuid4())
    for one in (gone, here):
        officers.send(change(one, full="Ana", create="1"))
    with officers.database.transaction() as session:
        row = session.merge(get_list(session, officers.programme_id, "officers"))
        set_entity_deleted(session, row, session.merge(entity_of(officers, gone)), actor="command")
    told, rows = served(officers)
    assert [row["name"] for row in rows] == [here]
    path = urlsplit(told["integrityUrl"]).path
    answer = officers.ask("GET", f"{path}?id={gone},{here},{uuid.uuid4()},x%22%3E&deviceID=a")
    found = {each.get("id"): each.findtext("deleted") for each in ElementTree.fromstring(answer.body).iter("entity")}
    assert found == {gone: "true", here: "false"}


def test_it_notes_a_conflict_and_whether_the_same_was_changed(officers: Collect) -> None:
    one = str(uuid.uuid4())
    officers.send(change(one, full="Ana", post="P1", create="1"))
    officers.send(change(one, post="P2", label="", update="1", baseVersion="1"))
    officers.send(change(one, full="Ana María", update="1", baseVersion="1"))
    assert (entity_of(officers, one).conflict, entity_of(officers, one).data["post"]) == ("soft", "P2")
    officers.send(change(one, post="P3", label="", update="1", baseVersion="1"))
    entity = entity_of(officers, one)
    assert (entity.version, entity.conflict, entity.data["post"]) == (4, "hard", "P3")
    assert [row.conflict for row in history(officers, one)] == [None, None, "soft", "hard"]
    assert entity_issues(officers) == ["entity-conflict", "entity-conflict"]
    with officers.database.reading() as session:
        assert [row.conflicts for row in list_lists(session, officers.programme_id)] == [1]


def test_it_follows_a_branch_that_was_made_offline_without_a_conflict(officers: Collect) -> None:
    one, branch = str(uuid.uuid4()), str(uuid.uuid4())
    offline = {"update": "1", "trunkVersion": "1", "branchId": branch, "label": ""}
    officers.send(change(one, full="Ana", post="P1", create="1"))
    officers.send(change(one, post="P2", baseVersion="1", **offline))
    officers.send(change(one, post="P3", baseVersion="2", **offline))
    assert (entity_of(officers, one).data["post"], entity_of(officers, one).conflict) == ("P3", None)
    assert [row.base for row in history(officers, one)] == [0, 1, 2]


def test_it_holds_what_comes_before_its_predecessor_and_applies_it_after(officers: Collect) -> None:
    one, branch = str(uuid.uuid4()), str(uuid.uuid4())
    offline = {"update": "1", "trunkVersion": "", "branchId": branch, "label": ""}
    assert officers.send(change(one, post="P4", baseVersion="3", **offline)).status == 201
    assert officers.send(change(one, post="P3", baseVersion="2", **offline)).status == 201
    assert officers.send(change(one, post="P2", baseVersion="1", **offline)).status == 201
    with officers.database.reading() as session:
        assert [(row.entities, row.held) for row in list_lists(session, officers.programme_id)] == [(0, 3)]
    officers.send(change(one, full="Ana", post="P1", create="1"))
    entity = entity_of(officers, one)
    assert (entity.version, entity.data["post"], entity.conflict) == (4, "P4", None)
    assert [row.data["post"] for row in history(officers, one)] == ["P1", "P2", "P3", "P4"]
    with officers.database.reading() as session:
        assert list_lists(session, officers.programme_id)[0].held == 0


def test_it_applies_what_waits_when_the_office_says_so(officers: Collect) -> None:
    known, unknown, branch = str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4())
    officers.send(change(known, full="Ana", post="P1", create="1"))
    offline = {"update": "1", "trunkVersion": "1", "branchId": branch}
    officers.send(change(known, post="P3", label="", baseVersion="2", **offline))
    officers.send(change(unknown, full="Eva", baseVersion="2", **offline))
    with officers.database.transaction() as session:
        row = session.merge(get_list(session, officers.programme_id, "officers"))
        assert release_all(session, row, now()) == 2
    assert entity_of(officers, known).data["post"] == "P3"
    assert entity_of(officers, unknown).label == "Eva"


@pytest.mark.parametrize(
    ("told", "issue"),
    [
        ({"id": "no-uuid", "create": "1"}, "entity-without-uuid"),
        ({"id": str(uuid.uuid4()), "create": "1", "full": ""}, "entity-without-label"),
        ({"id": str(uuid.uuid4()), "update": "1", "baseVersion": "1"}, "entity-unknown"),
    ],
)
def test_it_takes_the_interview_whose_entity_makes_no_sense_and_says_why(
    officers: Collect, told: dict[str, str], issue: str
) -> None:
    told = {"full": "Ana"} | told
    assert officers.send(change(told.pop("id"), **told)).status == 201
    assert entity_issues(officers) == [issue]
    [stored] = submissions(officers)
    assert (stored.issue_count, stored.review_state) == (len(issues(officers)), "has-issues")


def test_it_creates_no_entity_twice_and_none_when_it_is_not_asked_to(officers: Collect) -> None:
    one = str(uuid.uuid4())
    for create in ("0", "false", "", "yes"):
        officers.send(change(str(uuid.uuid4()), full="Nadie", create=create))
    officers.send(change(f"uuid:{one}", full="Ana", create="1"))
    officers.send(change(one.upper(), full="Otra", create="1"))
    officers.send(change(one, full="Ana María", create="1", update="1", baseVersion="1"))
    assert entity_issues(officers) == ["entity-exists"]
    assert (entity_of(officers, one).label, entity_of(officers, one).version) == ("Ana María", 2)
    assert len(served(officers)[1]) == 1


def test_it_creates_one_entity_for_each_instance_of_a_repeat(empty: Collect) -> None:
    publish_form(empty.database, empty.programme_id, "homes.md", HOUSEHOLDS.encode())
    people = "".join(
        f'<p><n>{name}</n><meta><entity dataset="people" id="{uuid.uuid4()}" create="1"><label>{name}</label></entity>'
        "</meta></p>"
        for name in ("Ana", "Eva", "Ixchel")
    )
    xml = f'<data id="homes" version="1"><hh>H1</hh>{people}<meta><instanceID>{new_id()}</instanceID></meta></data>'
    assert empty.send(xml.encode()).status == 201
    with empty.database.reading() as session:
        row = get_list(session, empty.programme_id, "people")
        assert sorted(one.data["full_name"] for one in list_entities(session, row)) == ["Ana", "Eva", "Ixchel"]
    assert entity_issues(empty) == []


def test_it_gives_the_list_to_our_own_phones_as_a_data_set_that_changes(officers: Collect) -> None:
    with officers.database.transaction() as session:
        token = add_device(session, officers.programme_id, "Equipo", "EN002")[1]
    told = {"Authorization": f"Bearer {token}"}

    def data_set() -> str:
        answer = officers.ask("GET", "/api/v1/phone", headers=told)
        return (
            answer.text().partition('"url":"/api/v1/datasets/')[2][:64]
            or answer.text().partition("/api/v1/datasets/")[2][:64]
        )

    before = data_set()
    officers.send(change(str(uuid.uuid4()), full="Ana", create="1"))
    after = data_set()
    assert before != after
    answer = officers.ask("GET", f"/api/v1/datasets/{after}", headers=told)
    assert (answer.status, b"Ana" in answer.body) == (200, True)
    assert officers.ask("GET", f"/api/v1/datasets/{before}", headers=told).status == 404


def test_it_takes_changes_of_entities_from_our_own_phones_by_the_same_way_in(officers: Collect) -> None:
    with officers.database.transaction() as session:
        token = add_device(session, officers.programme_id, "Equipo", "EN002")[1]
    one = str(uuid.uuid4())
    xml = change(one, full="Ana", create="1")
    instance_id = xml.partition(b"<instanceID>")[2].partition(b"<")[0].decode()
    item = {"id": instance_id, "form": "officers", "version": "1", "finished_at": "2026-03-05T15:20:00Z"}
    item |= {"sha256": hashlib.sha256(xml).hexdigest(), "xml": xml.decode()}
    body = json.dumps({"protocol": 1, "device": {}, "submissions": [item]}).encode()
    answer = officers.ask("POST", "/api/v1/sync", body, {"Authorization": f"Bearer {token}"})
    assert (answer.status, json.loads(answer.body)["receipts"][0]["status"]) == (200, 201)
    assert entity_of(officers, one).label == "Ana"


def test_it_loads_a_list_from_a_table_once(officers: Collect, tmp_path: Path) -> None:
    table = tmp_path / "officers.csv"
    one = str(uuid.uuid4())
    table.write_text(f"name,label,post\n{one},Ana,P1\n,Eva,P2\n")
    runner = CliRunner(env=officers.server.environment)
    told = [runner.invoke(cli, ["entity", "load", officers.code, "officers", str(table)]).output for _ in range(2)]
    assert told == ["2 added to officers, 0 were there.\n", "1 added to officers, 1 were there.\n"]
    assert {row["post"] for row in served(officers)[1]} == {"P1", "P2"}
    assert "officers\t3 entities\t0 in conflict" in runner.invoke(cli, ["entity", "list", officers.code]).output
    table.write_text("label,stratum\nAna,S1\n")
    assert runner.invoke(cli, ["entity", "load", officers.code, "officers", str(table)]).exit_code != 0
