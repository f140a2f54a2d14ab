"""Devices of Collect and entity lists in the office: made once, looked through, settled, deleted."""

from __future__ import annotations

import base64
import html
import json
import re
import uuid
import zlib

from survey_server.db.models import Entity
from survey_server.db.openrosa.collect import collect_settings, settings_text
from survey_server.db.openrosa.entities import find_entity, get_list
from survey_server.db.programmes import get_programme
from tests.office.world import World, add_officers

PATH = "/office/p/norte/collect"


def told_on(page: str) -> list[str]:
    """What a page shows in typewriter letters: addresses, user name, password."""
    return [html.unescape(text) for text in re.findall(r'class="(?:link-out )?code">([^<]+)<', page)]


def test_it_makes_a_device_whose_key_and_password_open_the_list_of_forms(world: World) -> None:
    page = world.browser("coordinator").post(PATH, {"label": "Tableta 9", "interviewer": "EN009"})
    assert page.status_code == 200 and "<svg" in page.text
    plain, user, password, address = told_on(page.text)
    client = world.app.test_client()
    assert client.get(f"{address.removeprefix('http://127.0.0.1:8000')}/formList").status_code == 200
    basic = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
    assert client.get(f"{plain.removeprefix('http://127.0.0.1:8000')}/formList", headers=basic).status_code == 200
    listed = world.browser("coordinator").get(PATH).text
    assert "Tableta 9" in listed and user in listed
    assert password not in listed and address not in listed, "shown only once"
    assert world.browser("coordinator").post(PATH, {"label": "", "interviewer": "x"}).status_code == 422


def test_it_writes_the_settings_as_collect_reads_them(world: World) -> None:
    with world.database.reading() as session:
        programme = get_programme(session, "norte")
    settings = collect_settings("https://a.example/v1/key/k/projects/norte", programme, "EN1", admin_password="x1")
    told = json.loads(zlib.decompress(base64.b64decode(settings_text(settings), validate=True)))
    assert told == settings and set(told) == {"general", "admin", "project"}
    assert told["general"]["server_url"] == "https://a.example/v1/key/k/projects/norte"
    assert told["general"]["form_update_mode"] == "match_exactly"
    assert told["general"]["autosend"] == "wifi_and_cellular"
    assert told["admin"]["admin_pw"] == "x1" and told["project"]["name"] == programme.name
    assert collect_settings("https://a", programme, "EN1")["admin"] == {}
    assert len(settings_text(settings)) < 800, "small enough to be scanned"


def test_it_shows_a_list_with_its_conflicts_first_and_settles_them(world: World) -> None:
    list_id, clean, conflicting = add_officers(world)
    browser = world.browser("supervisor")
    assert f"/entities/{list_id}" in browser.get("/office/p/norte/entities").text
    page = browser.get(f"/office/p/norte/entities/{list_id}").text
    assert page.index(conflicting) < page.index(clean)
    assert conflicting not in browser.get(f"/office/p/norte/entities/{list_id}?words=Eva").text
    path = f"/office/p/norte/entities/{list_id}/{conflicting}"
    assert "P1" in browser.get(path).text
    assert browser.post(path, {"action": "settle"}).status_code == 303
    assert entity(world, conflicting).conflict is None
    assert browser.post(path, {"action": "delete"}).status_code == 303
    assert entity(world, conflicting).deleted_at is not None
    assert conflicting not in browser.get(f"/office/p/norte/entities/{list_id}").text
    assert browser.get(f"/office/p/norte/entities/{list_id}/{uuid.uuid4()}").status_code == 404
    assert browser.get("/office/p/norte/entities/7").status_code == 404


def entity(world: World, told: str) -> Entity:
    with world.database.reading() as session:
        found = find_entity(session, get_list(session, world.here.id, "agentes"), told)
    assert found is not None
    return found


def test_it_applies_what_waits_for_a_lost_phone(world: World) -> None:
    list_id = add_officers(world)[0]
    browser = world.browser("coordinator")
    path = f"/office/p/norte/entities/{list_id}"
    assert f"{path}/waiting" in browser.get(path).text
    assert browser.post(f"{path}/waiting").status_code == 303
    assert f"{path}/waiting" not in browser.get(path).text
