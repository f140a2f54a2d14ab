"""A programme's own outlines for its maps: a GeoJSON file of departments or municipalities, checked and made light."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.site_rows import Fault, raise_faults
from survey_server.db.models import OutlineSet, Site, now
from survey_server.outlines import Outline, Point
from survey_server.problems import EditedMeanwhile, UnfitSites, UnreadableTable

Level = Literal["department", "municipality"]
OwnOutlines: TypeAlias = Mapping[Level, tuple[Outline, ...]]
LEVELS: tuple[Level, ...] = ("municipality", "department")
"""The finer first: a map by municipality goes before one by department."""
MOST_BYTES, MOST_AREAS, MOST_POINTS = 20_000_000, 600, 12_000
_ACROSS = 1500
"""No picture is wider than so many points of light: what is smaller than one of them isn't kept."""
_CODES, _NAMES = ("code", "codigo", "código", "shapeISO", "id"), ("name", "nombre", "shapeName")


@dataclass(frozen=True)
class Fit:
    """How outlines and the site table go together: which level they are of, and the codes that only one has."""

    level: Level
    areas: int
    met: int
    without_sites: tuple[str, ...]
    without_outline: tuple[str, ...]


def read_outline_file(content: bytes) -> tuple[Outline, ...]:
    """The areas of a GeoJSON file, no finer than a picture can show; raises UnreadableTable or UnfitSites."""
    if len(content) > MOST_BYTES:
        raise UnreadableTable("The file is larger than 20 MB: simplify the outlines first.", why="outlines-size")
    try:
        features = json.loads(content)["features"]
        found = [_Area(number, each) for number, each in enumerate(features, 1)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableTable("The file isn't GeoJSON: it has to hold a FeatureCollection.", why="geojson") from error
    if not found or len(found) > MOST_AREAS:
        raise UnreadableTable(f"The file has {len(found)} areas; a map takes 1 to {MOST_AREAS}.", why="outlines-areas")
    faults = [fault for area in found for fault in area.faults()]
    first: dict[str, int] = {}
    for area in found:
        if area.code and first.setdefault(area.code, area.number) != area.number:
            faults.append(Fault(area.number, "code", "twice", area.code, str(first[area.code])))
    raise_faults(faults)
    return _made_light([area.outline() for area in found])


def fit_to_sites(session: Session, programme_id: int, outlines: Sequence[Outline]) -> Fit:
    """Which level of the site table these are; raises UnfitSites when no site lies in any of them by its code."""
    query = select(Site.department, Site.municipality).where(Site.programme_id == programme_id)
    rows = session.execute(query).all()
    departments, municipalities = {row.department for row in rows} - {None}, {row.municipality for row in rows} - {None}
    codes = {outline.code for outline in outlines}
    met = {"department": codes & departments, "municipality": codes & municipalities}
    level: Level = max(LEVELS, key=lambda each: len(met[each]))
    if not met[level]:
        raise UnfitSites("No site has one of these codes as its department or municipality.", why="outlines-strange")
    sites = departments if level == "department" else municipalities
    return Fit(level, len(codes), len(met[level]), tuple(sorted(codes - sites)), tuple(sorted(sites - codes)))


def set_outlines(session: Session, programme_id: int, outlines: Sequence[Outline], *, seen: str, actor: str) -> Fit:
    """Take them in the place of those of the same level; `seen` is the state that the page showed."""
    _check_seen(session, programme_id, seen)
    fit = fit_to_sites(session, programme_id, outlines)
    row = session.get(OutlineSet, (programme_id, fit.level)) or OutlineSet(programme_id=programme_id, level=fit.level)
    row.content = json.dumps([[each.code, each.name, each.rings] for each in outlines], ensure_ascii=False)
    row.areas, row.added_at, row.added_by = len(outlines), now(), actor
    session.add(row)
    add_audit(session, programme_id, actor, "set-outlines", fit.level, areas=fit.areas, met=fit.met)
    return fit


def drop_outlines(session: Session, programme_id: int, level: str, *, seen: str, actor: str) -> None:
    """Go back to the outlines that every programme has."""
    _check_seen(session, programme_id, seen)
    session.execute(delete(OutlineSet).where(OutlineSet.programme_id == programme_id, OutlineSet.level == level))
    add_audit(session, programme_id, actor, "drop-outlines", level)


def list_outline_sets(session: Session, programme_id: int) -> list[OutlineSet]:
    """Those of the programme, one for each level at most."""
    query = select(OutlineSet).where(OutlineSet.programme_id == programme_id).order_by(OutlineSet.level)
    return list(session.scalars(query))


def stamp_of_outlines(sets: Sequence[OutlineSet]) -> str:
    """What a page gives back to say which outlines it showed."""
    return ",".join(f"{each.level}:{int(each.added_at.timestamp() * 1000)}" for each in sets) or "none"


def own_outlines(session: Session, programme_id: int) -> OwnOutlines:
    """The outlines themselves by level."""
    sets = {each.level: each.content for each in list_outline_sets(session, programme_id)}
    return {level: tuple(map(_outline, json.loads(sets[level]))) for level in LEVELS if level in sets}


def _check_seen(session: Session, programme_id: int, seen: str) -> None:
    if seen != stamp_of_outlines(list_outline_sets(session, programme_id)):
        raise EditedMeanwhile("Somebody else changed the outlines meanwhile.")


def _outline(told: tuple[str, str, list[list[list[float]]]]) -> Outline:
    code, name, rings = told
    return Outline(code, name, tuple(tuple((x, y) for x, y in ring) for ring in rings))


class _Area:
    """One feature of the file."""

    def __init__(self, number: int, feature: Mapping[str, Any]) -> None:
        told = {str(key): value for key, value in (feature.get("properties") or {}).items()}
        self.number = number
        self.code = _first(told, _CODES) or _plain(feature.get("id") or "")
        self.name = _first(told, _NAMES) or self.code
        geometry = feature.get("geometry") or {}
        kind, places = geometry.get("type"), geometry.get("coordinates")
        polygons: Any = [places] if kind == "Polygon" else places if kind == "MultiPolygon" else []
        self.rings: list[Any] = [ring for polygon in polygons or [] for ring in polygon]

    def faults(self) -> Iterator[Fault]:
        if not self.code or len(self.code) > 40:
            yield Fault(self.number, "code", "outline-code", self.code[:40])
        if not self.rings:
            yield Fault(self.number, self.code, "outline-kind")
        for ring in self.rings:
            if kind := _fault_of(ring):
                yield Fault(self.number, self.code, kind)
                break

    def outline(self) -> Outline:
        return Outline(self.code, self.name[:80], tuple(tuple((p[0], p[1]) for p in ring) for ring in self.rings))


def _first(told: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((_plain(told[name]) for name in names if told.get(name) not in (None, "")), "")


def _plain(told: Any) -> str:
    """As text that can be stored and shown: JSON can name half a character."""
    return str(told).encode("utf-8", "replace").decode().strip()


def _fault_of(ring: Any) -> str:
    """What is wrong with a ring: numbers that are no degrees, an open end, no area."""
    if not isinstance(ring, list) or not all(isinstance(p, list) and len(p) >= 2 for p in ring):
        return "outline-kind"
    numbers = [value for point in ring for value in point[:2]]
    if not all(type(value) in (int, float) for value in numbers):
        return "outline-kind"
    if not all(abs(point[0]) <= 180 and abs(point[1]) <= 90 for point in ring):
        return "outline-degrees"
    if len(ring) < 4 or ring[0][:2] != ring[-1][:2]:
        return "outline-open"
    return "outline-flat" if _area(ring) == 0 else ""


def _area(ring: Sequence[Sequence[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def _made_light(outlines: Sequence[Outline]) -> tuple[Outline, ...]:
    points = np.array([point for outline in outlines for ring in outline.rings for point in ring])
    across = float((points.max(axis=0) - points.min(axis=0)).max())
    light = []
    for outline in outlines:
        rings = [ring for one in outline.rings if len(ring := _thinned(one, across / _ACROSS)) >= 4]
        largest = max(outline.rings, key=lambda ring: abs(_area(ring)))
        light.append(Outline(outline.code, outline.name, tuple(rings) or (largest[:: max(1, len(largest) // 8)],)))
    if sum(len(ring) for outline in light for ring in outline.rings) > MOST_POINTS:
        raise UnreadableTable("The outlines are too fine for one map: take fewer areas.", why="outlines-fine")
    return tuple(sorted(light, key=lambda outline: outline.code))


def _thinned(ring: Sequence[Point], apart: float) -> tuple[Point, ...]:
    """Without the points that lie nearer than `apart` to the line between those that stay (Douglas and Peucker)."""
    points = np.array(ring, dtype=float)
    middle = int(np.hypot(*(points - points[0]).T).argmax())
    kept = {0, middle, len(points) - 1}
    open_parts = [(0, middle), (middle, len(points) - 1)]
    while open_parts:
        start, end = open_parts.pop()
        if end - start < 2:
            continue
        line = points[end] - points[start]
        length = math.hypot(*line) or 1.0
        inside = points[start + 1 : end] - points[start]
        away = np.abs(inside[:, 0] * line[1] - inside[:, 1] * line[0]) / length
        if away.max() > apart:
            farthest = start + 1 + int(away.argmax())
            kept.add(farthest)
            open_parts += [(start, farthest), (farthest, end)]
    digits = max(3, -math.floor(math.log10(apart)) + 1) if apart > 0 else 5
    return tuple((round(float(points[k, 0]), digits), round(float(points[k, 1]), digits)) for k in sorted(kept))
