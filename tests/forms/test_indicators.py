"""The indicators that come with the forms: all can be computed, and the delicate ones agree with hand-made truth."""

import math

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.formula import evaluate_column
from survey_server.xlsform.registry import SITE_PREFIX

GONE = math.nan
HEADLINES = {"S02", "S03", "S09", "S12", "S16", "S25", "S29", "S30", "S36", "S41", "S48"}
ITEMS = {
    "M1": ["m1_request", "m1_inspect", "m1_verify", "m1_return"],
    "M2": ["m2_where", "m2_why", "m2_follow"],
    "M6": ["m6_greet", "m6_explain", "m6_listen", "m6_respect", "m6_equal", "m6_language", "m6_child"],
}


def value(shipped, code, **answers):
    """An indicator for one submission with these answers: NaN outside its base."""
    registry = shipped.registry
    indicator = registry.indicator(code)
    frame = pd.DataFrame({name: [answer] for name, answer in answers.items()})
    if indicator.base is not None and evaluate_column(indicator.base, frame, registry.types)[0] != 1:
        return GONE
    return evaluate_column(indicator.formula, frame, registry.types)[0]


def is_value(found, expected):
    return math.isnan(found) if math.isnan(expected) else found == pytest.approx(expected)


def invented(shipped, rows=400):
    """A frame with answers drawn blindly, missing codes and blanks included."""
    rng = np.random.default_rng(20270115)
    columns = {}
    for name, kind in shipped.registry.types.items():
        row = next((dict(r.cells) for r in shipped.sheets["survey"] if r.cells.get("name") == name), {})
        codes = shipped.choices(row["type"].split()[1]) if row.get("type", "").startswith("select_") else []
        if kind == "integer" or kind == "decimal" or row.get("type") == "calculate":
            columns[name] = rng.choice([-88, 0, 1, 2, 5, 40, GONE], rows)
        elif kind == "select_multiple":
            columns[name] = [" ".join(rng.choice(codes, 2, replace=False)) for _ in range(rows)]
        else:
            columns[name] = rng.choice(np.array([*(codes or ["NONE", "SH001"]), None], dtype=object), rows)
    frame = pd.DataFrame(columns)
    frame["site.served"] = rng.choice([900.0, 12000.0], rows)
    return frame


def test_it_computes_every_indicator(shipped):
    frame, types = invented(shipped), shipped.registry.types
    for indicator in shipped.registry.indicators:
        if indicator.estimator == "contrast":
            continue
        found = evaluate_column(indicator.formula, frame, types)
        assert np.isfinite(found).any(), indicator.code
        assert not np.isinf(found).any(), indicator.code
        if indicator.estimator == "share" and indicator.code != "S63":
            assert set(found[~np.isnan(found)]) <= {0.0, 1.0}, indicator.code
        for other in (indicator.base, indicator.denominator):
            assert other is None or np.isfinite(evaluate_column(other, frame, types)).any(), indicator.code


def test_it_rests_every_indicator_on_questions_of_its_form(shipped):
    for indicator in shipped.registry.indicators:
        for name in (*indicator.questions, *indicator.breakdowns):
            assert name.startswith(SITE_PREFIX) or name in shipped.registry.types, (indicator.code, name)


def test_it_has_the_twelve_headlines(perception, observer):
    assert {indicator.code for indicator in perception.registry.headlines} == HEADLINES
    assert [indicator.code for indicator in observer.registry.headlines] == ["O01"]


def test_it_gives_every_indicator_a_code_of_its_own(everything):
    codes = [indicator.code for form in everything for indicator in form.registry.indicators]
    assert len(codes) == len(set(codes))


def test_it_knows_every_companion(everything):
    indicators = [indicator for form in everything for indicator in form.registry.indicators]
    known = {indicator.code for indicator in indicators}
    assert {code for indicator in indicators for code in indicator.companions} <= known


def test_it_says_how_its_sample_was_drawn(perception, observer):
    for form in (perception, observer):
        for role in ("psu", "stratum", "arm", "weight", "interviewer", "case_id", "collected"):
            assert form.registry.role(role), role
    assert perception.registry.roles("weight") == ["site.weight", "n_adults"]


@pytest.mark.parametrize(
    ("safe_night", "usual", "sensitivity"),
    [("1", 1, 1), ("2", 1, 1), ("3", 0, 0), ("4", 0, 0), ("77", GONE, 0), ("88", GONE, GONE), (None, GONE, GONE)],
)
def test_it_counts_safety_after_dark(perception, safe_night, usual, sensitivity):
    assert is_value(value(perception, "S02", safe_night=safe_night), usual)
    assert is_value(value(perception, "S02b", safe_night=safe_night), sensitivity)


@pytest.mark.parametrize(
    ("last", "reported", "to_anyone", "to_police"),
    [
        ("1", "1", 1, 1),
        ("4", "4 5", 1, 0),
        ("2", "5 7", 0, 0),
        ("3", "0", 0, 0),
        ("1", "99", GONE, GONE),
        ("5", "1", GONE, GONE),
        ("88", "1", GONE, GONE),
        (None, None, GONE, GONE),
    ],
)
def test_it_counts_who_reported_a_violent_event(perception, last, reported, to_anyone, to_police):
    assert is_value(value(perception, "S12", v_last=last, v_reported=reported), to_anyone)
    assert is_value(value(perception, "S12p", v_last=last, v_reported=reported), to_police)


