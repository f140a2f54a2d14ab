"""Formulas of indicators: every expected number was worked out by hand."""

import math
import time

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.formula import OF_COLUMN, OF_VALUES, BadFormula, Formulas, evaluate_column
from survey_server.xlsform.registry import FUNCTIONS, parse_formula

TYPES = {
    "safe": "select_one",
    "country": "select_one",
    "avoid": "select_multiple",
    "age": "integer",
    "arrived": "time",
    "due": "date",
    "score": "text",
    "unasked": "select_one",
}
GONE = math.nan


def values(formula, types=TYPES, **columns):
    return evaluate_column(parse_formula(formula), pd.DataFrame(columns), types).tolist()


def same(found, expected):
    return np.array_equal(np.array(found), np.array(expected, dtype=float), equal_nan=True)


@pytest.mark.parametrize("code", ["66", "77", "88", "99", "-88", "-99", "", None])
def test_it_never_counts_a_missing_code_or_a_blank(code):
    assert same(values("${safe} <= 2", safe=["1", code, "3"]), [1, GONE, 0])


def test_it_never_lets_a_missing_code_into_a_mean():
    assert np.nanmean(values("${safe}", safe=["1", "3", "88", "99"])) == 2.0


def test_it_takes_an_age_of_88_for_an_age():
    assert same(values("${age}", age=[88, 99, -88, -99, 20]), [88, 99, GONE, GONE, 20])


def test_it_takes_a_calculated_88_for_a_number():
    assert same(values("${score}", score=["88", "-88", "NaN", "12.5"]), [88, GONE, GONE, 12.5])


def test_it_keeps_the_codes_when_they_are_asked_for():
    assert same(values("raw(${safe}) >= 88", safe=["1", "88", "99", None]), [0, 1, 1, GONE])


def test_it_counts_never_going_out_as_unsafe_in_the_sensitivity_variant():
    formula = "if(raw(${safe}) = 77, 0, ${safe} <= 2)"
    assert same(values(formula, safe=["1", "2", "4", "77", "88", None]), [1, 1, 0, 0, GONE, GONE])


def test_it_reads_numbers_and_text_in_a_column_alike():
    assert same(values("${safe} = 1", safe=[1.0, 2.0, math.nan]), values("${safe} = 1", safe=["1", "2", None]))


def test_it_compares_text_with_text():
    assert same(values("${country} = 'GT'", country=["GT", "MX", None]), [1, 0, GONE])
    assert same(values("${country} != 'GT'", country=["GT", "MX", None]), [0, 1, GONE])
    assert same(values("${safe} = '0101'", safe=["0101", "101", "99"]), [1, 0, GONE])


TRUE, FALSE, UNKNOWN = "1", "0", "88"


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (TRUE, TRUE, 1, 1),
        (TRUE, FALSE, 0, 1),
        (FALSE, FALSE, 0, 0),
        (TRUE, UNKNOWN, GONE, 1),
        (FALSE, UNKNOWN, 0, GONE),
        (UNKNOWN, UNKNOWN, GONE, GONE),
    ],
)
def test_it_decides_and_and_or_by_the_side_that_decides(left, right, both, either):
    columns = {"safe": [left, right], "country": [right, left]}
    assert same(values("${safe} = 1 and ${country} = 1", **columns), [both, both])
    assert same(values("${safe} = 1 or ${country} = 1", **columns), [either, either])


def test_it_leaves_open_what_is_not_known():
    assert same(values("not(${safe} = 1)", safe=["1", "2", "88"]), [0, 1, GONE])
    assert same(values("if(${safe} = 1, 10, 20)", safe=["1", "2", "88"]), [10, 20, GONE])
    assert same(values("coalesce(${safe}, ${age}, 7)", safe=["1", "88", "88"], age=[5, 5, -99]), [1, 5, 7])


