"""The distributions against tables and against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_server.estimation import distributions as d


@pytest.mark.parametrize(
    ("p", "df", "t"),
    [
        (0.975, 1, 12.706204736432095),
        (0.975, 5, 2.5705818356363133),
        (0.975, 30, 2.0422724563012373),
        (0.95, 10, 1.8124611228107335),
        (0.995, 120, 2.617421145106925),
        (0.025, 5, -2.5705818356363133),
    ],
)
def test_it_knows_the_t_table(p: float, df: float, t: float) -> None:
    assert d.t_quantile(p, df) == pytest.approx(t, rel=1e-10)


def test_it_agrees_with_the_closed_form_for_five_degrees() -> None:
    angle = math.atan(d.t_quantile(0.975, 5) / math.sqrt(5))
    chance = 0.5 + (angle + math.sin(angle) * (math.cos(angle) + 2 / 3 * math.cos(angle) ** 3)) / math.pi
    assert chance == pytest.approx(0.975, rel=1e-13)


def test_it_is_the_normal_when_degrees_are_endless_and_nothing_without_any() -> None:
    assert d.t_quantile(0.975, math.inf) == d.normal_quantile(0.975)
    assert d.t_two_sided(1.959963984540054, math.inf) == pytest.approx(0.05, rel=1e-12)
    assert math.isnan(d.t_quantile(0.975, 0))
    assert math.isnan(d.t_two_sided(2.0, 0))


@pytest.mark.parametrize(("p", "df1", "df2", "f"), [(0.95, 3, 16, 3.2388715174535854), (0.975, 5, 18, 3.3819675)])
def test_it_knows_the_f_table(p: float, df1: float, df2: float, f: float) -> None:
    assert d.f_quantile(p, df1, df2) == pytest.approx(f, rel=1e-7)
    assert d.f_upper(f, df1, df2) == pytest.approx(1 - p, rel=1e-6)


@pytest.mark.parametrize(("df", "x"), [(1, 3.841458820694124), (4, 9.487729036781154), (30, 43.77297182574219)])
def test_it_knows_the_chi_squared_table(df: float, x: float) -> None:
    assert d.chi2_upper(x, df) == pytest.approx(0.05, rel=1e-11)
    assert d.chi2_quantile(0.95, df) == pytest.approx(x, rel=1e-11)


def test_it_keeps_its_digits_far_in_the_tail() -> None:
    assert d.t_two_sided(11.404556685355178, 130) == pytest.approx(2.615033396397446e-21, rel=1e-10)
    assert d.chi2_upper(100, 1) == pytest.approx(1.5239706048320995e-23, rel=1e-10)


@given(st.floats(0.001, 0.999), st.floats(0.2, 300), st.floats(0.2, 300))
def test_it_turns_beta_chances_back_into_values(p: float, a: float, b: float) -> None:
    assert d.beta_cdf(d.beta_quantile(p, a, b), a, b) == pytest.approx(p, rel=1e-6, abs=1e-9)


@given(st.floats(0.01, 50), st.floats(1, 500))
def test_it_squares_a_t_into_an_f(t: float, df: float) -> None:
    assert d.t_two_sided(t, df) == pytest.approx(d.f_upper(t * t, 1, df), rel=1e-9, abs=1e-300)


def test_it_says_the_same_of_many_as_of_one() -> None:
    t = np.array([0.0, 0.1, 1.0, 2.5, 30.0, 200.0, math.nan, 1.0, -4.0])
    df = np.array([1.0, 2.0, 7.0, 60.0, 130.0, 3.0, 5.0, 0.0, 15.0])
    each = [d.t_two_sided(float(x), float(k)) for x, k in zip(t, df, strict=True)]
    assert d.t_two_sided_many(t, df) == pytest.approx(each, rel=1e-11, nan_ok=True)
    assert d.t_two_sided_many(t[:0], df[:0]).shape == (0,)
