"""Geography on the WGS84 sphere: length of a trace, area of a shape, points inside, lines that cross."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from survey_server.xlsform.expressions.evaluate import BOOLEAN, NUMBER
from survey_server.xlsform.expressions.signature import Library, function
from survey_server.xlsform.expressions.values import NAN, Value, text_of, to_string

GEO: Library = {}
RADIUS = 6_378_100.0  # metres, as JavaRosa counts
Point = tuple[float, float]


def parse_point(text: str) -> Point | None:
    """The latitude and longitude of “lat lon alt acc”."""
    parts = text.split()
    if not 2 <= len(parts) <= 4:
        return None
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    lat, lon = numbers[0], numbers[1]
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def parse_points(text: str) -> list[Point] | None:
    """The points of a trace or shape, which are separated by semicolons; None if one can't be read."""
    points = []
    for part in text.strip().rstrip(";").split(";"):
        point = parse_point(part)
        if point is None:
            return None
        points.append(point)
    return points


def points_of(values: Sequence[Value]) -> list[Point] | None:
    """All points of the arguments: lists of nodes, traces, shapes and single points."""
    points: list[Point] = []
    for value in values:
        texts = [text_of(node) for node in value] if isinstance(value, list) else [to_string(value)]
        for text in texts:
            found = parse_points(text) if text.strip() else []
            if found is None:
                return None
            points += found
    return points


def distance_between(a: Point, b: Point) -> float:
    """The great-circle distance in metres."""
    lat1, lat2 = math.radians(a[0]), math.radians(b[0])
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(b[1] - a[1]) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return RADIUS * 2 * math.asin(math.sqrt(min(1.0, h)))


@function(GEO, "distance", "v*", NUMBER)
def _distance(*values: Value) -> float:
    """The length in metres of the way through all points."""
    points = points_of(values)
    if points is None or not points:
        return NAN
    return math.fsum(distance_between(a, b) for a, b in pairwise(points))


@function(GEO, "area", "v", NUMBER)
def _area(value: Value) -> float:
    """The area in square metres of the shape with these corners, on the sphere."""
    points = points_of([value])
    if points is None or not points:
        return NAN
    if len(points) < 3:
        return 0.0
    if points[0] != points[-1]:
        points = [*points, points[0]]
    total = 0.0
    for (lat1, lon1), (lat2, lon2) in pairwise(points):
        total += math.radians(lon2 - lon1) * (2 + math.sin(math.radians(lat1)) + math.sin(math.radians(lat2)))
    return abs(total * RADIUS * RADIUS / 2)


def _cross(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on_segment(a: Point, b: Point, p: Point) -> bool:
    between = min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
    return between and abs(_cross(a, b, p)) < 1e-12


def is_inside(point: Point, shape: Sequence[Point]) -> bool:
    """Whether the point lies in the shape or on its border."""
    inside = False
    for a, b in zip(shape, [*shape[1:], shape[0]], strict=True):
        if _on_segment(a, b, point):
            return True
        if (a[1] > point[1]) != (b[1] > point[1]):
            lat = (b[0] - a[0]) * (point[1] - a[1]) / (b[1] - a[1]) + a[0]
            inside ^= point[0] < lat
    return inside


@function(GEO, "geofence", "ss", BOOLEAN)
def _geofence(point: str, shape: str) -> bool:
    """Whether a point lies in a shape or on its border."""
    here, corners = parse_point(point), parse_points(shape)
    if here is None or corners is None or len(corners) < 3:
        return False
    return is_inside(here, corners)


def _segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    if any(_on_segment(*line) for line in ((a, b, c), (a, b, d), (c, d, a), (c, d, b))):
        return True
    return (_cross(a, b, c) > 0) != (_cross(a, b, d) > 0) and (_cross(c, d, a) > 0) != (_cross(c, d, b) > 0)


@function(GEO, "intersects", "s", BOOLEAN)
def _intersects(text: str) -> bool:
    """Whether a trace or shape crosses itself; neighbours that share a corner don't count."""
    points = parse_points(text) if text.strip() else None
    if points is None:
        return False
    lines = [(a, b) for a, b in pairwise(points) if a != b]
    closed = len(points) > 2 and points[0] == points[-1]
    for i, (a, b) in enumerate(lines):
        for j in range(i + 1, len(lines)):
            c, d = lines[j]
            if j == i + 1:
                if _on_segment(a, b, d) or _on_segment(c, d, a):
                    return True
            elif not (closed and i == 0 and j == len(lines) - 1) and _segments_meet(a, b, c, d):
                return True
    return False