@pytest.mark.parametrize(
    "stored", [["1 2", "0", "88", "", None, "3 99"], [["1", "2"], ["0"], ["88"], [], None, ["3", "99"]]]
)
def test_it_asks_which_codes_were_chosen(stored):
    assert same(values("selected(${avoid}, '1')", avoid=stored), [1, 0, GONE, GONE, GONE, 0])
    assert same(values("any-selected(${avoid}, '2 3')", avoid=stored), [1, 0, GONE, GONE, GONE, 1])
    assert same(values("count-selected(${avoid})", avoid=stored), [2, 1, GONE, GONE, GONE, 1])
    assert same(values("selected(raw(${avoid}), '88')", avoid=stored), [0, 0, 1, GONE, GONE, 0])


def test_it_asks_a_single_choice_for_its_code():
    assert same(values("any-selected(${safe}, '1 2')", safe=["1", "3", "12", "77"]), [1, 0, 0, GONE])


def test_it_divides_by_nothing_without_an_answer():
    assert same(values("${age} div (${safe} - 1)", age=[6, 6], safe=["4", "1"]), [2, GONE])
    assert same(values("${age} mod 4", age=[6, -6]), [2, -2])


def test_it_means_and_sums_what_is_valid_when_enough_is():
    columns = {"safe": ["1", "88", "88"], "country": ["3", "2", "99"], "age": [8, 10, 6]}
    assert same(values("mean-valid(2, ${safe}, ${country}, ${age})", **columns), [4, 6, GONE])
    assert same(values("sum-valid(2, ${safe}, ${country}, ${age})", **columns), [12, 12, GONE])
    assert same(values("count-valid(${safe}, ${country}, ${age})", **columns), [3, 2, 1])


def test_it_reads_times_as_the_clock_on_the_spot_showed_them():
    stored = ["06:00:00.000-06:00", "18:30", None, "later"]
    assert same(values("decimal-time(${arrived}) * 24", arrived=stored), [6, 18.5, GONE, GONE])


def test_it_compares_dates():
    columns = {"due": ["2027-02-01", "2027-03-01", None]}
    assert same(values("${due} - ${due} + 1", **columns), [1, 1, GONE])
    assert same(values("decimal-date-time(${due})", **columns), [20850, 20878, GONE])


def test_it_rounds_halves_up():
    assert same(values("round(${age} div 10, 0)", age=[25, -25, 24]), [3, -2, 2])
    assert same(values("min(${age}, 3) + max(${age}, 3) + abs(-2) + int(1.9)", age=[2, 9]), [8, 15])


def test_it_gives_a_constant_to_every_row():
    assert values("30.5", age=[1, 2]) == [30.5, 30.5]


def test_it_finds_nothing_valid_in_a_question_that_nobody_was_asked():
    assert same(values("${unasked} = 1", age=[1, 2]), [GONE, GONE])
    assert same(values("${site.population} * 2", age=[1, 2]), [GONE, GONE])


def test_it_reads_the_site_table():
    assert same(values("${site.arm} = 'programme'", **{"site.arm": ["programme", "comparison", None]}), [1, 0, GONE])


@pytest.mark.parametrize(
    "formula", ["${nobody} = 1", "unheard(${age})", "selected(1, '1')", "${age}/x", "'a' = (1 + 1)"]
)
def test_it_names_what_it_cannot_compute(formula):
    with pytest.raises(BadFormula):
        values(formula, age=[1])


def test_it_computes_every_function_that_the_sheet_may_call():
    assert set(OF_COLUMN) | set(OF_VALUES) == set(FUNCTIONS)


def test_it_gives_arrays_that_nobody_shares():
    formulas = Formulas(pd.DataFrame({"age": [1.0, 2.0]}), TYPES)
    first = formulas.evaluate(parse_formula("${age}"))
    first[:] = 9
    assert formulas.evaluate(parse_formula("${age}")).tolist() == [1, 2]


def test_it_evaluates_sixty_formulas_over_100_000_rows_in_moments():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({f"q{i}": rng.choice(["1", "2", "3", "4", "88"], 100_000) for i in range(60)})
    formulas = Formulas(frame, dict.fromkeys(frame.columns, "select_one"))
    start = time.process_time()
    for i in range(60):
        formulas.evaluate(parse_formula(f"mean-valid(1, ${{q{i}}} <= 2, ${{q{(i + 1) % 60}}} <= 2)"))
    assert time.process_time() - start < 1.5
