"""Looking for planted answers in all that a browser left on the disk, as somebody with the phone's memory would."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from pathlib import Path

_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
_BLOCK_END = 5
_FOOTER = 48


def traces(folder: Path, marks: list[str]) -> list[str]:
    """Which of `marks` lie where below `folder`: in clear, as UTF-16, in base64, or inside compressed tables."""
    wanted = [(mark, form) for mark in marks for form in forms_of(mark)]
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        for part in contents(path):
            found += [f"{mark} in {path.relative_to(folder)}" for mark, form in wanted if form in part]
    return found


def forms_of(mark: str) -> list[bytes]:
    """How a text may be written in a file; base64 at each of its three alignments, without the uncertain ends."""
    plain = mark.encode()
    shifted = [base64.b64encode(bytes(shift) + plain)[4 if shift else 0 : -4] for shift in range(3)]
    return [plain, mark.encode("utf-16-le"), *shifted]


def contents(path: Path) -> Iterator[bytes]:
    """The file as it is, and what its compressed blocks hold."""
    try:
        data = path.read_bytes()
    except OSError:
        return
    yield data
    if data.endswith(_TABLE_MAGIC):
        yield from table_blocks(data)


def table_blocks(data: bytes) -> Iterator[bytes]:
    """The data blocks of a LevelDB table, decompressed."""
    footer = data[-_FOOTER:]
    _, at = read_varint(footer, 0)
    _, at = read_varint(footer, at)
    offset, at = read_varint(footer, at)
    size, _ = read_varint(footer, at)
    for handle in block_values(read_block(data, offset, size)):
        start, at = read_varint(handle, 0)
        length, _ = read_varint(handle, at)
        yield read_block(data, start, length)


def read_block(data: bytes, offset: int, size: int) -> bytes:
    block = data[offset : offset + size]
    return unsnappy(block) if data[offset + size] == 1 else block


def block_values(block: bytes) -> Iterator[bytes]:
    """The values of a block, key by key."""
    restarts = struct.unpack("<I", block[-4:])[0]
    end, at = len(block) - 4 - 4 * restarts, 0
    while at < end:
        _, at = read_varint(block, at)
        unshared, at = read_varint(block, at)
        length, at = read_varint(block, at)
        at += unshared
        yield block[at : at + length]
        at += length


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def unsnappy(packed: bytes) -> bytes:
    """Google's format description, read back: literals, and copies of what came before."""
    size, at = read_varint(packed, 0)
    out = bytearray()
    while at < len(packed):
        tag = packed[at]
        at += 1
        kind = tag & 3
        if kind == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(packed[at : at + extra], "little") + 1
                at += extra
            out += packed[at : at + length]
            at += length
            continue
        if kind == 1:
            length, offset = ((tag >> 2) & 7) + 4, (tag >> 5) << 8 | packed[at]
            at += 1
        else:
            wide = 2 if kind == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(packed[at : at + wide], "little")
            at += wide
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)
