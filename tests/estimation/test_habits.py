"""How the work was done: impossible journeys, round numbers, hours of the place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.habits import find_leaps, find_twice, hours_of, round_numbers, week_grid


def test_it_finds_journeys_that_nobody_can_have_made() -> None:
    started = pd.to_datetime(["2026-03-02 09:00", "2026-03-02 10:00", "2026-03-02 11:00", "2026-03-02 10:00"], utc=True)
    ended = started + pd.Timedelta(minutes=30)
    latitude = np.array([14.0, 14.0, 15.0, 15.0])  # a degree of latitude is 111 km
    longitude = np.full(4, -90.0)
    who = ["a", "a", "a", "b"]
    assert find_leaps(who, started, ended, latitude, longitude, 120, 2).tolist() == [False, False, True, False]
    assert not find_leaps(who, started, ended, latitude, longitude, 230, 2).any()
    assert not find_leaps(who, started, ended, np.full(4, np.nan), longitude, 120, 2).any()


@pytest.mark.parametrize(("share", "heaped"), [(0.2, 0.0), (0.6, 0.5), (1.0, 1.0)])
def test_it_tells_rounded_numbers_from_those_that_end_in_5_by_chance(share: float, heaped: float) -> None:
    values = np.array([5.0 * (1 + n % 19) if n < 100 * share else 5.0 * (n % 19) + 1 + n % 4 for n in range(100)])
    rounded = round_numbers(values)
    assert rounded is not None
    assert rounded.heaped == pytest.approx(heaped, abs=0.01)


def test_it_says_nothing_of_few_numbers_or_of_those_that_hardly_vary() -> None:
    assert round_numbers(np.arange(0.0, 40.0)) is None
    assert round_numbers(np.full(100, 5.0)) is None
    assert round_numbers(np.linspace(0.0, 99.5, 200)) is None


def test_it_tells_the_hour_by_the_clock_of_the_place() -> None:
    moments = pd.to_datetime(pd.Series(["2026-03-02 05:30", None]), utc=True)
    hours = hours_of(moments, "America/Guatemala")
    assert hours[0] == 23.5
    assert np.isnan(hours[1])
    grid = week_grid(moments, "America/Guatemala")
    assert (int(grid.sum()), int(grid[6, 23])) == (1, 1)  # still Sunday there


def test_it_finds_values_that_came_twice_and_no_blanks() -> None:
    assert find_twice(["a", "b", "a", None, None]).tolist() == [True, False, True, False, False]
