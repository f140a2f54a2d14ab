"""From the site table to the phone: uploads, samples, dwellings, teams, stops, check-ins, opening, lost phones."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest

from survey_server.db.field.check_ins import CheckIn, list_check_ins
from survey_server.db.field.devices import Sender, add_device, get_device_by_id
from survey_server.db.field.dwellings import list_dwellings, release_dwelling
from survey_server.db.field.lost_phones import close_incident, list_incidents, report_lost_device
from survey_server.db.field.policies import policy_of, set_policies
from survey_server.db.field.progress import list_sites as list_progress
from survey_server.db.field.samples import (
    add_sample,
    comes_out_again,
    count_reserves,
    draw_site_dwellings,
    frame_of,
    list_samples,
    list_substitutions,
    list_units,
    substitute_site,
    use_sample,
)
from survey_server.db.field.site_files import read_site_file, take_site_file
from survey_server.db.field.sites import edit_site, get_site, list_sites, set_sites, set_wave_sites, stamp_of
from survey_server.db.field.stops import lift_stop, order_stop
from survey_server.db.field.team_view import view_field
from survey_server.db.field.teams import (
    add_team,
    assign,
    duress_digest,
    edit_team,
    list_assignments,
    list_teams,
    withdraw,
)
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Device, Programme, Sample, Site, Team, Wave, WaveSite
from survey_server.db.opening import add_paper, check_opening, headlines_still_locked, list_papers, open_wave
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.estimation.sampling import Take
from survey_server.problems import (
    EditedMeanwhile,
    NotAllowed,
    UnfitAssignment,
    UnfitRelease,
    UnfitSites,
    UnfitStop,
    UnfitWave,
    UnreadableTable,
    WaveNotReady,
)
from tests.web.field import FORM, interview

DAY = date(2026, 3, 5)
NOON = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)  # noon in Guatemala
ME = "person:7"
SECRET = {"stratum": "ESTRATO-X", "arm": "BRAZO-X", "weight": 1.75, "probability": 0.0625}


@pytest.fixture
def wave(database: Database, programme: Programme) -> Wave:
    """A planned wave of the small form, with twelve sites in two strata in the table."""
    publish_form(database, programme.id, "mini.md", FORM.encode())
    with database.transaction() as session:
        set_sites(
            session,
            programme.id,
            [
                {
                    "code": f"GT{place:02}",
                    "country": "GT",
                    "department": "GT17" if place < 6 else "GT12",
                    "stratum": "norte" if place < 6 else "sur",
                    "population": 100 * (place + 1),
                }
                for place in range(12)
            ],
            actor=ME,
        )
        return add_wave(session, get_form(session, programme.id, "mini"), "W1", date(2026, 3, 1), date(2026, 3, 20))


@pytest.fixture
def team(database: Database, programme: Programme) -> tuple[Team, Device]:
    """A team with one phone."""
    with database.transaction() as session:
        device, _ = add_device(session, programme.id, "T-01", "EN001")
        made = add_team(session, programme.id, "N1", "Norte 1", actor=ME)
    edit(database, made, devices=[device.id])
    with database.reading() as session:
        return list_teams(session, programme.id)[0].team, get_device_by_id(session, programme.id, device.id)


def edit(database: Database, team: Team, *, devices: list[int], duress: str | None = None, seen: str = "") -> None:
    with database.transaction() as session:
        edit_team(
            session,
            team.programme_id,
            team.id,
            name=team.name,
            active=True,
            device_ids=devices,
            duress_sha256=duress,
            seen=seen or stamp_of(team.changed_at),
            actor=ME,
        )


def upload(database: Database, programme: Programme, name: str, content: bytes, *, may_design: bool = True) -> int:
    with database.transaction() as session:
        return take_site_file(session, programme.id, read_site_file(name, content), may_design=may_design, actor=ME)


def workbook(rows: list[list[object]]) -> bytes:
    book, kept = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(kept)
    return kept.getvalue()


GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "GT1", "name": "Aldea", "country": "GT", "target": 10},
                "geometry": {"type": "Point", "coordinates": [-90.5, 14.6]},
            }
        ],
    }
).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "code,name,country,latitude,longitude,target\nGT1,Aldea,GT,14.6,-90.5,10\n".encode("utf-8-sig")),
        (
            "a.xlsx",
            workbook(
                [
                    ["code", "name", "country", "latitude", "longitude", "target"],
                    ["GT1", "Aldea", "GT", 14.6, -90.5, 10],
                ]
            ),
        ),
        ("a.geojson", GEOJSON),
    ],
)
def test_it_reads_a_site_table_of_any_kind(database: Database, programme: Programme, name: str, content: bytes) -> None:
    assert upload(database, programme, name, content) == 1
    with database.reading() as session:
        site = get_site(session, programme.id, "GT1")
    assert (site.name, site.latitude, site.longitude, site.target) == ("Aldea", 14.6, -90.5, 10)


@pytest.mark.parametrize(
    ("name", "content", "problem", "says"),
    [
        ("a.csv", b"codigo,name\nA,x\n", UnfitSites, "no column code"),
        ("a.csv", b"code,departmnt\nA,x\n", UnfitSites, "write department"),
        ("a.csv", b"code,target\nA,5\nB,five\n", UnfitSites, "row 3, column target: 'five'"),
        ("a.csv", b"code\nA\nB\nA\n", UnfitSites, "row 4, column code: 'A' is in row 2 too"),
        ("a.csv", b"code,country,department\nA,GT,GT99\n", UnfitSites, "row 2, column department"),
        ("a.csv", b"code,municipality\nA,Flores\n", UnfitSites, "row 2, column department: it is blank"),
        ("a.csv", b"code,country,latitude,longitude\nA,GT,-90.5,14.6\n", UnfitSites, "row 2, column latitude"),
        ("a.csv", b"code,latitude\nA,14.6\n", UnfitSites, "give both"),
        ("a.csv", b"code,gps\nA,maybe\n", UnfitSites, "row 2, column gps: 'maybe'"),
        ("a.csv", b"code,name\nA\n", UnfitSites, "row 2: it has 1 cells"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), UnreadableTable, "says that it is .csv"),
        ("a.csv", workbook([["code"], ["A"]]), UnreadableTable, "its content is .xlsx"),
        ("a.xlsx", b"code\nA\n", UnreadableTable, "its content is .csv"),
        ("a.geojson", b'{"type": "Feature"}', UnreadableTable, "FeatureCollection"),
        ("a.geojson", b'{"features": [{"geometry": {"type": "Polygon"}}]}', UnfitSites, "row 1: it isn't a point"),
        ("a.pdf", b"code\nA\n", UnreadableTable, ".geojson"),
        ("a.csv", b"", UnreadableTable, "something else"),
    ],
)
def test_it_refuses_a_faulty_table_saying_where_and_keeps_nothing_of_it(
    database: Database, programme: Programme, name: str, content: bytes, problem: type[Exception], says: str
) -> None:
    with pytest.raises(problem, match=says.replace("(", r"\(")):
        upload(database, programme, name, content)
    with database.reading() as session:
        assert list_sites(session, programme.id) == []


def test_it_leaves_alone_what_a_table_does_not_speak_of(database: Database, programme: Programme) -> None:
    upload(database, programme, "a.csv", b"code,name,arm,target,gps\nA,Uno,programme,10,0\n")
    upload(database, programme, "b.csv", b"code,target\nA,12\n", may_design=False)
    with database.reading() as session:
        site = get_site(session, programme.id, "A")
    assert (site.name, site.arm, site.target, site.policies) == ("Uno", "programme", 12, {"gps": False})


def test_it_takes_columns_of_the_design_only_from_those_who_may_see_it(
    database: Database, programme: Programme
) -> None:
    with pytest.raises(NotAllowed, match="arm"):
        upload(database, programme, "a.csv", b"code,arm\nA,programme\n", may_design=False)


def test_it_tells_the_second_of_two_who_edit_a_site(database: Database, programme: Programme) -> None:
    upload(database, programme, "a.csv", b"code,name\nA,Uno\n")
    with database.reading() as session:
        seen = get_site(session, programme.id, "A")
    for place, name in enumerate(("Dos", "Tres")):
        try:
            with database.transaction() as session:
                edit_site(session, programme.id, seen.id, {"name": name}, seen=stamp_of(seen.changed_at), actor=ME)
        except EditedMeanwhile:
            assert place == 1
    with database.reading() as session:
        assert get_site(session, programme.id, "A").name == "Dos"


@pytest.mark.parametrize(
    ("tier", "own", "gps", "night", "pairs"),
    [
        (None, {}, True, False, False),
        (1, {}, True, True, False),
        (2, {"gps": False, "pairs": True}, False, False, True),
        (3, {"gps": True, "pairs": False, "night": True}, False, True, True),
    ],
)
def test_it_knows_the_policies_of_a_site(
    tier: int | None, own: dict[str, bool], gps: bool, night: bool, pairs: bool
) -> None:
    policy = policy_of(Site(risk_tier=tier, policies=own))
    assert (policy.gps, policy.night, policy.pairs) == (gps, night, pairs)


PLAN = {"norte": Take(2, 2), "sur": Take(3, 1)}


def draw(database: Database, wave: Wave, seed: str = "17") -> int:
    with database.transaction() as session:
        units = frame_of(session, wave.programme_id)
        return add_sample(session, wave, units, PLAN, "pps", seed, actor=ME).id


def sample_in_use(database: Database, wave: Wave) -> list[WaveSite]:
    draw(database, wave)
    with database.transaction() as session:
        from_table = get_sample_of(database, wave)
        use_sample(session, from_table, actor=ME)
    with database.reading() as session:
        return list(session.query(WaveSite).filter_by(wave_id=wave.id))


def get_sample_of(database: Database, wave: Wave) -> Sample:
    with database.reading() as session:
        return list_samples(session, wave.programme_id)[0]


def test_it_keeps_a_sample_that_comes_out_again(database: Database, wave: Wave) -> None:
    draw(database, wave)
    sample = get_sample_of(database, wave)
    with database.reading() as session:
        units = list_units(session, sample)
        assert comes_out_again(session, sample) is True
    assert [unit.reserve for unit in units] == [False, False, True, True, False, False, False, True]
    # Of 2100 in the north two are drawn, of 5700 in the south three: probabilities are shares of the size.
    sizes = {"norte": (2, 2100), "sur": (3, 5700)}
    for unit in units:
        n, whole = sizes[unit.stratum]
        assert unit.probability == pytest.approx(n * unit.size / whole)


def test_it_says_when_the_sites_have_changed_since_a_draw(database: Database, wave: Wave) -> None:
    draw(database, wave)
    with database.transaction() as session:
        set_sites(session, wave.programme_id, [{"code": "GT00", "population": 101}], actor=ME)
    with database.reading() as session:
        assert comes_out_again(session, get_sample_of(database, wave)) is None


def test_it_sends_a_wave_to_its_sample_with_weights_from_the_probabilities(database: Database, wave: Wave) -> None:
    lines = sample_in_use(database, wave)
    assert (len(lines), sum(line.reserve for line in lines)) == (8, 3)
    with database.reading() as session:
        for line in lines:
            probability = session.get_one(Site, (wave.programme_id, line.site_id)).probability
            assert probability is not None
            assert line.weight == pytest.approx(1 / probability)
        progress = list_progress(session, session.get_one(Programme, wave.programme_id), wave.id)
    assert len(progress) == 5, "reserves that wait are nobody's work yet"


def test_it_draws_nothing_anew_once_the_wave_is_in_the_field(database: Database, wave: Wave) -> None:
    draw(database, wave)
    with database.transaction() as session:
        set_wave_state(session, wave, "open", actor=ME)
    with pytest.raises(UnfitWave), database.transaction() as session:
        use_sample(session, get_sample_of(database, wave), actor=ME)


def test_it_releases_reserves_one_at_a_time_in_the_order_of_the_draw(database: Database, wave: Wave) -> None:
    sample_in_use(database, wave)
    with database.reading() as session:
        units = [unit for unit in list_units(session, get_sample_of(database, wave)) if unit.stratum == "norte"]
        ids = {site.code: site.id for site in list_sites(session, wave.programme_id)}
    main, reserves = [u.site_code for u in units[:2]], [u.site_code for u in units[2:]]
    for place in range(2):
        with database.transaction() as session:
            released = substitute_site(session, wave, ids[main[place]], "La autoridad no permitió", actor=ME)
            assert released.site.code == reserves[place]
    with database.reading() as session:
        assert {(each.site.code, each.replaces.code) for each in list_substitutions(session, wave)} == set(
            zip(reserves, main, strict=True)
        )
        assert count_reserves(session, wave) == 1
    with pytest.raises(UnfitRelease), database.transaction() as session:
        substitute_site(session, wave, ids[reserves[0]], "Tampoco", actor=ME)


@pytest.mark.parametrize("reason", ["", "  ", "no"])
def test_it_releases_nothing_without_a_reason(database: Database, wave: Wave, reason: str) -> None:
    site_id = next(line.site_id for line in sample_in_use(database, wave) if not line.reserve)
    with pytest.raises(UnfitRelease), database.transaction() as session:
        substitute_site(session, wave, site_id, reason, actor=ME)


def test_it_draws_dwellings_once_and_releases_reserves_with_reasons(database: Database, wave: Wave) -> None:
    site_id = next(line.site_id for line in sample_in_use(database, wave) if not line.reserve)
    with database.transaction() as session:
        drawn = draw_site_dwellings(session, wave, site_id, 140, Take(10, 4), "17", actor=ME)
    assert (len(drawn), sum(each.reserve for each in drawn)) == (14, 4)
    with database.reading() as session:
        line = session.get_one(WaveSite, (wave.programme_id, wave.id, site_id))
        probability = session.get_one(Site, (wave.programme_id, site_id)).probability or 0
    assert line.weight == pytest.approx(1 / (probability * 10 / 140))
    assert line.target == 10
    with database.transaction() as session:
        released = release_dwelling(session, wave, site_id, drawn[0].number, "Nadie en casa tres veces", actor=ME)
    assert (released.number, released.replaces) == (drawn[10].number, drawn[0].number)
    with pytest.raises(UnfitRelease), database.transaction() as session:
        release_dwelling(session, wave, site_id, drawn[0].number, "Otra vez", actor=ME)
    with pytest.raises(UnfitRelease), database.transaction() as session:
        draw_site_dwellings(session, wave, site_id, 140, Take(10, 4), "18", actor=ME)
    with database.reading() as session:
        assert [each.number for each in list_dwellings(session, wave) if each.released_at] == [released.number]


def into_the_field(database: Database, wave: Wave, team: Team, codes: list[str], *, target: int | None = 5) -> None:
    with database.transaction() as session:
        set_wave_sites(session, wave, codes, actor=ME)
        set_wave_state(session, wave, "open", actor=ME)
        ids = [get_site(session, wave.programme_id, code).id for code in codes]
        assign(session, wave, ids, team.id, DAY, DAY + timedelta(days=1), target=target, actor=ME)


def field_of(database: Database, device: Device, at: datetime = NOON) -> dict:  # type: ignore[type-arg]
    with database.reading() as session:
        fresh = get_device_by_id(session, device.programme_id, device.id)
        return view_field(session, session.get_one(Programme, device.programme_id), fresh, at)


def test_it_gives_a_phone_the_sites_of_its_team_for_today_and_tomorrow(
    database: Database, wave: Wave, team: tuple[Team, Device]
) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT01"])
    with database.transaction() as session:
        later = [get_site(session, wave.programme_id, "GT00").id]
        assign(session, wave, later, team[0].id, date(2026, 3, 15), date(2026, 3, 16), actor=ME)
    view = field_of(database, team[1])
    assert [(each["site"]["code"], each["target"], each["starts"]) for each in view["assignments"]] == [
        ("GT00", 5, "2026-03-05"),
        ("GT01", 5, "2026-03-05"),
    ]
    assert field_of(database, team[1], NOON + timedelta(days=4))["assignments"] == []


def test_it_counts_what_the_team_has_brought(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT01"])
    send(database, team[1], "mini", interview("uuid:a", today="2026-03-05", psu="GT01"), "uuid:a")
    assert [each["received"] for each in field_of(database, team[1])["assignments"]] == [0, 1]
    with database.reading() as session:
        lines = list_assignments(session, wave.programme_id, wave_id=wave.id, team_id=team[0].id, on=DAY)
    assert [(line.site.code, line.received, line.done) for line in lines] == [("GT00", 0, False), ("GT01", 1, False)]


def test_it_tells_a_phone_no_arm_stratum_weight_probability_or_position(
    database: Database, wave: Wave, team: tuple[Team, Device]
) -> None:
    with database.transaction() as session:
        row = {"code": "GT00", "latitude": 14.678912, "longitude": -90.512345, "population": 4321, **SECRET}
        set_sites(session, wave.programme_id, [row], actor=ME)
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        order_stop(session, wave.programme_id, "department", "GT17", "Bloqueo en la ruta", actor=ME)
        programme = session.get_one(Programme, wave.programme_id)
        set_policies(
            session, programme, {"referral": {"es": "PDH 1555", "en": "PDH 1555", "dated": "2026-03"}}, actor=ME
        )
    told = json.dumps(field_of(database, team[1]))
    assert "GT00" in told
    for secret in ("ESTRATO-X", "BRAZO-X", "1.75", "0.0625", "14.678912", "-90.512345", "4321", "risk", "tier"):
        assert secret not in told


def test_it_gives_nothing_to_a_phone_without_a_team(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        other, _ = add_device(session, wave.programme_id, "T-02", "EN002")
    assert field_of(database, other)["assignments"] == []


@pytest.mark.parametrize(
    ("change", "starts", "ends"),
    [
        ({}, date(2026, 3, 6), date(2026, 3, 5)),
        ({}, date(2026, 2, 27), date(2026, 3, 5)),
        ({"risk_tier": 4}, DAY, DAY),
    ],
)
def test_it_refuses_assignments_that_cannot_be(
    database: Database, wave: Wave, team: tuple[Team, Device], change: dict[str, int], starts: date, ends: date
) -> None:
    with database.transaction() as session:
        set_sites(session, wave.programme_id, [{"code": "GT00", **change}], actor=ME)
        set_wave_sites(session, wave, ["GT00"], actor=ME)
        site_id = get_site(session, wave.programme_id, "GT00").id
    with pytest.raises(UnfitAssignment), database.transaction() as session:
        assign(session, wave, [site_id], team[0].id, starts, ends, actor=ME)


def test_it_takes_assignments_back(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        lines = list_assignments(session, wave.programme_id)
        assert withdraw(session, wave.programme_id, [line.assignment.id for line in lines], actor=ME) == 1
    assert field_of(database, team[1])["assignments"] == []


def test_it_tells_the_second_of_two_who_edit_a_team(database: Database, team: tuple[Team, Device]) -> None:
    seen = stamp_of(team[0].changed_at)
    edit(database, team[0], devices=[])
    with pytest.raises(EditedMeanwhile):
        edit(database, team[0], devices=[team[1].id], seen=seen)


def test_it_stops_work_in_an_area_and_lets_it_go_on(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT06"])
    with database.transaction() as session:
        stop = order_stop(session, wave.programme_id, "department", "GT17", "Enfrentamiento cerca", actor=ME)
    view = field_of(database, team[1])
    assert [(each["site"]["code"], each["stopped"]) for each in view["assignments"]] == [
        ("GT00", True),
        ("GT06", False),
    ]
    assert [(each["message"], each["sites"]) for each in view["stop_work"]] == [("Enfrentamiento cerca", ["GT00"])]
    with database.transaction() as session:
        lift_stop(session, wave.programme_id, stop.id, "La ruta está libre", actor=ME)
    assert field_of(database, team[1])["stop_work"] == []


def test_it_keeps_stops_elsewhere_from_a_team(database: Database, wave: Wave, team: tuple[Team, Device]) -> None:
    into_the_field(database, wave, team[0], ["GT00"])
    with database.transaction() as session:
        order_stop(session, wave.programme_id, "department", "GT12", "Bloqueo", actor=ME)
    assert field_of(database, team[1])["stop_work"] == []


@pytest.mark.parametrize(
    ("level", "area", "message"), [("department", "", "x"), ("site", "ZZ", "x"), ("programme", "", " ")]
)
def test_it_refuses_stops_of_nothing(database: Database, wave: Wave, level: str, area: str, message: str) -> None:
    with pytest.raises(UnfitStop), database.transaction() as session:
        order_stop(session, wave.programme_id, level, area, message, actor=ME)


CHECK_IN = """
| survey |
| | type | name | label |
| | start | start | |
| | text | status | Estado |
| | text | next_chk | Próximo |
| | text | phrase | Frase |

