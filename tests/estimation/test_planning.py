"""The table of what a sample can tell comes out to its printed digits."""

from __future__ import annotations

import pytest

from survey_server.estimation.planning import SamplePlan, interviews_needed
from survey_server.problems import BadDesign

# 80 % power, 5 % two-sided, share 50 %, 10 a point, ICC 0.06, weights 1.15, points going along by 0.6:
# interviews, points, margin, change with new points, with the same points, difference in differences.
TABLE = [
    (200, 20, 9.2, 18.6, 16.3, 23.1),
    (400, 40, 6.5, 13.2, 11.6, 16.3),
    (1250, 125, 3.7, 7.5, 6.5, 9.2),
    (2500, 250, 2.6, 5.3, 4.6, 6.5),
    (5000, 500, 1.8, 3.7, 3.3, 4.6),
    (10000, 1000, 1.3, 2.6, 2.3, 3.3),
]


@pytest.mark.parametrize(("n", "psus", "margin", "new", "same", "arms"), TABLE)
def test_it_gives_the_table_to_its_digits(
    n: int, psus: int, margin: float, new: float, same: float, arms: float
) -> None:
    plan = SamplePlan(n)
    found = (
        plan.margin,
        plan.change(same_psus=False),
        plan.change(same_psus=True),
        plan.difference_in_differences(same_psus=True),
    )
    assert plan.psus == psus
    assert [round(100 * value, 1) for value in found] == [margin, new, same, arms]


@pytest.mark.parametrize(("n", "points"), [(1250, 0.24), (2500, 0.17)])
def test_it_knows_scales_too(n: int, points: float) -> None:
    assert round(SamplePlan(n, sd=1.8).change(same_psus=True), 2) == points


def test_it_gains_an_eighth_by_keeping_its_points() -> None:
    plan = SamplePlan(2500)
    assert 1 - plan.change(same_psus=True) / plan.change(same_psus=False) == pytest.approx(0.125, abs=0.005)


def test_it_is_simple_random_sampling_when_nothing_clusters() -> None:
    plan = SamplePlan(1000, per_psu=1, icc=0.06, weight_factor=1)
    assert plan.effective == 1000
    assert plan.margin == pytest.approx(1.96 * (0.25 / 1000) ** 0.5)


@pytest.mark.parametrize("arms", [False, True])
def test_it_says_how_many_interviews_a_change_needs(arms: bool) -> None:
    plan = SamplePlan(400)
    n = interviews_needed(plan, 0.05, same_psus=True, arms=arms)

    def seen(size: int) -> float:
        made = SamplePlan(size)
        return made.difference_in_differences(same_psus=True) if arms else made.change(same_psus=True)

    assert seen(n) <= 0.05 < seen(n - 1)


@pytest.mark.parametrize(
    "fault",
    [{"interviews": 0}, {"per_psu": 0.5}, {"icc": 1.5}, {"share": 1}, {"power": 1}, {"weight_factor": 0.9}, {"sd": 0}],
)
def test_it_refuses_plans_that_cannot_be(fault: dict[str, float]) -> None:
    with pytest.raises(BadDesign):
        SamplePlan(**{"interviews": 400, **fault})  # type: ignore[arg-type]


def test_it_refuses_a_change_of_nothing() -> None:
    with pytest.raises(BadDesign):
        interviews_needed(SamplePlan(400), 0, same_psus=True)
