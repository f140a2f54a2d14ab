"""The incident cube: totals are sums, grave types in a place stay hidden when few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.events import event_cube
from survey_server.problems import BadEstimate, TooManyCategories

RANDOM = np.random.default_rng(1)
EVENTS = pd.DataFrame(
    {
        "area": RANDOM.choice([f"GT{i:02d}" for i in range(1, 23)], 3000),
        "type": RANDOM.choice(["0101", "0401", "0502"], 3000, p=[0.02, 0.5, 0.48]),
        "month": RANDOM.choice([f"2027-{i:02d}" for i in range(1, 13)], 3000),
        "hour": RANDOM.integers(0, 24, 3000),
    }
)


def test_it_adds_up_to_every_total() -> None:
    cube = event_cube(EVENTS)
    key = ["area", "type", "month", "hour"]
    total = cube[(cube[key] == "").all(axis=1)]
    assert total.n.tolist() == [3000]
    by_area = cube[(cube.area != "") & (cube[key[1:]] == "").all(axis=1)].set_index("area").n
    assert by_area.to_dict() == EVENTS.area.value_counts().to_dict()
    assert cube[(cube[key] != "").all(axis=1)].n.sum() == 3000
    assert not cube.duplicated(key).any()


def test_it_hides_few_grave_incidents_in_a_place_but_not_in_the_country() -> None:
    cube = event_cube(EVENTS, grave=["0101"])
    grave = cube[cube.type == "0101"]
    hidden = grave[grave.flag == "suppressed"]
    assert len(hidden)
    assert hidden.n.isna().all()
    assert (hidden.area != "").all()
    assert (grave[grave.area == ""].flag == "").all()
    assert (cube[cube.type == "0401"].flag == "").all()


def test_it_counts_what_has_no_place_in_the_totals_only() -> None:
    cube = event_cube(EVENTS.assign(area=EVENTS.area.mask(EVENTS.index < 100)))
    assert cube[(cube[["area", "type", "month", "hour"]] == "").all(axis=1)].n.tolist() == [3000]
    assert cube[(cube.area != "") & (cube[["type", "month", "hour"]] == "").all(axis=1)].n.sum() == 2900


def test_it_refuses_what_is_no_cube() -> None:
    with pytest.raises(BadEstimate, match="hour"):
        event_cube(EVENTS.drop(columns="hour"))
    with pytest.raises(TooManyCategories):
        event_cube(EVENTS.assign(area=range(3000), month=range(3000)))