| settings |
| | form_title | form_id | version |
| | Aviso | ssr_checkin | 1 |
"""


def send(database: Database, device: Device, form: str, xml: str, instance: str) -> None:
    with database.reading() as session:
        revision = session.get_one(Programme, device.programme_id).field_revision
    sender = Sender(device.programme_id, device.id, device.interviewer, False, revision)
    source = Source(device.programme_id, "phone", f"device:{device.id}", sender)
    take_in(database, source, [Arrival(instance, form, "1", xml.encode())])


def check_in(database: Database, device: Device, status: str, due: str, phrase: str = "todo bien") -> datetime:
    """A check-in that arrives now; when that was."""
    xml = (
        '<data id="ssr_checkin" version="1" xmlns:orx="http://openrosa.org/xforms"><start/>'
        f"<status>{status}</status><next_chk>{due}</next_chk><phrase>{phrase}</phrase>"
        "<orx:meta><orx:instanceID>uuid:m</orx:instanceID></orx:meta></data>"
    )
    send(database, device, "ssr_checkin", xml, "uuid:m")
    return datetime.now(UTC)


@pytest.fixture
def ask(database: Database, wave: Wave, team: tuple[Team, Device]) -> Callable[[datetime], CheckIn]:
    """The team, in the field from now on; what the list says of it at a moment."""
    publish_form(database, wave.programme_id, "checkin.md", CHECK_IN.encode())
    with database.transaction() as session:
        form = get_form(session, wave.programme_id, "mini")
        today = datetime.now(UTC).date()
        now_wave = add_wave(session, form, "W9", today - timedelta(days=3), today + timedelta(days=5), state="open")
        set_wave_sites(session, now_wave, ["GT00"], actor=ME)
        site_id = get_site(session, wave.programme_id, "GT00").id
        days = (today - timedelta(days=2), today + timedelta(days=3))
        assign(session, now_wave, [site_id], team[0].id, *days, actor=ME)

    def read(at: datetime) -> CheckIn:
        with database.reading() as session:
            return list_check_ins(session, session.get_one(Programme, wave.programme_id), "k", at=at)[0]

    return read


def test_it_calls_a_team_well_until_half_an_hour_after_what_it_promised(
    database: Database, team: tuple[Team, Device], ask: Callable[[datetime], CheckIn]
) -> None:
    at = check_in(database, team[1], "1", "12:00:00.000-06:00")
    due = ask(at).due
    assert due is not None
    assert at < due <= at + timedelta(days=1)
    found = [ask(due + timedelta(minutes=minutes)).state for minutes in (-1, 10, 31)]
    assert found == ["well", "due", "overdue"]


def test_it_calls_a_team_that_never_spoke_due_and_then_overdue(ask: Callable[[datetime], CheckIn]) -> None:
    morning = datetime.now(UTC).replace(hour=14, minute=20, second=0)  # 8:20 in Guatemala, due at 8:00
    assert [ask(morning).state, ask(morning + timedelta(minutes=20)).state] == ["due", "overdue"]


def test_it_raises_a_silent_alarm_at_the_phrase_of_duress(
    database: Database, wave: Wave, team: tuple[Team, Device], ask: Callable[[datetime], CheckIn]
) -> None:
    digest = duress_digest("k", wave.programme_id, "El café está frío")
    with database.reading() as session:
        fresh = list_teams(session, wave.programme_id)[0].team
    edit(database, fresh, devices=[team[1].id], duress=digest)
    at = check_in(database, team[1], "1", "12:00:00.000-06:00", "el  CAFÉ está frío")
    found = ask(at)
    assert found.state == "alarm"
    assert "phrase" not in found.answers


def test_it_puts_a_team_that_asks_for_support_before_those_that_are_well(
    database: Database, team: tuple[Team, Device], ask: Callable[[datetime], CheckIn]
) -> None:
    assert ask(check_in(database, team[1], "3", "12:00:00.000-06:00")).state == "support"


HEADLINES = (
    FORM
    + """
