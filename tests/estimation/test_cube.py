"""The cube says cell by cell what the single estimates say, for every kind of design."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation import Domain, WaveColumns, build_cube, estimate_change, estimate_mean
from survey_server.estimation.arrays import Scored
from survey_server.estimation.design import Design
from survey_server.estimation.weights import rake
from survey_server.problems import BadEstimate, TooManyCategories
from tests.estimation.samples import design_of, make_wave

BEFORE = make_wave(1, psus=range(20))
AFTER = make_wave(2, psus=range(4, 24), rise=0.3)
LONELY = [w.assign(stratum=w.stratum.mask(w.psu == "P08", "S8").mask(w.psu == "P09", "S9")) for w in (BEFORE, AFTER)]
KINDS = {"safe": "share", "trust": "mean"}
NUMBERS = ["value", "se", "low", "high", "df", "n", "n_weighted", "n_eff", "deff", "cv"]


def columns(name: str, wave: pd.DataFrame, design: Design) -> WaveColumns:
    breakdowns = {key: pd.Categorical(wave[key]) for key in ("department", "sex", "age")}
    return WaveColumns(name, design, {"safe": wave.safe, "trust": wave.trust}, breakdowns)


def raked(wave: pd.DataFrame) -> Design:
    totals = {"sex": {"F": 0.52, "M": 0.48}, "age": {"18-29": 0.3, "30-44": 0.4, "45+": 0.3}}
    return rake(design_of(wave), {"sex": wave.sex, "age": wave.age}, totals).design


DESIGNS = {
    "plain": design_of,
    "average": lambda w: design_of(w, lonely="average"),
    "thin": lambda w: design_of(w, lonely_domains=True),
    "thin, average": lambda w: design_of(w, lonely="average", lonely_domains=True),
    "certainty": lambda w: design_of(w, lonely="certainty"),
    "finite": lambda w: design_of(w, fpc=np.full(len(w), 40)),
    "two stages": lambda w: design_of(w, fpc=np.full(len(w), 40), fpc2=np.full(len(w), 90)),
    "raked": raked,
}


@pytest.mark.parametrize("kind", DESIGNS)
@pytest.mark.parametrize("waves", [(BEFORE, AFTER), LONELY], ids=["pairs", "lonely"])
def test_it_says_what_single_estimates_say(kind: str, waves: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    designs = [DESIGNS[kind](wave) for wave in waves]
    cube = build_cube([columns(f"W{i}", w, d) for i, (w, d) in enumerate(zip(waves, designs, strict=True))], KINDS)
    for row in cube[cube.n > 0].to_dict(orient="records"):
        masks = [np.ones(len(w), bool) if not row["domain"] else (w[row["domain"]] == row["level"]) for w in waves]
        sides = [(w[row["item"]], d, np.asarray(m)) for w, d, m in zip(waves, designs, masks, strict=True)]
        if row["row"] == "change":
            change = estimate_change(*sides, KINDS[row["item"]])
            expected = change.estimate.as_dict()
            told = [row["p_value"], row["mde"], row["overlap"]]
            assert told == pytest.approx([change.p_value, change.mde, change.overlap], rel=1e-6, nan_ok=True)
        else:
            expected = estimate_mean(*sides[int(row["wave"][1])], KINDS[row["item"]]).as_dict()
        ours = [row[name] for name in NUMBERS]
        assert ours == pytest.approx([expected[name] for name in NUMBERS], rel=1e-7, abs=1e-12, nan_ok=True), row
        assert row["flag"] == expected["flag"]


def test_it_sums_columns_of_few_values_together_to_the_same_cube() -> None:
    """Shares and means over one array of answers, with blanks, beside the same as plain columns."""
    plain, scored = [], []
    for number, wave in enumerate((BEFORE, AFTER)):
        design, domains = design_of(wave), {"sex": pd.Categorical(wave.sex)}
        places = np.where(wave.trust.isna(), -1, wave.trust.fillna(0)).astype(np.int8)
        values = {
            "mean": np.array([*range(8), np.nan], dtype=float),
            "high": np.array([*([0.0] * 5), 1.0, 1.0, 1.0, np.nan]),
            "odd": np.array([np.nan if k % 2 else 2.5 * k for k in range(8)] + [np.nan]),
        }
        columns = {name: Scored(places, own) for name, own in values.items()}
        scored.append(WaveColumns(f"W{number}", design, columns, domains))
        plain.append(WaveColumns(f"W{number}", design, {name: one() for name, one in columns.items()}, domains))
    kinds = {"high": "share"}
    pd.testing.assert_frame_equal(build_cube(scored, kinds), build_cube(plain, kinds), rtol=1e-9)
    wrong = [WaveColumns("W", design_of(BEFORE), {"mean": scored[0].items["mean"]})]
    with pytest.raises(BadEstimate):
        build_cube(wrong, {"mean": "share"})


def test_it_has_one_row_for_every_item_level_and_wave_and_for_every_change() -> None:
    cube = build_cube([columns("W1", BEFORE, design_of(BEFORE)), columns("W2", AFTER, design_of(AFTER))], KINDS)
    levels = 1 + 8 + 2 + 3
    assert len(cube) == 2 * levels * 3
    assert not cube.duplicated(["item", "domain", "level", "row", "wave"]).any()
    assert set(cube.row) == {"estimate", "change"}
    assert cube[cube.row == "change"].before.unique().tolist() == ["W1"]


def test_it_leaves_a_place_for_items_and_levels_that_a_wave_doesnt_have() -> None:
    one = WaveColumns("W1", design_of(BEFORE), {"safe": BEFORE.safe}, {"sex": pd.Categorical(BEFORE.sex)})
    two = columns("W2", AFTER, design_of(AFTER))
    cube = build_cube([one, two], KINDS).set_index(["item", "domain", "level", "row", "wave"])
    nobody = cube.loc["trust", "", "", "estimate", "W1"]
    assert (nobody.n, nobody.flag) == (0, "suppressed")
    assert np.isnan([nobody.value, nobody.se, nobody.low]).all()
    assert cube.loc["trust", "age", "45+", "change", "W2"].n == 0
    assert cube.loc["safe", "age", "45+", "estimate", "W2"].n > 0


def test_it_keeps_sensitive_items_to_the_stricter_rule() -> None:
    wave = columns("W1", BEFORE, design_of(BEFORE))
    open_, kept = build_cube([wave], KINDS), build_cube([wave], KINDS, sensitive={"safe"})
    department = open_.domain == "department"
    thin = department & (open_.item == "safe") & open_.n.between(25, 49)
    assert thin.any()
    assert (open_[thin].flag == "bracketed").all()
    assert (kept[thin].flag == "suppressed").all()
    assert (kept[department & (open_.item == "trust")].flag == open_[department & (open_.item == "trust")].flag).all()


def test_it_compares_the_pairs_of_waves_that_are_asked_for() -> None:
    waves = [columns(name, make_wave(i), design_of(make_wave(i))) for i, name in enumerate("ABC")]
    changes = build_cube(waves, KINDS, pairs=[(0, 2)]).query("row == 'change'")
    assert set(zip(changes.before, changes.wave, strict=True)) == {("A", "C")}


def test_it_refuses_a_breakdown_with_a_million_levels_and_columns_of_the_wrong_length() -> None:
    many = Domain(np.arange(len(BEFORE)) % 5, [str(i) for i in range(1_000_000)])
    with pytest.raises(TooManyCategories, match="case_id"):
        build_cube([WaveColumns("W1", design_of(BEFORE), {"safe": BEFORE.safe}, {"case_id": many})])
    with pytest.raises(BadEstimate, match="safe"):
        build_cube([WaveColumns("W1", design_of(BEFORE), {"safe": BEFORE.safe[:-1]})])
    for odd in (BEFORE.trust, 2.0 * BEFORE.safe, BEFORE.safe / 2):
        with pytest.raises(BadEstimate):
            build_cube([WaveColumns("W1", design_of(BEFORE), {"safe": odd})], {"safe": "share"})


def test_it_never_shares_rows_that_are_their_own_psus() -> None:
    waves = [columns(name, w, Design(None, None, w.weight)) for name, w in (("W1", BEFORE), ("W2", AFTER))]
    change = build_cube(waves, KINDS).query("row == 'change' and domain == '' and item == 'trust'").iloc[0]
    alone = estimate_change((BEFORE.trust, waves[0].design), (AFTER.trust, waves[1].design))
    assert (change.overlap, change.se) == (0, pytest.approx(alone.estimate.se, rel=1e-9))
