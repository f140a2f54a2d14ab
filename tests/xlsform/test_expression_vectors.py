"""The expression vectors: one truth, which the server's engine and the phone's own files must both find."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from survey_server.cli.engine import run_in_node
from survey_server.xlsform.expressions.axes import AXES
from survey_server.xlsform.expressions.cases import evaluate_case, parse_case
from survey_server.xlsform.expressions.expression import names_called, parse_expression
from survey_server.xlsform.expressions.functions import LIBRARY

VECTORS = Path(__file__).parents[1] / "vectors" / "expressions"
TOPICS = sorted(path.stem for path in VECTORS.glob("*.json"))
Case = dict[str, Any]


def read_cases(topic: str) -> list[Case]:
    """The cases of one topic."""
    cases: list[Case] = json.loads((VECTORS / f"{topic}.json").read_text("utf-8"))
    return cases


def same(expected: Any, found: Any) -> bool:
    """Equal; numbers to the last but one digit, because processors differ in the last of sine and power."""
    if isinstance(expected, float) and isinstance(found, (int, float)) and not isinstance(found, bool):
        return math.isclose(expected, found, rel_tol=1e-15)
    return bool(expected == found)


def differences(cases: list[Case], results: list[Case]) -> list[tuple[str, Any, Any]]:
    """The cases whose result isn't what is expected."""
    found = []
    for case, result in zip(cases, results, strict=True):
        expected = case["expect"]
        if expected == "error":
            good = "error" in result
        else:
            good = result.get("type") == expected["type"] and same(expected["value"], result.get("value"))
        if not good:
            found.append((case["expr"], expected, {k: v for k, v in result.items() if k != "id"}))
    return found


@pytest.mark.parametrize("topic", TOPICS)
def test_it_evaluates_the_vectors_on_the_server(topic: str) -> None:
    cases = read_cases(topic)
    assert differences(cases, [evaluate_case(case) for case in cases]) == []


@pytest.mark.parametrize("topic", TOPICS)
def test_it_evaluates_the_vectors_with_the_phones_files(topic: str) -> None:
    cases = read_cases(topic)
    assert differences(cases, run_in_node("xpath", [parse_case(case) for case in cases])) == []


def _trees() -> list[Any]:
    trees = []
    for topic in TOPICS:
        for case in read_cases(topic):
            if case["expect"] != "error":
                trees.append(parse_expression(case["expr"]))
    return trees


def test_it_has_a_vector_for_every_function() -> None:
    called = {name for tree in _trees() for name, _ in names_called(tree)}
    needs_a_form = {"instance", "pulldata"}
    assert set(LIBRARY) - called - needs_a_form == set()


def test_it_has_a_vector_for_every_axis() -> None:
    text = json.dumps(_trees())
    assert [axis for axis in AXES if f'["{axis}",' not in text] == []
