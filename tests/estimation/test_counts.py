"""Counts: exact intervals against known values, what is needed, who is outside."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.counts import dispersion_of, event_rate, events_needed, funnel, percent_change
from survey_server.problems import BadEstimate


@pytest.mark.parametrize(
    ("x", "low", "high"), [(0, 0, 3.6888794541139363), (10, 4.795389, 18.390356), (100, 81.3638, 121.6274)]
)
def test_it_gives_garwoods_interval(x: int, low: float, high: float) -> None:
    rate = event_rate(x, 1)
    assert (rate.low, rate.high) == pytest.approx((low, high), rel=1e-5)


def test_it_scales_rates() -> None:
    assert event_rate(50, 1_000_000, per=100_000).value == 5.0


def test_it_is_the_exact_binomial_of_the_sum() -> None:
    change = percent_change(20, 10)
    assert change.value == -50
    assert change.p_value == pytest.approx(2 * sum(math.comb(30, k) for k in range(11)) / 2**30, rel=1e-10)
    assert change.low < -50 < change.high
    assert (change.high < 0) == (change.p_value < 0.05)


def test_it_takes_exposure_into_account() -> None:
    assert percent_change(20, 10, 12, 6).value == pytest.approx(0)
    assert percent_change(20, 10, 12, 6).p_value > 0.9


def test_it_is_wider_for_overdispersed_counts() -> None:
    plain, wide = percent_change(80, 50), percent_change(80, 50, dispersion=2.5)
    assert wide.value == plain.value
    assert wide.low < plain.low < plain.high < wide.high
    assert wide.p_value > plain.p_value


def test_it_knows_no_percentage_of_nothing() -> None:
    change = percent_change(0, 4)
    assert math.isinf(change.value)
    assert change.low < 0
    assert math.isnan(percent_change(0, 0).value)
    with pytest.raises(BadEstimate):
        percent_change(-1, 4)


def test_it_keeps_its_level() -> None:
    random = np.random.default_rng(1)
    pairs = random.poisson(15, (2000, 2))
    wrong = sum(percent_change(a, b).p_value < 0.05 for a, b in pairs)
    covered = sum(c.low <= 0 <= c.high for c in (percent_change(a, b) for a, b in pairs))
    assert wrong / 2000 <= 0.05
    assert covered / 2000 >= 0.95


def test_it_needs_221_deaths_to_see_a_quarter_less() -> None:
    assert events_needed(-25) == pytest.approx(221, abs=1)


def test_it_measures_dispersion_and_never_less_than_poissons() -> None:
    assert dispersion_of([5, 5, 5, 5]) == 1
    assert dispersion_of([0, 10, 0, 10]) == pytest.approx(np.var([0, 10, 0, 10], ddof=1) / 5)
    assert dispersion_of([np.nan, 3]) == 1


def test_it_finds_the_post_that_is_outside_and_orders_none() -> None:
    random = np.random.default_rng(2)
    n = random.integers(20, 80, 40)
    x = random.binomial(n, 0.5)
    x[7] = 0
    f = funnel(x, n)
    assert f.outside.nonzero()[0].tolist() == [7]
    assert (f.wide_low <= f.low).all()
    assert (f.wide_high >= f.high).all()
    with pytest.raises(BadEstimate):
        funnel([3], [2])
