"""The row that is kept of every report that was made: its digest, its files, the evidence that it printed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

from survey_server.db.analysis.decisions import find_report, note_report
from survey_server.db.media.shelves import Shelf
from survey_server.db.models import MadeReport, Programme
from survey_server.db.session import Database
from survey_server.problems import NotThere
from survey_server.reports.decision_evidence import read_evidence
from survey_server.reports.make import make_editions
from survey_server.web.office.results.report_files import ReportFile, ReportFiles

JOB = "report"


def make_asked(database: Database, shelf: Shelf, programme_id: int, wanted: Mapping[str, Any]) -> None:
    """Make a report that somebody asked for; one that is made already is left alone."""
    with database.reading() as session:
        code = session.get_one(Programme, programme_id).code
    kept = ReportFiles(shelf, code)
    report = kept.get(wanted["report"])
    if report.state == "ready":
        return
    make = partial(make_editions, database, code, report.waves, report.language, report.edition, report.paper)
    kept.make(report, make, partial(keep_made, database, programme_id))


def keep_made(database: Database, programme_id: int, report: ReportFile, files: Mapping[str, bytes]) -> None:
    """Keep the row of a report that was just made; its digest is that of the data, in every language and edition."""
    document = next((content for name, content in files.items() if name.endswith(".json")), b"")
    evidence = read_evidence(document) if document else {}
    with database.transaction() as session:
        note_report(
            session,
            programme_id,
            report.id,
            sha256=str(evidence.get("data_hash") or hashlib.sha256(document).hexdigest()),
            edition=report.edition,
            language=report.language,
            waves=report.waves,
            interim=report.interim,
            asked_by=report.asked_by,
            files=files,
            evidence=evidence,
        )


def get_made(database: Database, programme_id: int, kept: ReportFiles, report_id: str) -> MadeReport:
    """The row of a report that is ready; of one made before rows were kept it is made now. Raises NotThere."""
    report = kept.get(report_id)
    if report.state != "ready":
        raise NotThere(f"The report {report_id} isn't ready.")
    with database.reading() as session:
        made = find_report(session, programme_id, report_id)
    if made is None:
        keep_made(database, programme_id, report, {name: kept.read(report, name) for name, _ in kept.files(report)})
        with database.reading() as session:
            made = find_report(session, programme_id, report_id)
    if made is None:
        raise NotThere(f"No report {report_id} was kept.")
    return made
