"""Make one export: plan the columns, stream the rows, count them, seal the file with its checksum."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Protocol

from survey_server.db.access.scopes import Reader, restricted_forms, visible_submissions
from survey_server.db.analysis.frames import wave_frame
from survey_server.db.analysis.kept_back import KeptBack, load_kept_back
from survey_server.db.analysis.stored_rows import (
    Rows,
    count_rows,
    list_instances,
    read_documents,
    read_rows,
    read_versions,
)
from survey_server.db.forms import get_form, load_registry
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database, Session
from survey_server.db.waves import get_wave
from survey_server.exports.attached import Files, write_attached
from survey_server.exports.cells import harmless
from survey_server.exports.codebook import codebook_csv, codebook_ddi, codebook_lines, read_script
from survey_server.exports.csv_files import CsvFiles, file_name
from survey_server.exports.excel import ExcelFile
from survey_server.exports.parquet import ParquetFiles
from survey_server.exports.places import GeoJsonFile
from survey_server.exports.plan import MAIN, Plan, plan_export
from survey_server.exports.research import make_research_file
from survey_server.exports.rows import Cells, Splitter
from survey_server.exports.statistics_files import StatisticsFiles
from survey_server.problems import ExportIncomplete, NothingToExport

FORMATS: Mapping[str, str] = {
    "csv": "zip",
    "csv-media": "zip",
    "xlsx": "xlsx",
    "sav": "zip",
    "dta": "zip",
    "parquet": "zip",
    "geojson": "geojson",
    "xml": "zip",
    "codebook": "zip",
    "research": "zip",
}
"""What can be made, and the ending of its file."""

Progress = Callable[[int, int], None]
_TELL_EVERY = 1000


class Writer(Protocol):
    """What every format does with the rows."""

    def add(self, table: str, rows: Iterable[Cells]) -> int:
        """Take some rows of a table; how many there were."""

    def finish(self, path: Path) -> None:
        """Write the file."""

    def discard(self) -> None:
        """Leave nothing behind."""


@dataclass(frozen=True)
class Export:
    """A finished export: its file, how many submissions are in it, and the SHA-256 of its bytes."""

    path: Path
    submissions: int
    sha256: str


def make_export(
    database: Database,
    programme: str,
    form_id: str,
    wave: str | None,
    form: str,
    path: Path,
    language: str = "es",
    progress: Progress = lambda done, of: None,
    reader: Reader | None = None,
    files: Files | None = None,
) -> Export:
    """Write the submissions of a form, or of one of its waves, to `path`, whole or not at all.

    With a `reader` those alone that they may read; without one all of them, for who runs the server. Restricted
    reports are in no export. `files`: where photos and the like are, for the format that holds them.

    Raises NothingToExport, ExportTooLarge, UnknownForm, UnknownWave, and ExportIncomplete when the rows written are
    not the submissions stored.
    """
    part = path.with_name(path.name + ".part")
    try:
        with database.reading(one_state=True) as session:
            found = get_form(session, get_programme(session, programme).id, form_id)
            if found.id in restricted_forms(session, found.programme_id):
                raise NothingToExport("Restricted reports are in no export: the integrity officer reads them here.")
            chosen = get_wave(session, found, wave) if wave else None
            rows = Rows(
                found, chosen, None if reader is None else visible_submissions(session, reader, found.programme_id)
            )
            total = count_rows(session, rows)
            if not total:
                raise NothingToExport(f"{form_id} has no submissions{f' in {wave}' if wave else ''}.")
            written = _write(session, rows, form, part, language, lambda done: progress(done, total), files)
        if written != total:
            raise ExportIncomplete(f"{written} of {total} submissions were written.")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return Export(path, written, _digest(path))


def _write(
    session: Session,
    rows: Rows,
    kind: str,
    part: Path,
    language: str,
    tell: Callable[[int], None],
    files: Files | None,
) -> int:
    kept = load_kept_back(session, rows.form)
    if kind == "xml":
        return _write_documents(session, rows, kept, part, tell)
    versions = read_versions(session, rows.form)
    plan = plan_export(
        rows.form.form_id,
        [(version.version, compiled, compiled.to_phone()) for version, compiled in versions],
        kept.codes,
    )
    total = count_rows(session, rows)
    if kind == "codebook":
        _write_archive(part, _codebook(plan, language, total))
        return total
    if kind == "research":
        return _write_research(session, rows, plan, versions[-1][0], part, language)
    attach = partial(write_attached, session=session, rows=rows, files=files) if files else None
    writer = _writer(kind, plan, language, total, part, attach if kind == "csv-media" else None)
    try:
        done = _stream(session, rows, Splitter(plan, kept.sites), writer, tell)
        writer.finish(part)
    except BaseException:
        writer.discard()
        raise
    return done


def _stream(session: Session, rows: Rows, splitter: Splitter, writer: Writer, tell: Callable[[int], None]) -> int:
    done = 0
    for table, some in splitter.split(read_rows(session, rows)):
        count = writer.add(table, some)
        if table == MAIN:
            done += count
            if done % _TELL_EVERY == 0:
                tell(done)
    tell(done)
    return done


def _writer(
    kind: str, plan: Plan, language: str, total: int, part: Path, attach: Callable[[zipfile.ZipFile], None] | None
) -> Writer:
    if kind in ("csv", "csv-media"):
        script = {"read.R": read_script(plan, language)}
        return CsvFiles(plan, _codebook(plan, language, total) | script, attach)
    if kind == "xlsx":
        return ExcelFile(plan, codebook_lines(plan, language))
    if kind == "parquet":
        return ParquetFiles(plan, _codebook(plan, language, total))
    if kind == "geojson":
        return GeoJsonFile(plan, part)
    return StatisticsFiles(plan, kind, language, _codebook(plan, language, total))


def _codebook(plan: Plan, language: str, total: int) -> dict[str, bytes]:
    return {"codebook.csv": codebook_csv(plan, language), "codebook.xml": codebook_ddi(plan, total)}


def _write_archive(part: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _write_documents(session: Session, rows: Rows, kept: KeptBack, part: Path, tell: Callable[[int], None]) -> int:
    """The interviews as they arrived, each version a file of its own."""
    done, last = 0, ""
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for instance_id, number, site, xml in read_documents(session, rows):
            safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in instance_id)
            archive.writestr(f"{safe}.xml" if number == 1 else f"{safe}.v{number}.xml", kept.from_xml(xml, site))
            if instance_id != last:
                done, last = done + 1, instance_id
                if done % _TELL_EVERY == 0:
                    tell(done)
    return done


def _write_research(session: Session, rows: Rows, plan: Plan, version: object, part: Path, language: str) -> int:
    if rows.wave is None:
        raise NothingToExport("A research file is of one wave: choose one.")
    frame = wave_frame(session, rows.wave)
    if rows.visible is not None:
        frame = frame[frame["_id"].isin(list_instances(session, rows))]
    found = make_research_file(frame, plan.tables[MAIN], load_registry(version), SystemRandom())  # type: ignore[arg-type]
    text = io.StringIO()
    table = [list(found.frame.columns), *found.frame.astype(object).to_numpy().tolist()]
    csv.writer(text).writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in table)
    told = [f"{name}: {count}" for name, count in found.blanked.items()]
    told += [f"{name} → other: {', '.join(levels)}" for name, levels in found.collapsed.items() if levels]
    files = {
        f"{file_name(plan, MAIN)}-research.csv": b"\xef\xbb\xbf" + text.getvalue().encode(),
        "codebook.csv": codebook_csv(_only(plan, set(found.frame.columns)), language),
        "hidden.txt": "\n".join(told).encode(),
    }
    _write_archive(part, files)
    return len(frame)


def _only(plan: Plan, names: set[str]) -> Plan:
    """The plan of a file that has these columns of the main table and nothing else."""
    return replace(plan, tables={MAIN: tuple(each for each in plan.tables[MAIN] if each.name in names)})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
