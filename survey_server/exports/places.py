"""GeoJSON: a feature for every point, line and area that was answered, with whose it is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from survey_server.exports.plan import Plan
from survey_server.exports.rows import NUMBERS, Cells, first_headings

GEOMETRIES = {"geopoint": "Point", "geotrace": "LineString", "geoshape": "Polygon"}


class GeoJsonFile:
    """Writes features as they come: RFC 7946, longitude first."""

    def __init__(self, plan: Plan, path: Path) -> None:
        self.plan, self.path = plan, path
        self.count = 0
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._file.write('{"type":"FeatureCollection","features":[')

    def add(self, table: str, rows: Iterable[Cells]) -> int:
        """The features of some rows; how many rows."""
        names = first_headings(table)
        asked = [
            (place, variable)
            for place, variable in enumerate(self.plan.tables[table], len(names))
            if variable.kind in GEOMETRIES
        ]
        count = 0
        for count, cells in enumerate(rows, 1):  # noqa: B007 - told at the end
            for place, variable in asked:
                geometry = read_geometry(variable.kind, cells[place]) if cells[place] else None
                if geometry:
                    told = zip(names, cells, strict=False)
                    about = {name: int(fact) if name in NUMBERS else fact or None for name, fact in told}
                    properties = {**about, "question": variable.name}
                    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
                    self._file.write(("," if self.count else "") + json.dumps(feature, ensure_ascii=False))
                    self.count += 1
        return count

    def finish(self, path: Path) -> None:
        """Close the collection."""
        self._file.write("]}")
        self._file.close()

    def discard(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def read_geometry(kind: str, value: str) -> dict[str, Any] | None:
    """ "14.6 -90.5 1500 4" (points apart by semicolons) as a GeoJSON geometry; None for what can't be read."""
    try:
        points = [_position(part) for part in value.split(";") if part.strip()]
    except (ValueError, IndexError):
        return None
    if kind == "geopoint" and points:
        return {"type": "Point", "coordinates": points[0]}
    if kind == "geotrace" and len(points) >= 2:
        return {"type": "LineString", "coordinates": points}
    if kind == "geoshape" and len(points) >= 3:
        ring = points if points[0] == points[-1] else [*points, points[0]]
        return {"type": "Polygon", "coordinates": [ring]}
    return None


def _position(text: str) -> list[float]:
    """Longitude, latitude and, where it was measured, the altitude."""
    latitude, longitude, *rest = (float(part) for part in text.split())
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(text)
    return [longitude, latitude, rest[0]] if rest and rest[0] else [longitude, latitude]
