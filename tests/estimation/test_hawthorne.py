"""The Hawthorne gap: like with like, its change, and how it wears off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.design import Design
from survey_server.estimation.hawthorne import (
    band_codes,
    common_mix,
    gap_change,
    gap_decay,
    matched_gap,
    standardised_change,
)
from survey_server.problems import BadEstimate, EmptyDomain


def visits(seed: int, gap: float, easy_announced: float = 0.8, n: int = 2400) -> pd.DataFrame:
    """Encounters at 40 posts, easy or hard; announced visits go more to easy ones; the true gap is given."""
    random = np.random.default_rng(seed)
    post = random.integers(0, 40, n)
    announced = random.random(n) < 0.4
    easy = random.random(n) < np.where(announced, easy_announced, 0.4)
    chance = 0.35 + 0.2 * easy + gap * announced + 0.05 * np.sin(post)
    return pd.DataFrame({"post": post, "announced": announced, "easy": easy, "met": (random.random(n) < chance) * 1.0})


def gap_of(d: pd.DataFrame, **options: object) -> object:
    return matched_gap(d.met, d.announced, ~d.announced, d.easy, Design(None, d.post, None), **options)  # type: ignore[arg-type]


def test_it_takes_the_mix_of_posts_out_of_the_gap() -> None:
    gap = gap_of(visits(1, 0.23))
    assert gap.estimate.low < 0.23 < gap.estimate.high
    assert gap.raw.value - gap.estimate.value == pytest.approx(0.2 * 0.4, abs=0.03)
    assert (gap.cells, gap.matched, gap.measured) == (2, 1.0, True)
    assert gap.p_value < 1e-6


def test_it_is_the_plain_difference_where_all_are_alike() -> None:
    d = visits(2, 0.1).assign(easy=True)
    gap = gap_of(d)
    assert gap.estimate.value == pytest.approx(gap.raw.value, rel=1e-12)
    assert gap.estimate.se == pytest.approx(gap.raw.se, rel=1e-12)


def test_it_weights_cells_by_the_mix_that_is_given() -> None:
    d = visits(3, 0.1)
    easy, hard = (gap_of(d, mix=mix) for mix in ({True: 1.0}, {False: 1.0}))
    half = gap_of(d, mix={True: 0.5, False: 0.5})
    assert half.estimate.value == pytest.approx((easy.estimate.value + hard.estimate.value) / 2, rel=1e-12)


def test_it_leaves_out_cells_with_one_mode_and_says_how_much_is_left() -> None:
    d = visits(4, 0.1)
    d = d[~(d.announced & ~d.easy)]
    gap = gap_of(d)
    assert gap.cells == 1
    assert gap.matched == pytest.approx(d.easy.mean())
    with pytest.raises(EmptyDomain):
        gap_of(d[d.announced == d.easy])
    with pytest.raises(EmptyDomain):
        gap_of(d[d.announced])


def test_it_says_when_a_gap_is_not_measured() -> None:
    assert not gap_of(visits(5, 0.2, n=120)).measured


def test_it_finds_that_the_gap_grew() -> None:
    before, after = gap_of(visits(16, 0.10)), gap_of(visits(17, 0.25))
    change, p = gap_change(before, after)
    assert change.value == pytest.approx(after.estimate.value - before.estimate.value)
    assert change.low > 0
    assert p < 0.01


def test_it_compares_waves_in_one_mix() -> None:
    waves = [visits(8, 0.0), visits(9, 0.0, easy_announced=0.1)]
    mix = common_mix([wave.easy for wave in waves])
    assert sum(mix.values()) == pytest.approx(1)
    sides = [(wave.met, wave.easy, Design(None, wave.post, None)) for wave in waves]
    change, _ = standardised_change(sides[0], sides[1], mix)
    assert change.low < 0 < change.high
    assert waves[1].met.mean() < waves[0].met.mean() - 0.02
    with pytest.raises(EmptyDomain, match="dark"):
        standardised_change(sides[0], sides[1], mix | {"dark": 0.1})


def test_it_sees_the_gap_wear_off() -> None:
    random = np.random.default_rng(10)
    visit, announced = random.integers(1, 9, 4000), random.random(4000) < 0.5
    chance = 0.5 + announced * np.maximum(0.24 - 0.04 * (visit - 1), 0)
    decay = gap_decay((random.random(4000) < chance) * 1.0, announced, visit, Design(None, None, np.ones(4000)))
    assert decay.gap_low < 0.24 < decay.gap_high
    assert decay.per_visit_high < 0
    assert decay.visits_until_unseen in range(4, 9)


def test_it_puts_minutes_into_bands() -> None:
    assert band_codes([0, 15, 16, 60, 61, np.nan], [15, 30, 60]).tolist() == [0, 0, 1, 2, 3, -1]
    with pytest.raises(BadEstimate):
        band_codes([1], [30, 15])
