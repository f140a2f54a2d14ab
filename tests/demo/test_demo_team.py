"""Whoever tries the demo's phone has a team's day on it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from survey_server.db.field.devices import add_enrolment, enrol_device
from survey_server.db.field.samples import frame_of
from survey_server.db.field.team_view import view_field
from survey_server.db.field.teams import get_team_by_code
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database
from survey_server.demo.programme import CODE
from survey_server.demo.team import SITES, TARGET, TEAM
from tests.demo.conftest import TODAY, Figures


def test_a_draw_by_population_picks_no_unit_post_or_court_and_the_units_rates_are_known(
    demo: Database, figures: Figures
) -> None:
    with demo.reading() as session:
        units = frame_of(session, get_programme(session, CODE).id, "pps")
    assert len(units) == 60
    assert not [unit.code for unit in units if not unit.code[2:].isdigit()]
    assert figures.number("indicators.registers", "A01", "after") > 0


def test_it_gives_the_first_phone_sites_with_targets_and_dwellings_on_any_day_of_the_wave(demo: Database) -> None:
    with demo.transaction() as session:
        programme = get_programme(session, CODE)
        team = get_team_by_code(session, programme.id, TEAM)
        code = add_enrolment(session, programme.id, "Primer teléfono", "EN90", team_id=team.id)
        device, _ = enrol_device(session, code)
        for day in (0, 20):
            noon = datetime.combine(TODAY + timedelta(days=day), time(18), UTC)
            told = view_field(session, programme, device, noon)
            places = [each for each in told["assignments"] if each["form"] == "ssr_perception"]
            assert [each["target"] for each in places] == [TARGET] * SITES
            assert all(len(each["dwellings"]) == TARGET for each in places)
            assert told["referral"]["es"] and told["policies"]["team"] == TEAM
