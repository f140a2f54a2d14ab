"""Event studies: nothing before, something after; what is no evidence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.change import Sample, estimate_did
from survey_server.estimation.event_study import arm_psus, baseline_balance, event_study, evidence
from survey_server.problems import BadEstimate, EmptyDomain
from tests.estimation.samples import design_of, make_wave

WAVES = [make_wave(seed, per_psu=25) for seed in (5, 6, 7, 8)]
ARMS = [(wave.psu < "P12").to_numpy() for wave in WAVES]
for wave, arm in zip(WAVES[2:], ARMS[2:], strict=True):
    wave["trust"] = wave.trust + 0.9 * arm
SAMPLES = [Sample(wave.trust, design_of(wave)) for wave in WAVES]


def test_it_is_the_difference_in_differences_of_each_wave() -> None:
    study = event_study(SAMPLES, ARMS, reference=1)
    for t in (0, 2, 3):
        did = estimate_did(SAMPLES[1], SAMPLES[t], ARMS[1], ARMS[t])
        assert study.estimates[t].value == pytest.approx(did.estimate.value, rel=1e-9)
        assert study.estimates[t].se == pytest.approx(did.estimate.se, rel=1e-9)


def test_it_finds_the_effect_after_and_none_before() -> None:
    study = event_study(SAMPLES, ARMS, reference=1)
    assert study.estimates[1].value == 0
    assert math.isnan(study.p_values[1])
    assert study.pre_trend_p > 0.05
    assert study.pre_trend_p == pytest.approx(study.p_values[0], rel=1e-9)
    assert all(study.estimates[t].low > 0 for t in (2, 3))


def test_it_warns_of_arms_that_already_drew_apart() -> None:
    apart = [SAMPLES[0]._replace(y=WAVES[0].trust + 0.9 * ARMS[0]), *SAMPLES[1:]]
    study = event_study(apart, ARMS, reference=1)
    assert study.pre_trend_p < 0.05
    assert evidence((12, 12), pre_trend_p=study.pre_trend_p) == "pre_trend"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"psus": (9, 30)}, "no_group"),
        ({"psus": (10, 30), "imbalance": -0.3}, "imbalance"),
        ({"psus": (10, 30), "placebo_p": 0.01}, "placebo"),
        ({"psus": (10, 30), "imbalance": 0.2, "placebo_p": 0.5, "pre_trend_p": 0.5}, "effect"),
        ({"psus": (10, 30)}, "effect"),
    ],
)
def test_it_says_why_a_difference_is_no_evidence(options: dict[str, object], word: str) -> None:
    assert evidence(**options) == word  # type: ignore[arg-type]


def test_it_flags_baseline_imbalance() -> None:
    moved = WAVES[0].trust + 2.0 * ARMS[0]
    told = baseline_balance({"trust": WAVES[0].trust, "moved": moved}, SAMPLES[0], ARMS[0])
    assert [b.name for b in told] == ["trust", "moved"]
    assert told[1].flagged
    assert told[1].difference - told[0].difference > 0.8
    assert arm_psus(SAMPLES[0], ARMS[0]) == (12, 12)


def test_it_needs_both_arms_and_a_reference() -> None:
    with pytest.raises(BadEstimate):
        event_study(SAMPLES, ARMS, reference=4)
    with pytest.raises(EmptyDomain):
        event_study(SAMPLES, [np.ones(len(arm), dtype=bool) for arm in ARMS], reference=1)
