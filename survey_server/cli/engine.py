"""`survey-server xpath` and `survey-server scenario`: try expressions and whole forms on either engine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import survey_server
from survey_server.problems import BadSetting, Problem
from survey_server.xlsform.expressions.cases import describe, evaluate_case, parse_case, run_scenario, scenario_form

Case = dict[str, Any]
RUNNER = Path(survey_server.__file__).parents[1] / "static" / "js" / "engine" / "cli.mjs"
_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_engine = click.option(
    "--engine",
    type=click.Choice(["python", "browser"]),
    default="python",
    show_default=True,
    help="python: the server's; browser: the very files of the phone app, under Node.",
)


@click.command()
@click.argument("cases", type=_FILE)
@_engine
def xpath(cases: Path, engine: str) -> None:
    """Evaluate the expressions in CASES, a JSON list of {id, expr, xml?, context?, ns?, now?, tz?, lang?, as?}."""
    _answer(cases, engine, "xpath", evaluate_case, parse_case)


@click.command()
@click.argument("cases", type=_FILE)
@_engine
def scenario(cases: Path, engine: str) -> None:
    """Run the forms in CASES step by step, a JSON list of {id, xform, files?, steps}; print the steps that fail."""
    _answer(cases, engine, "scenario", run_scenario, prepare_scenario)


def prepare_scenario(case: Case) -> Case:
    """The scenario as the phone's engine takes it: its form compiled, or why it can't be."""
    try:
        return {**case, "form": scenario_form(case).to_phone(), "tz": case.get("tz") or "UTC"}
    except Problem as problem:
        return {"id": case["id"], "error": describe(problem), "steps": []}


def _answer(path: Path, engine: str, kind: str, run: Callable[[Case], Case], prepare: Callable[[Case], Case]) -> None:
    cases = _read(path)
    results = [run(case) for case in cases] if engine == "python" else run_in_node(kind, [prepare(c) for c in cases])
    click.echo(json.dumps(results, ensure_ascii=False, indent=1))


def _read(path: Path) -> list[Case]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
        cases = json.loads(text)
    except ValueError as error:
        raise click.ClickException(f"{path} isn't JSON: {error}") from None
    if not isinstance(cases, list) or not all(isinstance(case, dict) and "id" in case for case in cases):
        raise click.ClickException(f"{path} must be a list of cases, each with an id.")
    return list(cases)


def run_in_node(kind: str, cases: list[Case]) -> list[Case]:
    """The results of the phone's own engine files under Node."""
    node = shutil.which("node")
    if node is None:
        raise BadSetting("--engine browser needs Node on the PATH: apt-get install nodejs.")
    done = subprocess.run(  # noqa: S603  our own script, the cases go to its standard input
        [node, str(RUNNER), kind], input=json.dumps(cases).encode(), capture_output=True, check=False
    )
    if done.returncode != 0:
        raise click.ClickException(done.stderr.decode("utf-8", "replace").strip() or "Node failed.")
    results: list[Case] = json.loads(done.stdout)
    return results
