"""The demo programme, made once: real forms, real engine, real sync; and the figures of its report."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.migrate import migrate
from survey_server.db.session import Database
from survey_server.demo.programme import CODE, make_demo
from survey_server.reports.editions import render_edition
from survey_server.reports.make import make_summary
from survey_server.reports.wave_summary import WaveSummary

TODAY = date(2026, 11, 21)


@dataclass(frozen=True)
class Figures:
    """The numbers of the CSV pack, by table, row and column."""

    rows: dict[tuple[str, str, str], dict[str, str]]

    def number(self, table: str, row: str, column: str) -> float:
        return float(self.rows[table, row, column]["value"])

    def interval(self, table: str, row: str, column: str) -> tuple[float, float]:
        return self.number(table, row, f"{column}.low"), self.number(table, row, f"{column}.high")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("demo")
    config = Config.from_environment({"SURVEY_DATA_DIR": str(folder)})
    migrate(config.database_url)
    app = create_app(config)
    database: Database = app.extensions["database"]
    make_demo(app, TODAY, lambda sent: None)
    yield database
    database.close()


@pytest.fixture(scope="session")
def summary(demo: Database) -> WaveSummary:
    return make_summary(demo, CODE, ("W1", "W2"), "es")


@pytest.fixture(scope="session")
def figures(summary: WaveSummary) -> Figures:
    pack = zipfile.ZipFile(io.BytesIO(render_edition(summary, "zip")))
    text = pack.read("numbers.csv").decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text))
    return Figures({(row["table_id"], row["row"], row["col"]): row for row in rows})
