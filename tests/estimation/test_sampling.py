"""Samples have the probabilities that the books give them, and come out again from their seed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from survey_server.estimation.sampling import (
    METHODS,
    Take,
    Unit,
    allocate,
    digest_frame,
    draw_dwellings,
    draw_sample,
    inclusion_probabilities,
    site_weight,
    systematic_places,
)
from survey_server.problems import BadDesign

THEN = ["U001", "U002", "U006", "U005", "U000"]
SIZES = [120.0, 80, 300, 45, 45, 210, 90, 60, 30, 20]  # 1000 in all


def frame(sizes: list[float] = SIZES) -> list[Unit]:
    return [Unit(f"U{place:03}", "norte", size) for place, size in enumerate(sizes)]


def test_it_draws_by_size_with_n_times_the_share() -> None:
    assert inclusion_probabilities(SIZES, 2, "pps") == pytest.approx([2 * size / 1000 for size in SIZES])


def test_it_takes_units_that_are_too_large_for_certain() -> None:
    # 4 of 1000: 300 is certain; then 3 of 700: nobody is over a third but 210 (0.9).
    found = inclusion_probabilities(SIZES, 4, "pps")
    assert found[2] == 1
    assert found[5] == pytest.approx(0.9)
    assert sum(found) == pytest.approx(4)


def test_it_takes_certain_units_again_until_none_is_too_large() -> None:
    # 2 of (100, 40, 1, 1): the first is certain; of the other 42 the second is 40/42.
    assert inclusion_probabilities([100, 40, 1, 1], 2, "pps") == pytest.approx([1, 40 / 42, 1 / 42, 1 / 42])
    assert inclusion_probabilities([100, 40, 1, 1], 3, "pps") == pytest.approx([1, 1, 0.5, 0.5])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_it_meets_each_place_with_exactly_its_probability(n: int) -> None:
    wanted = inclusion_probabilities(SIZES, n, "pps")
    starts = [(k + 0.5) / 5000 for k in range(5000)]
    met = Counter(place for start in starts for place in systematic_places(wanted, start))
    assert [met[place] / 5000 for place in range(len(SIZES))] == pytest.approx(wanted, abs=0.001)
    assert {len(systematic_places(wanted, start)) for start in starts} == {n}


@pytest.mark.parametrize("method", METHODS)
def test_it_draws_as_often_as_the_probability_says(method: str) -> None:
    units, draws = frame(), 3000
    found = Counter(
        drawn.unit.code for seed in range(draws) for drawn in draw_sample(units, {"norte": Take(3)}, method, str(seed))
    )
    wanted = inclusion_probabilities(SIZES, 3, method)
    for unit, probability in zip(units, wanted, strict=True):
        sigma = (probability * (1 - probability) / draws) ** 0.5
        assert found[unit.code] / draws == pytest.approx(probability, abs=4 * sigma + 1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_it_estimates_totals_without_bias(method: str) -> None:
    units = frame()
    totals = [
        sum(drawn.weight * drawn.unit.size for drawn in draw_sample(units, {"norte": Take(4)}, method, str(seed)))
        for seed in range(2000)
    ]
    assert sum(totals) / len(totals) == pytest.approx(1000, rel=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_it_draws_the_same_again(method: str) -> None:
    units, plan = frame(), {"norte": Take(3, 2)}
    first = draw_sample(units, plan, method, "2026-11-22")
    shuffled = sorted(units, key=lambda _: Random(1).random())
    assert draw_sample(shuffled, plan, method, "2026-11-22") == first
    assert [drawn.unit.code for drawn in first] != [
        drawn.unit.code for drawn in draw_sample(units, plan, method, "2026-11-23")
    ]


def test_it_draws_what_it_drew_when_this_test_was_written() -> None:
    codes = [drawn.unit.code for drawn in draw_sample(frame(), {"norte": Take(3, 2)}, "pps", "17")]
    assert codes == THEN


def test_it_leaves_other_strata_alone_when_one_is_added() -> None:
    units = frame()
    more = [*units, *(Unit(f"S{place}", "sur", 10) for place in range(8))]
    alone = draw_sample(units, {"norte": Take(3, 1)}, "pps", "a")
    assert draw_sample(more, {"norte": Take(3, 1), "sur": Take(2)}, "pps", "a")[:4] == alone


@pytest.mark.parametrize("method", METHODS)
def test_it_never_draws_a_unit_twice(method: str) -> None:
    for seed in range(200):
        codes = [drawn.unit.code for drawn in draw_sample(frame(), {"norte": Take(5, 4)}, method, str(seed))]
        assert len(set(codes)) == 9


def test_it_spreads_a_systematic_sample_over_its_order() -> None:
    units = [Unit(f"U{place:02}", order=("oeste" if place < 10 else "este",)) for place in range(20)]
    for seed in range(50):
        drawn = draw_sample(units, {"": Take(4)}, "systematic", str(seed))
        assert Counter(each.unit.order[0] for each in drawn) == {"oeste": 2, "este": 2}


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("proportional", {"a": 60, "b": 30, "c": 10}),
        ("equal", {"a": 34, "b": 33, "c": 33}),
        ("root", {"a": 47, "b": 34, "c": 19}),
    ],
)
def test_it_shares_out_by_rule(rule: str, wanted: dict[str, int]) -> None:
    sizes = {"a": 6000.0, "b": 3000.0, "c": 1000.0}
    assert allocate(100, sizes, rule, units=dict.fromkeys(sizes, 500)) == wanted


def test_it_gives_small_strata_their_least_and_none_more_than_it_has() -> None:
    sizes = {"a": 9990.0, "b": 9.0, "c": 1.0}
    assert allocate(20, sizes, "proportional", units={"a": 12, "b": 50, "c": 50}) == {"a": 12, "b": 6, "c": 2}


@pytest.mark.parametrize("total", [1, 200])
def test_it_refuses_what_cannot_be_shared_out(total: int) -> None:
    with pytest.raises(BadDesign):
        allocate(total, {"a": 1.0, "b": 1.0}, "equal", units={"a": 50, "b": 50})


def test_it_draws_dwellings_evenly_and_reserves_by_lot() -> None:
    found = draw_dwellings(140, Take(10, 4), "GT1701034|W1")
    numbers = sorted(number for number, _ in found)
    assert [reserve for _, reserve in found] == [False] * 10 + [True] * 4
    assert {b - a for a, b in pairwise(numbers)} == {10}
    assert draw_dwellings(140, Take(10, 4), "GT1701034|W1") == found


def test_it_gives_each_dwelling_the_same_chance() -> None:
    found = Counter(
        number for seed in range(4000) for number, reserve in draw_dwellings(23, Take(4, 2), str(seed)) if not reserve
    )
    assert [found[number] / 4000 for number in range(1, 24)] == pytest.approx([4 / 23] * 23, abs=0.03)


def test_it_weighs_by_both_stages() -> None:
    assert site_weight(0.02, 10, 140) == pytest.approx(1 / (0.02 * 10 / 140))
    assert site_weight(0.02, None, None) == 50


@pytest.mark.parametrize(
    ("plan", "method"), [({"sur": Take(1)}, "pps"), ({"norte": Take(9, 2)}, "simple"), ({"norte": Take(2)}, "magic")]
)
def test_it_refuses_draws_that_cannot_be(plan: dict[str, Take], method: str) -> None:
    with pytest.raises(BadDesign):
        draw_sample(frame(), plan, method, "1")


def test_it_refuses_to_draw_by_size_without_one() -> None:
    with pytest.raises(BadDesign):
        draw_sample(frame([1, 0, 2]), {"norte": Take(1)}, "pps", "1")


def test_it_knows_when_the_frame_is_another() -> None:
    assert digest_frame(frame()) == digest_frame(list(reversed(frame())))
    assert digest_frame(frame()) != digest_frame(frame([*SIZES[:-1], 21]))
