"""Properties that hold for any sample, and the traps of other software."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_server.estimation import (
    estimate_change,
    estimate_did,
    estimate_gap,
    estimate_mean,
    estimate_shares,
    estimate_total,
)
from survey_server.estimation.design import Design
from survey_server.estimation.taylor import estimate_ratio, linear_means
from survey_server.problems import BadDesign, BadEstimate, BadWeight, EmptyDomain, LonelyPsu, PsuInTwoStrata
from tests.estimation.samples import design_of, make_wave

WAVE = make_wave(1)
LATER = make_wave(2, rise=0.3)


def test_it_gives_a_panel_the_error_of_the_paired_difference() -> None:
    random = np.random.default_rng(3)
    before, after = random.normal(5, 2, 80), random.normal(5.5, 2, 80)
    people = Design(None, np.arange(80), None)
    change = estimate_change((before, people), (after, people))
    gaps = after - before
    assert change.estimate.se == pytest.approx(gaps.std(ddof=1) / math.sqrt(80), rel=1e-12)
    assert change.overlap == 1.0
    assert change.estimate.df == 79


def test_it_adds_squares_when_no_psu_is_in_both_waves() -> None:
    other = make_wave(4, psus=range(30, 54))
    change = estimate_change((WAVE.safe, design_of(WAVE)), (other.safe, design_of(other)), "share")
    assert change.estimate.se == pytest.approx(math.hypot(change.before.se, change.after.se), rel=1e-12)
    assert change.overlap == 0.0
    assert change.estimate.df == change.before.df + change.after.df


def test_it_never_takes_rows_that_are_their_own_psus_for_the_same_in_two_waves() -> None:
    one, two = Design(None, None, WAVE.weight), Design(None, None, LATER.weight)
    change = estimate_change((WAVE.safe, one), (LATER.safe, two))
    assert change.estimate.se == pytest.approx(math.hypot(change.before.se, change.after.se), rel=1e-12)


def test_it_says_nothing_of_p_when_nobody_changed() -> None:
    change = estimate_change((WAVE.safe, design_of(WAVE)), (WAVE.safe, design_of(WAVE)))
    assert (change.estimate.value, change.estimate.se) == (0, 0)
    assert math.isnan(change.p_value)


def test_it_measures_the_gap_of_two_groups_with_what_they_share() -> None:
    women = (WAVE.sex == "F").to_numpy()
    gap, p = estimate_gap(WAVE.trust, design_of(WAVE), women, ~women)
    sides = [estimate_mean(WAVE.trust, design_of(WAVE), rows) for rows in (women, ~women)]
    assert gap.value == pytest.approx(sides[0].value - sides[1].value)
    assert gap.se != pytest.approx(math.hypot(sides[0].se, sides[1].se), rel=1e-3)
    assert 0 < p < 1


def test_it_makes_weights_of_the_finite_population_when_none_are_given() -> None:
    drawn = Design(WAVE.stratum, WAVE.psu, None, fpc=np.full(len(WAVE), 24), fpc2=np.full(len(WAVE), 60))
    assert drawn.weight == pytest.approx(np.full(len(WAVE), 24 / 6 * 60 / 12))


def test_it_takes_a_stratum_of_which_the_only_psu_was_drawn_for_certain_and_not_for_lonely() -> None:
    fpc = np.where(LONELY.stratum == "S9", 1, 24)
    certain = design_of(LONELY, fpc=fpc, lonely="fail")
    assert certain.lonely_strata == []
    average = design_of(LONELY, fpc=fpc, lonely="average")
    assert estimate_mean(LONELY.trust, certain).se == pytest.approx(estimate_mean(LONELY.trust, average).se)


def test_it_keeps_the_whole_design_for_a_domain_instead_of_filtering_the_rows() -> None:
    women = (WAVE.sex == "F").to_numpy() & (WAVE.department < "GT05").to_numpy()
    inside = estimate_mean(WAVE.trust, design_of(WAVE), women)
    some = WAVE[women]
    filtered = estimate_mean(some.trust, design_of(some))
    zeroed = design_of(WAVE)
    assert inside.value == pytest.approx(filtered.value, rel=1e-12)
    assert inside.se != pytest.approx(filtered.se, rel=1e-3)
    linear = linear_means(WAVE.trust, zeroed, [women])
    rows = linear.influence[:, 0] * women
    assert inside.se == pytest.approx(math.sqrt(zeroed.covariance(rows)[0, 0]), rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_it_doesnt_care_for_the_order_of_rows_or_the_names_of_psus(seed: int) -> None:
    mixed = WAVE.sample(frac=1, random_state=seed).reset_index(drop=True)
    names = {name: f"X{i}" for i, name in enumerate(mixed.psu.unique())}
    mixed["psu"] = mixed.psu.map(names)
    mine, theirs = estimate_mean(WAVE.safe, design_of(WAVE)), estimate_mean(mixed.safe, design_of(mixed))
    assert list(theirs.as_dict().values())[:10] == pytest.approx(list(mine.as_dict().values())[:10], rel=1e-9)


@pytest.mark.parametrize("factor", [0.001, 7.0])
def test_it_lets_the_scale_of_weights_change_totals_only(factor: float) -> None:
    scaled = Design(WAVE.stratum, WAVE.psu, WAVE.weight * factor)
    own, other = estimate_mean(WAVE.safe, design_of(WAVE), kind="share"), estimate_mean(WAVE.safe, scaled, kind="share")
    assert other.value == pytest.approx(own.value, rel=1e-12)
    assert (other.se, other.low, other.deff) == pytest.approx((own.se, own.low, own.deff), rel=1e-9)
    totals = estimate_total(WAVE.safe, design_of(WAVE)), estimate_total(WAVE.safe, scaled)
    assert totals[1].value == pytest.approx(factor * totals[0].value)
    assert totals[1].se == pytest.approx(factor * totals[0].se)


def test_it_estimates_item_by_item_and_not_listwise() -> None:
    holes = WAVE.trust.mask(np.arange(len(WAVE)) % 2 == 0)
    alone = estimate_mean(WAVE.safe, design_of(WAVE))
    beside = linear_means(WAVE.safe, design_of(WAVE)).estimate(0)
    assert alone == beside
    assert estimate_mean(holes, design_of(WAVE)).n < alone.n


def test_it_counts_degrees_of_freedom_where_the_domain_is() -> None:
    there = (WAVE.department == "GT00").to_numpy()  # three PSUs in three strata
    assert estimate_mean(WAVE.safe, design_of(WAVE), there).df == 0
    assert math.isnan(estimate_mean(WAVE.safe, design_of(WAVE), there).low)
    assert estimate_mean(WAVE.safe, design_of(WAVE)).df == 20


def test_it_knows_simple_random_sampling_as_a_special_case() -> None:
    y = np.random.default_rng(5).normal(10, 3, 60)
    e = estimate_mean(y, Design(None, None, np.ones(60)))
    assert e.se == pytest.approx(y.std(ddof=1) / math.sqrt(60), rel=1e-12)
    assert e.deff == pytest.approx(1.0, rel=1e-12)
    assert (e.n_eff, e.df) == (pytest.approx(60), 59)


def test_it_shrinks_to_nothing_when_all_psus_are_drawn() -> None:
    all_drawn = Design(WAVE.stratum, WAVE.psu, WAVE.weight, fpc=np.full(len(WAVE), 6))
    assert estimate_mean(WAVE.trust, all_drawn).se == pytest.approx(0, abs=1e-12)
    as_share = Design(WAVE.stratum, WAVE.psu, WAVE.weight, fpc=np.full(len(WAVE), 0.25))
    as_count = Design(WAVE.stratum, WAVE.psu, WAVE.weight, fpc=np.full(len(WAVE), 24))
    assert estimate_mean(WAVE.trust, as_share).se == pytest.approx(estimate_mean(WAVE.trust, as_count).se, rel=1e-12)


def test_it_makes_shares_of_a_distribution_add_up() -> None:
    shares = estimate_shares(WAVE.age.to_numpy(), design_of(WAVE), ["18-29", "30-44", "45+"])
    assert sum(share.value for share in shares) == pytest.approx(1, rel=1e-12)
    first = estimate_mean((WAVE.age == "18-29").astype(float), design_of(WAVE), kind="share")
    assert (shares[0].flag, shares[0].n) == (first.flag, first.n)
    ours, theirs = ([e.value, e.se, e.low, e.high, e.df, e.n_eff, e.deff] for e in (shares[0], first))
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_it_makes_a_mean_of_a_ratio_with_ones_below() -> None:
    ones = np.ones(len(WAVE))
    ratio, mean = estimate_ratio(WAVE.trust, ones, design_of(WAVE)), estimate_mean(WAVE.trust, design_of(WAVE))
    assert (ratio.value, ratio.se, ratio.deff) == pytest.approx((mean.value, mean.se, mean.deff), rel=1e-12)


def test_it_uses_wilson_where_everybody_says_yes() -> None:
    e = estimate_mean(np.ones(len(WAVE)), design_of(WAVE), kind="share")
    assert (e.value, e.high) == (1.0, 1.0)
    assert 0.97 < e.low < 1
    assert e.n_eff < e.n


def test_it_has_no_design_effect_where_everybody_says_the_same_number() -> None:
    e = estimate_mean(np.full(len(WAVE), 4.3), design_of(WAVE))
    assert (e.value, e.se) == (pytest.approx(4.3), pytest.approx(0, abs=1e-12))
    assert math.isnan(e.deff)
    assert 0 < e.n_eff < e.n


def test_it_finds_the_difference_in_differences_of_four_means() -> None:
    arm = [(w.psu > "P11").to_numpy() for w in (WAVE, LATER)]
    did = estimate_did((WAVE.trust, design_of(WAVE)), (LATER.trust, design_of(LATER)), *arm)
    cells = [(did.programme_after.value - did.programme_before.value), did.comparison_after.value]
    assert did.estimate.value == pytest.approx(cells[0] - (cells[1] - did.comparison_before.value), rel=1e-12)
    with pytest.raises(EmptyDomain):
        estimate_did((WAVE.trust, design_of(WAVE)), (LATER.trust, design_of(LATER)), arm[0] | True, arm[1])


LONELY = pd.concat([WAVE, WAVE[WAVE.psu == "P00"].assign(stratum="S9", psu="P99")], ignore_index=True)


def test_it_never_drops_a_lonely_psu_in_silence() -> None:
    designs = {rule: design_of(LONELY, lonely=rule) for rule in ("adjust", "average", "certainty")}
    assert all(design.lonely_strata == ["S9"] for design in designs.values())
    errors = {rule: estimate_mean(LONELY.trust, design).se for rule, design in designs.items()}
    assert errors["certainty"] <= min(errors["adjust"], errors["average"])


def test_it_refuses_lonely_psus_when_told_to_and_names_the_stratum() -> None:
    with pytest.raises(LonelyPsu) as problem:
        design_of(LONELY, lonely="fail")
    assert problem.value.extras["strata"] == ["S9"]


@pytest.mark.parametrize(("bad", "word"), [(0.0, "zero"), (-3.0, "negative"), (math.nan, "missing")])
def test_it_refuses_bad_weights_and_says_which_row(bad: float, word: str) -> None:
    weight = WAVE.weight.to_numpy().copy()
    weight[16] = bad
    with pytest.raises(BadWeight) as problem:
        Design(WAVE.stratum, WAVE.psu, weight)
    assert word in problem.value.detail
    assert problem.value.extras["rows"] == [17]


def test_it_refuses_a_psu_in_two_strata_unless_numbers_start_again() -> None:
    stratum = WAVE.stratum.to_numpy().copy()
    stratum[0] = "S3"
    with pytest.raises(PsuInTwoStrata) as problem:
        Design(stratum, WAVE.psu, WAVE.weight)
    assert problem.value.extras["psus"] == ["P00"]
    assert Design(stratum, WAVE.psu, WAVE.weight, nest=True).n_psu == 25


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"stratum": ["a", None], "psu": [1, 2], "weight": [1, 1]}, "stratum"),
        ({"stratum": ["a", "a"], "psu": [1, 2, 3], "weight": [1, 1]}, "length"),
        ({"stratum": None, "psu": None, "weight": None}, "at least one"),
        ({"stratum": [], "psu": [], "weight": []}, "no rows"),
        ({"stratum": ["a", "a"], "psu": [1, 2], "weight": [1, 1], "fpc": [5, 6]}, "changes inside"),
        ({"stratum": ["a", "a"], "psu": [1, 2], "weight": [1, 1], "fpc": [1.5, 1.5]}, "more were drawn"),
        ({"stratum": ["a", "a"], "psu": [1, 2], "weight": [1, 1], "fpc": [0, 5]}, "not above 0"),
        ({"stratum": ["a", "a"], "psu": [1, 2], "weight": [1, 1], "lonely": "guess"}, "lonely"),
    ],
)
def test_it_says_what_is_wrong_with_a_design(columns: dict[str, object], word: str) -> None:
    with pytest.raises(BadDesign, match=word):
        Design(**columns)  # type: ignore[arg-type]


def test_it_says_what_is_wrong_with_an_estimate() -> None:
    design = design_of(WAVE)
    with pytest.raises(EmptyDomain):
        estimate_mean(WAVE.safe, design, np.zeros(len(WAVE), dtype=bool))
    with pytest.raises(EmptyDomain):
        estimate_mean(np.full(len(WAVE), np.nan), design)
    with pytest.raises(BadEstimate):
        estimate_mean([1.0, 0.0], design)
    with pytest.raises(BadEstimate):
        estimate_mean(WAVE.trust, design, kind="share")
    with pytest.raises(BadEstimate):
        estimate_mean(WAVE.trust, design, np.arange(len(WAVE)))
    with pytest.raises(EmptyDomain):
        estimate_ratio(WAVE.trust, np.zeros(len(WAVE)), design)
