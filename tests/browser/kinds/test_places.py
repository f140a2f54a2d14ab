"""Places: by satellite, on a map, by hand; and how ways and areas are measured."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page

from survey_server.xlsform.expressions.functions_geo import distance_between, parse_points
from tests.browser.interviewing import NEXT
from tests.browser.kinds.interview import Begin
from tests.browser.waiting import wait_for_script

pytestmark = pytest.mark.browser


def test_it_measures_ways_and_areas_as_the_forms_own_functions_do(page: Page) -> None:
    ring = "14.5 -90.5 0 0;14.6 -90.5 0 0;14.6 -90.4 0 0;14.5 -90.5 0 0"
    corners = parse_points(ring)
    assert corners is not None
    length = sum(distance_between(a, b) for a, b in pairwise(corners))
    found = page.evaluate(
        """async (ring) => {
          const { version } = document.documentElement.dataset;
          const geo = await import(`/static/${version}/js/rooms/maps/geo.js`);
          const points = geo.readPoints(ring);
          const back = geo.fromMap(geo.toMap(points[1]));
          return {
            again: geo.writePoints(points), length: geo.lengthOf(points), area: geo.areaOf(points),
            kind: geo.shapeOf(points), back,
            mean: geo.average([0, 1].map((at) => ({ lat: at, lon: at, alt: 0, acc: 5 }))),
          };
        }""",
        ring,
    )
    assert found["again"] == ring and found["kind"] == "area"
    assert found["length"] == pytest.approx(length) and found["area"] == pytest.approx(59_992_000, rel=0.001)
    assert (found["mean"]["lat"], found["mean"]["acc"]) == (0.5, 5)
    assert (found["back"]["lat"], found["back"]["lon"]) == pytest.approx((14.6, -90.5))


def test_it_takes_places_by_satellite_on_a_map_and_by_hand(begin: Begin, screens: Path) -> None:
    it = begin("placed")
    page = it.page
    it.question("spot").locator("button", has_text="Tomar la ubicación").click()
    it.question("spot").locator(".taken", has_text="Precisión: 4 m").wait_for()
    page.screenshot(path=screens / "41-point.png")
    it.next("/wide")
    it.question("wide").locator("button", has_text="Tomar la ubicación").click()
    it.question("wide").locator(".big", has_text="Precisión: 4 m").wait_for()
    assert "más de 3 m" in it.question("wide").locator(".alert").inner_text()
    page.screenshot(path=screens / "42-waiting.png", full_page=True)
    it.question("wide").locator("button", has_text="Usar esta").click()
    it.question("wide").locator(".taken").wait_for()
    it.next("/placed")
    it.question("placed").locator("button[aria-label='Dónde estoy']").click()
    wait_for_script(page, "document.querySelector('canvas') !== null")
    it.question("placed").locator("button", has_text="Poner el punto aquí").click()
    it.question("placed").locator(".taken").wait_for()
    page.screenshot(path=screens / "43-placement.png", full_page=True)
    it.next("/path")
    canvas = it.question("path").locator("canvas")
    box = canvas.bounding_box()
    assert box
    for share in (0.3, 0.6):
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.5)
    it.question("path").locator("button", has_text="Mi posición").click()
    it.question("path").locator(".big", has_text="3 puntos").wait_for()
    it.question("path").locator("button", has_text="Deshacer").click()
    it.question("path").locator(".big", has_text="2 puntos").wait_for()
    page.screenshot(path=screens / "44-trace.png", full_page=True)
    it.next("/field")
    it.question("field").locator("summary").click()
    for lat, lon in (("14.5", "-90.5"), ("14.6", "-90.5"), ("14.6", "-90.4")):
        it.question("field").locator("[aria-label='Latitud']").fill(lat)
        it.question("field").locator("[aria-label='Longitud']").fill(lon)
        if lon == "-90.4":
            page.locator(NEXT).click()
            assert "un área necesita 3" in it.question("field").locator(".message").first.inner_text()
        it.question("field").locator("button", has_text="Agregar por coordenadas").click()
    assert it.question("field").locator(".big").inner_text() == "3 puntos · 37.4 km · 60 km²"
    page.screenshot(path=screens / "45-shape.png", full_page=True)
    it.next("/done")
    it.question("done").locator("label").first.click()
    page.locator("form.questions").wait_for()
    it.next("end")
    found = it.finished()
    here = "14.6407 -90.5133 0 4"
    assert (found["began"], found["spot"], found["wide"], found["after"]) == (here, here, here, here)
    assert re.fullmatch(r"-?[\d.]+ -?[\d.]+ 0 0", found["placed"] or "")
    assert re.fullmatch(r"(-?[\d.]+ -?[\d.]+ 0 0;?){2}", found["path"] or "")
    assert found["field"] == "14.5 -90.5 0 0;14.6 -90.5 0 0;14.6 -90.4 0 0;14.5 -90.5 0 0"
