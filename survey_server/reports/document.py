"""The report as JSON: the whole value, tables and sentences, in a stable order."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from survey_server.reports.catalogue import Catalogue, get_catalogue
from survey_server.reports.value import Note
from survey_server.reports.wave_summary import WaveSummary


def render_json(summary: WaveSummary) -> bytes:
    """The value with its sentences written out; empty fields are left away."""
    document = {"report_id": summary.report_id, **_plain(summary, get_catalogue(summary.language))}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _plain(value: Any, catalogue: Catalogue) -> Any:
    if isinstance(value, Note):
        cells = {name: _plain(cell, catalogue) for name, cell in value.cells.items()}
        return {"rule": value.rule, "text": catalogue.write(value), "cells": cells}
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((field.name, getattr(value, field.name)) for field in fields(value) if field.repr)
        kept = {name: _plain(part, catalogue) for name, part in pairs if part not in (None, "", (), False)}
        name = type(value).__name__
        return {"type": name.lower(), **kept} if name in _BLOCKS else kept
    if isinstance(value, tuple | list):
        return [_plain(part, catalogue) for part in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


_BLOCKS = frozenset(("Table", "Chart", "Prose", "Toplines", "Headlines", "SideBySide", "Paragraphs", "Lines"))
