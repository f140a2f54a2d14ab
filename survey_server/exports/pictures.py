"""Pictures without what cameras write beside them, such as where and when, and with which phone, they were taken."""

from __future__ import annotations

import io
import struct
import warnings

from PIL import Image, UnidentifiedImageError

_ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_TOLD = frozenset({b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"tIME"})
_WEBP_TOLD = frozenset({b"EXIF", b"XMP "})
_JPEG_KEPT = frozenset({0xE0, 0xEE})
"""What says how the points are to be read: JFIF and Adobe's colours."""


def without_marks(content: bytes) -> bytes:
    """A JPEG, PNG or WebP without EXIF, XMP and comments, point for point the same; anything else as it is."""
    try:
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content.startswith(_PNG):
            return _png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError):  # cut off in the middle: nothing is left of what it told
        return b""
    return content


def _jpeg(content: bytes) -> bytes:
    kept = [content[:2], _turned(content)]
    place = 2
    while content[place] == 0xFF and content[place + 1] != 0xDA:
        kind = content[place + 1]
        (size,) = struct.unpack_from(">H", content, place + 2)
        told = 0xE0 <= kind <= 0xEF and kind not in _JPEG_KEPT
        if not told and kind != 0xFE:
            kept.append(content[place : place + 2 + size])
        place += 2 + size
    end = content.rfind(b"\xff\xd9")
    kept.append(content[place : end + 2 if end > place else None])
    return b"".join(kept)


def _turned(content: bytes) -> bytes:
    """How the picture is to be turned: the one thing of the EXIF that is kept."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
                turned = picture.getexif().get(_ORIENTATION, 1)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""
    if turned not in range(2, 9):
        return b""
    exif = Image.Exif()
    exif[_ORIENTATION] = turned
    told = exif.tobytes()
    return struct.pack(">BBH", 0xFF, 0xE1, len(told) + 2) + told


def _png(content: bytes) -> bytes:
    kept, place = [_PNG], len(_PNG)
    while place + 12 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        if kind not in _PNG_TOLD:
            kept.append(content[place : place + 12 + size])
        place += 12 + size
        if kind == b"IEND":
            break
    return b"".join(kept)


def _webp(content: bytes) -> bytes:
    kept, place = [], 12
    while place + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, place)
        whole = 8 + size + size % 2
        piece = bytearray(content[place : place + whole])
        if kind == b"VP8X":
            piece[8] &= ~0b1100
        if kind not in _WEBP_TOLD:
            kept.append(bytes(piece))
        place += whole
    body = b"".join(kept)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
