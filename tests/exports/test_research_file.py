"""The research file: nobody stands alone in it, and nothing says where or who."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_server.exports.plan import Choice, Variable
from survey_server.exports.research import RAREST_GROUP, K, make_research_file, smallest_group
from survey_server.xlsform.registry import DesignRole, Registry

REGISTRY = Registry(
    design=[
        DesignRole("consent", "question", "consent", ""),
        DesignRole("weight", "site", "weight", ""),
        DesignRole("psu", "question", "psu", ""),
    ],
    indicators=[],
)


def variable(name: str, kind: str, choices: str = "") -> Variable:
    return Variable(
        name,
        name,
        f"/data/{name}",
        "",
        kind,
        {"es": name},
        tuple(Choice(code, {"es": code}) for code in choices.split()),
    )


VARIABLES = [
    variable("consent", "one", "1 0"),
    variable("psu", "one"),
    variable("sex", "one", "1 2"),
    variable("age", "int"),
    variable("ethnic", "one", "1 2 3"),
    variable("edu", "one", "1 2 3 4"),
    variable("safe", "one", "1 2 3 4"),
    variable("remark", "string"),
    variable("place", "geopoint"),
    variable("rooms", "int"),
]


def wave(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "_id": [f"uuid:{i}" for i in range(n)],
            "_collected_on": pd.Timestamp("2026-03-05"),
            "consent": rng.choice(["1", "0"], n, p=[0.9, 0.1]),
            "psu": [f"P{i % 40}" for i in range(n)],
            "sex": rng.choice(["1", "2"], n),
            "age": rng.integers(18, 90, n).astype(float),
            "ethnic": rng.choice(["1", "2", "3"], n, p=[0.7, 0.27, 0.03]),
            "edu": rng.choice(["1", "2", "3", "4"], n),
            "safe": rng.choice(["1", "2", "3", "4"], n),
            "remark": "me llamo Ana",
            "place": "14.6 -90.5 0 4",
            "rooms": np.where(np.arange(n) == 3, 40.0, rng.integers(1, 5, n)),
            "site.department": [f"GT{1 + i % 6:02d}" for i in range(n)],
            "site.stratum": "norte",
            "site.weight": 123.456789,
        }
    )


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 600), seed=st.integers(0, 10_000))
def test_it_leaves_nobody_in_a_group_of_fewer_than_five(n: int, seed: int) -> None:
    found = make_research_file(wave(n, seed), VARIABLES, REGISTRY, Random(seed))
    assert len(found.frame) == 0 or smallest_group(found.frame) >= K


def test_it_leaves_out_names_places_texts_and_those_who_did_not_consent() -> None:
    source = wave(400, 1)
    frame = make_research_file(source, VARIABLES, REGISTRY, Random(1)).frame
    assert not {"_id", "psu", "remark", "place", "age", "consent", "_collected_on"} & set(frame.columns)
    assert "me llamo Ana" not in frame.astype(str).to_numpy().ravel()
    assert len(frame) <= (source["consent"] == "1").sum()
    assert set(frame["month"]) == {"2026-03"}
    assert set(frame["weight"]) == {123.0}


def test_it_puts_rare_groups_together_and_cuts_the_largest_numbers() -> None:
    source = wave(800, 2)
    found = make_research_file(source, VARIABLES, REGISTRY, Random(1))
    assert (source["ethnic"] == "3").sum() < RAREST_GROUP
    assert found.collapsed["ethnic"] == ("3",)
    assert "3" not in set(found.frame["ethnic"])
    assert found.frame["rooms"].max() < 40


def test_it_gives_new_numbers_in_an_order_of_chance() -> None:
    source = wave(300, 3)
    one, two = (make_research_file(source, VARIABLES, REGISTRY, Random(seed)).frame for seed in (1, 2))
    assert one["number"].tolist() == list(range(1, len(one) + 1))
    assert one["safe"].tolist() != two["safe"].tolist()
    assert sorted(one["safe"]) == sorted(two["safe"])


def test_it_says_how_much_it_had_to_hide() -> None:
    found = make_research_file(wave(300, 4), VARIABLES, REGISTRY, Random(1))
    assert found.blanked["edu"] > 0
    assert set(found.blanked) >= {"edu", "rows"}
