"""Bring in a wave that was collected with another tool: rows become interviews, which come in as from a phone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from survey_server.db.compiled import load_version
from survey_server.db.forms import get_current_version, get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import SubmissionVersion, Wave
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database
from survey_server.db.waves import get_wave
from survey_server.problems import UnfitWave
from survey_server.xlsform.form import Form
from survey_server.xlsform.importing.rows import FilledRow, RowFiller, RowNote
from survey_server.xlsform.importing.tables import Row

AT_ONCE = 500


@dataclass(frozen=True)
class ImportTarget:
    """Where the rows go: a wave of a form of a programme, and the form version that they are checked with."""

    programme_id: int
    place: str
    form_id: str
    version: str
    wave: Wave
    form: Form


@dataclass
class Tally:
    """How many rows came to what."""

    rows: int = 0
    stored: int = 0
    flagged: int = 0
    known: int = 0
    refused: int = 0


def find_target(database: Database, address: str) -> ImportTarget:
    """The target that `PROGRAMME/FORM/WAVE` names; raises what is missing, or UnfitWave for a locked wave."""
    parts = address.split("/")
    if len(parts) != 3 or not all(parts):
        raise UnfitWave(f"{address!r} names no wave: write PROGRAMME/FORM/WAVE, such as frontera/ssr_perception/W1.")
    with database.reading() as session:
        programme = get_programme(session, parts[0])
        form = get_form(session, programme.id, parts[1])
        wave = get_wave(session, form, parts[2])
        if wave.state == "locked":
            raise UnfitWave(f"Wave {wave.name} is locked: nothing can be added to it.")
        version = get_current_version(session, form)
        compiled = load_version(session, programme.id, version.id)
        place = f"{programme.code}/{form.form_id}/{wave.ordinal}"
        return ImportTarget(programme.id, place, form.form_id, version.version, wave, compiled.form)


def import_rows(
    database: Database, target: ImportTarget, filler: RowFiller, rows: Sequence[Row], actor: str = "command"
) -> Iterator[tuple[Tally, list[RowNote]]]:
    """Store the rows in batches, each in one transaction; tells after each what it came to.

    A row that is stored already is not stored again, so an import that broke off can simply be repeated.
    """
    for batch in _batches(rows):
        yield _store(database, target, list(filler.fill(batch)), actor)


def check_rows(filler: RowFiller, rows: Sequence[Row]) -> Iterator[tuple[Tally, list[RowNote]]]:
    """What an import would refuse; nothing is stored."""
    for batch in _batches(rows):
        filled = list(filler.fill(batch))
        tally = Tally(rows=len(filled), refused=sum(not row.xml for row in filled))
        yield tally, [note for row in filled for note in row.notes]


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    yield from (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


def _store(
    database: Database, target: ImportTarget, filled: Sequence[FilledRow], actor: str
) -> tuple[Tally, list[RowNote]]:
    notes = [note for row in filled for note in row.notes]
    known = _known(database, target, [row.instance_id for row in filled if row.xml])
    fresh = [row for row in filled if row.xml and row.instance_id not in known]
    tally = Tally(rows=len(filled), stored=len(fresh))
    for row in filled:
        if row.instance_id in known:
            same = known[row.instance_id] == hashlib.sha256(row.xml).hexdigest()
            tally.known += same
            notes += [] if same else [_differs(row)]
    if fresh:
        arrivals = [_arrival(target, row) for row in fresh]
        receipts = take_in(database, Source(target.programme_id, "import", actor), arrivals)
        tally.flagged = sum(receipt.issues > 0 for receipt in receipts)
    tally.refused = tally.rows - tally.stored - tally.known
    return tally, notes


def _arrival(target: ImportTarget, row: FilledRow) -> Arrival:
    return Arrival(
        id=row.instance_id,
        form=target.form_id,
        version=target.version,
        body=row.xml,
        wave=target.wave.id,
        collected_on=row.collected_on,
    )


def _known(database: Database, target: ImportTarget, instance_ids: Sequence[str]) -> dict[str, str]:
    """The digests of those that are stored already."""
    if not instance_ids:
        return {}
    version = SubmissionVersion
    with database.reading() as session:
        query = select(version.instance_id, version.sha256).where(
            version.programme_id == target.programme_id,
            version.form_row == target.wave.form_row,
            version.instance_id.in_(instance_ids),
        )
        return dict(session.execute(query).all())


def _differs(row: FilledRow) -> RowNote:
    reason = "A row with this key was imported before with other answers; that one was kept."
    return RowNote(row.number, "", "", "refused", reason, "Give the row a new key, or edit the submission.")
