"""Photos, sound and files of interviews: announced, then sent in pieces that may break off at any byte."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, request
from marshmallow import ValidationError

from survey_server.config import Config
from survey_server.db.forms import get_data_set
from survey_server.db.media.files import MediaStore
from survey_server.db.media.pieces import Announcement, Hander, MediaIntake, Stand
from survey_server.db.media.stores import open_media_store
from survey_server.problems import BadFields, MediaTooLarge
from survey_server.web.access import get_config, get_database, get_sending_device, get_trusted_device
from survey_server.web.bodies import read_fields
from survey_server.web.media_schemas import MediaItem, PieceQuery

media = Blueprint("media", __name__, url_prefix="/api/v1")

_item = MediaItem()
_piece = PieceQuery()
_FOR_EVER = "private, max-age=31536000, immutable"


def make_store(config: Config) -> MediaStore:
    """Where this server keeps media: below its data folder, or where SURVEY_MEDIA_URL says."""
    return open_media_store(config)


def get_store() -> MediaStore:
    """The media store of this server."""
    return make_store(get_config())


def get_intake() -> MediaIntake:
    """The way in for media, on this server's database and store."""
    return MediaIntake(get_database(), get_store(), current_app.extensions.get("keyring"))


@media.post("/media")
def announce_media() -> dict[str, Any]:
    """Announce a file of an interview, and learn how much of it is here.

    The interview itself may come later. Announcing again is how a phone finds out where to go on. A file with the same
    bytes as one that is here is complete at once.
    """
    hander = _hander()
    told = read_fields(_item)
    if told["size"] > get_config().max_media_bytes:
        limit = get_config().max_media_bytes // (1024 * 1024)
        raise MediaTooLarge(f"This server takes files of up to {limit} MB.", limit=get_config().max_media_bytes)
    announcement = Announcement(
        told["submission"], told["name"], told["type"], told["size"], told["sha256"], told["sealed"]
    )
    return _written(get_intake().announce(hander, announcement))


@media.patch("/media/<sha256>")
def take_piece(sha256: str) -> dict[str, Any]:
    """Add a piece of a file, as raw bytes, at `offset`.

    The answer's `offset` is where to go on, whatever was sent. The file is `complete` when all of it is here, its
    SHA-256 is the one announced, and the disk has it.
    """
    hander = _hander()
    try:
        offset: int = _piece.load(request.args)["offset"]
    except ValidationError as error:
        raise BadFields(errors=error.messages) from error
    return _written(get_intake().take(hander, sha256, offset, request.get_data(cache=False)))


@media.get("/form-files/<sha256>")
def get_form_file(sha256: str) -> Any:
    """A picture, sound or film that a form shows, as it was attached. What is at this address never changes."""
    device = get_trusted_device()
    with get_database().reading() as session:
        content = get_data_set(session, device.programme_id, sha256).content
    response = current_app.response_class(content, content_type="application/octet-stream")
    response.headers["Cache-Control"] = _FOR_EVER
    response.headers["Content-Disposition"] = "attachment"
    return response


def _hander() -> Hander:
    device = get_sending_device()
    return Hander(device.programme_id, "phone", f"device:{device.id}", device.id)


def _written(stand: Stand) -> dict[str, Any]:
    return {"sha256": stand.sha256, "size": stand.size, "offset": stand.offset, "complete": stand.complete}
