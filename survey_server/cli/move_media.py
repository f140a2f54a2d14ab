"""`survey-server move-media`: bring the media, reports and exports of a data folder into an object store."""

from __future__ import annotations

import click

from survey_server.config import Config
from survey_server.db.keeping.backups import FOLDERS
from survey_server.db.keeping.moving_media import copy_media
from survey_server.db.media.files import FolderStore
from survey_server.db.media.shelves import FolderShelf, ObjectShelf, copy_shelf
from survey_server.db.media.stores import open_bucket, open_object_store
from survey_server.db.session import open_database


@click.command("move-media")
@click.argument("url")
def move_media(url: str) -> None:
    """Copy media, reports and exports from the data folder to the object store at URL; nothing is deleted here.

    Each photo and file is read back, and its digest compared.

    It may be repeated. Then set SURVEY_MEDIA_URL and restart; one more run brings over what came meanwhile.
    """
    config = Config.from_environment()
    source, target = FolderStore(config.data_dir / "media"), open_object_store(url)
    copied, left = copy_media(open_database(config.database_url), source, target)
    click.echo(f"{copied} files copied and read back; {left} were there already, or are not here.")
    here, there = FolderShelf(config.data_dir), ObjectShelf(open_bucket(url))
    made = sum(copy_shelf(here, there, under) for under in FOLDERS)
    click.echo(f"{made} files of reports and exports copied.")
