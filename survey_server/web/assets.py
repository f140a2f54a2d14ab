"""The files of `static/`, read and compressed once: the address changes when any byte does, so browsers keep them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli

STATIC = Path(__file__).resolve().parents[2] / "static"

MEDIA_TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_COMMENT_LINES = re.compile(rb"^[ \t]*(?:/\*.*?\*/|//[^\n]*)[ \t]*$", re.MULTILINE | re.DOTALL)
_LAST_COMMENT = re.compile(rb"[ \t]+// [^'\"`\n]*$", re.MULTILINE)
_INDENTATION = re.compile(rb"^[ \t]+", re.MULTILINE)
_ALREADY_DENSE = {"image/png", "image/x-icon", "font/woff2"}


@dataclass(frozen=True)
class Asset:
    """One file, with the forms in which it may travel."""

    path: str
    media_type: str
    body: bytes
    sha256: str
    encodings: Mapping[str, bytes]

    def encoded(self, accepted: str) -> tuple[bytes, str | None]:
        """The smallest body that a client sending `Accept-Encoding: accepted` can read, and its name."""
        for encoding in ("br", "gzip"):
            if encoding in self.encodings and _accepts(accepted, encoding):
                return self.encodings[encoding], encoding
        return self.body, None


@dataclass(frozen=True)
class Assets:
    """All files under one name: the hash of their paths and bytes."""

    hash: str
    files: Mapping[str, Asset]

    def url(self, path: str) -> str:
        """The lasting address of one file; raises KeyError for a file that isn't there."""
        return self.under_version(self.files[path].path)

    def under_version(self, path: str) -> str:
        """The lasting address of something made from the files, such as a pack."""
        return f"/static/{self.hash}/{path}"

    def under(self, *folders: str) -> list[Asset]:
        """The files of these folders, in a fixed order."""
        return [asset for path, asset in self.files.items() if path.startswith(folders)]


@cache
def read_assets(root: Path = STATIC) -> Assets:
    """Every file below `root` whose type is known; read and compressed once per process."""
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix in MEDIA_TYPES)
    paths = [path for path in paths if path.name != "package.json"]  # tells older Node that these are modules
    files = {asset.path: asset for asset in (_read(root, path) for path in paths)}
    digest = hashlib.sha256()
    for asset in files.values():
        digest.update(f"{asset.path}\0{asset.sha256}\n".encode())
    return Assets(hash=digest.hexdigest()[:16], files=files)


def make_asset(path: str, media_type: str, body: bytes) -> Asset:
    """`body` as an asset, with every encoding that makes it smaller."""
    encodings: dict[str, bytes] = {}
    if media_type not in _ALREADY_DENSE:
        for name, dense in (("br", brotli.compress(body, quality=11)), ("gzip", gzip.compress(body, 9, mtime=0))):
            if len(dense) < len(body):
                encodings[name] = dense
    return Asset(path, media_type, body, hashlib.sha256(body).hexdigest(), encodings)


def compressed(body: bytes, accepted: str) -> tuple[bytes, str | None]:
    """`body` for a client sending `Accept-Encoding: accepted`, and the encoding used: for answers made on the fly."""
    if _accepts(accepted, "br"):
        return brotli.compress(body, quality=9, lgwin=20), "br"
    if _accepts(accepted, "gzip"):
        return gzip.compress(body, 6, mtime=0), "gzip"
    return body, None


def _read(root: Path, path: Path) -> Asset:
    body = path.read_bytes()
    if path.suffix in (".js", ".css"):
        body = _lean(body)
    return make_asset(path.relative_to(root).as_posix(), MEDIA_TYPES[path.suffix], body)


def _lean(source: bytes) -> bytes:
    """What a phone needs of a source: no comments, no indentation. The lines stay, so that faults name theirs."""
    bare = _COMMENT_LINES.sub(lambda found: b"\n" * found[0].count(b"\n"), source)
    return _INDENTATION.sub(b"", _LAST_COMMENT.sub(b"", bare))


def _accepts(header: str, encoding: str) -> bool:
    for item in header.lower().split(","):
        name, _, parameters = item.strip().partition(";")
        if name.strip() in (encoding, "*"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
