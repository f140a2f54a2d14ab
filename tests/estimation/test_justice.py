"""Monthly returns: rates of what came in, gaps that stay gaps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.justice import monthly_series, months_between, read_pipeline, share_of, sudden_jumps


def test_it_computes_the_pipeline_of_the_months_that_came_in() -> None:
    p = read_pipeline([100, 80, np.nan], [60, 100, np.nan], [500, 540, np.nan], [540, 520, np.nan])
    assert (p.clearance_rate, p.backlog_change) == (160 / 180, 20)
    assert p.disposition_days == pytest.approx(365 * 520 / (160 * 6))
    assert (p.months, p.months_received, p.stock_flow_gaps) == (3, 2, ())


def test_it_lists_months_whose_stock_doesnt_follow() -> None:
    p = read_pipeline([10, 10, 10], [5, 5, 5], [100, 105, 115], [105, 110, 121])
    assert p.stock_flow_gaps == (2,)


def test_it_has_no_rates_without_returns() -> None:
    p = read_pipeline([np.nan], [np.nan], [np.nan], [np.nan])
    assert math.isnan(p.clearance_rate)
    assert p.months_received == 0


def test_it_keeps_a_missing_month_apart_from_a_zero() -> None:
    span = months_between("2026-11", "2027-02")
    assert span == ["2026-11", "2026-12", "2027-01", "2027-02"]
    series = monthly_series(["2026-11", "2026-11", "2027-01"], [3, 4, 0], span)
    assert series.tolist()[:1] == [7]
    assert np.isnan(series[[1, 3]]).all()
    assert series[2] == 0


def test_it_shares_over_months_that_have_both() -> None:
    assert share_of([4, np.nan, 6], [10, 50, 20]) == pytest.approx(1 / 3)
    assert math.isnan(share_of([1], [np.nan]))


def test_it_finds_sudden_jumps() -> None:
    assert sudden_jumps([10, 11, 9, 10, 60, 10, np.nan]) == [4]
    assert sudden_jumps([1, 2]) == []
