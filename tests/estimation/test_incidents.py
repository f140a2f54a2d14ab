"""Incidents counted by place, kind and time: against a plain count of the rows, and what must stay hidden."""

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.incidents import GRAVE_TYPES, count_incidents, group_of, incident_frame, kind_code
from survey_server.problems import BadEstimate, TooManyCategories

KINDS = ("0101", "0202", "03", "0401", "0502", "0601", "11")


@pytest.fixture(scope="module")
def told() -> pd.DataFrame:
    """Two thousand incidents as a form has them."""
    rng = np.random.default_rng(3)
    n = 2000
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90 * 24 * 60, n), unit="min")
    return pd.DataFrame(
        {
            "t_event": days.strftime("%Y-%m-%dT%H:%M:%S.000-06:00"),
            "ictype": rng.choice(KINDS, n, p=[0.02, 0.01, 0.01, 0.3, 0.3, 0.3, 0.06]),
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


def test_it_hides_grave_kinds_under_five_in_a_place_and_one_more(frame: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("area", "type"))
    truth = frame.groupby(["area", "type"]).size()
    for area, line in cells.groupby("area"):
        hidden = line[line["flag"] == "suppressed"]
        small = [kind for kind in line["type"] if kind in GRAVE_TYPES and truth[area, kind] < 5]
        assert set(small) <= set(hidden["type"])
        assert len(hidden) != 1  # a single one could be worked out from the total
        assert hidden["n"].isna().all()
        assert hidden["median"].isna().all()


@pytest.mark.parametrize("kind", [{"type": "0101"}, {"group": "sexual"}])
def test_a_filter_gives_no_more_away_than_a_dimension(frame: pd.DataFrame, kind: dict[str, str]) -> None:
    by_place = count_incidents(frame, ("area",), kind)
    assert by_place["n"].dropna().min() >= 5 if by_place["n"].notna().any() else True
    assert (by_place["flag"] == "suppressed").any()
    at_a_place = count_incidents(frame, ("month",), {**kind, "area": by_place["area"].iloc[0]})
    assert not ((at_a_place["n"] > 0) & (at_a_place["n"] < 5)).fillna(False).any()
    assert count_incidents(frame, (), {**kind, "area": "GT1700"})["n"].isna().all()


def test_a_filter_by_square_kilometre_leaves_grave_kinds_out(frame: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("type",), {"grid": "16.920 -89.892"})
    assert not set(cells["type"]) & set(GRAVE_TYPES)


def test_it_hides_nothing_without_a_place(frame: pd.DataFrame) -> None:
    assert (count_incidents(frame, ("type", "month", "weekday"))["flag"] == "").all()


def test_it_leaves_grave_kinds_out_of_the_grid(frame: pd.DataFrame) -> None:
    cells = count_incidents(frame, ("grid", "type"))
    assert not set(cells["type"]) & set(GRAVE_TYPES)
    assert set(cells["grid"]) == {"16.920 -89.892"}


def test_it_hides_every_small_count_of_the_grid(frame: pd.DataFrame) -> None:
    few = frame[frame["type"] == "0601"].head(4)
    assert (count_incidents(few, ("grid",))["flag"] == "suppressed").all()


@pytest.mark.parametrize("by", [("grid", "hour"), ("grid", "weekday"), ("colour",), ("type", "type")])
def test_it_refuses_what_it_can_not_or_must_not_count(frame: pd.DataFrame, by: tuple[str, ...]) -> None:
    with pytest.raises(BadEstimate):
        count_incidents(frame, by)


def test_it_refuses_a_filter_by_hour_of_the_grid(frame: pd.DataFrame) -> None:
    with pytest.raises(BadEstimate):
        count_incidents(frame, ("grid",), {"hour": "3"})


def test_it_counts_everything_without_dimensions(frame: pd.DataFrame) -> None:
    assert count_incidents(frame, ())["n"].tolist() == [len(frame)]


def test_it_gives_no_rows_for_a_filter_that_fits_nothing(frame: pd.DataFrame) -> None:
    assert len(count_incidents(frame, ("month",), {"area": "XX"})) == 0


def test_it_refuses_more_rows_than_anybody_reads(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survey_server.estimation.incidents.MOST_ROWS", 10)
    with pytest.raises(TooManyCategories):
        count_incidents(frame, ("area", "type"))


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("0101", "violent"),
        ("03", "sexual"),
        ("0401", "violent"),
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
