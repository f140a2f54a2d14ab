"""From interviews in the database to a file: what the report reads, and what the command says when it can't."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey_server.cli.report import report
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave
from survey_server.problems import NothingToReport, UnknownWave
from survey_server.reports.make import make_editions, make_summary

FORM = """
| survey |
| | type | name | label::Español (es) |
| | today | today |  |
| | select_one country | country | País |
| | select_one yn | bribe | {wording} |
| choices |
| | list_name | name | label::Español (es) |
| | country | CO | Colombia |
| | country | MX | México |
| | yn | 1 | Sí |
| | yn | 0 | No |
| settings |
| | form_title | form_id | version | default_language |
| | Soborno | bribe | {version} | Español (es) |
| design |
| | role | source | field | note |
| | case_id | question | country |  |
| indicators |
| | code | label::Español (es) | level | estimator | formula | scale | unit | direction | headline | family |
| | B1 | Sobornos | outcome | share | ${{bribe}} = 1 | 100 | % | down | yes | headline |
"""
PER_COUNTRY = 40


@pytest.fixture
def url(sqlite_url: str) -> str:
    """A database with two waves of a one-question form: 80 people in each, fewer bribes in the second."""
    database = open_database(sqlite_url)
    with database.transaction() as session:
        programme_id = add_programme(session, "wvs", "Encuesta Mundial").id
    _publish(database, programme_id, "¿Le pidieron dinero?", "1")
    with database.transaction() as session:
        form = get_form(session, programme_id, "bribe")
        for number, month in ((1, 3), (2, 4)):
            add_wave(session, form, f"W{number}", date(2026, month, 1), date(2026, month, 28), state="open")
    _answer(database, programme_id, "1", "2026-03-05", 0.5)
    _answer(database, programme_id, "1", "2026-04-05", 0.1)
    return sqlite_url


def _publish(database: Database, programme_id: int, wording: str, version: str) -> None:
    publish_form(database, programme_id, "bribe.md", FORM.format(wording=wording, version=version).encode())


def _answer(database: Database, programme_id: int, version: str, day: str, share: float) -> None:
    arrivals = []
    for country in ("CO", "MX"):
        for number in range(PER_COUNTRY):
            answer = int(number < share * PER_COUNTRY)
            instance = f"uuid:{day}-{version}-{country}-{number}"
            xml = (
                f'<data id="bribe" version="{version}"><today>{day}</today><country>{country}</country>'
                f"<bribe>{answer}</bribe><meta><instanceID>{instance}</instanceID></meta></data>"
            )
            arrivals.append(Arrival(instance, "bribe", version, xml.encode()))
    take_in(database, Source(programme_id, "import", "command"), arrivals)


def run(url: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, BaseException | None]:
    monkeypatch.setenv("SURVEY_DATABASE_URL", url)
    monkeypatch.setenv("SURVEY_SECRET_KEY", "of-a-test")
    result = CliRunner().invoke(report, arguments)
    return result.exit_code, result.output, result.exception


def test_it_writes_each_form_by_the_ending_of_the_file(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "report.json"
    code, output, _ = run(url, monkeypatch, "wvs", "--waves", "W1", "2", "--lang", "en", "--out", str(path))
    document = json.loads(path.read_text())
    assert code == 0
    assert document["report_id"] in output
    assert document["waves"] == ["W1", "W2"]


@pytest.mark.parametrize("edition", ["full", "partner", "public"])
def test_it_writes_the_edition_asked_for_in_french(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edition: str
) -> None:
    path = tmp_path / "report.json"
    asked = ("wvs", "--waves", "W1", "W2", "--lang", "fr", "--edition", edition, "--out", str(path))
    code, _, _ = run(url, monkeypatch, *asked)
    document = json.loads(path.read_text())
    assert code == 0
    assert (document["edition"], document["language"]) == (edition, "fr")


def test_it_refuses_an_edition_that_there_is_not(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("wvs", "--waves", "W1", "W2", "--edition", "secret", "--out", str(tmp_path / "report.json"))
    code, output, _ = run(url, monkeypatch, *asked)
    assert code == 2
    assert "secret" in output


def test_it_finds_the_fall_that_is_in_the_database(url: str) -> None:
    summary = make_summary(open_database(url), "wvs", ("W1", "W2"), "es")
    headline = next(table for table in summary.tables() if table.id == "glance.headlines")
    assert [headline.cell("B1", name).value for name in ("before", "after", "change")] == pytest.approx([50, 10, -40])
    assert headline.cell("B1", "verdict").mark == "improved"


def test_it_knows_the_versions_that_a_wave_was_asked_in(url: str) -> None:
    database = open_database(url)
    with database.reading() as session:
        programme_id = get_programme(session, "wvs").id
    _publish(database, programme_id, "¿Le pidieron un favor?", "2")
    _answer(database, programme_id, "2", "2026-04-06", 0.1)
    summary = make_summary(database, "wvs", ("W1", "W2"), "es")
    headline = next(table for table in summary.tables() if table.id == "glance.headlines")
    assert headline.cell("B1", "verdict").mark == "broken"


def test_a_wave_compared_with_itself_is_that_wave_alone(url: str) -> None:
    assert make_summary(open_database(url), "wvs", ("W1", "1"), "es").waves == ("W1",)


def test_it_makes_every_file_that_the_office_offers(url: str) -> None:
    files = make_editions(open_database(url), "wvs", ("W1",), "es")
    assert [Path(name).suffix for name in files] == [".pdf", ".html", ".xlsx", ".zip", ".json"]
    assert all(files.values())


def test_it_names_a_wave_that_does_not_exist(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, exception = run(url, monkeypatch, "wvs", "--wave", "W9", "--out", "report.pdf")
    assert isinstance(exception, UnknownWave)


def test_it_says_when_a_wave_is_still_empty(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        programme_id = add_programme(session, "new", "Nuevo").id
    _publish(database, programme_id, "¿Le pidieron dinero?", "1")
    with database.transaction() as session:
        form = get_form(session, programme_id, "bribe")
        add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 28), state="open")
    with pytest.raises(NothingToReport):
        make_summary(database, "new", ("W1",), "es")


def test_it_asks_for_waves_and_for_an_ending_that_it_knows(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(url, monkeypatch, "wvs", "--out", "report.pdf")[0] == 2
    assert run(url, monkeypatch, "wvs", "--wave", "W1", "--out", "report.doc")[0] == 2
