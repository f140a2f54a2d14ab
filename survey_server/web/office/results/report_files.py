"""Reports in the making and made: each a folder of the shelf, so that every server sees the same ones."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from survey_server.db.media.shelves import Shelf, read_whole
from survey_server.db.models import now
from survey_server.problems import JobLost, NotThere, Problem

Make = Callable[[], Mapping[str, bytes]]
_LONGEST = timedelta(hours=2)
_STATUS = "status.json"
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class ReportFile:
    """One report that somebody asked for."""

    id: str
    waves: tuple[str, ...]
    language: str
    edition: str
    asked_by: str
    asked: str
    state: str = "making"
    problem: str = ""
    interim: bool = True
    paper: str = "A4"

    @property
    def asked_at(self) -> datetime:
        """When it was asked for."""
        return datetime.fromisoformat(self.asked)


Made = Callable[[ReportFile, Mapping[str, bytes]], None]


class ReportFiles:
    """The reports of one programme."""

    def __init__(self, shelf: Shelf, programme: str) -> None:
        self.shelf = shelf
        self.place = f"reports/{programme}"

    def ask(
        self,
        waves: tuple[str, ...],
        language: str,
        edition: str,
        *,
        asked_by: str,
        interim: bool,
        paper: str = "A4",
    ) -> ReportFile:
        """Note that a report is wanted; a job makes it. Asking twice in the same minute gives the same one."""
        at = now()
        key = "\0".join((*waves, language, edition, paper, asked_by, at.strftime("%Y-%m-%dT%H:%M")))
        report_id = hashlib.sha256(key.encode()).hexdigest()[:16]
        asked = at.isoformat()
        report = ReportFile(report_id, waves, language, edition, asked_by, asked, interim=interim, paper=paper)
        with suppress(NotThere):
            before = self.get(report_id)
            if before.state != "failed":
                return before
        self._write(report)
        return report

    def get(self, report_id: str) -> ReportFile:
        """One report; raises NotThere. One whose making stopped with the server counts as failed."""
        if not _ID.fullmatch(report_id):
            raise NotThere(f"There is no report {report_id}.")
        values = json.loads(read_whole(self.shelf, f"{self.place}/{report_id}/{_STATUS}"))
        report = ReportFile(**{**values, "waves": tuple(values["waves"])})
        if report.state == "making" and now() - report.asked_at > _LONGEST:
            return replace(report, state="failed", problem="The server was stopped while it was being made.")
        return report

    def list_all(self) -> list[ReportFile]:
        """All of them, the newest first."""
        keys = [PurePosixPath(key) for key in self.shelf.sizes(self.place)]
        ids = [key.parent.name for key in keys if key.name == _STATUS]
        return sorted(map(self.get, ids), key=lambda report: report.asked, reverse=True)

    def files(self, report: ReportFile) -> list[tuple[str, int]]:
        """The names and sizes of what was made."""
        sizes = self.shelf.sizes(f"{self.place}/{report.id}")
        paths = sorted(map(PurePosixPath, sizes), key=lambda path: (path.suffix != ".pdf", path.name))
        return [(path.name, sizes[str(path)]) for path in paths if path.name != _STATUS]

    def read(self, report: ReportFile, name: str) -> bytes:
        """One of its files; raises NotThere for any other name."""
        if report.state != "ready" or name not in dict(self.files(report)):
            raise NotThere(f"This report has no file {name}.")
        return read_whole(self.shelf, f"{self.place}/{report.id}/{name}")

    def make(self, report: ReportFile, make: Make, made: Made | None = None) -> None:
        """Make it, tell `made` of it and note what came of it; raises what went wrong, so that the job knows too."""
        try:
            files = make()
            for name, content in files.items():
                self.shelf.write(f"{self.place}/{report.id}/{name}", content)
            if made is not None:
                made(report, files)
            self._write(replace(report, state="ready"))
        except JobLost:
            raise  # another worker goes on with it
        except Problem as problem:
            self._write(replace(report, state="failed", problem=problem.detail))
            raise
        except Exception as fault:
            self._write(replace(report, state="failed", problem=f"A fault of the server: {type(fault).__name__}."))
            raise

    def _write(self, report: ReportFile) -> None:
        self.shelf.write(f"{self.place}/{report.id}/{_STATUS}", json.dumps(asdict(report)).encode())
