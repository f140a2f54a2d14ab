"""Waves follow each other without overlap; sites are what the office says and waves visit some of them."""

from __future__ import annotations

from datetime import date

import pytest

from survey_server.db.field.sites import get_site, list_sites, set_sites, set_wave_sites
from survey_server.db.intake.fieldwork import load_fieldwork
from survey_server.db.models import Form, Programme, Wave
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, find_nearest_wave, find_wave_on, get_wave, list_waves, set_wave_state
from survey_server.problems import CodeTaken, UnfitCode, UnfitWave, UnknownProgramme, UnknownSite, UnknownWave


@pytest.fixture
def form(database: Database, programme: Programme) -> Form:
    with database.transaction() as session:
        made = Form(programme_id=programme.id, form_id="ssr_perception")
        session.add(made)
        return made


@pytest.fixture
def waves(database: Database, form: Form) -> list[Wave]:
    with database.transaction() as session:
        before = add_wave(session, form, "Línea base", date(2026, 3, 1), date(2026, 3, 20), state="open")
        after = add_wave(session, form, "Después", date(2027, 3, 1), date(2027, 3, 20))
        return [before, after]


def test_it_counts_waves_up(waves: list[Wave]) -> None:
    assert [wave.ordinal for wave in waves] == [1, 2]


def test_it_finds_a_wave_by_name_or_number(database: Database, form: Form, waves: list[Wave]) -> None:
    with database.reading() as session:
        assert get_wave(session, form, "Línea base").id == get_wave(session, form, "1").id == waves[0].id
        with pytest.raises(UnknownWave):
            get_wave(session, form, "3")


@pytest.mark.parametrize(
    ("name", "starts", "ends", "ordinal"),
    [
        ("Otra", date(2026, 3, 20), date(2026, 4, 1), None),
        ("Otra", date(2026, 2, 1), date(2026, 12, 1), None),
        ("Otra", date(2026, 5, 2), date(2026, 5, 1), None),
        ("Línea base", date(2026, 5, 1), date(2026, 5, 2), None),
        ("Otra", date(2026, 5, 1), date(2026, 5, 2), 2),
    ],
)
def test_it_refuses_waves_that_clash(
    database: Database, form: Form, waves: list[Wave], name: str, starts: date, ends: date, ordinal: int | None
) -> None:
    with pytest.raises(UnfitWave), database.transaction() as session:
        add_wave(session, form, name, starts, ends, ordinal=ordinal)


@pytest.mark.parametrize(
    ("day", "on", "nearest"),
    [
        (date(2026, 3, 1), 1, 1),
        (date(2026, 3, 20), 1, 1),
        (date(2026, 3, 21), None, 1),
        (date(2026, 2, 1), None, 1),
        (date(2026, 12, 31), None, 2),
        (date(2030, 1, 1), None, 2),
    ],
)
def test_it_puts_a_day_in_its_wave(waves: list[Wave], day: date, on: int | None, nearest: int) -> None:
    found, near = find_wave_on(waves, day), find_nearest_wave(waves, day)
    assert (found.ordinal if found else None, near.ordinal if near else None) == (on, nearest)


def test_it_never_opens_a_locked_wave_again(database: Database, form: Form, waves: list[Wave]) -> None:
    with database.transaction() as session:
        set_wave_state(session, waves[0], "locked", actor="person:1")
    with database.reading() as session:
        locked = list_waves(session, form.programme_id, form)[0]
    with pytest.raises(UnfitWave), database.transaction() as session:
        set_wave_state(session, locked, "open", actor="person:1")


def test_it_changes_the_sites_it_knows_and_adds_the_others(database: Database, programme: Programme) -> None:
    with database.transaction() as session:
        set_sites(session, programme.id, [{"code": "A", "name": "Uno", "arm": "1"}, {"code": "B"}], actor="command")
    with database.transaction() as session:
        set_sites(session, programme.id, [{"code": "B", "weight": 2.5}, {"code": "C"}], actor="command")
    with database.reading() as session:
        sites = list_sites(session, programme.id)
    assert [(site.code, site.name, site.arm, site.weight) for site in sites] == [
        ("A", "Uno", "1", None),
        ("B", "B", None, 2.5),
        ("C", "C", None, None),
    ]


def test_it_knows_which_waves_visit_a_site(database: Database, programme: Programme, waves: list[Wave]) -> None:
    with database.transaction() as session:
        set_sites(session, programme.id, [{"code": "A"}, {"code": "B"}], actor="command")
        set_wave_sites(session, waves[0], ["A", "A"], actor="command")
    with database.reading() as session:
        assert [site.code for site in list_sites(session, programme.id, waves[0])] == ["A"]
        found = load_fieldwork(session, programme.id).sites
    assert found == {"A": {waves[0].id}, "B": frozenset()}


def test_it_refuses_a_wave_of_unknown_sites(database: Database, programme: Programme, waves: list[Wave]) -> None:
    with pytest.raises(UnknownSite), database.transaction() as session:
        set_wave_sites(session, waves[0], ["A"], actor="command")


def test_it_keeps_the_sites_of_programmes_apart(database: Database, programme: Programme) -> None:
    with database.transaction() as session:
        other = add_programme(session, "otro", "Otro")
        set_sites(session, other.id, [{"code": "A"}], actor="command")
    with database.reading() as session:
        assert list_sites(session, programme.id) == []
        with pytest.raises(UnknownSite):
            get_site(session, programme.id, "A")


@pytest.mark.parametrize("code", ["", "Frontera", "a b", "-a", "a" * 41, "ñ", "../x"])
def test_it_refuses_codes_that_would_not_do_in_an_address(database: Database, code: str) -> None:
    with pytest.raises(UnfitCode), database.transaction() as session:
        add_programme(session, code, "x")


def test_it_gives_each_programme_its_own_code(database: Database, programme: Programme) -> None:
    with pytest.raises(CodeTaken), database.transaction() as session:
        add_programme(session, "frontera", "x")
    with database.reading() as session:
        assert get_programme(session, "frontera").id == programme.id
        with pytest.raises(UnknownProgramme):
            get_programme(session, "otro")
