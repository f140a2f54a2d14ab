"""The wild bootstrap agrees with the t test where that is right, and keeps its level with few PSUs."""

from __future__ import annotations

import numpy as np
import pytest

from survey_server.estimation.change import change_of
from survey_server.estimation.design import Design
from survey_server.estimation.taylor import linear_means
from survey_server.estimation.wild import wild_bootstrap
from survey_server.problems import BadEstimate
from tests.estimation.samples import design_of, make_wave

WAVE, LATER = make_wave(1), make_wave(2, rise=0.2)


def test_it_gives_nearly_the_interval_of_t() -> None:
    sides = [linear_means(w.trust, design_of(w)) for w in (WAVE, LATER)]
    change, wild = change_of(*sides), wild_bootstrap(*sides, (-1, 1))
    assert (wild.value, wild.se) == pytest.approx((change.estimate.value, change.estimate.se))
    assert wild.high - wild.low == pytest.approx(change.estimate.high - change.estimate.low, rel=0.15)
    assert wild.p_value == pytest.approx(change.p_value, abs=0.05)
    assert wild.psus == 24
    assert wild_bootstrap(*sides, (-1, 1)) == wild


def test_it_keeps_its_level_with_ten_psus() -> None:
    wrong = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        psu = np.repeat(np.arange(10), 15)
        sides = [
            linear_means(random.normal(0, 1, 10)[psu] + random.normal(0, 1, 150), Design(None, psu, np.ones(150)))
            for _ in range(2)
        ]
        wrong += wild_bootstrap(*sides, (-1, 1), draws=499).p_value < 0.05
    assert wrong <= 0.09 * 200


def test_it_says_when_there_is_nothing_to_draw() -> None:
    same = linear_means(np.ones(len(WAVE)), design_of(WAVE))
    with pytest.raises(BadEstimate):
        wild_bootstrap(same, same, (-1, 1), draws=10)
