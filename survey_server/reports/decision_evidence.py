"""The evidence of the decision page, read back from a report's own JSON: what people decide on is what was printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

OUTCOMES = ("security", "cartels", "opinion")
"""The three blocks of results that the programme exists for; the others say how it was reached."""


def read_evidence(document: bytes) -> dict[str, Any]:
    """Rows and readings of the decision page, with the digest of the data; no rows where there is no such page."""
    report: Mapping[str, Any] = json.loads(document)
    page: Mapping[str, Any] = next((each for each in report.get("pages", ()) if each.get("id") == "decision"), {})
    tables = {block.get("id"): block for block in page.get("blocks", ()) if block.get("type") == "table"}
    return {
        "report_id": report.get("report_id", ""),
        "data_hash": report.get("data_hash", ""),
        "message": (page.get("message") or {}).get("text", ""),
        "rows": [_evidence(row) for row in tables.get("decision.evidence", {}).get("rows", ())],
        "readings": [_reading(row) for row in tables.get("decision.readings", {}).get("rows", ())],
    }


def _evidence(row: Mapping[str, Any]) -> dict[str, Any]:
    sign, improved, worsened = _cells(row, 3)
    return {
        "key": row["key"],
        "label": row.get("label", ""),
        "outcome": row["key"] in OUTCOMES,
        "sign": sign.get("text", ""),
        "mark": sign.get("mark", ""),
        "improved": improved.get("text", ""),
        "worsened": worsened.get("text", ""),
    }


def _reading(row: Mapping[str, Any]) -> dict[str, Any]:
    rule, met = _cells(row, 2)
    return {
        "key": row["key"],
        "label": row.get("label", ""),
        "rule": rule.get("text", ""),
        "met": met.get("text", ""),
        "mark": met.get("mark", ""),
    }


def _cells(row: Mapping[str, Any], wanted: int) -> list[Mapping[str, Any]]:
    """The first cells of a row; blank ones for those that it lacks."""
    cells: list[Mapping[str, Any]] = list(row.get("cells", ()))
    return (cells + [{}] * wanted)[:wanted]
