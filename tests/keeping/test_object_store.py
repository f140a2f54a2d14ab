"""Media in an S3-compatible store, against a real S3 server."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from survey_server.db.keeping.moving_media import copy_media
from survey_server.db.media.files import FolderStore
from survey_server.db.media.pieces import Announcement, Hander, MediaIntake
from survey_server.db.media.stores import Bucket, ObjectStore, open_object_store
from survey_server.db.models import Media, Programme, now
from survey_server.db.session import Database
from survey_server.problems import BadSetting, MediaDigestWrong, MediaStoreGone, UnknownMedia

PHOTO = bytes(range(251)) * 600
SHA256 = hashlib.sha256(PHOTO).hexdigest()
PIECE = 64 * 1024


@pytest.fixture
def objects(object_store_url: str, tmp_path: Path) -> ObjectStore:
    return open_object_store(f"{object_store_url}/{tmp_path.name}")


def test_it_takes_a_file_in_pieces_through_two_servers(
    object_store_url: str, tmp_path: Path, database: Database, programme: Programme
) -> None:
    one, other = (MediaIntake(database, open_object_store(f"{object_store_url}/{tmp_path.name}")) for _ in range(2))
    hander = Hander(programme.id, "phone", "device:1")
    stand = one.announce(hander, Announcement("uuid:1", "plaza.jpg", "image/jpeg", len(PHOTO), SHA256))
    for turn in (one, other, one, other):
        if not stand.complete:
            stand = turn.take(hander, SHA256, stand.offset, PHOTO[stand.offset : stand.offset + PIECE])
    assert stand.complete
    assert other.store.read(programme.id, SHA256) == PHOTO
    assert other.store.arrived(programme.id, SHA256) == 0


def test_it_goes_on_where_the_pieces_end_and_leaves_one_for_another_place(objects: ObjectStore) -> None:
    assert objects.append(1, SHA256, 0, PHOTO[:1000]) == 1000
    assert objects.append(1, SHA256, 5000, PHOTO[5000:6000]) == 1000
    assert objects.append(1, SHA256, 1000, PHOTO[1000:]) == len(PHOTO)
    objects.complete(1, SHA256)
    assert objects.read(1, SHA256) == PHOTO
    assert not objects.has(2, SHA256)


def test_it_drops_what_has_another_digest_and_begins_anew(objects: ObjectStore) -> None:
    objects.append(1, SHA256, 0, b"x" * len(PHOTO))
    with pytest.raises(MediaDigestWrong):
        objects.complete(1, SHA256)
    assert (objects.arrived(1, SHA256), objects.has(1, SHA256)) == (0, False)


def test_it_takes_no_file_for_damaged_whose_pieces_another_server_has_just_put_together(
    objects: ObjectStore, object_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Bucket.read

    def read_too_late(bucket: Bucket, name: str) -> bytes | None:
        monkeypatch.setattr(Bucket, "read", read)
        open_object_store(f"{object_store_url}/{tmp_path.name}").complete(1, SHA256)
        return bucket.read(name)

    objects.append(1, SHA256, 0, PHOTO[:1000])
    objects.append(1, SHA256, 1000, PHOTO[1000:])
    monkeypatch.setattr(Bucket, "read", read_too_late)
    objects.complete(1, SHA256)
    assert objects.read(1, SHA256) == PHOTO


def test_it_knows_nothing_that_never_came(objects: ObjectStore) -> None:
    with pytest.raises(UnknownMedia):
        objects.read(1, SHA256)


@pytest.mark.parametrize("name", ["../../etc/passwd", SHA256.upper(), "", SHA256 + "/x"])
def test_it_makes_a_place_of_nothing_but_a_digest(objects: ObjectStore, name: str) -> None:
    with pytest.raises(UnknownMedia):
        objects.append(1, name, 0, b"x")


def test_it_lets_go_of_what_nobody_has_gone_on_with(objects: ObjectStore) -> None:
    objects.append(1, SHA256, 0, PHOTO[:1000])
    assert objects.drop_abandoned(1, now() - timedelta(days=1)) == 0
    assert objects.drop_abandoned(1, now() + timedelta(days=1)) == 1
    assert objects.arrived(1, SHA256) == 0


def test_it_lets_senders_wait_while_the_store_is_gone() -> None:
    nobody = open_object_store("s3+http://key:secret@127.0.0.1:9/bucket")
    with pytest.raises(MediaStoreGone):
        nobody.has(1, SHA256)


def test_it_lets_senders_wait_when_the_store_refuses_the_key(object_store_url: str) -> None:
    with pytest.raises(MediaStoreGone):
        open_object_store(object_store_url.replace("key:", "stranger:")).has(1, SHA256)


@pytest.mark.parametrize(
    "url", ["s3://bucket", "https://key:secret@host/bucket", "s3+https://host/bucket", "s3+https://k:s@host"]
)
def test_it_says_how_the_address_is_written(url: str) -> None:
    with pytest.raises(BadSetting, match=r"s3\+https"):
        open_object_store(url)


def test_it_moves_the_media_of_a_folder_once(filled: Database, store: FolderStore, objects: ObjectStore) -> None:
    assert copy_media(filled, store, objects) == (1, 0)
    assert copy_media(filled, store, objects) == (0, 1)
    with filled.reading() as session:
        programme_id, sha256 = session.execute(select(Media.programme_id, Media.sha256)).one()
    assert hashlib.sha256(objects.read(programme_id, sha256)).hexdigest() == sha256
