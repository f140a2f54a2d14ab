"""multipart/form-data as OpenRosa clients send it, read part by part from the socket; large parts go to the disk.

Strict about boundaries, so that a photo can hold anything; lenient about names: UTF-8, latin-1 or RFC 5987.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol
from urllib.parse import unquote_to_bytes

from survey_server.problems import BodyTooLarge, BrokenParts

MOST_PARTS = 1000
_BLOCK = 64 * 1024
_LONGEST_HEADERS = 16 * 1024
_IN_MEMORY = 512 * 1024
_BOUNDARY = re.compile(r"""boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE)
_OPTION = re.compile(r""";\s*([\w!#$&+^`|~.%-]+\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)""")


class Stream(Protocol):
    """A request's body."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; none at the end."""


@dataclass
class Part:
    """One part: the name of its field, the name of its file when it has one, and its content."""

    name: str
    filename: str | None
    media_type: str
    body: IO[bytes]
    size: int

    def content(self) -> bytes:
        """All of it."""
        self.body.seek(0)
        return self.body.read()


def read_parts(stream: Stream, content_type: str, longest_part: int) -> Iterator[Part]:
    """Each part in turn; raises BrokenParts, or BodyTooLarge for a part longer than `longest_part`."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        raise BrokenParts("The upload isn't multipart/form-data with a boundary.")
    boundary = (found[1] or found[2]).encode("latin-1", "replace")
    reader = _Reader(stream, b"\r\n--" + boundary)
    reader.skip_preamble()
    for _ in range(MOST_PARTS):
        if reader.is_over():
            return
        yield reader.read_part(longest_part)
    raise BrokenParts(f"The upload has more than {MOST_PARTS} parts.")


class _Reader:
    def __init__(self, stream: Stream, delimiter: bytes) -> None:
        self.stream = stream
        self.delimiter = delimiter
        self.buffer = bytearray(b"\r\n")  # the first boundary may have no line before it

    def fill(self) -> None:
        block = self.stream.read(_BLOCK)
        if not block:
            raise BrokenParts("The upload ends too early.")
        self.buffer += block

    def skip_preamble(self) -> None:
        while (place := self.buffer.find(self.delimiter)) < 0:
            del self.buffer[: max(0, len(self.buffer) - len(self.delimiter))]
            self.fill()
        del self.buffer[: place + len(self.delimiter)]

    def is_over(self) -> bool:
        """After a boundary: whether it was the last one."""
        line = self._line()
        if line.startswith(b"--"):
            return True
        if line.strip(b" \t"):
            raise BrokenParts("A boundary of the upload is followed by something else.")
        return False

    def _line(self) -> bytes:
        while (end := self.buffer.find(b"\r\n")) < 0:
            if self.buffer.startswith(b"--"):
                return b"--"
            if len(self.buffer) > _LONGEST_HEADERS:
                raise BrokenParts("A boundary of the upload doesn't end.")
            self.fill()
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        return line

    def read_part(self, longest: int) -> Part:
        headers = self._headers()
        name, filename = _names(headers.get("content-disposition", ""))
        body: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - whoever gets the part closes it
        try:
            size = self._copy(body, longest)
        except BaseException:
            body.close()
            raise
        return Part(name, filename, headers.get("content-type", "").partition(";")[0].strip().lower(), body, size)

    def _headers(self) -> dict[str, str]:
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            if len(self.buffer) > _LONGEST_HEADERS:
                break
            self.fill()
        if not 0 <= end <= _LONGEST_HEADERS:
            raise BrokenParts("The head of a part is too long.")
        lines = re.sub(rb"\r\n[ \t]+", b" ", bytes(self.buffer[:end])).split(b"\r\n")
        del self.buffer[: end + 4]
        if self._begins_with_boundary():
            raise BrokenParts("A part of the upload has no content.")
        headers = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon:
                raise BrokenParts("The head of a part can't be read.")
            headers[_text(name).strip().lower()] = _text(value).strip()
        return headers

    def _begins_with_boundary(self) -> bool:
        mark = self.delimiter[2:]
        while len(self.buffer) < len(mark) and mark.startswith(self.buffer):
            self.fill()
        return self.buffer.startswith(mark)

    def _copy(self, body: IO[bytes], longest: int) -> int:
        size, looked = 0, 0
        while (place := self.buffer.find(self.delimiter, looked)) < 0:
            keep = len(self.delimiter)
            if (safe := len(self.buffer) - keep) > _BLOCK:
                size += body.write(self.buffer[:safe])
                del self.buffer[:safe]
                if size > longest:
                    raise BodyTooLarge()
            looked = max(0, len(self.buffer) - keep)
            self.fill()
        size += body.write(self.buffer[:place])
        del self.buffer[: place + len(self.delimiter)]
        if size > longest:
            raise BodyTooLarge()
        return size


def _names(disposition: str) -> tuple[str, str | None]:
    kind, _, _ = disposition.partition(";")
    if kind.strip().lower() != "form-data":
        raise BrokenParts("A part of the upload says nothing of what it is.")
    options = {match[1].lower(): match[2] for match in _OPTION.finditer(disposition)}
    name = _extended(options.get("name*")) or _plain(options.get("name", ""))
    filename = _extended(options.get("filename*"))
    if filename is None and "filename" in options:
        filename = _plain(options["filename"])
    return name, None if filename is None else base_name(filename)


def base_name(name: str) -> str:
    """The file's own name, whatever folders are before it: it is compared and shown, and never becomes a path."""
    cleaned = "".join(letter for letter in name if letter.isprintable())
    last = PurePosixPath(cleaned.replace("\\", "/")).name
    return "" if last in (".", "..") else last[:255]


def _plain(value: str) -> str:
    if value.startswith('"'):
        # Only quotes and backslashes are escaped; browsers write %22 for a quote and leave other backslashes alone.
        return re.sub(r'\\(["\\])', r"\1", value[1:-1]).replace("%22", '"')
    return value


def _extended(value: str | None) -> str | None:
    """RFC 5987: UTF-8''na%C3%AFve.jpg."""
    if value is None or value.count("'") < 2:
        return None
    charset, _, told = value.strip('"').split("'", 2)
    return unquote_to_bytes(told).decode("latin-1" if charset.lower() == "iso-8859-1" else "utf-8", "replace")


def _text(value: bytes) -> str:
    """UTF-8, as nearly all write it, or what it must have been otherwise."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
