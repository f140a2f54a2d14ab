"""Quantiles: the definition, Woodruff's interval, and change of medians between waves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.change import change_of
from survey_server.estimation.design import Design
from survey_server.estimation.quantiles import estimate_quantile, linear_quantile, weighted_quantile
from tests.estimation.samples import design_of, make_wave

WAVE, LATER = make_wave(1), make_wave(2, rise=0.6)


@pytest.mark.parametrize(("p", "value"), [(0.0, 1), (0.2, 1), (0.21, 2), (0.5, 3), (1.0, 5)])
def test_it_is_the_smallest_value_that_reaches_the_share(p: float, value: float) -> None:
    assert weighted_quantile([3, 1, 2, 5, 4], np.ones(5), p) == value


def test_it_counts_weights_as_people() -> None:
    assert weighted_quantile([1, 2, 3], [1, 1, 10], 0.5) == weighted_quantile([1, 2] + [3] * 10, np.ones(12), 0.5)


def test_it_gives_the_interval_of_order_statistics() -> None:
    """The median of 1 to 100, simple random: the ends are the values at the share's own interval."""
    y = np.arange(1, 101, dtype=float)
    e = estimate_quantile(y, Design(None, None, np.ones(100)))
    reach = 1.984217 * math.sqrt(0.25 / 99)
    assert (e.value, e.low, e.high) == (50, math.ceil(100 * (0.5 - reach)), math.ceil(100 * (0.5 + reach)))
    assert e.se == pytest.approx((e.high - e.low) / (2 * 1.984217), rel=1e-5)


@pytest.mark.parametrize("method", ["mean", "beta", "xlogit", "asin"])
def test_it_has_the_quantile_inside_its_interval(method: str) -> None:
    e = estimate_quantile(WAVE.trust, design_of(WAVE), 0.5, (WAVE.sex == "F").to_numpy(), method)  # type: ignore[arg-type]
    assert e.low <= e.value <= e.high


def test_it_leaves_an_end_open_that_the_sample_cant_give() -> None:
    assert math.isnan(estimate_quantile(np.arange(12.0), Design(None, None, np.ones(12)), 0.05).low)


def test_it_compares_medians_of_waves() -> None:
    change = change_of(linear_quantile(WAVE.trust, design_of(WAVE)), linear_quantile(LATER.trust, design_of(LATER)))
    assert change.estimate.value == change.after.value - change.before.value
    assert change.before.se == pytest.approx(estimate_quantile(WAVE.trust, design_of(WAVE)).se, rel=1e-9)
    assert 0 < change.estimate.se < math.hypot(change.before.se, change.after.se) * 1.2
