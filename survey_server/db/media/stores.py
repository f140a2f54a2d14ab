"""Media in an S3-compatible object store, so that servers on several machines share them."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Object
from minio.error import MinioException, S3Error

from survey_server.config import Config
from survey_server.db.media.files import FolderStore, MediaStore
from survey_server.problems import BadSetting, MediaDigestWrong, MediaStoreGone, UnknownMedia

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SECONDS = 20


def open_media_store(config: Config) -> MediaStore:
    """Where this server keeps media: the folder `media` of its data folder, or the store at SURVEY_MEDIA_URL."""
    if not config.media_url:
        return FolderStore(config.data_dir / "media", config.media_reserve_bytes)
    return open_object_store(config.media_url)


def open_object_store(url: str) -> ObjectStore:
    """The store at `s3+https://KEY:SECRET@HOST[:PORT]/BUCKET[/PREFIX][?region=NAME]`; raises BadSetting."""
    return ObjectStore(open_bucket(url))


def open_bucket(url: str) -> Bucket:
    """The part of a store at such an address that is this server's; raises BadSetting."""
    parts = urlsplit(url)
    name, _, prefix = parts.path.strip("/").partition("/")
    if parts.scheme not in ("s3+https", "s3+http") or not (
        parts.hostname and parts.username and parts.password and name
    ):
        raise BadSetting(
            "SURVEY_MEDIA_URL: write it as s3+https://KEY:SECRET@HOST/BUCKET, with %2F for / in the secret."
        )
    pool = urllib3.PoolManager(timeout=_SECONDS, retries=urllib3.Retry(2, backoff_factor=0.2), maxsize=8)
    client = Minio(
        f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname,
        access_key=unquote(parts.username),
        secret_key=unquote(parts.password),
        secure=parts.scheme == "s3+https",
        region=parse_qs(parts.query).get("region", ["us-east-1"])[0],
        http_client=pool,
    )
    return Bucket(client, name, f"{prefix}/" if prefix else "")


class Bucket:
    """Objects by their names, of which all begin with `prefix`. Raises MediaStoreGone while the store is gone."""

    def __init__(self, client: Minio, name: str, prefix: str) -> None:
        self._client = client
        self._name = name
        self.prefix = prefix

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        with _as_problems():
            return self._is_there(name)

    def objects(self, beginning: str) -> list[Object]:
        """The objects whose names begin so, with their sizes and times."""
        with _as_problems():
            return list(self._client.list_objects(bucket_name=self._name, prefix=beginning, recursive=True))

    def sizes(self, beginning: str) -> dict[str, int]:
        """The names that begin so, and how many bytes each has."""
        return {str(found.object_name): found.size or 0 for found in self.objects(beginning)}

    def open(self, name: str) -> urllib3.BaseHTTPResponse | None:
        """The content, to be read in blocks and closed; None when there is no such object."""
        with _as_problems():
            try:
                return self._client.get_object(bucket_name=self._name, object_name=name)
            except MinioException:  # servers word "no such object" in several ways; asking again is sure
                if self._is_there(name):
                    raise
        return None

    def read(self, name: str) -> bytes | None:
        """The whole content; None when there is no such object."""
        answer = self.open(name)
        if answer is None:
            return None
        with _as_problems():
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def write(self, name: str, content: BinaryIO, length: int) -> None:
        """Make an object of `length` bytes, in the place of what was."""
        with _as_problems():
            self._client.put_object(bucket_name=self._name, object_name=name, data=content, length=length)

    def remove(self, name: str) -> None:
        """Delete an object; one that isn't there is no mistake."""
        with _as_problems():
            self._client.remove_object(bucket_name=self._name, object_name=name)

    def _is_there(self, name: str) -> bool:
        try:
            self._client.stat_object(bucket_name=self._name, object_name=name)
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject"):
                return False
            raise
        return True


