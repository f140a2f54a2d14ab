"""The research file: nobody stands alone in it, and nothing says where or who."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_server.exports.plan import Choice, Variable
from survey_server.exports.research import RAREST_GROUP, K, make_research_file, smallest_group
from survey_server.xlsform.registry import DesignRole, Registry

REGISTRY = Registry(
    design=[
        DesignRole("consent", "question", "consent", ""),
        DesignRole("weight", "site", "weight", ""),
        DesignRole("weight", "question", "adults", ""),
        DesignRole("psu", "question", "psu", ""),
        DesignRole("interviewer", "question", "username", ""),
        DesignRole("case_id", "question", "case_id", ""),
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
    variable("adm1", "one", "GT01 GT02"),
    variable("border", "one", "0 1"),
    variable("dwelling", "int"),
    variable("int_lang", "one", "1 2 3"),
    variable("born", "date"),
    variable("seen_at", "dateTime"),
    variable("username", "string"),
    variable("case_id", "string"),
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
            "adults": rng.integers(1, 3, n),
            "adm1": [f"GT{1 + i % 40 % 6:02d}" for i in range(n)],
            "border": [str(i % 40 % 2) for i in range(n)],
            "dwelling": [float(200 + i // 40) for i in range(n)],
            "int_lang": rng.choice(["1", "2", "3"], n, p=[0.8, 0.17, 0.03]),
            "born": "1980-07-14",
            "seen_at": "2026-03-05T17:21:09.000-06:00",
            "username": [f"EN{i % 12:02d}" for i in range(n)],
            "case_id": [f"P{i % 40}-D{i // 40}" for i in range(n)],
            "site.department": [f"GT{1 + i % 40 % 6:02d}" for i in range(n)],
            "site.stratum": ["rara" if i % 40 == 39 and i < 100 else "norte" for i in range(n)],
            "site.weight": [100 + i % 40 / 7 for i in range(n)],
        }
    )


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 600), seed=st.integers(0, 10_000))
def test_it_leaves_nobody_in_a_group_of_fewer_than_five(n: int, seed: int) -> None:
    found = make_research_file(wave(n, seed), VARIABLES, REGISTRY, Random(seed))
    assert len(found.frame) == 0 or smallest_group(found.frame) >= K
    strata = found.frame.groupby(["site.department", "site.stratum"]).size()
    assert (strata >= K).all()


def test_it_names_no_stratum_of_so_few_people_where_no_department_is_known() -> None:
    source = wave(400, 1).drop(columns=["site.department", "adm1"])
    source["site.stratum"] = ["rara" if n < 3 else "norte" if n % 2 else "sur" for n in range(400)]
    frame = make_research_file(source, VARIABLES, REGISTRY, Random(1)).frame
    assert set(frame["site.stratum"]) == {""}  # blanking "rara" alone would show who was in it


def test_it_leaves_out_names_places_texts_and_those_who_did_not_consent() -> None:
    source = wave(400, 1)
    frame = make_research_file(source, VARIABLES, REGISTRY, Random(1)).frame
    assert not {"_id", "psu", "remark", "place", "age", "consent", "_collected_on"} & set(frame.columns)
    assert "me llamo Ana" not in frame.astype(str).to_numpy().ravel()
    assert len(frame) <= (source["consent"] == "1").sum()
    assert set(frame["month"]) == {"2026-03"}
    assert set(frame["born"]) == {"1980-07"}
    gone = {"seen_at", "username", "case_id"}
    assert not gone & set(frame.columns)
    told = set(frame.astype(str).to_numpy().ravel())
    assert not told & {*source["username"], *source["case_id"], *source["_id"], *source["psu"]}


def test_it_tells_no_site_apart_by_its_own_answers_its_number_or_its_weight() -> None:
    source = wave(400, 1)
    frame = make_research_file(source, VARIABLES, REGISTRY, Random(1)).frame
    assert not {"adm1", "border", "dwelling"} & set(frame.columns)  # the same at a site, or one of each there
    assert "rooms" in frame.columns
    assert source["site.weight"].nunique() == 40
    cells = frame.groupby(["site.department", "site.stratum"])["weight"].nunique()
    assert (cells <= 2).all()  # households of one and of two adults
    assert frame["weight"].sum() == pytest.approx(
        (source["site.weight"] * source["adults"])[source["consent"] == "1"].sum(), rel=0.02
    )


def test_it_names_no_stratum_of_a_department_that_fewer_than_five_people_are_of() -> None:
    found = make_research_file(wave(400, 1), VARIABLES, REGISTRY, Random(1))
    assert "rara" not in set(found.frame["site.stratum"])
    assert "norte" in set(found.frame["site.stratum"])
    assert found.blanked["site.stratum"] > 0
    assert found.frame.groupby(["site.department", "site.stratum"]).size().min() >= K


def test_it_shows_the_department_that_the_form_asks_where_sites_have_none() -> None:
    asked = Registry(design=[*REGISTRY.design, DesignRole("department", "question", "adm1", "")], indicators=[])
    source = wave(400, 1).assign(**{"site.department": ""})
    frame = make_research_file(source, VARIABLES, asked, Random(1)).frame
    assert set(frame["site.department"]) >= {"GT01", "GT02"}
    assert "adm1" not in frame.columns


def test_it_puts_rare_groups_together_and_cuts_the_largest_numbers() -> None:
    source = wave(800, 2)
    found = make_research_file(source, VARIABLES, REGISTRY, Random(1))
    assert (source["ethnic"] == "3").sum() < RAREST_GROUP
    assert found.collapsed["ethnic"] == ("3",)
    assert "3" not in set(found.frame["ethnic"])
    assert found.collapsed["int_lang"] == ("3",)
    assert found.frame["int_lang"].value_counts()["other"] < RAREST_GROUP <= found.frame["int_lang"].value_counts()["2"]
    assert found.frame["rooms"].max() < 40


def test_it_joins_neighbouring_schooling_before_it_blanks_most_of_it() -> None:
    source = wave(400, 2)
    found = make_research_file(source, VARIABLES, REGISTRY, Random(1))
    assert set(found.frame["edu"]) <= {"1-2", "3-4", ""}
    few = make_research_file(source.assign(ethnic="1", sex="1", age=30.0), VARIABLES, REGISTRY, Random(1))
    assert set(few.frame["edu"]) == {"1", "2", "3", "4"}


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
