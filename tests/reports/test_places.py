"""What the report counts of places: checkpoints and precincts in service, crime next door, strands of prevention."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from survey_server.reports.pages.community import build_community
from survey_server.reports.pages.strands import activities_of
from survey_server.reports.places import department_of, model_precincts, open_checkpoints
from survey_server.reports.registers.contrasts import count_contrast
from survey_server.reports.registers.displacement import distance_to, find_displacement
from survey_server.reports.sample import Sample
from tests.reports.registers import page_of, register, study_of, table

POSTS = [
    {"name": "A", "type": "3", "status": "open", "valid_from": "2026-01-01", "valid_to": ""},
    {"name": "B", "type": "3", "status": "planned", "valid_from": "2026-01-01", "valid_to": ""},
    {"name": "C", "type": "1", "status": "open", "valid_from": "2026-01-01", "valid_to": ""},
    {"name": "D", "type": "3", "status": "open", "valid_from": "2026-01-01", "valid_to": "2026-06-30"},
    {"name": "E", "type": "3", "status": "open", "valid_from": "2027-01-01", "valid_to": ""},
]


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 1), 2), (date(2026, 9, 1), 1), (date(2027, 2, 1), 2)])
def test_it_counts_checkpoints_that_are_open_on_the_day(day: date, count: int) -> None:
    assert open_checkpoints(POSTS, day) == count


def test_it_counts_model_precincts_and_knows_where_venues_lie() -> None:
    units = [{"name": "U1", "area_type": "1", "adm1": "GT01"}, {"name": "U2", "area_type": "0"}]
    assert model_precincts(units, date(2026, 1, 1)) == 1
    assert department_of(units) == {"U1": "GT01"}


def test_it_measures_along_the_globe() -> None:
    one_degree = distance_to(np.array([[15.0, -90.0]]), np.array([[16.0, -90.0], [18.0, -90.0]]))
    assert one_degree[0] == pytest.approx(111.2, abs=0.1)


def incidents(inside: tuple[int, int], near: tuple[int, int], far: tuple[int, int]) -> Sample:
    """So many incidents in the year before and the year after, in each zone."""
    places = {"4": ("14.90 -91.80 0 5", inside), "0": ("14.95 -91.80 0 5", near), "1": ("16.90 -89.90 0 5", far)}
    rows = [
        {"loc": loc, "area_type": area, "t_event": f"{year}-{k % 12 + 1:02d}-03T10:00:00Z", "ictype": "1", "unit": "U"}
        for area, (loc, counts) in places.items()
        for year, count in zip((2025, 2026), counts, strict=True)
        for k in range(count)
    ]
    return register("ssr_incident", rows)


@pytest.mark.parametrize(
    ("near", "far", "reading"),
    [
        ((40, 90), (100, 100), "moved"),
        ((90, 40), (100, 100), "gained"),
        ((60, 62), (100, 100), "none"),
        ((9, 9), (50, 50), "few"),
    ],
)
def test_it_says_of_crime_next_door_only_what_the_counts_show(
    near: tuple[int, int], far: tuple[int, int], reading: str
) -> None:
    found = find_displacement(study_of(incident=incidents((30, 30), near, far)))
    assert found is not None
    assert (found.before, found.after) == ((30, near[0], far[0]), (30, near[1], far[1]))
    assert found.reading == reading


def test_it_gives_next_door_against_elsewhere_as_a_ratio_of_ratios() -> None:
    found = find_displacement(study_of(incident=incidents((30, 30), (40, 60), (100, 120))))
    assert found is not None
    assert found.value.value == pytest.approx(100 * (60 / 40 / (120 / 100) - 1))


def test_it_sees_no_displacement_without_areas_of_the_programme() -> None:
    sample = incidents((30, 30), (40, 40), (50, 50))
    frame = sample.data.frame.assign(area_type="0")
    assert find_displacement(study_of(incident=Sample(replace(sample.data, frame=frame)))) is None


def joint() -> Sample:
    days = [f"2026-{month:02d}-10" for month in range(1, 6)]
    rows = [{"act_id": f"JA-{day.replace('-', '')}-01", "j_type": "1", "held": "1", "j_date": day} for day in days]
    rows[-1]["held"] = "3"
    extra = {"n_people": 10, "planned": 2, "met": 1, "actions": 4, "actions_done": 3, "sop": "1", "info_ex": "0"}
    return register("ssr_joint", [{**row, **extra} for row in rows])


def test_it_counts_activities_held_by_strand_and_department() -> None:
    strands = {
        "JA-20260110-01": "1 GT17",
        "JA-20260210-01": "1 GT17",
        "JA-20260310-01": "4",
        "JA-20260510-01": "2 GT01",
    }
    study = study_of({"started": "2026-01", "strands": strands}, joint=joint())
    assert sorted(activities_of(study)) == [("1", "GT17"), ("1", "GT17"), ("4", "")]
    found = table(page_of(build_community(study)), "community.strands")
    assert found.cell("GT17", "strand1").value == 2
    assert found.cell("all", "all").value == 3


@pytest.mark.parametrize(("code", "value"), [("J16", 75.0), ("C06", None)])
def test_it_gives_indicators_that_no_submission_alone_can_give(code: str, value: float | None) -> None:
    sample = joint()
    counted = count_contrast(study_of(joint=sample), code, sample)
    assert (counted.after.value if counted else None) == value
