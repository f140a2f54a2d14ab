"""The commands through which outsiders try both engines: `survey-server xpath` and `survey-server scenario`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from survey_server.cli import cli
from tests.xlsform.xforms import B, Q, md, xform

ENGINES = ["python", "browser"]
FORM = xform("<a/><b/>", B("/data/a", type="int") + B("/data/b", calculate="/data/a * 2"), Q("/data/a"))


def run(command: str, cases: Any, engine: str, tmp_path: Path) -> Any:
    """What a command prints about these cases."""
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(cases), "utf-8")
    result = CliRunner().invoke(cli, [command, str(path), "--engine", engine])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_prints_type_and_value_of_every_expression(engine: str, tmp_path: Path) -> None:
    cases = [
        {"id": "sum", "expr": "sum(//b)", "xml": "<a><b>1</b><b>2</b></a>"},
        {"id": "nodes", "expr": "b[2]", "xml": "<a><b>1</b><b>2</b></a>", "context": "/a"},
        {"id": "as", "expr": "//b", "xml": "<a><b>1</b><b>2</b></a>", "as": "string"},
        {"id": "ns", "expr": "count(//q:b)", "xml": "<a xmlns:p='u'><p:b/></a>", "ns": {"q": "u"}},
        {"id": "day", "expr": "today()", "now": "2026-11-21T23:30:00-06:00", "tz": "America/Guatemala"},
        {"id": "month", "expr": "format-date('2026-01-02', '%b')", "lang": "es"},
        {"id": "zero", "expr": "-0"},
        {"id": "nan", "expr": "0 div 0"},
        {"id": "endless", "expr": "1 div 0"},
    ]
    assert run("xpath", cases, engine, tmp_path) == [
        {"id": "sum", "type": "number", "value": 3},
        {"id": "nodes", "type": "nodes", "value": [{"path": "/*[1]/*[2]", "text": "2"}]},
        {"id": "as", "type": "string", "value": "1"},
        {"id": "ns", "type": "number", "value": 1},
        {"id": "day", "type": "string", "value": "2026-11-21"},
        {"id": "month", "type": "string", "value": "ene"},
        {"id": "zero", "type": "number", "value": "-0"},
        {"id": "nan", "type": "number", "value": "NaN"},
        {"id": "endless", "type": "number", "value": "Infinity"},
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_it_prints_what_is_wrong_with_an_expression_or_its_input(engine: str, tmp_path: Path) -> None:
    cases = [
        {"id": 1, "expr": "1 +"},
        {"id": 2, "expr": "nothing()"},
        {"id": 3, "expr": "1", "xml": "<a>"},
        {"id": 4, "expr": "1", "context": "/zz"},
        {"id": 5, "expr": "1", "as": "nodes"},
    ]
    results = run("xpath", cases, engine, tmp_path)
    assert [result["id"] for result in results] == [1, 2, 3, 4, 5]
    assert all(result["error"] for result in results)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_prints_only_the_steps_that_fail(engine: str, tmp_path: Path) -> None:
    steps = [
        {"answer": "/data/a", "value": "4"},
        {"expect": "/data/b", "value": "8", "relevant": True, "required": False, "readonly": False, "valid": True},
        {"expect": "/data/b", "value": "9"},
        {"restore": True},
        {"expect": "/data/b", "value": "8"},
        {"answer": "/data/zz", "value": "1"},
    ]
    [result] = run("scenario", [{"id": "s", "xform": FORM, "steps": steps}], engine, tmp_path)
    assert [failure["step"] for failure in result["failures"]] == [2, 5]
    assert result["failures"][0]["found"] == "8"
    assert result["failures"][1]["error"]


@pytest.mark.parametrize("engine", ENGINES)
def test_it_runs_repeats_languages_choices_and_files(engine: str, tmp_path: Path) -> None:
    form = md("""
        | survey |
        | | type | name | label::es | label::en |
        | | select_one_from_file x.csv | x | Equis | Ex |
        | | begin_repeat | r | R | R |
        | | text | t | T | T |
        | | end_repeat | | | |
    """)
    steps = [
        {"expect": "/data/x", "choices": ["a", "b"], "label": "Equis"},
        {"language": "en"},
        {"expect": "/data/x", "label": "Ex"},
        {"add_repeat": "/data/r"},
        {"expect": "/data/r", "count": 2},
        {"remove_repeat": "/data/r[1]"},
        {"expect": "/data/r", "count": 1},
    ]
    case = {"id": "s", "xform": form, "files": {"x.csv": "name,label\na,A\nb,B\n"}, "steps": steps}
    assert run("scenario", [case], engine, tmp_path) == [{"id": "s", "failures": []}]


@pytest.mark.parametrize("engine", ENGINES)
def test_it_says_why_a_form_of_a_scenario_doesnt_compile(engine: str, tmp_path: Path) -> None:
    bad = xform("<a/>", B("/data/a", calculate="/data/a + 1"))
    [result] = run("scenario", [{"id": "s", "xform": bad, "steps": []}], engine, tmp_path)
    assert "depends on itself" in result["error"]


@pytest.mark.parametrize("text", ["{", "[1]", '{"id": 1}', '[{"expr": "1"}]'])
def test_it_refuses_a_file_that_is_no_list_of_cases(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, "utf-8")
    assert CliRunner().invoke(cli, ["xpath", str(path)]).exit_code == 1
