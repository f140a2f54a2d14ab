"""Whole-form scenarios run against the phone's engine; every case of tests/vectors/scenarios/ is one test."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from survey_server.xlsform.form import compile_form
from survey_server.xlsform.workbook import read_workbook

VECTORS = Path(__file__).parents[1] / "vectors" / "scenarios"
Case = dict[str, Any]


def cases() -> list[Any]:
    """Every scenario, named by its file and its sentence."""
    return [
        pytest.param(case, id=f"{path.stem}: {case['id']}")
        for path in sorted(VECTORS.glob("*.toml"))
        for case in tomllib.loads(path.read_text("utf-8"))["case"]
    ]


def compiled(case: Case) -> Case:
    """The scenario with its form as the phone receives it."""
    workbook = read_workbook(case["md"].encode(), "scenario.md")
    files = {name: text.encode() for name, text in case.get("files", {}).items()}
    form = compile_form(workbook.xform, files, workbook.places)
    return {name: value for name, value in case.items() if name != "md"} | {"form": form.to_phone()}


@pytest.mark.parametrize("case", cases())
def test_it_lives_through_the_scenario_on_the_phone(
    phone_scenario: Callable[[list[Case]], list[Case]], case: Case
) -> None:
    assert phone_scenario([compiled(case)]) == [{"id": case["id"], "failures": []}]
