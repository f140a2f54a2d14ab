"""The departments lie where they are, and the picture keeps the shape of the country."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest

from survey_server.outlines import (
    FILES,
    MAPS,
    Drawing,
    Outline,
    department_names,
    draw_outlines,
    outlines_of,
    read_outlines,
)

CITY = (-90.513, 14.641)


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return draw_outlines(read_outlines(), 400)


def test_it_knows_every_department() -> None:
    assert [outline.code for outline in read_outlines()] == [f"GT{number:02}" for number in range(1, 23)]


def test_it_knows_no_outlines_of_a_country_without_a_file() -> None:
    assert read_outlines("PE") == ()


@pytest.mark.parametrize(
    ("country", "departments", "place", "capital"),
    [
        ("BZ", 6, "BZ_CY", (-88.77, 17.25)),
        ("CR", 7, "CR_SJ", (-84.08, 9.93)),
        ("HN", 18, "HN_FM", (-87.21, 14.09)),
        ("MX", 7, "MX_CHP", (-93.11, 16.75)),
        ("NI", 17, "NI_MN", (-86.25, 12.11)),
        ("PA", 12, "PA_8", (-79.52, 9.02)),
        ("SV", 14, "SV_SS", (-89.19, 13.72)),
    ],
)
def test_it_knows_the_departments_of_the_neighbours_where_they_lie(
    country: str, departments: int, place: str, capital: tuple[float, float]
) -> None:
    outlines = read_outlines(country)
    assert len({outline.code for outline in outlines}) == len(outlines) == departments
    around = [outline.code for outline in outlines if any(surrounds(ring, *capital) for ring in outline.rings)]
    assert around == [place]
    assert FILES[country].stat().st_size < 30_000


def surrounds(ring: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Whether a ray to the east of the point leaves the ring: the even-odd rule."""
    crossed = 0
    for (x0, y0), (x1, y1) in pairwise(ring):
        crossed += (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return bool(crossed % 2)


def test_it_draws_several_countries_as_one_map_and_none_that_nobody_asked_for() -> None:
    both = outlines_of(["GT17", "BZ_TOL", None, "nowhere"])
    assert {outline.code[:2] for outline in both} == {"GT", "BZ"}
    assert len(draw_outlines(both, 400).shapes) == 28
    assert outlines_of(["nowhere"]) == ()
    assert department_names()["HN_OC"] == "Ocotepeque"


def test_it_draws_a_programmes_own_outlines_in_the_place_of_ours() -> None:
    ring = ((-90.0, 16.0), (-89.0, 16.0), (-89.0, 17.0), (-90.0, 16.0))
    own = (Outline("GT17", "Petén", (ring,)), Outline("X1", "Fuera", (ring,)))
    assert outlines_of(["GT17", "X1"], own) == own
    assert {outline.code for outline in outlines_of(["GT17", "BZ_TOL"], own)} >= {"GT17", "X1", "BZ_CY"}
    codes = [outline.code for outline in outlines_of(["GT17", "GT18"], own)]
    assert (len(codes), len(set(codes))) == (23, 23)  # all of Guatemala, its Petén the programme's, and X1
    assert outlines_of(["BZ_TOL"], own) == outlines_of(["BZ_TOL"])


def test_it_keeps_all_shapes_within_the_picture(drawing: Drawing) -> None:
    for shape in drawing.shapes:
        numbers = [float(part) for part in shape.path.strip("MZ").replace("ZM", " ").replace("L", " ").split()]
        assert all(0 <= x <= drawing.width for x in numbers[0::2])
        assert all(0 <= y <= drawing.height for y in numbers[1::2])


def test_it_places_the_capital_inside_its_department(drawing: Drawing) -> None:
    x, y = drawing.place(*CITY)
    middle = next(shape for shape in drawing.shapes if shape.name == "Guatemala")
    assert abs(x - middle.x) < 10
    assert abs(y - middle.y) < 10


def test_it_is_as_high_as_the_country_is_long(drawing: Drawing) -> None:
    # 13.74° to 17.82° north is 453 km; 92.23° to 88.22° west at 15.8° is 428 km.
    assert drawing.height / drawing.width == pytest.approx(453 / 428, abs=0.03)


def test_it_is_one_file_that_a_browser_can_read_too() -> None:
    found = json.loads((MAPS / "gt_departments.json").read_text())
    assert {each["geometry"]["type"] for each in found["features"]} == {"MultiPolygon"}
