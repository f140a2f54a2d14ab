"""`survey-server move-media`: bring the media of a data folder into an object store, each proven by its digest."""

from __future__ import annotations

import hashlib

import click
from sqlalchemy import select

from survey_server.config import Config
from survey_server.db.media_files import FolderStore, MediaStore
from survey_server.db.media_stores import open_object_store
from survey_server.db.models import Media
from survey_server.db.session import open_database
from survey_server.problems import MoveIncomplete


@click.command("move-media")
@click.argument("url")
def move_media(url: str) -> None:
    """Copy all media below the data folder to the object store at URL and read each back; nothing is deleted here.

    It may be repeated: what is there already is left. Then set SURVEY_MEDIA_URL and restart; what came meanwhile is
    brought over by one more run.
    """
    config = Config.from_environment()
    source, target = FolderStore(config.data_dir / "media"), open_object_store(url)
    whole = select(Media.programme_id, Media.sha256).where(Media.completed_at.is_not(None)).distinct()
    with open_database(config.database_url).reading() as session:
        wanted = [(int(programme_id), str(sha256)) for programme_id, sha256 in session.execute(whole)]
    moved = sum(_move(source, target, programme_id, sha256) for programme_id, sha256 in wanted)
    click.echo(f"{moved} files copied and read back, {len(wanted) - moved} were there or are not here.")


def _move(source: MediaStore, target: MediaStore, programme_id: int, sha256: str) -> bool:
    if target.has(programme_id, sha256) or not source.has(programme_id, sha256):
        return False
    target.put(programme_id, sha256, source.read(programme_id, sha256))
    if hashlib.sha256(target.read(programme_id, sha256)).hexdigest() != sha256:
        raise MoveIncomplete(f"The file {sha256} came back from the store as something else. Run it again.")
    return True
