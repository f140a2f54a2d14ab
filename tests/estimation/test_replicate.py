"""Replicate weights against what they must give for linear and simple cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation import estimate_mean, estimate_total
from survey_server.estimation.replicate import Replicates, bootstrap, jackknife, replicate_mean
from survey_server.problems import BadDesign, BadEstimate
from tests.estimation.samples import design_of, make_wave

WAVE = make_wave(11)


def test_it_gives_a_total_the_taylor_error_under_jkn() -> None:
    design = design_of(WAVE)
    filled = WAVE.trust.fillna(0).to_numpy()
    value, covariance = jackknife(design).of(lambda weight: [float(weight @ filled)])
    own = estimate_total(filled, design)
    assert value[0] == pytest.approx(own.value, rel=1e-12)
    assert math.sqrt(covariance[0, 0]) == pytest.approx(own.se, rel=1e-10)


def test_it_gives_a_mean_nearly_the_taylor_error() -> None:
    design, women = design_of(WAVE), (WAVE.sex == "F").to_numpy()
    own, replicated = estimate_mean(WAVE.safe, design, women), replicate_mean(WAVE.safe, jackknife(design), women)
    assert replicated.value == pytest.approx(own.value, rel=1e-12)
    assert replicated.se == pytest.approx(own.se, rel=0.03)
    again = replicate_mean(WAVE.safe, bootstrap(design, 1500, seed=1), women)
    assert again.se == pytest.approx(own.se, rel=0.06)


def test_it_is_the_standard_error_of_a_mean_under_jk1() -> None:
    y = np.random.default_rng(2).normal(0, 1, 30)
    factors = np.full((30, 30), 30 / 29)
    np.fill_diagonal(factors, 0)
    e = replicate_mean(y, Replicates(np.ones(30), factors, "JK1", combined=False))
    assert e.se == pytest.approx(y.std(ddof=1) / math.sqrt(30), rel=1e-10)
    assert e.df == 29


def test_it_halves_samples_under_brr() -> None:
    """Two PSUs in each of three strata and Hadamard's four half-samples: the spread is the sum of squared gaps."""
    hadamard = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    y = np.array([3.0, 5.0, 2.0, 8.0, 7.0, 4.0])
    chosen = np.column_stack([np.ravel([(1 + row, 1 - row) for row in line]) for line in hadamard]).astype(float)
    replicates = Replicates(np.ones(6), chosen, "BRR", mse=True)
    value, covariance = replicates.of(lambda weight: [float(weight @ y)])
    assert value[0] == y.sum()
    assert covariance[0, 0] == pytest.approx((3 - 5) ** 2 + (2 - 8) ** 2 + (7 - 4) ** 2)
    fay = Replicates(np.ones(6), 0.5 * chosen + 0.5, "Fay", rho=0.5, mse=True)
    assert fay.of(lambda weight: [float(weight @ y)])[1][0, 0] == pytest.approx(covariance[0, 0])


def test_it_says_what_is_wrong_with_replicates() -> None:
    with pytest.raises(BadDesign, match="rscales"):
        Replicates(np.ones(4), np.ones((4, 2)), "JKn")
    with pytest.raises(BadDesign, match="4 rows"):
        Replicates(np.ones(4), np.ones((3, 2)), "JK1")
    with pytest.raises(BadDesign, match="negative"):
        Replicates(np.ones(4), -np.ones((4, 2)), "JK1")
    with pytest.raises(BadDesign, match="scale"):
        Replicates(np.ones(4), np.ones((4, 2)), "other")
    only = np.array([True, False, False, False])
    nothing = np.ones((4, 2))
    nothing[0] = 0
    with pytest.raises(BadEstimate):
        replicate_mean([1.0, 2.0, 3.0, 4.0], Replicates(np.ones(4), nothing, "JK1"), only)