@pytest.mark.parametrize(
    ("answers", "index"),
    [
        (("7", "7", "7", "7"), 100),
        (("1", "1", "1", "1"), 0),
        (("4", "4", "7", "88"), 100 * 4 / 6),  # (3 + 3 + 6) / 3 / 6
        (("4", "4", "99", "88"), GONE),
    ],
)
def test_it_means_trust_in_the_justice_chain(perception, answers, index):
    named = dict(zip(("tr_police", "tr_border", "tr_pros", "tr_courts"), answers, strict=True))
    assert is_value(value(perception, "S24", **named), index)


@pytest.mark.parametrize(
    ("answers", "index"),
    [
        (("1", "1", "1", "1"), 100),
        (("4", "4", "4", "4"), 0),
        (("1", "2", "3", "88"), 100 * 2 / 3),  # (3 + 2 + 1) / 3 / 3
        (("1", "2", "88", "99"), GONE),
    ],
)
def test_it_means_fair_treatment(perception, answers, index):
    named = dict(zip(("pj_voice", "pj_neutral", "pj_respect", "pj_explain"), answers, strict=True))
    assert is_value(value(perception, "S25", **named), index)


@pytest.mark.parametrize(("answer", "net"), [("1", 1), ("2", 1), ("3", 0), ("4", -1), ("5", -1), ("88", GONE)])
def test_it_nets_progress(perception, answer, net):
    assert is_value(value(perception, "S36", progress=answer), net)


@pytest.mark.parametrize(
    ("privacy", "violent", "screeners", "expected"),
    [
        ("1", "1", ("1", "0", "0", "0"), 1),
        ("1", "0", ("0", "0", "0", "0"), 0),
        ("2", "0", ("0", "0", "0", "99"), 0),
        ("1", "0", ("0", "0", "99", "99"), GONE),
        ("1", "1", ("1", "99", "99", "99"), 1),
        ("3", "0", ("0", "0", None, None), GONE),
    ],
)
def test_it_counts_victims_of_violence_in_private_interviews(perception, privacy, violent, screeners, expected):
    named = dict(zip(("v_rob", "v_assault", "v_threat", "v_ext"), screeners, strict=True))
    assert is_value(value(perception, "S09", privacy_ok=privacy, v_violent=violent, **named), expected)


def test_it_counts_a_crime_only_with_four_answers_of_six(perception):
    four = {"v_rob": "0", "v_assault": "0", "v_threat": "0", "v_ext": "0", "v_burg": "88", "v_theft": "99"}
    assert value(perception, "S08", v_any="0", **four) == 0
    assert math.isnan(value(perception, "S08", v_any="0", **{**four, "v_ext": "99"}))


@pytest.mark.parametrize(
    ("contact", "bribe", "expected"),
    [("1", "1", 1), ("1", "0", 0), ("0", None, GONE), (None, "1", GONE), ("1", "99", GONE)],
)
def test_it_asks_about_bribes_where_there_was_contact(perception, contact, bribe, expected):
    assert is_value(value(perception, "S29", had_contact=contact, p_bribe=bribe), expected)


@pytest.mark.parametrize(
    ("border", "crossed", "expected"), [("1", "0", 1), ("0", "3", 1), ("0", "0", GONE), ("0", "88", GONE)]
)
def test_it_asks_about_the_border_where_people_live_or_cross(perception, border, crossed, expected):
    assert is_value(value(perception, "S03", border_psu=border, cross_freq=crossed, safe_border="1"), expected)


def test_it_reads_fear_from_the_refusals_of_private_questions(perception):
    assert (
        value(perception, "S63", z_fear="1", x_pay="99", v_ext="0", j_free="2", p_bribe="88") == 0.75
    )  # (1 + 2/4) / 2
    assert value(perception, "S63", z_fear="0", x_pay=None, v_ext="0") == 0


def observed(**scores):
    given = {name: "77" for names in ITEMS.values() for name in names}
    return {**given, "obs_mode": "3", **scores}


def test_it_means_compliance_over_modules_not_over_items(observer):
    answers = observed(m1_request="2", m1_inspect="2", m1_verify="2", m1_return="2", m2_where="0", m2_why="66")
    assert value(observer, "O01", **answers) == 50  # M1 all met, M2 not at all


def test_it_gives_half_a_point_for_partly(observer):
    assert value(observer, "O01", **observed(m2_where="1", m2_why="2", m2_follow="66")) == 75


def test_it_leaves_announced_visits_out_of_compliance(observer):
    assert math.isnan(value(observer, "O01", **observed(obs_mode="1", m2_where="2")))
    assert value(observer, "O01", **observed(obs_mode="2", m2_where="2")) == 100


def test_it_sums_scores_and_counts_items_of_a_module(observer):
    answers = observed(m1_request="2", m1_inspect="1", m1_verify="0", m1_return="66")
    assert value(observer, "O02", **answers) == 1.5
    assert value(observer, "O02s", **answers) == 1
    frame = pd.DataFrame({name: [answer] for name, answer in answers.items()})
    assert evaluate_column(observer.registry.indicator("O02").denominator, frame, observer.registry.types)[0] == 3


@pytest.mark.parametrize(("flags", "mode", "expected"), [("2", "3", 1), ("0", "2", 0), ("1", "1", GONE)])
def test_it_counts_encounters_with_an_integrity_flag(observer, flags, mode, expected):
    assert is_value(value(observer, "O10", n_flags=flags, obs_mode=mode), expected)
