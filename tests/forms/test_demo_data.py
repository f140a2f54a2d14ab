"""The demo data sets: consistent with each other and with the forms, and silent about the design on the phone."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

FORMS = Path(__file__).parents[2] / "forms"
ON_PHONES = ("psus", "posts", "units", "venues")


def rows(name):
    with (FORMS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_has_sixty_sites_half_of_them_in_the_programme():
    sites = rows("demo_sites")
    assert Counter(site["arm"] for site in sites) == {"programme": 30, "comparison": 30}
    assert len({site["stratum"] for site in sites}) == 4
    assert len({site["department"] for site in sites}) >= 8


def test_it_has_both_arms_in_every_stratum():
    cells = Counter((site["stratum"], site["arm"]) for site in rows("demo_sites"))
    assert len(cells) == 8
    assert min(cells.values()) >= 2


def test_it_numbers_sites_by_department_and_municipality():
    for site in rows("demo_sites"):
        assert re.fullmatch(r"GT\d{7}", site["code"])
        assert site["code"].startswith(site["department"])
        assert float(site["weight"]) > 0


def test_it_gives_phones_the_same_points_as_the_office():
    sites = {site["code"]: site for site in rows("demo_sites")}
    points = {point["name"]: point for point in rows("psus")}
    assert points.keys() == sites.keys()
    for code, point in points.items():
        assert (point["adm1"], point["area"], point["border"]) == tuple(
            sites[code][column] for column in ("department", "area", "border")
        )


def test_it_takes_no_location_where_it_is_dangerous():
    risky = {site["code"] for site in rows("demo_sites") if int(site["risk_tier"]) >= 3}
    assert risky
    assert {point["gps_policy"] for point in rows("psus") if point["name"] in risky} == {"none"}


@pytest.mark.parametrize("name", ON_PHONES)
def test_it_tells_phones_nothing_of_the_design(name):
    assert not {"arm", "weight", "stratum", "latitude", "longitude"} & rows(name)[0].keys()


@pytest.mark.parametrize("name", ON_PHONES)
def test_it_names_every_row_once(name):
    names = [row["name"] for row in rows(name)]
    assert len(names) == len(set(names))
    assert all(row["label"] for row in rows(name))


@pytest.mark.parametrize("name", ["posts", "units", "venues"])
def test_it_calls_invented_places_demo(name):
    assert all("demo" in row["label"] for row in rows(name))


def test_it_has_a_site_for_every_post_that_can_be_observed():
    open_posts = {post["name"] for post in rows("posts") if post["status"] == "open"}
    assert {site["code"] for site in rows("demo_post_sites")} == open_posts
    assert len(open_posts) == 12


def test_it_offers_what_the_forms_filter_by(observer):
    types = set(observer.choices("posttype"))
    departments = set(observer.choices("adm1"))
    for post in rows("posts"):
        assert post["type"] in types
        assert post["adm1"] in departments
