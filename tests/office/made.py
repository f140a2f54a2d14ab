"""A report as the server leaves it behind, without the work of computing one."""

from __future__ import annotations

import json
from functools import partial

from survey_server.db.media.shelves import FolderShelf
from survey_server.web.office.results.made_reports import keep_made
from survey_server.web.office.results.report_files import ReportFile, ReportFiles
from tests.office.world import World


def make_report(world: World, *, interim: bool = False, data_hash: str = "abcdef012345") -> ReportFile:
    """A full report with a decision page, as the server leaves it behind."""
    rows = [
        {"key": "security", "label": "Seguridad", "cells": [{"text": "▲ mejora", "mark": "improved"}, {"text": "S02"}]},
        {"key": "practice", "label": "Práctica", "cells": [{"text": "? no se sabe"}, {"text": "–"}, {"text": "–"}]},
    ]
    readings = [{"key": "extend", "label": "Extender", "cells": [{"text": "Una de 1 a 3 mejora"}, {"text": "sí"}]}]
    blocks = [
        {"type": "table", "id": "decision.evidence", "rows": rows},
        {"type": "table", "id": "decision.readings", "rows": readings},
    ]
    page = {"id": "decision", "message": {"text": "Calidad B"}, "blocks": blocks}
    document = json.dumps({"report_id": "R", "data_hash": data_hash, "pages": [page]}).encode()
    files = ReportFiles(FolderShelf(world.app.config["SURVEY"].data_dir), "norte")
    report = files.ask(("W1", data_hash), "es", "full", asked_by="person:1", interim=interim)
    content = {"wave-summary.pdf": b"%PDF-1.7", "wave-summary.json": document}
    files.make(report, lambda: content, partial(keep_made, world.database, world.here.id))
    return report
