"""Whole-form scenarios on the phone's engine and on the server's: every case of tests/vectors/scenarios/ is a test."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from survey_server.xlsform.expressions.cases import run_scenario, scenario_form

VECTORS = Path(__file__).parents[1] / "vectors" / "scenarios"
Case = dict[str, Any]


def cases() -> list[Any]:
    """Every scenario, named by its file and its sentence."""
    return [
        pytest.param(case, id=f"{path.stem}: {case['id']}")
        for path in sorted(VECTORS.glob("*.toml"))
        for case in tomllib.loads(path.read_text("utf-8"))["case"]
    ]


@pytest.mark.parametrize("case", cases())
def test_it_lives_through_the_scenario_on_the_phone(
    phone_scenario: Callable[[list[Case]], list[Case]], case: Case
) -> None:
    form = scenario_form(case).to_phone()
    assert phone_scenario([case | {"form": form}]) == [{"id": case["id"], "failures": []}]


@pytest.mark.parametrize("case", cases())
def test_it_lives_through_the_scenario_on_the_server(case: Case) -> None:
    assert run_scenario(case) == {"id": case["id"], "failures": []}
