"""Held to R's survey, irr and psych: every reference case is a call of ours, or is listed here with the reason."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from survey_server.problems import LonelyPsu
from tests.estimation.calls import means, observers, raters, rates, tables, waves, weights
from tests.estimation.calls.cases import call_for, load_cases

CALLS = (means, observers, raters, rates, tables, waves, weights)
"""Each says which cases it answers."""
CASES = load_cases()

NOT_APPLICABLE = {
    "ciprop.likelihood.dnh": "R reads the interval off a spline through points of the profile: right to 1e-4 only",
}


def test_it_answers_every_case_or_says_why_not() -> None:
    unanswered = {case_id for case_id in CASES if call_for(case_id) is None}
    assert unanswered == set(NOT_APPLICABLE)
    assert {CASES[case_id]["tier"] for case_id in NOT_APPLICABLE} == {"info"}
    assert len(CASES) == 242


TOLERANCE, CLOSER = 1e-8, 1e-10
NOT_CLOSER = {
    "by_ciprop_race.dnh": "R's estimate comes from a logit fit that stops 3e-9 short",
    "observe.by_item": "R's interval comes from a logit fit that stops 2e-10 short",
}


@pytest.mark.parametrize("case_id", [case_id for case_id in CASES if case_id not in NOT_APPLICABLE])
def test_it_agrees_with_the_reference(case_id: str) -> None:
    case = CASES[case_id]
    if isinstance(case["result"], dict) and "error" in case["result"]:
        with pytest.raises(LonelyPsu):
            call_for(case_id)(case)
        return
    tolerance = TOLERANCE if case_id in NOT_CLOSER else CLOSER
    assert_same(call_for(case_id)(case), case["result"], tolerance, case_id)


def assert_same(ours: Any, theirs: Any, tolerance: float, where: str) -> None:
    """Every key and number of theirs is in ours; numbers that cancel to nothing are compared with their neighbours."""
    if isinstance(theirs, dict):
        assert set(ours) >= set(theirs), f"{where}: missing {set(theirs) - set(ours)}"
        for key, value in theirs.items():
            if (
                key in ("cov", "corr") and "se_pre" in theirs
            ):  # of waves without a common PSU they are nothing but rounding
                scale = theirs["se_pre"] * theirs["se_post"] if key == "cov" else 1.0
                assert ours[key] == pytest.approx(value, rel=tolerance, abs=tolerance * scale), f"{where}/{key}"
            else:
                assert_same(ours[key], value, tolerance, f"{where}/{key}")
    elif isinstance(theirs, list) and theirs and isinstance(theirs[0], (list, int, float)) and None not in theirs:
        a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * float(np.abs(b).max()) * 1e-3, err_msg=where)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(a, b, tolerance, f"{where}[{i}]")
    elif theirs is None:
        assert ours is None or math.isnan(ours), where
    elif isinstance(theirs, str):
        assert str(ours) == theirs, where
    else:
        assert float(ours) == pytest.approx(theirs, rel=tolerance, abs=1e-13 * abs(theirs) + 1e-300), where
