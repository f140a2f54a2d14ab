"""The fieldwork in the office: files that are refused in words, two people at one thing, samples, openings, stops."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from werkzeug.test import TestResponse

from survey_server.db.field.sites import get_site, list_sites, set_sites
from survey_server.db.forms import get_form
from survey_server.db.models import Device, Site, StopWork, Wave
from survey_server.db.waves import add_wave
from tests.office.world import Browser, World

HERE = "/office/p/norte"


def upload(browser: Browser, name: str, content: bytes) -> TestResponse:
    values = {"proof": browser.proof(), "file": (io.BytesIO(content), name)}
    return browser.client.post(f"{HERE}/sites", data=values, content_type="multipart/form-data")


def site_of(world: World, code: str) -> Site:
    with world.database.reading() as session:
        return get_site(session, world.here.id, code)


def planned(world: World) -> Wave:
    with world.database.transaction() as session:
        form = get_form(session, world.here.id, "mini")
        return add_wave(session, form, "W4", date(2028, 3, 1), date(2028, 3, 20))


def test_it_takes_a_file_of_sites(world: World) -> None:
    answer = upload(world.browser("coordinator"), "a.csv", b"code,name,target\nC,Aldea C,8\nA,Aldea A,9\n")
    assert answer.location.endswith("taken=2")
    assert (site_of(world, "C").target, site_of(world, "A").arm) == (8, "BRAZO-X")


def test_it_gives_the_table_of_sites_back_to_be_corrected_and_uploaded_again(world: World) -> None:
    """What a spreadsheet would calculate is neutralised on its way out and is as it was on its way in."""
    browser, analyst = world.browser("coordinator"), world.browser("analyst")
    hostile = '=HYPERLINK("http://x")'
    row = {"code": "C", "name": hostile, "longitude": "-90.5", "latitude": "14.6", "country": "GT", "night": "0"}
    assert browser.post(f"{HERE}/sites/new", row).status_code == 303
    table = browser.get(f"{HERE}/sites.csv")
    assert "'=HYPERLINK" in table.text and "arm" not in table.text and "BRAZO" not in table.text
    assert ",-90.5," in table.text, "a number stays a number"
    edited = table.data.replace(b"Aldea B", b"Aldea Bonita")
    assert upload(browser, "norte-sites.csv", edited).location.endswith("taken=3")
    kept = {code: site_of(world, code) for code in "ABC"}
    assert (kept["B"].name, kept["B"].arm, kept["B"].extra["department_name"]) == ("Aldea Bonita", "BRAZO-Y", "Petén")
    assert (kept["C"].name, kept["C"].longitude, kept["C"].policies) == (hostile, -90.5, {"night": False})
    whole = analyst.get(f"{HERE}/sites.csv")
    assert "BRAZO-X" in whole.text and "1.75" in whole.text
    assert upload(analyst, "norte-sites.csv", whole.data).location.endswith("taken=3")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"code,target\nC,8\nD,ocho\n", "Fila 3, columna target: «ocho» no es un número entero"),
        ("a.csv", b"code\nC\nC\n", "Fila 3, columna code: C ya está en la fila 2"),
        ("a.csv", b"codigo\nC\n", "no hay una columna «code»"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "no es lo que dice su nombre"),
        ("a.xlsx", b"PK\x03\x04 but no workbook", "No se pudo leer el archivo"),
        ("a.csv", b"code,arm\nC,programme\n", "Quite esas columnas"),
        ("", b"", "Primero elija un archivo"),
    ],
)
def test_it_says_in_words_what_is_wrong_with_a_file(world: World, name: str, content: bytes, says: str) -> None:
    answer = upload(world.browser("coordinator"), name, content)
    assert answer.status_code in (403, 422)
    assert says in answer.text
    with world.database.reading() as session:
        assert [site.code for site in list_sites(session, world.here.id)] == ["A", "B"]


class Endless(io.RawIOBase):
    """A body of 200 MB that says nothing of its length, as it comes in chunks; counts what is taken of it."""

    def __init__(self) -> None:
        self.left, self.taken = 200_000_000, 0

    def readable(self) -> bool:
        return True

    def readinto(self, place: memoryview) -> int:  # type: ignore[override]
        n = min(len(place), self.left)
        place[:n] = b"x" * n
        self.left, self.taken = self.left - n, self.taken + n
        return n


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["sites", "forms"])
def test_it_refuses_a_file_of_200_megabytes_without_reading_it(world: World, path: str, announced: bool) -> None:
    browser, body = world.browser("coordinator"), Endless()
    length = {"CONTENT_LENGTH": "200000000"} if announced else {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    environ = {**length, "CONTENT_TYPE": "multipart/form-data; boundary=x", "wsgi.input": io.BufferedReader(body)}
    answer = browser.client.post(f"{HERE}/{path}", environ_overrides=environ)
    assert answer.status_code == 413
    assert "demasiado grande" in answer.text
    assert body.taken < 20_000_000


def test_it_tells_the_second_of_two_who_edit_a_site(world: World) -> None:
    first, second = world.browser("coordinator"), world.browser("analyst")
    path = f"{HERE}/sites/{site_of(world, 'B').id}"
    seen = re.search(r'name="seen" value="(\d+)"', first.get(path).text)
    assert seen
    row = {"seen": seen[1], "department": "GT17", "country": "GT"}
    assert first.post(path, {**row, "name": "Uno", "target": "5"}).status_code == 303
    answer = second.post(path, {**row, "name": "Dos", "target": "6"})
    assert answer.status_code == 409
    assert "Otra persona lo cambió" in answer.text
    assert 'value="Uno"' in answer.text
    kept = site_of(world, "B")
    assert (kept.name, kept.target, kept.arm) == ("Uno", 5, "BRAZO-Y"), "what the reader doesn't see stays"


def test_it_adds_a_site_by_hand_but_not_twice(world: World) -> None:
    browser = world.browser("coordinator")
    assert browser.post(f"{HERE}/sites/new", {"code": "C", "name": "C", "gps": "0"}).status_code == 303
    assert site_of(world, "C").policies == {"gps": False}
    answer = browser.post(f"{HERE}/sites/new", {"code": "C"})
    assert (answer.status_code, "Ya hay un punto" in answer.text) == (422, True)


def test_it_draws_a_sample_and_sends_the_wave_there(world: World) -> None:
    wave = planned(world)
    with world.database.transaction() as session:
        rows = [{"code": f"P{place}", "stratum": "sur", "population": 100 + place} for place in range(9)]
        rows.append({"code": "GARITA", "stratum": "sur"})
        set_sites(session, world.here.id, rows, actor="command")
    browser = world.browser("analyst")
    page = browser.get(f"{HERE}/samples?total=9&rule=equal")
    assert re.search(r'name="n\.0" value="0".*name="n\.1" value="9"', page.text, re.DOTALL), "only where people live"
    values = {"wave": wave.id, "method": "pps", "seed": "17", "n.1": "3", "reserve.1": "2"}
    answer = browser.post(f"{HERE}/samples", values)
    assert answer.status_code == 303
    shown = browser.get(answer.location).text
    assert "sale exactamente esta muestra" in shown
    table = browser.get(f"{answer.location}.csv").text
    assert len(table.splitlines()) == 6
    assert "GARITA" not in table and "3 puntos sin población quedan fuera" in page.text, "nobody lives at a post"
    assert browser.post(f"{answer.location}/use", {"seen": browser.seen(answer.location)}).status_code == 303
    with world.database.reading() as session:
        assert len(list_sites(session, world.here.id, session.get_one(Wave, (world.here.id, wave.id)))) == 5


def test_it_refuses_to_draw_more_than_there_is(world: World) -> None:
    values = {"wave": planned(world).id, "method": "simple", "n.0": "50", "seed": "enero"}
    answer = world.browser("analyst").post(f"{HERE}/samples", values)
    assert (answer.status_code, "No hay tantos" in answer.text) == (422, True)
    assert 'name="n.0" value="50"' in answer.text and 'value="enero"' in answer.text, "what was typed stays"
    assert '<option value="simple" selected>' in answer.text


def test_it_opens_a_wave_only_when_all_is_in_place_or_for_a_reason(world: World) -> None:
    wave, browser = planned(world), world.browser("coordinator")
    path = f"{HERE}/waves/{wave.id}"
    assert browser.post(f"{path}/state", {"state": "open"}).location.endswith("/opening")
    seen = re.search(r'name="seen" value="(\d+)"', browser.get(f"{path}/opening").text)
    assert seen
    answer = browser.post(f"{path}/open", {"seen": seen[1]})
    assert (answer.status_code, "todavía no puede abrirse" in answer.text) == (422, True)
    reason = "Prueba piloto solo con el equipo"
    assert browser.post(f"{path}/open", {"seen": seen[1], "reason": reason}).status_code == 303
    assert reason in browser.get(f"{path}/opening").text
    assert browser.post(f"{path}/open", {"seen": seen[1], "reason": reason}).status_code == 409


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": "W5", "starts": "2029-01-10", "ends": "2029-01-01"}, "terminaría antes"),
        ({"name": "W5", "starts": "2026-03-05", "ends": "2026-03-06"}, "chocan"),
        ({"name": "W5", "starts": "mañana", "ends": "2029-01-01"}, "Escriba una fecha"),
        ({"name": "", "starts": "2029-01-01", "ends": "2029-01-10"}, "Falta llenar"),
    ],
)
def test_it_plans_no_wave_that_cannot_be(world: World, values: dict[str, str], says: str) -> None:
    answer = world.browser("coordinator").post(f"{HERE}/waves/new", {"form": "mini", **values})
    assert (answer.status_code, says in answer.text) == (422, True)


def test_it_sends_a_team_and_takes_it_back(world: World) -> None:
    browser, path = world.browser("supervisor"), f"{HERE}/waves/{world.open.id}"
    days = {"starts": "2026-09-02", "ends": "2026-09-04", "team": world.field["team_id"]}
    values = {**days, "site": site_of(world, "B").id, "mode": "3", "visit_code": "k7q2m", "paired": "yes"}
    assert browser.post(f"{path}/assignments", values).status_code == 303
    shown = browser.get(f"{path}/assignments").text
    assert "visita K7Q2M, discreta" in shown
    ticked = re.findall(r'name="assignment" value="(\d+)"', shown)
    assert browser.post(f"{path}/withdraw", {"assignment": ticked}).status_code == 303
    assert "K7Q2M" not in browser.get(f"{path}/assignments").text
    refused = browser.post(f"{path}/assignments", {**values, "ends": "2026-12-31"})
    assert (refused.status_code, "dentro de las fechas" in refused.text) == (422, True)


def test_it_stops_work_and_shows_it_to_everybody_in_the_office(world: World) -> None:
    guard = world.browser("security")
    values = {"level": "site", "area": "A", "message": "Bloqueo: regresen a la sede"}
    assert guard.post(f"{HERE}/stop-work", values).status_code == 303
    assert "Bloqueo: regresen" in world.browser("observer").get(f"{HERE}/field").text
    with world.database.reading() as session:
        stop = session.query(StopWork).filter_by(lifted_at=None).one()
    assert guard.post(f"{HERE}/stop-work/{stop.id}", {"reason": ""}).status_code == 422
    assert guard.post(f"{HERE}/stop-work/{stop.id}", {"reason": "Ruta libre"}).status_code == 303
    assert "Bloqueo: regresen" not in world.browser("observer").get(f"{HERE}/field").text


def test_it_revokes_a_seized_phone_and_opens_an_incident(world: World) -> None:
    browser = world.browser("supervisor")
    path = f"{HERE}/devices/{world.device_id}/lost"
    assert "Entrevistas sin enviar" in browser.get(path).text
    assert browser.post(path, {"how": "seized", "note": "En un retén"}).status_code == 303
    with world.database.reading() as session:
        assert session.get_one(Device, (world.here.id, world.device_id)).revoked_reason == "seized"
    assert "En un retén" in browser.get(f"{HERE}/incidents").text


def test_it_keeps_the_card_and_the_hours_that_phones_get(world: World) -> None:
    browser = world.browser("security")
    values = {"hours": "7:30, 18:00", "card_es": "PDH 1555\nPNC 110", "card_en": "Ombudsman 1555"}
    assert browser.post(f"{HERE}/policies", {**values, "hours": "a las ocho"}).status_code == 422
    values["seen"] = browser.seen(f"{HERE}/policies")
    assert browser.post(f"{HERE}/policies", {**values, "hours": "07:30, 18:00"}).status_code == 303
    shown = browser.get(f"{HERE}/policies").text
    assert "07:30, 18:00" in shown
    assert "PDH 1555" in shown


def test_it_plans_by_the_address_alone(world: World) -> None:
    page = world.browser("observer").get(f"{HERE}/planner?interviews=2500").text
    for printed in ("±2.6", "5.3", "4.6", "6.5", "±9.2", "23.1"):
        assert printed in page
    assert "Alcanza para ver un cambio de 5" in page
    assert world.browser("observer").get(f"{HERE}/planner?icc=7").status_code == 422


def test_it_shows_the_silent_alarm_to_nobody_else(world: World) -> None:
    assert "Avisos de los equipos" in world.browser("supervisor").get(f"{HERE}/check-ins").text
