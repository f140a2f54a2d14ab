"""Training figures: people instead of attendances, the taper's red months, costs per head."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.training import costs, learning_gain, months_since, people_trained, taper


def test_it_counts_people_who_did_every_module_once() -> None:
    person = ["PT1", "PT1", "PT1", "PT2", "PT2", "PT3", "PT3"]
    module = ["M1", "M1", "M2", "M1", "M2", "M1", "M2"]
    attended = [True, True, True, True, False, True, True]
    assert people_trained(person, module, attended, ["M1", "M2"]) == {"PT1", "PT3"}


def test_it_turns_red_after_two_short_months_running() -> None:
    plan = {f"2027-0{i}": 0.1 * i for i in range(1, 6)}
    months = ["2027-01", "2027-02", "2027-03", "2027-05", "2027-05"]
    told = taper(months, [100, 100, 100, 60, 40], [10, 5, 10, 30, 15], plan)
    assert [round(m.share, 2) for m in told if not math.isnan(m.share)] == [0.10, 0.05, 0.10, 0.45]
    assert [m.red for m in told] == [False, False, True, False, False]
    assert math.isnan(told[3].share)


def test_it_gains_only_over_those_who_took_both_tests() -> None:
    assert learning_gain([50, np.nan, 60], [70, 90, np.nan]) == (20, 1)
    assert learning_gain([np.nan], [1])[1] == 0


def test_it_costs_more_for_those_who_stay() -> None:
    c = costs(100_000, 200, 160, 0.8, 400_000, 0.2)
    assert (c.per_participant, c.per_completer, c.per_retained) == pytest.approx((500, 625, 781.25))
    assert c.burn_ahead == pytest.approx(0.05)
    assert math.isnan(costs(1, 0, 0, 0, 0, 0).per_completer)


def test_it_counts_whole_months_since_the_course() -> None:
    told = months_since(
        ["2027-01-15", "2027-01-15", "", "2027-05-01"], ["2027-04-14", "2027-04-15", "2027-04-15", "2027-04-01"]
    )
    assert told[:2].tolist() == [2, 3]
    assert np.isnan(told[2:]).all()
