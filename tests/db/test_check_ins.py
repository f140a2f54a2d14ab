"""Teams that check in, are late, ask for help, or say the phrase that means danger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from survey_server.db.field.check_ins import CheckIn, list_check_ins
from survey_server.db.field.sites import get_site, set_wave_sites
from survey_server.db.field.teams import (
    assign,
    duress_digest,
    list_teams,
)
from survey_server.db.forms import get_form
from survey_server.db.models import Device, Programme, Team, Wave
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from tests.db.fieldwork import ME, edit, send

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