class ObjectStore:
    """Blobs as objects `[PREFIX/]PROGRAMME/AA/SHA256`; what arrives lies in pieces in `PROGRAMME/arriving/SHA256/`.

    A piece is named by where it begins: servers need not know of each other, and the same piece twice is one.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def has(self, programme_id: int, sha256: str) -> bool:
        """Whether the blob is here, whole and checked."""
        return self._bucket.has(self._blob(programme_id, sha256))

    def arrived(self, programme_id: int, sha256: str) -> int:
        """How many bytes of a blob that isn't whole yet have arrived, without a gap."""
        return sum(size for _, size in self._pieces(programme_id, sha256))

    def append(self, programme_id: int, sha256: str, offset: int, piece: bytes) -> int:
        """Put `piece` behind what has arrived if that ends at `offset`; how many bytes have arrived then."""
        end = self.arrived(programme_id, sha256)
        if offset != end or not piece:
            return end
        self._write(f"{self._arriving(programme_id, sha256)}{offset:012d}", piece)
        return end + len(piece)

    def complete(self, programme_id: int, sha256: str) -> None:
        """Make what has arrived a blob, for good; MediaDigestWrong drops it and begins anew."""
        if self.has(programme_id, sha256):
            return
        names = [name for name, _ in self._pieces(programme_id, sha256)]
        body = b"".join(self._bucket.read(name) or b"" for name in names)
        right = hashlib.sha256(body).hexdigest() == sha256
        if right:
            self._write(self._blob(programme_id, sha256), body)
        for name in names:
            self._bucket.remove(name)
        if not right and not self.has(programme_id, sha256):  # else another server was quicker and took the pieces
            raise MediaDigestWrong(offset=0)

    def put(self, programme_id: int, sha256: str, body: bytes) -> None:
        """Make `body`, whose digest has been taken, a blob at once."""
        self._write(self._blob(programme_id, sha256), body)

    def read(self, programme_id: int, sha256: str) -> bytes:
        """The whole blob; raises UnknownMedia."""
        body = self._bucket.read(self._blob(programme_id, sha256))
        if body is None:
            raise UnknownMedia()
        return body

    def drop(self, programme_id: int, sha256: str) -> None:
        """Delete the blob; one that isn't there is no mistake."""
        self._bucket.remove(self._blob(programme_id, sha256))

    def drop_abandoned(self, programme_id: int, before: datetime) -> int:
        """Let go of what began to arrive and has not grown since `before`; how many. A sender begins those anew."""
        newest: dict[str, datetime] = {}
        names: dict[str, list[str]] = {}
        for found in self._bucket.objects(f"{self._bucket.prefix}{int(programme_id)}/arriving/"):
            sha256 = str(found.object_name).split("/")[-2]
            names.setdefault(sha256, []).append(str(found.object_name))
            newest[sha256] = max(found.last_modified or before, newest.get(sha256, before))
        old = [sha256 for sha256, grown in newest.items() if grown <= before]
        for name in (name for sha256 in old for name in names[sha256]):
            self._bucket.remove(name)
        return len(old)

    def _pieces(self, programme_id: int, sha256: str) -> list[tuple[str, int]]:
        """Names and sizes of the pieces that follow each other from the beginning."""
        found = self._bucket.sizes(self._arriving(programme_id, sha256))
        begins = {int(name.rpartition("/")[2]): (name, size) for name, size in found.items()}
        chain, end = [], 0
        while end in begins:
            chain.append(begins[end])
            end += begins[end][1]
        return chain

    def _write(self, name: str, body: bytes) -> None:
        self._bucket.write(name, io.BytesIO(body), len(body))

    def _blob(self, programme_id: int, sha256: str) -> str:
        return f"{self._home(programme_id, sha256)}{sha256[:2]}/{sha256}"

    def _arriving(self, programme_id: int, sha256: str) -> str:
        return f"{self._home(programme_id, sha256)}arriving/{sha256}/"

    def _home(self, programme_id: int, sha256: str) -> str:
        """The programme's place. A name that isn't a digest never becomes one, whoever calls."""
        if not _SHA256.match(sha256):
            raise UnknownMedia()
        return f"{self._bucket.prefix}{int(programme_id)}/"


@contextmanager
def _as_problems() -> Iterator[None]:
    """What the store or the line to it says, as a Problem that lets senders wait and try again."""
    try:
        yield
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise MediaStoreGone() from error
