"""Site tables as people upload them: CSV, XLSX or GeoJSON, known by their content and not by their name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from survey_server.db.field.site_rows import SITE_POLICIES, Fault, raise_faults, read_site_rows
from survey_server.db.field.sites import COLUMNS, OFFICE_ONLY, set_sites
from survey_server.outlines import read_outlines
from survey_server.problems import NotAllowed, UnreadableTable
from survey_server.xlsform.cells import as_typed
from survey_server.xlsform.importing.tables import Row, Table, read_csv, read_table

MOST_ROWS = 50_000
KNOWN = frozenset({"code", *COLUMNS, *SITE_POLICIES, "department_name", "border"})


@dataclass(frozen=True)
class SiteFile:
    """The rows of a file with the number that each has there."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    numbers: list[int]


def read_site_file(filename: str, content: bytes) -> SiteFile:
    """The rows of an uploaded file; raises UnreadableTable or UnfitSites, saying where and what to do."""
    suffix = Path(filename).suffix.lower()
    kind = _kind_of(content)
    if suffix not in (".csv", ".xlsx", ".geojson", ".json"):
        raise UnreadableTable(
            f"{filename} doesn't end in .csv, .xlsx or .geojson: save it as one of these.", why="suffix"
        )
    if kind != {".json": ".geojson"}.get(suffix, suffix):
        raise UnreadableTable(
            f"{filename} says that it is {suffix}, but its content is {kind or 'something else'}.", why="kind"
        )
    table = _read_geojson(content) if kind == ".geojson" else _read_sheet(kind, content)
    if len(table.rows) > MOST_ROWS:
        raise UnreadableTable(
            f"{filename} has {len(table.rows)} rows; at most {MOST_ROWS} fit in one file.", why="rows"
        )
    _check_columns(table.columns)
    rows, faults = [], []
    for row in table.rows:
        if len(row.cells) != len(table.columns):
            faults.append(Fault(row.number, "", "cells", str(len(row.cells)), str(len(table.columns))))
        rows.append(dict(zip(table.columns, map(as_typed, row.cells), strict=False)))
    raise_faults(faults)
    return SiteFile(table.columns, rows, [row.number for row in table.rows])


def take_site_file(session: Session, programme_id: int, file: SiteFile, *, may_design: bool, actor: str) -> int:
    """Add or change the sites of a file, all or none; raises UnfitSites, or NotAllowed for columns of the design."""
    closed = [column for column in file.columns if column in OFFICE_ONLY]
    if closed and not may_design:
        raise NotAllowed(
            f"Only who may see the design of the sample writes the columns {', '.join(closed)}.", why="design"
        )
    read = read_site_rows(file.rows, numbers=file.numbers)
    raise_faults(check_places(read, file.numbers))
    return set_sites(session, programme_id, file.rows, actor=actor)


def check_places(rows: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> list[Fault]:
    """Sites that belong nowhere: a department that the country doesn't have, a municipality without a department,
    half a position, a position far from the country."""
    faults: list[Fault] = []
    for number, row in zip(numbers, rows, strict=True):
        country, department = row.get("country"), row.get("department")
        known = {outline.code for outline in read_outlines(str(country))} if country else set()
        if department and known and str(department) not in known and _is_ours(str(country), str(department)):
            faults.append(Fault(number, "department", "department", str(department), str(country)))
        if row.get("municipality") and not department:
            faults.append(Fault(number, "department", "no-department"))
        place = (row.get("latitude"), row.get("longitude"))
        if (place[0] is None) != (place[1] is None):
            faults.append(Fault(number, "latitude", "half-place"))
        elif known and place[0] is not None and not _near(str(country), float(place[0]), float(str(place[1]))):
            faults.append(Fault(number, "latitude", "far-place", f"{place[0]}, {place[1]}", str(country)))
    return faults


def _is_ours(country: str, department: str) -> bool:
    """Whether it is written like our codes; elsewhere than in Guatemala a programme may have codes of its own."""
    return country == "GT" or department.startswith(f"{country}_")


def _near(country: str, latitude: float, longitude: float) -> bool:
    points = [point for outline in read_outlines(country) for ring in outline.rings for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    return west - 0.5 <= longitude <= east + 0.5 and south - 0.5 <= latitude <= north + 0.5


def _kind_of(content: bytes) -> str:
    """What the bytes are, whatever the file is called."""
    if content.startswith(b"PK\x03\x04"):
        return ".xlsx"
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return ".geojson"
    binary = content.startswith((b"\x89PNG", b"%PDF", b"\xff\xd8", b"\xd0\xcf\x11\xe0", b"GIF8", b"\x1f\x8b"))
    return "" if binary or not content.strip() else ".csv"


def _read_sheet(kind: str, content: bytes) -> Table:
    if kind == ".csv":
        return read_csv(content)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        return read_table(Path(file.name))


def _check_columns(columns: Sequence[str]) -> None:
    """A site needs its code, and a column that is nearly one of ours is a slip of the pen."""
    faults = [] if "code" in columns else [Fault(1, "", "no-code", ", ".join(columns[:12]))]
    for column in columns:
        near = [] if column in KNOWN else get_close_matches(column.lower(), sorted(KNOWN), 1, 0.8)
        if near:
            faults.append(Fault(1, column, "slip", column, near[0]))
    raise_faults(faults)


def _read_geojson(content: bytes) -> Table:
    """Points with properties, as a map tool saves them; feature n stands in row n."""
    try:
        document = json.loads(content)
        features = list(document["features"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableTable("The file isn't GeoJSON: it has to hold a FeatureCollection.", why="geojson") from error
    rows, faults = [], []
    for number, feature in enumerate(features, 1):
        told = feature if isinstance(feature, dict) else {}
        geometry, properties = told.get("geometry") or {}, told.get("properties")
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            faults.append(Fault(number, "", "point"))
            continue
        if geometry.get("type") not in ("Point", None):
            faults.append(Fault(number, "", "point"))
            continue
        place = geometry.get("coordinates") or (None, None)
        if not isinstance(place, (list, tuple)) or len(place) < 2:
            faults.append(Fault(number, "latitude", "coordinates"))
            continue
        rows.append({"longitude": place[0], "latitude": place[1], **properties})
    raise_faults(faults)
    columns = tuple(dict.fromkeys(str(key) for row in rows for key in row))
    return _as_table(columns, rows)


def _as_table(columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> Table:
    if not rows:
        raise UnreadableTable("The file has no points.", why="geojson")
    texts = [tuple("" if row.get(c) is None else str(row[c]) for c in columns) for row in rows]
    return Table(columns, tuple(Row(number, cells) for number, cells in enumerate(texts, 1)))
