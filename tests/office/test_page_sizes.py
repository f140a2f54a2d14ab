"""Every page of the office in less than 100 KB on the line, in a programme as large as they get."""

from __future__ import annotations

import pytest

from survey_server.db.access.people import add_person, get_person, set_roles
from survey_server.db.field.devices import add_device
from survey_server.db.field.sites import list_sites, set_sites, set_wave_sites
from survey_server.db.field.teams import add_team, assign
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.web.office.access.people import GIVEN_ROLES
from survey_server.web.office.frame import GUARDS, Guard
from tests.office.test_office_roles import address_of
from tests.office.world import World
from tests.web.field import interview

MOST = 100_000
SITES, TEAMS, PEOPLE, INTERVIEWS = 1_500, 30, 60, 150
GIVES_FILES = {"office.quarantined_file", "office.submission_xml"}


@pytest.fixture
def large(world: World) -> World:
    """1,500 sites in the open wave, half of them given to 30 teams; 60 phones, 60 people, 150 interviews."""
    with world.database.transaction() as session:
        administrator = get_person(session, world.people["administrator"])
        set_roles(session, administrator, world.here, GIVEN_ROLES, actor="command")
        rows = [
            {
                "code": f"GT{1 + n % 22:02}{n:05}",
                "name": f"Aldea {n * 7919 % 100_003} de {n * 104_729 % 99_991}",
                "department": f"GT{1 + n % 22:02}",
                "municipality": f"Municipio {n % 340}",
                "population": 300 + n * 37 % 9000,
                "target": 8 + n % 5,
                "stratum": f"estrato {n % 6}",
            }
            for n in range(SITES)
        ]
        set_sites(session, world.here.id, rows, actor="command")
        wave = session.merge(world.open, load=False)
        set_wave_sites(session, wave, [str(row["code"]) for row in rows], actor="command")
        sites = list_sites(session, world.here.id, wave)
        for n in range(TEAMS):
            team = add_team(session, world.here.id, f"Q{n:02}", f"Equipo de la ruta {n}", actor="command")
            mine = [site.id for site in sites[: SITES // 2] if site.id % TEAMS == n]
            if mine:
                assign(session, wave, mine, team.id, wave.starts, wave.ends, target=None, actor="command")
            for _ in range(2):
                add_device(session, world.here.id, f"T-{n}-{_}", f"EN{n}{_}")
        for n in range(PEOPLE):
            set_roles(
                session, add_person(session, f"p{n}@x", f"Persona {n}"), world.here, ["observer"], actor="command"
            )
    arrivals = [
        Arrival(
            f"uuid:{n}", "mini", "1", interview(f"uuid:{n}", today=f"2026-09-{2 + n % 17:02}", psu=f"Z{n}").encode()
        )
        for n in range(INTERVIEWS)
    ]
    take_in(world.database, Source(world.here.id, "phone", "device:1"), arrivals)
    return world


def pages() -> list[Guard]:
    return [guard for guard in GUARDS if guard.method == "GET" and guard.endpoint not in GIVES_FILES]


def test_it_sends_every_page_in_less_than_100_kilobytes(large: World) -> None:
    browser, sizes = large.browser("administrator"), dict[str, int]()
    for guard in pages():
        answer = browser.client.get(address_of(guard, large), headers={"Accept-Encoding": "gzip"})
        if answer.mimetype == "text/html":
            assert answer.status_code < 500 and answer.headers.get("Content-Encoding") == "gzip", guard
            sizes[guard.rule] = len(answer.data)
    assert len(sizes) > 60
    largest = sorted(sizes.items(), key=lambda pair: -pair[1])[:8]
    assert {rule: size for rule, size in sizes.items() if size >= MOST} == {}, largest
