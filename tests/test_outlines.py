"""The departments lie where they are, and the picture keeps the shape of the country."""

from __future__ import annotations

import json

import pytest

from survey_server.outlines import MAPS, Drawing, draw_outlines, read_outlines

CITY = (-90.513, 14.641)


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return draw_outlines(read_outlines(), 400)


def test_it_knows_every_department() -> None:
    assert [outline.code for outline in read_outlines()] == [f"GT{number:02}" for number in range(1, 23)]


def test_it_knows_no_outlines_of_a_country_without_a_file() -> None:
    assert read_outlines("SV") == ()


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
