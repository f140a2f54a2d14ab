"""The body of an OpenRosa request as a stream, plain or gzip, of known or unknown length, never longer than allowed."""

from __future__ import annotations

import zlib

from flask import request

from survey_server.problems import BadRequest, BodyTooLarge, BrokenParts
from survey_server.web.openrosa.parts import Stream

_BLOCK = 64 * 1024


def open_body(limit: int) -> Stream:
    """The body as it was before it was packed; raises BadRequest for another packing than gzip."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise BadRequest("The body must be plain or gzip.")
    return Unpacked(request.stream, limit) if encoding == "gzip" else request.stream


class Unpacked:
    """A gzip stream read as what is in it, piece by piece: a bomb is noticed at `limit` bytes."""

    def __init__(self, stream: Stream, limit: int) -> None:
        self.stream = stream
        self.left = limit
        self.unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.waiting = b""

    def read(self, size: int = -1, /) -> bytes:
        """Up to a block; none at the end of the gzip member."""
        size = _BLOCK if size < 0 else size
        while not self.unpacker.eof:
            packed = self.waiting or self.stream.read(_BLOCK)
            if not packed:
                raise BrokenParts("The gzip body breaks off.")
            try:
                content = self.unpacker.decompress(packed, size)
            except zlib.error as error:
                raise BrokenParts("The gzip body is damaged.") from error
            self.waiting = self.unpacker.unconsumed_tail
            self.left -= len(content)
            if self.left < 0:
                raise BodyTooLarge()
            if content:
                return content
        return b""
