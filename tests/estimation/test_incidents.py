"""Incidents counted by place, kind and time: against a plain count of the rows, and what a place never tells."""

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.incident_counts import DIMENSIONS, count_incidents, counts_grave
from survey_server.estimation.incidents import GRAVE, group_of, incident_frame, kind_code
from survey_server.problems import BadEstimate, TooManyCategories

KINDS = ("0101", "0202", "03", "0401", "0502", "0601", "11")


@pytest.fixture(scope="module")
def told() -> pd.DataFrame:
    """Two thousand incidents as a form has them."""
    rng = np.random.default_rng(3)
    n = 2000
    days = pd.Timestamp("2025-07-01") + pd.to_timedelta(rng.integers(0, 500 * 24 * 60, n), unit="min")
    return pd.DataFrame(
        {
            "t_event": days.strftime("%Y-%m-%dT%H:%M:%S.000-06:00"),
            "_received_at": (days + pd.Timedelta(days=3)).tz_localize("UTC"),
            "ictype": rng.choice(KINDS, n, p=[0.12, 0.06, 0.02, 0.2, 0.3, 0.2, 0.1]),
            "adm1": "GT17",
            "muni": rng.choice([f"GT17{place:02d}" for place in range(20)], n),
            "unit": rng.choice(["U1", "U2"], n),
            "resp_min": np.where(rng.random(n) < 0.8, rng.gamma(4, 6, n).round(1), np.nan),
            "loc": np.where(rng.random(n) < 0.6, "16.92001 -89.89002 0 8", None),
        }
    )


@pytest.fixture(scope="module")
def frame(told: pd.DataFrame) -> pd.DataFrame:
    return incident_frame(told, minutes=20)


def test_it_counts_and_takes_medians_as_a_plain_look_at_the_rows_does(frame: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("type", "month"))
    for row in cells.to_dict(orient="records"):
        own = frame[(frame["type"] == row["type"]) & (frame["month"] == row["month"])]
        times = own["response"].dropna()
        assert row["n"] == len(own)
        assert row["median"] == pytest.approx(times.median(), nan_ok=True)
        if len(times):
            assert row["within"] == pytest.approx(100 * (times <= 20).mean())
    assert cells["n"].sum() == len(frame)


def test_it_tells_the_hour_that_the_clerk_wrote(frame: pd.DataFrame, told: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("hour",))
    hours = told["t_event"].str[11:13].astype(int).value_counts()
    assert {int(row["hour"]): row["n"] for row in cells.to_dict(orient="records")} == hours.to_dict()


def test_it_counts_other_kinds_in_a_place_by_anything(frame: pd.DataFrame) -> None:
    plain = frame[~frame["group"].isin(GRAVE)]
    assert count_incidents(frame, ("area", "type", "hour"))["n"].sum() == len(plain)
    assert count_incidents(frame, (), {"unit": "U1"})["n"].tolist() == [int((plain["unit"] == "U1").sum())]
    assert not counts_grave(("area", "type"), {})


def test_it_tells_grave_kinds_of_a_place_by_group_and_closed_half_year(frame: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("area", "group", "half"))
    grave = cells[cells["group"].isin(GRAVE)]
    whole = frame[frame["group"].isin(GRAVE)].groupby(["group", "half"]).size()
    assert set(grave["half"]) == {"2025-S2", "2026-S1"}
    assert set(whole.index.get_level_values(1)) == {"2025-S2", "2026-S1", "2026-S2"}
    assert (grave["n"] >= 5).all()
    told_of = grave.groupby(["group", "half"])["n"].sum()
    assert told_of.to_dict() == {key: whole[key] for key in told_of.index}
    joined = grave[grave["flag"] == "joined"]
    assert set(joined["area"]) == {"GT17 *"}
    truth = frame.groupby(["area", "group", "half"]).size()
    for row in grave[grave["flag"] == ""].to_dict(orient="records"):
        assert row["n"] == truth[row["area"], row["group"], row["half"]]


def test_a_filter_gives_the_same_cells_as_a_dimension(frame: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("area", "group", "half"))
    row = cells[(cells["group"] == "violent") & (cells["flag"] == "")].iloc[0]
    where = {"group": "violent", "half": row["half"], "area": row["area"]}
    assert count_incidents(frame, (), where)["n"].tolist() == [row["n"]]
    assert count_incidents(frame, ("month",), where)["n"].sum() == 0
    assert count_incidents(frame, ("type",), {"area": row["area"]})["type"].isin(["0401", "0502", "0601", "11"]).all()


def test_it_tells_squares_by_half_year_only_and_without_grave_kinds(frame: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("grid", "half"))
    assert set(cells["grid"]) == {"16.920 -89.892"}
    inside = frame["grid"].notna() & ~frame["group"].isin(GRAVE) & (frame["half"] != "2026-S2")
    assert cells["n"].sum() == inside.sum()


@pytest.mark.parametrize("by", [("grid",), ("grid", "half", "type"), ("grid", "hour"), ("colour",), ("type", "type")])
def test_it_refuses_what_it_can_not_or_must_not_count(frame: pd.DataFrame, by: tuple[str, ...]) -> None:
    with pytest.raises(BadEstimate):
        count_incidents(frame, by)


def test_it_refuses_a_filter_by_hour_of_the_grid(frame: pd.DataFrame) -> None:
    with pytest.raises(BadEstimate):
        count_incidents(frame, ("grid", "half"), {"hour": "3"})


def test_it_counts_everything_without_dimensions(frame: pd.DataFrame) -> None:
    assert count_incidents(frame, ())["n"].tolist() == [len(frame)]


def test_it_gives_no_rows_for_a_filter_that_fits_nothing(frame: pd.DataFrame) -> None:
    assert len(count_incidents(frame, ("month",), {"area": "XX"})) == 0


def test_it_counts_a_register_without_places_and_times_of_arrival(told: pd.DataFrame) -> None:
    bare = incident_frame(told[["t_event", "ictype"]])
    assert count_incidents(bare, ("type",))["n"].sum() == len(told)
    assert all(len(count_incidents(bare, (place, "group", "half"))) == 0 for place in ("department", "area"))
    assert set(DIMENSIONS) <= set(bare.columns)


def test_it_refuses_more_rows_than_anybody_reads(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survey_server.estimation.incident_counts.MOST_ROWS", 10)
    with pytest.raises(TooManyCategories):
        count_incidents(frame, ("area", "type"))


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("0101", "violent"),
        ("03", "sexual"),
        ("0401", "property"),
        ("0502", "property"),
        ("0601", "drugs"),
        ("11", "other"),
    ],
)
def test_it_groups_kinds_by_the_longest_beginning(code: str, group: str) -> None:
    assert group_of(code) == group


@pytest.mark.parametrize(("value", "code"), [("0101", "0101"), (101.0, "0101"), (3, "03"), ("11", "11"), ("03", "03")])
def test_it_keeps_leading_zeros_of_kinds(value: object, code: str) -> None:
    assert kind_code(value) == code
