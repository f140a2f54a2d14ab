"""Outlines of departments, drawn as shapes of a picture: no tiles, no third-party hosts. One copy for all pages."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

MAPS = Path(__file__).resolve().parents[1] / "static" / "maps"
_NEIGHBOURS = Path(__file__).resolve().parent / "maps"
FILES: Mapping[str, Path] = {
    "GT": MAPS / "gt_departments.json",
    **{code: _NEIGHBOURS / f"{code.lower()}.json" for code in ("BZ", "CR", "HN", "MX", "NI", "PA", "SV")},
}
"""Country -> file of outlines (GeoJSON, MultiPolygons with `code` and `name`, degrees to three decimals).

Phones carry Guatemala's alone. Of Mexico there are the states of the south. Codes are GT01 to GT22, elsewhere those of
ISO 3166-2 behind an underscore: SV_AH.
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Outline:
    """A department: its rings of (longitude, latitude)."""

    code: str
    name: str
    rings: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True)
class Shape:
    """A department in the coordinates of the picture: its path, and where its name would stand."""

    code: str
    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """A map: shapes within `width` by `height`, and the way to place any point on it."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    west: float
    north: float
    scale: float
    squeeze: float

    def place(self, longitude: float, latitude: float) -> Point:
        """Where a point of the earth lies in the picture, which may be outside of it."""
        return (
            round((longitude - self.west) * self.squeeze * self.scale, 1),
            round((self.north - latitude) * self.scale, 1),
        )


@cache
def read_outlines(country: str = "GT") -> tuple[Outline, ...]:
    """The departments of a country by code; none where we have no outlines."""
    if country not in FILES:
        return ()
    found = json.loads(FILES[country].read_text(encoding="utf-8"))
    outlines = [
        Outline(
            each["properties"]["code"],
            each["properties"]["name"],
            tuple(tuple((x, y) for x, y in ring) for polygon in each["geometry"]["coordinates"] for ring in polygon),
        )
        for each in found["features"]
    ]
    return tuple(sorted(outlines, key=lambda outline: outline.code))


def outlines_of(areas: Iterable[str | None], own: Sequence[Outline] = ()) -> tuple[Outline, ...]:
    """All areas of every set that one of these codes lies in, to be drawn as one map.

    `own` are the programme's, which go before ours: those stand in for a country whose codes they have.
    """
    wanted = set(areas)
    mine = tuple(own) if wanted & {outline.code for outline in own} else ()
    known = {outline.code for outline in mine}
    countries = (read_outlines(country) for country in FILES)
    ours = (each for outlines in countries if (wanted - known) & {o.code for o in outlines} for each in outlines)
    return (*mine, *(each for each in ours if each.code not in known))


def department_names() -> dict[str, str]:
    """The name of every department that we have an outline of, by its code."""
    return {outline.code: outline.name for country in FILES for outline in read_outlines(country)}


def draw_outlines(outlines: Sequence[Outline], width: float, margin: float = 4) -> Drawing:
    """The outlines as paths of a picture `width` wide; degrees of longitude as narrow as they are at that latitude."""
    points = [point for outline in outlines for ring in outline.rings for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (width - 2 * margin) / ((east - west) * squeeze)
    height = round((north - south) * scale + 2 * margin, 1)
    empty = Drawing(width, height, (), west - margin / scale / squeeze, north + margin / scale, scale, squeeze)
    shapes = tuple(_shape(outline, empty) for outline in outlines)
    return Drawing(width, height, shapes, empty.west, empty.north, scale, squeeze)


def _shape(outline: Outline, drawing: Drawing) -> Shape:
    largest = max(outline.rings, key=lambda ring: abs(_area(ring)))
    x, y = drawing.place(*_middle(largest))
    return Shape(outline.code, outline.name, "".join(_path(ring, drawing) for ring in outline.rings), x, y)


def _path(ring: Iterable[Point], drawing: Drawing) -> str:
    steps = [f"{x:g} {y:g}" for x, y in (drawing.place(*point) for point in ring)]
    apart = [step for before, step in zip(["", *steps], steps, strict=False) if step != before]
    return f"M{'L'.join(apart)}Z"


def _area(ring: Sequence[Point]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring)) / 2


def _middle(ring: Sequence[Point]) -> Point:
    area = _area(ring)
    parts = [(p, q, p[0] * q[1] - q[0] * p[1]) for p, q in pairwise(ring)]
    x = sum((p[0] + q[0]) * cross for p, q, cross in parts) / (6 * area)
    y = sum((p[1] + q[1]) * cross for p, q, cross in parts) / (6 * area)
    return x, y
