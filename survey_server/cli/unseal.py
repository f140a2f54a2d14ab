"""`survey-server unseal`: interviews that only an offline key opens, out of the server and in by the one way in."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from survey_server.cli.key import find_place
from survey_server.config import Config
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.receipts import Receipt
from survey_server.db.intake.seals import LONGEST_INTERVIEW, arrival_of, list_closed, list_sealed_media
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import Arrival, take_in
from survey_server.db.media.pieces import open_media
from survey_server.db.programmes import get_programme
from survey_server.db.session import open_database
from survey_server.problems import BrokenSeal, ForeignSeal, NotAKeyFile, Problem
from survey_server.sealing import KeyFile, open_envelope, read_key_file
from survey_server.web.media import make_store

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_AT_ONCE = 200
_passphrase = click.option(
    "--passphrase", prompt=True, hide_input=True, envvar="SURVEY_KEY_PASSPHRASE", help="Of the key file."
)


@click.group()
def unseal() -> None:
    """Sealed interviews of profile 2: export them, open them elsewhere, or take them in with the key at hand."""


@unseal.command()
@click.argument("place", metavar="PROGRAMME[/FORM/WAVE]")
@click.argument("file", type=_FILE)
def export(place: str, file: Path) -> None:
    """Write the unopened interviews, sealed as they came, to FILE (JSON lines)."""
    database = open_database(Config.from_environment().database_url)
    count, after = 0, 0
    with database.reading() as session, file.open("w", encoding="utf-8") as lines:
        programme, wave = find_place(session, place)
        while rows := list_closed(session, programme.id, wave.id if wave else None, after=after, limit=_AT_ONCE):
            for row in rows:
                told = {"id": row.claimed_id, "form": row.claimed_form, "version": row.claimed_version}
                told |= {"received_at": row.received_at.isoformat(), "sha256": row.sha256}
                lines.write(json.dumps({**told, "sealed": (row.content or b"").decode()}) + "\n")
            count, after = count + len(rows), rows[-1].id
    click.echo(f"{count:,} sealed interviews in {file}.")


@unseal.command("open")
@click.argument("keyfile", type=_FILE)
@click.argument("file", type=_FILE)
@click.argument("folder", type=_FOLDER)
@_passphrase
def open_(keyfile: Path, file: Path, folder: Path, passphrase: str) -> None:
    """Open the exported FILE with KEYFILE, on any machine: one XML document each in FOLDER."""
    keys = read_key_file(keyfile.read_text(), passphrase)
    folder.mkdir(parents=True, exist_ok=True)
    outcome: Counter[str] = Counter()
    for number, line in enumerate(_lines(file), 1):
        try:
            opened = open_envelope(line["sealed"].encode(), keys.sealing, LONGEST_INTERVIEW)
        except (BrokenSeal, ForeignSeal) as problem:
            click.echo(f"Line {number}: {problem.title}.", err=True)
            outcome["refused"] += 1
            continue
        (folder / f"{number:06d}.xml").write_bytes(opened.content)
        outcome["opened"] += 1
    click.echo(f"{outcome['opened']:,} opened, {outcome['refused']:,} refused, in {folder}.")
    if outcome["refused"]:
        raise SystemExit(1)


@unseal.command()
@click.argument("place", metavar="PROGRAMME[/FORM/WAVE]")
@click.argument("keyfile", type=_FILE)
@click.option(
    "--from", "file", type=_FILE, help="An exported file, on a server that hasn't the sealed interviews itself."
)
@_passphrase
def feed(place: str, keyfile: Path, file: Path | None, passphrase: str) -> None:
    """Take sealed interviews in, checked and counted as any others, with the key in memory only."""
    keys = read_key_file(keyfile.read_text(), passphrase)
    database = open_database(Config.from_environment().database_url)
    keyring = Keyring(handed={keys.sealing.thumbprint(): keys.sealing})
    with database.reading() as session:
        programme, wave = find_place(session, place)
        programme_id, wave_id = programme.id, wave.id if wave else None
    source = Source(programme_id, "unseal", "command")
    outcome: Counter[str] = Counter()
    if file is not None:
        for arrivals in _batches([_read(line, keys) for line in _lines(file)]):
            outcome.update(_word(receipt) for receipt in take_in(database, source, arrivals, keyring, open_again=True))
    else:
        after = 0
        while True:
            with database.reading() as session:
                rows = list_closed(session, programme_id, wave_id, after=after, limit=_AT_ONCE)
            if not rows:
                break
            arrivals = [arrival_of(row) for row in rows]
            outcome.update(_word(receipt) for receipt in take_in(database, source, arrivals, keyring, open_again=True))
            after = rows[-1].id
    told = ", ".join(f"{count:,} {word}" for word, count in sorted(outcome.items()))
    click.echo(told or "Nothing waits for this key.")


@unseal.command()
@click.argument("programme")
@click.argument("keyfile", type=_FILE)
@click.argument("folder", type=_FOLDER)
@_passphrase
def files(programme: str, keyfile: Path, folder: Path, passphrase: str) -> None:
    """Open the sealed photos, sound and files of PROGRAMME with KEYFILE into FOLDER, one folder per interview."""
    keys = read_key_file(keyfile.read_text(), passphrase)
    keyring = Keyring(handed={keys.sealing.thumbprint(): keys.sealing})
    config = Config.from_environment()
    store = make_store(config)
    outcome: Counter[str] = Counter()
    with open_database(config.database_url).reading() as session:
        row = get_programme(session, programme)
        for one in list_sealed_media(session, row.id):
            try:
                content = open_media(session, store, one, keyring)
            except Problem as problem:
                click.echo(f"{one.name}: {problem.title}.", err=True)
                outcome["closed"] += 1
                continue
            place = folder / secure_name(one.instance_id)
            place.mkdir(parents=True, exist_ok=True)
            (place / secure_name(one.name)).write_bytes(content)
            outcome["opened"] += 1
    click.echo(f"{outcome['opened']:,} opened, {outcome['closed']:,} stay closed.")


def secure_name(text: str) -> str:
    """A name that stays in its folder, whatever the phone called it."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip(".") or "_"


def _word(receipt: Receipt) -> str:
    words = {200: "known", 201: "stored", 409: "in conflict with another"}
    return words.get(receipt.status, "refused, in quarantine")


def _read(line: dict[str, str], keys: KeyFile) -> Arrival:
    """An exported interview, opened: the server that takes it in need not know the key."""
    try:
        body = open_envelope(line["sealed"].encode(), keys.sealing, LONGEST_INTERVIEW).content
    except (BrokenSeal, ForeignSeal) as problem:
        return Arrival(line["id"], line["form"], line["version"], line["sealed"].encode(), problem=problem)
    return Arrival(line["id"], line["form"], line["version"], body)


def _lines(file: Path) -> Iterator[dict[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            told = json.loads(line)
            yield {name: str(told[name]) for name in ("id", "form", "version", "sealed")}
        except (ValueError, KeyError, TypeError) as error:
            raise NotAKeyFile(f"{file} isn't a file of `unseal export`.") from error


def _batches(arrivals: list[Arrival]) -> Iterator[list[Arrival]]:
    for start in range(0, len(arrivals), _AT_ONCE):
        yield arrivals[start : start + _AT_ONCE]
