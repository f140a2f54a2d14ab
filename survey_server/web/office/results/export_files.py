"""Exports in the making and made: each a folder of the shelf, so that every server sees the same ones."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from survey_server.db.access.scopes import find_reader
from survey_server.db.media.shelves import Shelf, read_whole
from survey_server.db.models import Programme, now
from survey_server.db.session import Database
from survey_server.exports.attached import Files
from survey_server.exports.make import FORMATS, Export, Progress, make_export
from survey_server.problems import JobLost, NotThere, Problem

KEPT = timedelta(days=2)
"""How long a finished export lies on the server: whoever asked for it has it by then."""
_LONGEST = timedelta(hours=2)
_STATUS = "status.json"
_ID = re.compile(r"[0-9a-f]{16}")

Make = Callable[[Path, Progress], Export]


@dataclass(frozen=True)
class ExportFile:
    """One export that somebody asked for."""

    id: str
    form_id: str
    wave: str
    kind: str
    purpose: str
    asked_by: str
    asked: str
    state: str = "making"
    done: int = 0
    of: int = 0
    sha256: str = ""
    problem: str = ""

    @property
    def asked_at(self) -> datetime:
        """When it was asked for."""
        return datetime.fromisoformat(self.asked)

    @property
    def name(self) -> str:
        """What its file is called."""
        wave = re.sub(r"\W+", "_", self.wave)
        return "-".join(part for part in (self.form_id, wave, self.kind) if part) + f".{FORMATS[self.kind]}"


class ExportFiles:
    """The exports of one programme."""

    def __init__(self, shelf: Shelf, programme: str) -> None:
        self.shelf = shelf
        self.place = f"exports/{programme}"

    def ask(self, form_id: str, wave: str, kind: str, purpose: str, asked_by: str) -> ExportFile:
        """Note that an export is wanted; a job makes it (`make_asked`)."""
        self._drop_old()
        export = ExportFile(secrets.token_hex(8), form_id, wave, kind, purpose, asked_by, now().isoformat())
        self._write(export)
        return export

    def get(self, export_id: str) -> ExportFile:
        """One export; raises NotThere. One whose making stopped with the server counts as failed."""
        if not _ID.fullmatch(export_id):
            raise NotThere(f"There is no export {export_id}.")
        export = ExportFile(**json.loads(read_whole(self.shelf, f"{self.place}/{export_id}/{_STATUS}")))
        if export.state == "making" and now() - export.asked_at > _LONGEST:
            return replace(export, state="failed", problem="The server was stopped while it was being made.")
        return export

    def list_all(self) -> list[ExportFile]:
        """All of them, the newest first."""
        keys = [PurePosixPath(key) for key in self.shelf.sizes(self.place)]
        found = [self.get(key.parent.name) for key in keys if key.name == _STATUS]
        return sorted(found, key=lambda export: export.asked, reverse=True)

    def find_size(self, export: ExportFile) -> int:
        """How many bytes its file has; raises NotThere while there is none."""
        size = self.shelf.sizes(f"{self.place}/{export.id}").get(self._file(export))
        if export.state != "ready" or size is None:
            raise NotThere("This export has no file.")
        return size

    def open(self, export: ExportFile) -> BinaryIO:
        """Its file, to be read in blocks and closed; raises NotThere while there is none."""
        if export.state != "ready":
            raise NotThere("This export has no file.")
        return self.shelf.open(self._file(export))

    def make(self, export: ExportFile, make: Make) -> None:
        """Make it and note what came of it; raises what went wrong, so that the job knows too."""

        def tell(done: int, of: int) -> None:
            self._write(replace(export, done=done, of=of))

        try:
            with self.shelf.making(self._file(export)) as path:
                made = make(path, tell)
            count = made.submissions
            self._write(replace(export, state="ready", done=count, of=count, sha256=made.sha256))
        except JobLost:
            raise  # another worker goes on with it
        except Problem as problem:
            self._write(replace(export, state="failed", problem=problem.detail))
            raise
        except Exception as fault:
            self._write(replace(export, state="failed", problem=f"A fault of the server: {type(fault).__name__}."))
            raise

    def _drop_old(self) -> None:
        for export in self.list_all():
            if now() - export.asked_at > KEPT:
                self.shelf.drop(f"{self.place}/{export.id}")

    def _file(self, export: ExportFile) -> str:
        return f"{self.place}/{export.id}/{export.name}"

    def _write(self, export: ExportFile) -> None:
        self.shelf.write(f"{self.place}/{export.id}/{_STATUS}", json.dumps(asdict(export)).encode())


def make_asked(
    database: Database, shelf: Shelf, programme_id: int, wanted: Mapping[str, Any], tell: Progress, media: Files
) -> None:
    """Make an export that somebody asked for, of what they may read now; one that is made already is left alone."""
    with database.reading() as session:
        programme = session.get_one(Programme, programme_id)
        reader = find_reader(session, programme_id, int(wanted["person"]))
    files = ExportFiles(shelf, programme.code)
    export = files.get(wanted["export"])
    if export.state == "ready":
        return

    def make(path: Path, tell_file: Progress) -> Export:
        def both(done: int, of: int) -> None:
            tell_file(done, of)
            tell(done, of)

        kind, language = export.kind, wanted["language"]
        where = (programme.code, export.form_id, export.wave)
        return make_export(database, *where, kind, path, language, both, reader, media)

    files.make(export, make)
