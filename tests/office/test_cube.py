"""Incidents by place, kind and time in the office: who may see them, and what is never told."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from survey_server.db.audit import find_broken_link
from survey_server.db.compiled import load_version
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.demo.calendar import GUATEMALA, Calendar
from survey_server.demo.incidents import incidents
from survey_server.demo.walk import answer_all
from survey_server.estimation.incidents import GRAVE
from survey_server.xlsform.filling.interview import Interview
from tests.office.world import World

FORMS = Path(__file__).parents[2] / "forms"
TODAY = date(2026, 11, 21)
HERE = "/office/p/norte"
CLOSED, NOW = (datetime(2026, month, 21, 18, tzinfo=GUATEMALA) for month in (5, 11))
RUNNING = "2026-S2"


@pytest.fixture
def filled(world: World) -> World:
    """The programme with the first eighty incidents of the demo."""
    fill(world.database, world.here)
    return world


def fill(database: Database, programme: Programme) -> None:
    source = (FORMS / "ssr_incident.md").read_bytes()
    units = (FORMS / "units.csv").read_bytes()
    publish_form(database, programme.id, "ssr_incident.md", source, {"units.csv": units}, actor="test")
    calendar = Calendar(TODAY)
    with database.transaction() as session:
        form = get_form(session, programme.id, "ssr_incident")
        add_wave(session, form, "Registro", calendar.years[0][0], TODAY, state="open")
        assert form.current_version_id is not None
        compiled = load_version(session, programme.id, form.current_version_id).form
    rows = list(csv.DictReader(io.StringIO(units.decode())))
    arrivals = []
    for number, done in zip(range(80), incidents(rows, calendar, Random(5)), strict=False):
        interview = Interview(compiled, now=done.started, tz=str(GUATEMALA), properties={"username": done.by})
        answer_all(interview, done.told.answer)
        xml = interview.finish(instance_id=f"uuid:cube-{number}", now=done.started + timedelta(minutes=4))
        arrivals.append(Arrival(f"uuid:cube-{number}", "ssr_incident", compiled.version, xml))
    for part, received_at in ((arrivals[:60], CLOSED), (arrivals[60:], NOW)):
        take_in(database, Source(programme.id, "file", "test", received_at=received_at), part)


def test_it_counts_every_incident_once(filled: World) -> None:
    told = filled.browser("analyst").get(f"{HERE}/cube.json?by=month,type").get_json()
    assert sum(row["n"] for row in told["rows"]) == 80
    assert told["by"] == ["month", "type"]
    assert told["fresh"].startswith("2026-11-22T00:00")


def test_it_leaves_grave_kinds_out_in_a_place_and_says_so(filled: World) -> None:
    browser = filled.browser("analyst")
    told = browser.get(f"{HERE}/cube.json?by=area&by=type").get_json()
    assert told["grave"] is False
    assert told["rows"]
    assert not [row for row in told["rows"] if row["type"][:2] in ("01", "02", "03")]
    assert told["rows"] == browser.get(f"{HERE}/cube.json?by=area,type").get_json()["rows"]
    assert "Sin los hechos graves" in browser.get(f"{HERE}/cube?by=area").text


def test_it_tells_grave_kinds_of_places_together_by_group_and_closed_half_year(filled: World) -> None:
    browser = filled.browser("analyst")
    told = browser.get(f"{HERE}/cube.json?by=department,group,half").get_json()
    assert told["grave"] is True
    grave = [row for row in told["rows"] if row["group"] in GRAVE]
    assert grave
    assert not [row for row in grave if row["half"] == RUNNING]
    assert "Otros lugares juntos" in browser.get(f"{HERE}/cube?by=area,group,half").text
    assert not [row for row in grave if row["n"] < 5 and not row["flag"]]


def test_it_refuses_anything_beside_the_half_year_by_square_kilometre(filled: World) -> None:
    for by in ("grid,hour", "grid,type,half", "grid"):
        assert filled.browser("analyst").get(f"{HERE}/cube.json?by={by}").status_code == 400
    told = filled.browser("analyst").get(f"{HERE}/cube.json?by=grid,half").get_json()
    assert not [row for row in told["rows"] if row["n"] < 5 and not row["flag"]]


def test_it_gives_the_same_numbers_as_a_page_and_as_csv(filled: World) -> None:
    browser = filled.browser("coordinator")
    rows = list(csv.DictReader(io.StringIO(browser.get(f"{HERE}/cube.csv?by=type").data.decode("utf-8-sig"))))
    assert sum(int(row["n"]) for row in rows) == 80
    page = browser.get(f"{HERE}/cube?by=type").text
    assert all(f'<td class="num">{row["n"]}</td>' in page for row in rows)


def test_it_filters_by_what_the_address_says(filled: World) -> None:
    told = filled.browser("analyst").get(f"{HERE}/cube.json?by=month&type=0601").get_json()
    whole = filled.browser("analyst").get(f"{HERE}/cube.json?by=type").get_json()
    assert sum(row["n"] for row in told["rows"]) == next(row["n"] for row in whole["rows"] if row["type"] == "0601")


def test_it_is_closed_to_those_who_may_not_see_reports(filled: World) -> None:
    assert filled.browser("observer").get(f"{HERE}/cube.json").status_code == 403


def test_it_says_so_when_there_are_no_incidents(world: World) -> None:
    browser = world.browser("analyst")
    assert browser.get(f"{HERE}/cube").status_code == 200
    assert browser.get(f"{HERE}/cube.json").status_code == 404


def test_it_notes_in_the_audit_chain_who_took_the_counts(filled: World) -> None:
    filled.browser("analyst").get(f"{HERE}/cube.csv?by=type")
    with filled.database.reading() as session:
        assert find_broken_link(session, get_programme(session, "norte").id) is None
