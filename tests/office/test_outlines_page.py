"""A programme's own outlines: taken, drawn on the wave's map, refused with what is wrong, and taken away again."""

from __future__ import annotations

import io
import json
import math
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from survey_server.db.field.own_outlines import MOST_POINTS, read_outline_file
from survey_server.db.field.sites import set_sites
from survey_server.problems import UnreadableTable
from tests.office.world import Browser, World

PAGE = "/office/p/norte/outlines"
Ring = list[list[float]]


def square(west: float, south: float, side: float = 0.5) -> Ring:
    corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, 0.0)]
    return [[west + x, south + y] for x, y in corners]


def area(code: str, *rings: Ring, name: str = "") -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"code": code, "name": name or code}, "geometry": geometry}


def file_of(*areas: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": areas}).encode()


def upload(browser: Browser, content: bytes, seen: str | None = None) -> TestResponse:
    stamp = browser.seen(PAGE) if seen is None else seen
    return browser.post(PAGE, {"seen": stamp, "file": (io.BytesIO(content), "mapa.geojson")})


@pytest.fixture
def towns(world: World) -> World:
    """Two sites of the open wave lie in municipalities."""
    with world.database.transaction() as session:
        rows = [{"code": code, "department": "GT17", "municipality": f"170{n}"} for n, code in enumerate("AB", 1)]
        set_sites(session, world.here.id, rows, actor="command")
    return world


def test_it_draws_the_wave_by_the_programmes_own_municipalities(towns: World) -> None:
    coordinator, wave = towns.browser("coordinator"), f"/office/p/norte/waves/{towns.open.id}"
    assert "Avance por departamento" in coordinator.get(wave).text
    areas = [
        area("1701", square(-90, 16), name="Flores"),
        area("1702", square(-89.5, 16)),
        area("1799", square(-89, 16)),
    ]
    assert upload(coordinator, file_of(*areas)).status_code == 303
    told = coordinator.get(PAGE).text
    assert "Los puntos están en 2 de 3 áreas" in told
    assert "Áreas sin puntos: 1799" in told
    page = coordinator.get(wave).text
    assert "Avance por municipio" in page
    assert len(re.findall(r'<path class="(?:step\d mine|none)"', page)) == 3
    assert "Flores:" in page
    remove = {"seen": coordinator.seen(PAGE)}
    assert coordinator.post(f"{PAGE}/municipality/remove", remove).status_code == 303
    assert "Avance por departamento" in coordinator.get(wave).text
    assert "Ningún contorno propio" in towns.browser("coordinator").get(PAGE).text


@pytest.mark.parametrize(
    ("areas", "fault"),
    [
        ([area("1701", square(-90, 16)[:-1])], "no termina donde empieza"),
        ([area("1701", [[-90, 16], [-89, 16], [-88, 16], [-90, 16]])], "no encierra nada"),
        ([area("1701", square(450_000, 1_600_000, 900))], "no son grados"),
        ([area("1701", [[10**400, 1], [2, 2], [3, 1], [10**400, 1]])], "no son grados"),
        ([area("1701", [["a", 1], [2, 2], [3, 1], ["a", 1]])], "no es un polígono"),
        ([area("", square(-90, 16))], "necesita un código"),
        ([area("1701", square(-90, 16)), area("1701", square(-89, 16))], "es también el área 1"),
        ([area("\ud800", square(-90, 16), name="\ud800")], "Ningún punto tiene uno de estos códigos"),
        ([area("9999", square(-90, 16))], "Ningún punto tiene uno de estos códigos"),
        ([], "de 1 a 600 áreas"),
    ],
)
def test_it_says_what_is_wrong_with_outlines_and_takes_none(
    towns: World, areas: list[dict[str, Any]], fault: str
) -> None:
    answer = upload(towns.browser("coordinator"), file_of(*areas))
    assert answer.status_code == 422
    assert fault in answer.text
    assert "Ningún contorno propio" in towns.browser("coordinator").get(PAGE).text


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"features": 3}', b"\x89PNG", b'{"features": [7]}', b"[" * 5000])
def test_it_refuses_what_is_no_geojson(towns: World, content: bytes) -> None:
    answer = upload(towns.browser("coordinator"), content)
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)


def test_it_tells_the_second_of_two_people_that_the_outlines_have_changed(towns: World) -> None:
    coordinator = towns.browser("coordinator")
    seen = coordinator.seen(PAGE)
    upload(coordinator, file_of(area("1701", square(-90, 16), name="Uno")))
    late = upload(coordinator, file_of(area("1701", square(-89, 16), name="Dos")), seen=seen)
    assert late.status_code == 409
    assert "Uno (1701)" in late.text


def test_it_keeps_of_a_fine_outline_what_a_picture_can_show() -> None:
    circle = [[math.cos(k / 5000 * math.tau), math.sin(k / 5000 * math.tau)] for k in range(5000)]
    (light,) = read_outline_file(file_of(area("1", [*circle, circle[0]])))
    (ring,) = light.rings
    assert 40 < len(ring) < 200
    assert ring[0] == ring[-1]
    assert all(abs(math.hypot(*point) - 1) < 2 * 2 / 1500 for point in ring)
    zigzag = [[k / 100, 2.0 * (k % 2)] for k in range(MOST_POINTS + 100)]
    with pytest.raises(UnreadableTable):
        read_outline_file(file_of(area("1", [*zigzag, [zigzag[-1][0], -1.0], zigzag[0]])))
