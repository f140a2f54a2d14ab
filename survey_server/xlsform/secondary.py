"""Data sets of a form: inline rows, CSV, XML and GeoJSON files, each read into the same tree of root, item, column."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from survey_server.problems import Problem
from survey_server.xlsform.expressions.documents import parse_xml
from survey_server.xlsform.expressions.nodes import ELEMENT, ROOT, Node

MAX_CELLS = 3_000_000


class UnreadableDataSet(Problem):
    """An attached file can't be read as the data set that the form wants. Export it as UTF-8 CSV, XML or GeoJSON."""

    status = 422
    title = "A data set can't be read"


def read_dataset(filename: str, data: bytes) -> Node:
    """The document of an attached file, ready for instance(); raises UnreadableDataSet."""
    name = filename.lower()
    if name.endswith(".geojson"):
        return dataset_of(_geojson_rows(filename, data))
    if name.endswith(".xml"):
        return freeze(parse_xml(data, max_nodes=MAX_CELLS))
    return dataset_of(read_csv(filename, data))


def freeze(document: Node) -> Node:
    """Mark a document as one that never changes: its rows may be indexed."""
    document.bind = {}
    return document


def dataset_of(rows: Iterable[Mapping[str, str]]) -> Node:
    """The tree of rows: root, item, column."""
    document = Node(ROOT)
    root = document.append(Node(ELEMENT, "root"))
    for row in rows:
        item = root.append(Node(ELEMENT, "item"))
        for column, text in row.items():
            item.append(Node(ELEMENT, column, text))
    return freeze(document)


def read_csv(filename: str, data: bytes) -> Iterable[dict[str, str]]:
    """The rows of a CSV file (comma or semicolon, UTF-8 with or without mark); short rows get blanks."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableDataSet(f"{filename} isn't UTF-8. Save it as “CSV UTF-8”.") from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [column.strip() for column in next(rows, [])]
        if not any(header):
            raise UnreadableDataSet(f"{filename} has no heading. Its first line names the columns.")
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = dict(zip(header, row, strict=False))
                yield {column: cells.get(column, "") for column in header if column}
    except csv.Error as error:
        raise UnreadableDataSet(f"{filename}: {error}.") from None


def _geojson_rows(filename: str, data: bytes) -> Iterable[dict[str, str]]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableDataSet(f"{filename} isn't JSON: {error}.") from None
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        raise UnreadableDataSet(f"{filename} isn't a GeoJSON FeatureCollection.")
    features = content.get("features")
    if not isinstance(features, list):
        raise UnreadableDataSet(f"{filename} has no list of features.")
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise UnreadableDataSet(f"{filename}: feature {number} isn't a Feature.")
        row = {"geometry": _geometry(filename, number, feature.get("geometry"))}
        for name, value in (feature.get("properties") or {}).items():
            row[str(name)] = _cell(value)
        if "id" in feature:
            row["id"] = _cell(feature["id"])
        yield row


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _geometry(filename: str, number: int, geometry: Any) -> str:
    """A point, line or polygon as ODK stores it: lat lon alt acc, separated by semicolons."""
    try:
        kind, coordinates = geometry["type"], geometry["coordinates"]
        if kind == "Point":
            return f"{_cell(coordinates[1])} {_cell(coordinates[0])} 0 0"
        if kind == "Polygon":
            coordinates = coordinates[0]
        if kind in ("LineString", "Polygon"):
            return "; ".join(f"{_cell(point[1])} {_cell(point[0])} 0 0" for point in coordinates)
    except (TypeError, KeyError, IndexError):
        raise UnreadableDataSet(f"{filename}: feature {number} has no readable geometry.") from None
    raise UnreadableDataSet(
        f"{filename}: feature {number} is a {kind}; only Point, LineString and Polygon can be used."
    )