| indicators |
| | code | label::Español (es) | level | estimator | formula | scale | direction | minimum_change | headline | family |
| | S01 | Edad | outcome | mean | ${age} | 1 | up | 2 | yes | headline |
"""
)


def prepare(database: Database, wave: Wave) -> None:
    """Everything that opening asks for."""
    with database.transaction() as session:
        set_wave_sites(session, wave, ["GT00"], actor=ME)
        add_device(session, wave.programme_id, "T-01", "EN001")
        for kind in ("ethics", "permission", "agreement"):
            add_paper(session, wave, kind, f"{kind} 17/2026", date(2026, 1, 5), date(2026, 12, 31), actor=ME)


def states(database: Database, wave: Wave) -> dict[str, str]:
    with database.reading() as session:
        return {check.name: check.state for check in check_opening(session, wave)}


def test_it_opens_a_wave_when_all_is_in_place(database: Database, wave: Wave) -> None:
    prepare(database, wave)
    with database.transaction() as session:
        assert open_wave(session, wave, seen=stamp_of(wave.changed_at), actor=ME) == []
    with database.reading() as session:
        assert session.get_one(Wave, (wave.programme_id, wave.id)).state == "open"


def test_it_names_what_is_missing_and_opens_nothing(database: Database, wave: Wave) -> None:
    with pytest.raises(WaveNotReady) as caught, database.transaction() as session:
        open_wave(session, wave, seen=stamp_of(wave.changed_at), actor=ME)
    assert {"sites", "ethics", "permission", "agreement", "phones"} <= set(caught.value.extras["missing"])
    with database.reading() as session:
        assert session.get_one(Wave, (wave.programme_id, wave.id)).state == "planned"


def test_it_opens_without_papers_for_a_reason_that_is_kept(database: Database, wave: Wave) -> None:
    reason = "Prueba piloto interna, sin personas de fuera del equipo"
    with database.transaction() as session:
        open_wave(session, wave, seen=stamp_of(wave.changed_at), reason=reason, actor=ME)
    with database.reading() as session:
        assert [(paper.kind, paper.reference) for paper in list_papers(session, wave)] == [("override", reason)]


def test_it_wants_papers_that_hold_to_the_end_of_the_wave(database: Database, wave: Wave) -> None:
    prepare(database, wave)
    assert states(database, wave)["ethics"] == "ok"
    with database.transaction() as session:
        form = get_form(session, wave.programme_id, "mini")
        late = add_wave(session, form, "W2", date(2027, 3, 1), date(2027, 3, 20))
        add_paper(session, late, "ethics", "17/2026", date(2026, 1, 5), date(2027, 3, 10), actor=ME)
    assert states(database, late)["ethics"] == "missing"


def test_it_tells_the_second_of_two_who_open_a_wave(database: Database, wave: Wave) -> None:
    with pytest.raises(EditedMeanwhile), database.transaction() as session:
        open_wave(session, wave, seen="1", reason="una razón que es bastante larga", actor=ME)


def test_it_sends_nobody_to_a_site_that_is_too_dangerous(database: Database, wave: Wave) -> None:
    prepare(database, wave)
    with database.transaction() as session:
        set_sites(session, wave.programme_id, [{"code": "GT00", "risk_tier": 4}], actor=ME)
    assert states(database, wave)["risk"] == "missing"


def test_it_locks_the_headline_indicators_by_hash(database: Database, programme: Programme) -> None:
    publish_form(database, programme.id, "mini.md", HEADLINES.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        made = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20))
        reason = "Prueba piloto interna del equipo"
        open_wave(session, made, seen=stamp_of(made.changed_at), reason=reason, actor=ME)
    with database.reading() as session:
        opened = session.get_one(Wave, (programme.id, made.id))
        lock = opened.plan["headlines"]
        assert [each["code"] for each in lock["indicators"]] == ["S01"]
        assert headlines_still_locked(session, opened) is True
    changed = HEADLINES.replace("| up | 2 |", "| up | 3 |").replace("| mini | 1 |", "| mini | 2 |")
    assert changed != HEADLINES
    publish_form(database, programme.id, "mini.md", changed.encode())
    with database.reading() as session:
        assert headlines_still_locked(session, session.get_one(Wave, (programme.id, made.id))) is False


def test_it_lists_what_a_lost_phone_may_expose_and_opens_an_incident(
    database: Database, wave: Wave, team: tuple[Team, Device]
) -> None:
    into_the_field(database, wave, team[0], ["GT00", "GT01"])
    send(database, team[1], "mini", interview("uuid:a", today="2026-03-05", psu="GT01"), "uuid:a")
    with database.transaction() as session:
        made = report_lost_device(session, wave.programme_id, team[1].id, "seized", "En un retén", actor=ME)
    assert (made.kind, made.exposed["sites"], made.exposed["received"]) == ("device-seized", ["GT00", "GT01"], 1)
    with database.reading() as session:
        device = get_device_by_id(session, wave.programme_id, team[1].id)
        assert (device.revoked_reason, device.revoked_at is not None) == ("seized", True)
    with database.transaction() as session:
        close_incident(session, wave.programme_id, made.id, "Se recuperó sellado", actor=ME)
    with database.reading() as session:
        assert [incident.outcome for incident in list_incidents(session, wave.programme_id)] == ["Se recuperó sellado"]
