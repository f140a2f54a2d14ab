"""Tests on the unit that got the programme: exact counts, known small cases, levels under no effect."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from survey_server.estimation.causal import (
    cluster_changes,
    permutation_test,
    pooled_test,
    rank_test,
    standardised_difference,
    welch_test,
)
from survey_server.problems import BadEstimate, EmptyDomain

CHANGE = np.array([3.1, 4.0, 2.2, 5.3, 0.4, 1.1, -0.2, 0.9])
TREATED = np.array([True] * 4 + [False] * 4)


def test_it_counts_every_assignment_like_a_plain_loop() -> None:
    test = permutation_test(CHANGE, TREATED)
    own = abs(CHANGE[TREATED].mean() - CHANGE[~TREATED].mean())
    far = 0
    for chosen in combinations(range(8), 4):
        mask = np.isin(np.arange(8), chosen)
        far += abs(CHANGE[mask].mean() - CHANGE[~mask].mean()) >= own - 1e-12
    assert (test.assignments, test.exact) == (70, True)
    assert test.p_difference == far / 70


def test_it_draws_assignments_where_there_are_too_many() -> None:
    random = np.random.default_rng(1)
    change = random.normal(0, 1, 60) + np.repeat([0.9, 0.0], 30)
    treated = np.repeat([True, False], 30)
    test = permutation_test(change, treated)
    assert not test.exact
    assert test.p_t == pytest.approx(welch_test(change, treated).p_value, rel=0.5)
    assert permutation_test(change, treated) == test


def test_it_gives_exact_rank_chances() -> None:
    assert rank_test(CHANGE, TREATED).p_value == pytest.approx(2 / 70)
    tied = rank_test(np.array([1.0, 1.0, 2.0, 3.0, 3.0, 4.0]), np.array([True, True, True, False, False, False]))
    assert 0.04 < tied.p_value < 0.15


def test_it_agrees_with_itself_when_arms_vary_alike() -> None:
    even = np.concatenate([CHANGE[:4], CHANGE[:4] - 3])
    assert welch_test(even, TREATED).t == pytest.approx(pooled_test(even, TREATED).t)
    assert welch_test(even, TREATED).df == pytest.approx(6)


def test_it_takes_the_change_of_clusters_that_have_both_waves() -> None:
    told = cluster_changes(
        [1, 3, 2, 4, 9, np.nan],
        [1, 1, 1, 3, 1, 1],
        ["a", "a", "b", "b", "c", "c"],
        [0, 1, 0, 1, 0, 1],
        [1, 1, 0, 0, 1, 1],
    )
    assert list(told.clusters) == ["a", "b"]
    assert told.change.tolist() == [2, 2]
    assert told.treated.tolist() == [True, False]


def test_it_says_what_is_wrong() -> None:
    with pytest.raises(BadEstimate):
        cluster_changes([1, 2], [1, 1], ["a", "a"], [0, 1], [0, 1])
    with pytest.raises(EmptyDomain):
        cluster_changes([1, 2], [1, 1], ["a", "b"], [0, 1], [0, 1])
    with pytest.raises(BadEstimate):
        permutation_test(CHANGE[:3], TREATED[:3])


def test_it_measures_baseline_imbalance_in_standard_deviations() -> None:
    assert standardised_difference((5.0, 4.0), (4.0, 4.0)) == 0.5
