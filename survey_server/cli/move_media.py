"""`survey-server move-media`: bring the media of a data folder into an object store, each proven by its digest."""

from __future__ import annotations

import click

from survey_server.config import Config
from survey_server.db.keeping.moving_media import copy_media
from survey_server.db.media.files import FolderStore
from survey_server.db.media.stores import open_object_store
from survey_server.db.session import open_database


@click.command("move-media")
@click.argument("url")
def move_media(url: str) -> None:
    """Copy all media below the data folder to the object store at URL and read each back; nothing is deleted here.

    It may be repeated. Then set SURVEY_MEDIA_URL and restart; one more run brings over what came meanwhile.
    """
    config = Config.from_environment()
    source, target = FolderStore(config.data_dir / "media"), open_object_store(url)
    copied, left = copy_media(open_database(config.database_url), source, target)
    click.echo(f"{copied} files copied and read back; {left} were there already, or are not here.")
