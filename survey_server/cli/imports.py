"""`survey-server import`: bring in a wave that was collected with another tool."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.intake.imports import AT_ONCE, Tally, check_rows, find_target, import_rows
from survey_server.db.session import open_database
from survey_server.problems import BadMapping
from survey_server.xlsform.importing.mapping import as_number, list_questions, make_mapping
from survey_server.xlsform.importing.rows import RowFiller, RowNote
from survey_server.xlsform.importing.tables import Row, Table, read_table

_SHOWN = 5
_FILE = click.Path(path_type=Path)


@click.command("import")
@click.argument("wave", metavar="PROGRAMME/FORM/WAVE")
@click.argument("file", type=_FILE)
@click.option("--mapping", type=_FILE, help="CSV with the columns: column, question, value, becomes.")
@click.option("--key", help="The column by which rows are known, so that repeating the import adds nothing.")
@click.option("--where", "wheres", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value.")
@click.option("--report", type=_FILE, help="Write what was refused, row by row with reason and cure, to this CSV.")
@click.option("--dry-run", is_flag=True, help="Read and check the rows; store nothing.")
def import_(
    wave: str,
    file: Path,
    mapping: Path | None,
    key: str | None,
    wheres: Sequence[str],
    report: Path | None,
    dry_run: bool,
) -> None:
    """Import FILE (.csv, .xlsx or .sav) into a wave, with the same checks as interviews from phones.

    Without a mapping, each column answers the question of its name. Values are codes or labels. A row with a value
    that no answer could be is refused and reported; a row that breaks a rule of the form is stored and flagged.
    The exit status is 1 when rows were refused.
    """
    database = open_database(Config.from_environment().database_url)
    target = find_target(database, wave)
    table = read_table(file)
    rules = read_table(mapping) if mapping else None
    chosen = make_mapping(table, list_questions(target.form.to_phone()), rules, key)
    rows = _choose(table, wheres)
    filler = RowFiller(target.form, table, chosen, target.place, target.wave.starts)
    click.echo(_plan(len(rows), table, [source.column for source in chosen.sources], chosen.unused))
    steps = check_rows(filler, rows) if dry_run else import_rows(database, target, filler, rows)
    tally, notes = _follow(steps, len(rows))
    if report:
        _write(report, notes)
    _tell(tally, notes, report, dry_run)
    sys.exit(1 if tally.refused else 0)


def _choose(table: Table, wheres: Sequence[str]) -> list[Row]:
    rows = list(table.rows)
    for where in wheres:
        column, sign, wanted = where.partition("=")
        if not sign or column not in table.columns:
            raise BadMapping(f"--where {where}: write COLUMN=VALUE with one of {', '.join(table.columns[:12])}.")
        index = table.columns.index(column)
        rows = [row for row in rows if index < len(row.cells) and _same(row.cells[index], wanted)]
    return rows


def _same(cell: str, wanted: str) -> bool:
    number = as_number(wanted)
    return cell == wanted or (number is not None and as_number(cell) == number)


def _plan(count: int, table: Table, used: Sequence[str], unused: Sequence[str]) -> str:
    ignored = f"; not used: {', '.join(unused)}" if unused else ""
    return f"{count:,} of {len(table.rows):,} rows, columns {', '.join(used)}{ignored}."


def _follow(steps: Iterable[tuple[Tally, list[RowNote]]], count: int) -> tuple[Tally, list[RowNote]]:
    total, notes = Tally(), list[RowNote]()
    with click.progressbar(length=count, label="Importing") as bar:
        for tally, told in steps:
            for each in fields(Tally):
                setattr(total, each.name, getattr(total, each.name) + getattr(tally, each.name))
            notes += told
            bar.update(min(AT_ONCE, tally.rows))
    return total, notes


def _tell(tally: Tally, notes: Sequence[RowNote], report: Path | None, dry_run: bool) -> None:
    if dry_run:
        click.echo(f"{tally.rows - tally.refused:,} rows would be imported, {tally.refused:,} refused.")
    else:
        click.echo(
            f"{tally.stored:,} stored ({tally.flagged:,} with issues to review), {tally.known:,} were there already, "
            f"{tally.refused:,} refused."
        )
    for note in notes[:_SHOWN]:
        place = f"row {note.row}, {note.column} = {note.value!r}" if note.column else f"row {note.row}"
        click.echo(f"  {note.outcome}: {place}: {note.reason} {note.cure}", err=True)
    if len(notes) > _SHOWN:
        where = f"in {report}" if report else "with --report FILE.csv"
        click.echo(f"  … {len(notes) - _SHOWN:,} more: see them all {where}.", err=True)


def _write(path: Path, notes: Sequence[RowNote]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(each.name for each in fields(RowNote))
        writer.writerows([_harmless(str(value)) for value in astuple(note)] for note in notes)


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet doesn't take for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and as_number(cell) is None else cell
