"""What a file is by its first bytes, whatever its name and its sender say."""

from __future__ import annotations

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"fLaC", "audio/flac"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"#!", "text/x-script"),
    (b"dex\n", "application/x-executable"),
)
_MARKUP = (b"<!doctype html", b"<html", b"<script", b"<svg", b"<body", b"<iframe")
_RASTER = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PACKED = ("application/zip", "application/x-ole-storage")


def find_type(head: bytes) -> str:
    """The media type that the first bytes (512 are enough) show; application/octet-stream when they show none."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(
            head[8:12], "application/octet-stream"
        )
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if any(mark in head.lower() for mark in _MARKUP):
        return "text/html"
    return "text/plain" if _is_text(head) else "application/octet-stream"


def _of_brand(brand: bytes) -> str:
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    return "image/heic" if brand in (b"heic", b"heix", b"mif1") else "video/mp4"


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a letter may be cut in two at the end
    return True


def is_lying(declared: str, found: str) -> bool:
    """Whether a file claims to be what its bytes are not: a picture that is a page, a sound that is a program."""
    family, found_family = declared.partition("/")[0], found.partition("/")[0]
    if found in ("application/x-msdownload", "application/x-executable", "text/x-script", "text/html"):
        return declared != found
    if family in ("audio", "video") and found_family in ("audio", "video"):
        return False  # one container serves both
    if family in ("image", "audio", "video"):
        return family != found_family
    if found in _PACKED or found in ("text/plain", "application/octet-stream"):
        return False  # documents of many programs, and data of any kind
    return family not in ("application", found_family)


def is_raster(media_type: str | None) -> bool:
    """Whether it is a picture made of points, which can't carry a script."""
    return media_type in _RASTER
