"""What a site's rules say of the interviews from it, and what phones are told of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from survey_server.db.field.devices import add_device
from survey_server.db.field.policies import PhoneRules, set_phone_rules
from survey_server.db.field.sites import set_sites
from survey_server.db.field.stops import lift_stop, order_stop
from survey_server.db.field.team_view import view_field
from survey_server.db.forms import get_current_version, get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme, StopWork, Submission, SubmissionIssue
from survey_server.db.programmes import get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.problems import UnfitPolicy

ME = "person:7"
HERE = "14.6 -90.5 0 5"
FORM = """
| survey |
| | type          | name   | label     | required |
| | start         | start  |           |          |
| | today         | today  |           |          |
| | text          | psu    | Punto     | yes      |
| | geopoint      | spot   | Ubicación | yes      |
| | begin_repeat  | visit  | Visita    |          |
| | geotrace      | path   | Camino    |          |
| | end_repeat    |        |           |          |
| settings |
| | form_title | form_id | version |
| | Lugares    | places  | 1       |
| design |
| | role    | source   | field | note |
| | psu     | question | psu   |      |
| | stratum | site     | stratum |    |
"""


@pytest.fixture
def places(database: Database, programme: Programme) -> Programme:
    """A form that asks for places; one ordinary site, one of risk tier 3, one that says no itself."""
    publish_form(database, programme.id, "places.md", FORM.encode())
    rows: list[dict[str, object]] = [
        {"code": "A", "country": "GT", "municipality": "Tikal"},
        {"code": "B", "country": "GT", "risk_tier": 3},
        {"code": "C", "country": "GT", "gps": "no"},
    ]
    with database.transaction() as session:
        set_sites(session, programme.id, rows, actor=ME)
        form = get_form(session, programme.id, "places")
        add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20), state="open")
    return programme


def issues_of(
    database: Database, programme: Programme, site: str, *, spot: str = "", path: str = "", at: str = "2026-03-05T09:00"
) -> list[tuple[str, str]]:
    """The issues of an interview from `site`, as they are stored."""
    number = f"uuid:{site}-{spot}-{path}-{at}"
    xml = (
        f'<data id="places" version="1"><start>{at}:00.000-06:00</start><today>{at[:10]}</today><psu>{site}</psu>'
        f"<spot>{spot}</spot><visit><path>{path}</path></visit><meta><instanceID>{number}</instanceID></meta></data>"
    )
    [receipt] = take_in(
        database, Source(programme.id, "phone", "device:1"), [Arrival(number, "places", "1", xml.encode())]
    )
    assert receipt.status == 201
    with database.reading() as session:
        query = select(SubmissionIssue.kind, SubmissionIssue.path)
        query = query.join(Submission, Submission.id == SubmissionIssue.submission_id)
        return [(row.kind, row.path) for row in session.execute(query.where(Submission.instance_id == number))]


def test_it_flags_a_position_that_the_site_forbids_and_doesn_t_miss_it(database: Database, places: Programme) -> None:
    assert issues_of(database, places, "A", spot=HERE) == []
    assert issues_of(database, places, "A") == [("required", "/data/spot")]
    assert issues_of(database, places, "B") == []
    assert issues_of(database, places, "B", spot=HERE) == [("position-not-allowed", "/data/spot")]
    assert issues_of(database, places, "C", path=f"{HERE};{HERE}") == [("position-not-allowed", "/data/visit/path")]


def test_it_flags_work_that_began_while_the_site_was_stopped(database: Database, places: Programme) -> None:
    with database.transaction() as session:
        stop = order_stop(session, places.id, "municipality", "Tikal", "Salgan", actor=ME)
        session.get_one(StopWork, (places.id, stop.id)).ordered_at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert issues_of(database, places, "A", spot=HERE) == [("stopped-site", "")]
    assert issues_of(database, places, "A", spot=HERE, at="2026-03-05T05:00") == []
    assert issues_of(database, places, "C") == []
    with database.transaction() as session:
        lift_stop(session, places.id, stop.id, "Calma", actor=ME)
        session.get_one(StopWork, (places.id, stop.id)).lifted_at = datetime(2026, 3, 6, 12, tzinfo=UTC)
    assert issues_of(database, places, "A", spot=HERE, at="2026-03-06T05:00") == [("stopped-site", "")]
    assert issues_of(database, places, "A", spot=HERE, at="2026-03-06T07:00") == []


def test_it_tells_phones_where_they_may_not_ask_for_a_place(database: Database, places: Programme) -> None:
    with database.transaction() as session:
        programme = get_programme(session, places.code)
        set_phone_rules(session, programme, PhoneRules(keep_sent_days=0, draft_days=3, gps="none"), actor=ME)
        device, _ = add_device(session, places.id, "T-01", "EN001")
    with database.reading() as session:
        told = view_field(session, get_programme(session, places.code), device)["policies"]
    assert told["gps"] == {"elsewhere": "none", "none": ["B", "C"]}
    assert (told["keep_sent_days"], told["draft_days"]) == (0, 3)


def test_it_tells_phones_which_question_names_the_site(database: Database, places: Programme) -> None:
    with database.reading() as session:
        version = get_current_version(session, get_form(session, places.id, "places"))
        assert json.loads(version.phone)["parts"] == {"site": "/data/psu"}


@pytest.mark.parametrize("rules", [{"keep_sent_days": 31}, {"draft_days": 8}, {"draft_days": 0}, {"gps": "always"}])
def test_it_takes_no_rules_that_keep_too_much(rules: dict[str, int | str]) -> None:
    with pytest.raises(UnfitPolicy):
        PhoneRules(**rules)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "flagged"),
    [("llame al 5555-1234", True), ("CUI 2345 67890 1201", True), ("pasaron 1234567 personas", False), ("", False)],
)
def test_it_flags_a_number_that_names_somebody_and_does_not_repeat_it(
    database: Database, programme: Programme, text: str, flagged: bool
) -> None:
    form = """
| survey |
| | type  | name  | label | appearance |
| | today | today |       |            |
| | text  | code  | Clave |            |
| | text  | told  | Relato | multiline |
| settings |
| | form_title | form_id | version |
| | Relatos    | told    | 1       |
"""
    publish_form(database, programme.id, "told.md", form.encode())
    xml = (
        f'<data id="told" version="1"><today>2026-03-05</today><code>123456789012</code><told>{text}</told>'
        "<meta><instanceID>uuid:told</instanceID></meta></data>"
    )
    take_in(database, Source(programme.id, "phone", "device:1"), [Arrival("uuid:told", "told", "1", xml.encode())])
    with database.reading() as session:
        query = select(SubmissionIssue.path, SubmissionIssue.detail)
        rows = session.execute(query.where(SubmissionIssue.kind == "personal-data")).all()
    assert [tuple(row) for row in rows] == ([("/data/told", "")] if flagged else [])
