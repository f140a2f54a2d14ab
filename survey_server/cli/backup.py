"""`survey-server backup`, `restore`, `migrate`, `migrate-database`: a server's data kept, brought back, moved."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.keeping.backups import DATABASE, BackupTold, restore_backup, write_backup
from survey_server.db.keeping.moving import copy_everything
from survey_server.db.media.shelves import open_shelf
from survey_server.db.media.stores import open_media_store
from survey_server.db.migrate import migrate as bring_to_newest
from survey_server.db.session import Database, hold_sqlite_alone, open_database
from survey_server.disk import put_in_place
from survey_server.problems import BadSetting

_PASSPHRASE = click.option(
    "--passphrase",
    envvar="SURVEY_BACKUP_PASSPHRASE",
    prompt=True,
    hide_input=True,
    help="At least 12 characters; asked for, or from the environment variable SURVEY_BACKUP_PASSPHRASE.",
)
_FILE = click.Path(path_type=Path, dir_okay=False)
_SHORTEST = 12


@click.command()
@click.argument("file", type=_FILE)
@_PASSPHRASE
def backup(file: Path, passphrase: str) -> None:
    """Write database, media, reports and secret to FILE, encrypted, while the server runs."""
    if len(passphrase.strip()) < _SHORTEST:
        raise BadSetting(f"The passphrase of a backup has at least {_SHORTEST} characters.")
    config = Config.from_environment()
    database = open_database(config.database_url)
    number, part = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}-", suffix=".part")
    try:
        with os.fdopen(number, "wb") as written:
            store, shelf = open_media_store(config), open_shelf(config)
            told = write_backup(written, passphrase, database, store, shelf, config.data_dir, config.secret_key)
        put_in_place(Path(part), file)
    finally:
        Path(part).unlink(missing_ok=True)
    _say(f"{file} holds", told)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--database", "url", help="Bring the rows into this empty PostgreSQL database, not into FOLDER.")
@_PASSPHRASE
def restore(file: Path, folder: Path, url: str | None, passphrase: str) -> None:
    """Bring a backup into the new data folder FOLDER, and prove every file, table and audit log in it."""
    with file.open("rb") as opened:
        told = restore_backup(opened, passphrase, folder)
    if url is not None:
        bring_to_newest(url)
        source = open_database(f"sqlite:///{(folder / DATABASE).resolve()}")
        with source.reading() as session:
            copy_everything(session, open_database(url), _tell)
        source.close()
        (folder / DATABASE).unlink()
    _say(f"Proven and restored to {folder}:", told)
    click.echo("Start the server with SURVEY_DATA_DIR set to this folder" + (" and the same database." if url else "."))


@click.command()
def migrate() -> None:
    """Bring the tables to the newest state; `serve` and `run` do it too, when they start."""
    bring_to_newest(Config.from_environment().database_url)
    click.echo("The tables are at the newest state.")


@click.command("migrate-database")
@click.argument("sqlite", metavar="SQLITE")
@click.argument("postgres", metavar="POSTGRES")
def migrate_database(sqlite: str, postgres: str) -> None:
    """Move all rows of the SQLite file SQLITE to the empty database at the URL POSTGRES, and read each back.

    The server must be stopped. Afterwards the file is called `….moved-DAY`, so that nobody goes on with it by mistake.
    """
    path = Path(sqlite.removeprefix("sqlite:///")).resolve()
    if not path.is_file():
        raise BadSetting(f"There is no database {path}.")
    if not postgres.startswith("postgres"):
        raise BadSetting("Name the target as postgresql://…")
    bring_to_newest(postgres)
    target = open_database(postgres)
    with hold_sqlite_alone(path) as source:
        rows = _copy(source, target)
    moved = path.with_name(f"{path.name}.moved-{datetime.now(UTC):%Y%m%d}")
    path.rename(moved)
    click.echo(f"{rows} rows moved, read back and found equal. {path.name} is now {moved.name}.")
    click.echo("Set SURVEY_DATABASE_URL to the new database and start the server; media stay where they are.")


def _copy(source: Database, target: Database) -> int:
    with source.reading() as session:
        return sum(one.rows for one in copy_everything(session, target, _tell).values())


def _tell(table: str, rows: int) -> None:
    if rows:
        click.echo(f"  {table:24} {rows:>10}")


def _say(what: str, told: BackupTold) -> None:
    submissions = told.tables.get("submission", 0)
    click.echo(
        f"{what} {submissions} submissions, {sum(told.tables.values())} rows, {told.files} files, "
        f"{told.bytes / 1e6:.1f} MB, of {told.made_at[:16].replace('T', ' ')} UTC"
    )
    if told.missing_media:
        click.echo(f"Attention: {told.missing_media} media files were missing from the media folder.", err=True)
