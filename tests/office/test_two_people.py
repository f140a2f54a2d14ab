"""Two people who change the same thing: the second is told, and nothing of the first is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from survey_server.db.access.people import list_people
from survey_server.db.field.policies import check_in_times, phone_rules
from survey_server.db.field.samples import add_sample
from survey_server.db.field.stops import order_stop
from survey_server.db.keeping.retention import get_retention
from survey_server.db.models import Incident, Programme, Sample, StopWork, Wave, WaveSite
from survey_server.estimation.sampling import Take, Unit
from tests.office.world import World

HERE = "/office/p/norte"
LOCK = {"level": "passphrase", "lock_after": "60", "wipe_after": "5", "keep_sent_days": "0", "gps": "none"}


@dataclass(frozen=True)
class Edit:
    """A form that two people have open: who, where it is shown and sent, what each of them writes."""

    login: str
    page: str
    form: str
    first: Mapping[str, object]
    second: Mapping[str, object]
    after: str = ""


EDITS = {
    "hours of check-ins": Edit(
        "coordinator", f"{HERE}/policies", f"{HERE}/policies", {"hours": "07:00"}, {"hours": "09:00"}
    ),
    "rules for phones": Edit(
        "coordinator",
        f"{HERE}/phone-rules",
        f"{HERE}/phone-rules",
        LOCK | {"draft_days": "3"},
        LOCK | {"draft_days": "6"},
    ),
    "retention": Edit(
        "data-protection", f"{HERE}/retention", f"{HERE}/retention", {"days_cases": "30"}, {"days_cases": "60"}
    ),
    "roles": Edit(
        "administrator",
        "/office/people/{observer}",
        "/office/people/{observer}/roles",
        {"programme": "norte", "role": ["observer", "liaison"]},
        {"programme": "norte", "role": ["analyst"]},
        'value="norte"',
    ),
    "a person": Edit(
        "administrator",
        "/office/people/{observer}",
        "/office/people/{observer}/details",
        {"name": "Ana Uno", "language": "es"},
        {"name": "Ana Dos", "language": "en"},
        '/details"',
    ),
    "a team": Edit(
        "coordinator", f"{HERE}/teams/{{team_id}}", f"{HERE}/teams/{{team_id}}", {"name": "Uno"}, {"name": "Dos"}
    ),
    "what a programme is": Edit(
        "coordinator", f"{HERE}/settings", f"{HERE}/settings", {"name": "Uno"}, {"name": "Dos"}
    ),
}


def state_of(world: World) -> list[object]:
    """All that the edits above change."""
    with world.database.reading() as session:
        programme = session.get_one(Programme, world.here.id)
        roles = {member.login: (member.name, member.language, member.roles) for member in list_people(session)}
        policies = {name: value for name, value in programme.policies.items() if name != "letters"}
        return [
            programme.name,
            policies,
            check_in_times(programme),
            phone_rules(programme),
            get_retention(programme),
            roles,
        ]


@pytest.mark.parametrize("what", EDITS)
def test_it_tells_the_second_of_two_and_overwrites_nothing(world: World, what: str) -> None:
    edit, names = EDITS[what], {"observer": world.people["observer"], **world.field}
    page, form = (path.format(**names) for path in (edit.page, edit.form))
    first, second = world.browser(edit.login), world.browser(edit.login)
    seen = {"seen": first.seen(page, edit.after)}
    assert first.post(form, {**edit.first, **seen}).status_code == 303
    kept = state_of(world)
    answer = second.post(form, {**edit.second, **seen})
    assert (answer.status_code, "Otra persona lo cambió" in answer.text) == (409, True)
    assert state_of(world) == kept
    assert second.post(form, {**edit.second, "seen": second.seen(page, edit.after)}).status_code == 303
    if what != "a team":
        assert state_of(world) != kept


def test_it_tells_who_ends_an_incident_or_a_stop_that_it_has_ended(world: World) -> None:
    first, second = world.browser("coordinator"), world.browser("security")
    with world.database.transaction() as session:
        stop = order_stop(session, world.here.id, "site", "A", "Bloqueo", actor="person:1").id
    ends = {
        f"{HERE}/incidents/{world.field['incident_id']}": "outcome",
        f"{HERE}/stop-work/{stop}": "reason",
    }
    for path, field in ends.items():
        assert first.post(path, {field: "Lo dijo la primera"}).status_code == 303
        answer = second.post(path, {field: "Lo dijo la segunda"})
        assert answer.status_code == 409
        assert "Otra persona lo cambió" in answer.text
        assert "Lo dijo la primera" in answer.text and "Lo dijo la segunda" not in answer.text
    assert first.post(next(iter(ends)), {"outcome": " "}).status_code == 422
    with world.database.reading() as session:
        assert session.get_one(Incident, (world.here.id, world.field["incident_id"])).outcome == "Lo dijo la primera"
        assert session.get_one(StopWork, (world.here.id, stop)).lifted_reason == "Lo dijo la primera"


def test_it_puts_no_sample_in_the_place_of_one_that_another_chose_unseen(world: World) -> None:
    with world.database.transaction() as session:
        wave = session.get_one(
            Wave, (world.here.id, session.get_one(Sample, (world.here.id, world.field["sample_id"])).wave_id)
        )
        units = [Unit(code, "ESTRATO-X") for code in "AB"]
        other = add_sample(session, wave, units, {"ESTRATO-X": Take(2)}, "simple", "18", actor="command").id
    browser = world.browser("analyst")
    here, there = (f"{HERE}/samples/{sample}" for sample in (world.field["sample_id"], other))
    seen = browser.seen(there)
    assert browser.post(f"{here}/use", {"seen": browser.seen(here)}).status_code == 303
    assert browser.post(f"{there}/use", {"seen": seen}).status_code == 409
    page = browser.get(there).text
    assert "La ola ya usa otra muestra" in page
    assert browser.post(f"{there}/use", {"seen": browser.seen(there)}).status_code == 303
    with world.database.reading() as session:
        rows = session.query(WaveSite).filter_by(programme_id=world.here.id, wave_id=wave.id).all()
    assert [row.reserve for row in rows] == [False, False]
