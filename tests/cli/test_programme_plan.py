"""`survey-server programme plan`: what was planned goes in from a file, whole or not at all."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey_server.cli import cli
from survey_server.db.migrate import migrate
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.session import open_database
from survey_server.problems import UnfitPlan


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'survey.db'}"
    monkeypatch.setenv("SURVEY_DATABASE_URL", url)
    migrate(url)
    with open_database(url).transaction() as session:
        add_programme(session, "border", "Frontera")
    return url


def test_it_sets_the_plan(url: str, tmp_path: Path) -> None:
    told = {"started": "2027-01", "target": 20000, "courses": {"GTP01": {"day": "2027-01-15", "modules": ["1"]}}}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(told))
    done = CliRunner().invoke(cli, ["programme", "plan", "border", str(path)])
    assert done.exit_code == 0, done.output
    with open_database(url).reading() as session:
        assert get_programme(session, "border").policies["plan"] == told


@pytest.mark.parametrize("text", ["[]", "{", '{"goal": 1}', '{"courses": {"GTP01": {"day": "soon", "modules": []}}}'])
def test_it_leaves_everything_as_it_was_when_the_file_is_wrong(url: str, tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    done = CliRunner().invoke(cli, ["programme", "plan", "border", str(path)])
    assert done.exit_code != 0
    assert done.exception is None or isinstance(done.exception, SystemExit | UnfitPlan)
    with open_database(url).reading() as session:
        assert "plan" not in get_programme(session, "border").policies
