"""What becomes of an item by its agreement, and paradoxes that single numbers hide."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survey_server.estimation.agreement import (
    agreement_quality,
    agreement_table,
    cohen_kappa,
    design_kappa,
    item_agreement,
    met_or_not,
)
from survey_server.estimation.design import Design
from survey_server.estimation.raters import krippendorff_alpha
from survey_server.problems import BadEstimate, EmptyDomain


@pytest.mark.parametrize(
    ("ac1", "pairs", "quality"),
    [(0.9, 49, "too_few"), (0.6, 50, "fine"), (0.59, 50, "dagger"), (0.4, 50, "dagger"), (0.39, 50, "dropped")],
)
def test_it_decides_by_ac1_and_only_with_pairs_enough(ac1: float, pairs: int, quality: str) -> None:
    assert agreement_quality(ac1, pairs) == quality


def pairs(table: list[list[int]], codes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    cells = [(a, b) for i, a in enumerate(codes) for j, b in enumerate(codes) for _ in range(table[i][j])]
    first, second = zip(*cells, strict=True)
    return np.array(first), np.array(second)


def test_it_keeps_an_item_on_which_nearly_all_is_met_though_kappa_collapses() -> None:
    a = item_agreement(*pairs([[118, 5], [2, 0]], ["2", "0"]), ["2", "0"])
    assert a.percent == pytest.approx(0.944)
    assert a.kappa < 0
    assert a.ac1 > 0.9
    assert (a.quality, a.n) == ("fine", 125)


def test_it_collapses_to_met_or_not_when_cells_are_thin() -> None:
    table = [[40, 3, 1], [2, 20, 2], [0, 1, 11]]
    assert met_or_not(table).tolist() == [[40, 4], [2, 34]]
    three = item_agreement(*pairs(table, ["2", "1", "0"]), ["2", "1", "0"])
    two = item_agreement(*pairs([[40, 4], [2, 34]], ["2", "x"]), ["2", "x"])
    assert three.ac1 == pytest.approx(two.ac1)
    assert three.percent == pytest.approx(71 / 80)


def test_it_widens_the_error_when_pairs_come_in_clusters() -> None:
    random = np.random.default_rng(4)
    visit = np.repeat(np.arange(40), 10)
    careless = np.repeat(random.random(40) < 0.3, 10)
    first = random.integers(0, 2, 400)
    second = np.where(careless, random.integers(0, 2, 400), first)
    kappa, se = design_kappa(first, second, Design(None, visit, None), [0, 1])
    iid = cohen_kappa(agreement_table(first, second, [0, 1]))
    assert kappa == pytest.approx(iid.kappa, rel=1e-12)
    assert se > 1.3 * iid.se
    clustered = item_agreement(first, second, [0, 1], Design(None, visit, None))
    assert clustered.kappa_high - clustered.kappa_low > iid.high - iid.low


def test_it_counts_codes_outside_the_scale_nowhere() -> None:
    assert agreement_table(["2", "66", "0", "77"], ["2", "2", "0", "77"], ["2", "1", "0"]).sum() == 2


def test_it_says_when_there_is_nothing_to_agree_on() -> None:
    with pytest.raises(EmptyDomain):
        item_agreement(["66"], ["2"], ["2", "0"])
    with pytest.raises(BadEstimate):
        cohen_kappa([[1, 2, 3]])
    with pytest.raises(EmptyDomain):
        krippendorff_alpha([[1.0, math.nan], [math.nan, 2.0]])
    assert math.isnan(cohen_kappa([[10, 0], [0, 0]]).kappa)
