"""`survey-server import`: a baseline from elsewhere, stored once, refused rows told with their cure."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from survey_server.cli import cli
from survey_server.db.forms import get_form
from survey_server.db.models import Conflict, Programme, Quarantine, Submission, SubmissionIssue, Wave
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.problems import BadMapping, UnfitWave
from tests.imports.conftest import FORM

ROWS = "uid,country,bribe,year\n1,Mexico,2,2005\n2,CO,3,2005\n3,MX,,2012\n"


@dataclass
class Importer:
    """The command on one database."""

    folder: Path
    url: str
    database: Database

    def run(self, text: str | bytes, *options: str, wave: str = "frontera/bribe/W1") -> Result:
        path = self.folder / "rows.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        environment = {"SURVEY_DATA_DIR": str(self.folder), "SURVEY_DATABASE_URL": self.url}
        return CliRunner().invoke(cli, ["import", wave, str(path), *options], env=environment)

    def stored(self) -> Sequence[Submission]:
        with self.database.reading() as session:
            return session.scalars(select(Submission).order_by(Submission.id)).all()

    def count(self, table: type[Conflict] | type[Quarantine] | type[SubmissionIssue]) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def waves(database: Database, programme: Programme) -> list[Wave]:
    publish_form(database, programme.id, "bribe.md", FORM.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "bribe")
        return [
            add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20), state="open"),
            add_wave(session, form, "W2", date(2026, 9, 1), date(2026, 9, 20), state="open"),
        ]


@pytest.fixture
def importer(tmp_path: Path, database_url: str, database: Database, waves: list[Wave]) -> Importer:
    return Importer(tmp_path, database_url, database)


def test_it_stores_each_row_once_in_its_wave(importer: Importer, waves: list[Wave]) -> None:
    first = importer.run(ROWS, "--key", "uid")
    assert first.exit_code == 0, first.output
    assert "3 stored" in first.output
    again = importer.run(ROWS, "--key", "uid")
    assert "0 stored" in again.output
    assert "3 were there already" in again.output
    assert [(one.wave_id, one.collected_on) for one in importer.stored()] == [(waves[0].id, date(2026, 3, 1))] * 3
    assert importer.count(Conflict) == importer.count(Quarantine) == 0


def test_it_keeps_the_waves_apart(importer: Importer, waves: list[Wave]) -> None:
    importer.run(ROWS, "--key", "uid", "--where", "year=2005")
    importer.run(ROWS, "--key", "uid", "--where", "year=2012.0", wave="frontera/bribe/W2")
    assert [one.wave_id for one in importer.stored()] == [waves[0].id, waves[0].id, waves[1].id]


def test_it_refuses_what_no_answer_could_be_and_reports_it(importer: Importer) -> None:
    report = importer.folder / "report.csv"
    rows = "uid,country,bribe\n1,Peru,2\n2,CO,seven\n3,MX,4\n4,=1+1,4\n"
    result = importer.run(rows, "--key", "uid", "--report", str(report))
    assert result.exit_code == 1
    assert "1 stored" in result.output
    assert "3 refused" in result.output
    told = list(csv.DictReader(report.read_text("utf-8-sig").splitlines()))
    assert [(line["row"], line["column"], line["value"], line["outcome"]) for line in told] == [
        ("2", "country", "Peru", "refused"),
        ("3", "bribe", "seven", "refused"),
        ("5", "country", "'=1+1", "refused"),
    ]
    assert all(line["reason"] and line["cure"] for line in told)


def test_it_adds_only_the_corrected_rows_the_second_time(importer: Importer) -> None:
    importer.run("uid,country,bribe\n1,Peru,2\n2,CO,3\n", "--key", "uid")
    result = importer.run("uid,country,bribe\n1,MX,2\n2,CO,3\n", "--key", "uid")
    assert result.exit_code == 0
    assert "1 stored" in result.output
    assert "1 were there already" in result.output


def test_it_does_not_change_what_is_stored(importer: Importer) -> None:
    importer.run("uid,country,bribe\n1,MX,2\n", "--key", "uid")
    result = importer.run("uid,country,bribe\n1,MX,9\n", "--key", "uid")
    assert result.exit_code == 1
    assert "1 refused" in result.output
    assert len(importer.stored()) == 1
    assert importer.count(Conflict) == 0


def test_it_stores_and_flags_what_breaks_a_rule_of_the_form(importer: Importer) -> None:
    result = importer.run("uid,country,bribe\n1,MX,77\n2,,5\n3,CO,5\n", "--key", "uid")
    assert result.exit_code == 0
    assert "3 stored (2 with issues" in result.output
    assert [one.issue_count for one in importer.stored()] == [1, 1, 0]


def test_it_checks_without_storing_on_a_dry_run(importer: Importer) -> None:
    result = importer.run(ROWS + "4,Peru,1,2005\n", "--key", "uid", "--dry-run")
    assert "3 rows would be imported, 1 refused" in result.output
    assert importer.stored() == []


def test_it_maps_columns_and_values_by_a_file(importer: Importer) -> None:
    mapping = importer.folder / "mapping.csv"
    mapping.write_text("column;question;value;becomes\nQ1;bribe;<0;\nland;country;1;MX\nland;country;2;CO\nid;#key;;\n")
    result = importer.run("id;land;Q1\n1;1;-2\n2;2;7\n".encode("utf-16"), "--mapping", str(mapping))
    assert result.exit_code == 0, result.output
    assert len(importer.stored()) == 2


@pytest.mark.parametrize(
    ("options", "wave", "problem"),
    [
        (["--where", "anno=2005"], "frontera/bribe/W1", BadMapping),
        (["--key", "id"], "frontera/bribe/W1", BadMapping),
        ([], "frontera/bribe", UnfitWave),
    ],
)
def test_it_says_what_is_wrong_before_it_stores_anything(
    importer: Importer, options: list[str], wave: str, problem: type[Exception]
) -> None:
    assert isinstance(importer.run(ROWS, *options, wave=wave).exception, problem)
    assert importer.stored() == []


def test_it_adds_nothing_to_a_locked_wave(importer: Importer, database: Database, waves: list[Wave]) -> None:
    with database.transaction() as session:
        set_wave_state(session, waves[0], "locked", actor="command")
    assert isinstance(importer.run(ROWS).exception, UnfitWave)


def test_it_stores_thousands_of_rows_in_batches(importer: Importer) -> None:
    rows = "uid,country,bribe\n" + "".join(f"{n},MX,{n % 10 + 1}\n" for n in range(1201))
    result = importer.run(rows, "--key", "uid")
    assert "1,201 stored (0 with issues" in result.output
    assert len({one.instance_id for one in importer.stored()}) == 1201
