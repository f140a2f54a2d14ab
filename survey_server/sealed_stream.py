"""A file that only a passphrase opens, written and read piece by piece: what backups are kept in.

Format: one line of JSON with salt and cost (Argon2id), then pieces of 1 MiB, each AES-256-GCM with its number and
whether it is the last in the IV, so that none can be dropped, repeated, moved or cut off unnoticed.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import IO, Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from survey_server.problems import BrokenBackup, NotABackup

FORMAT = "survey-backup-1"
PIECE = 1 << 20
_TAG = 16
_COST = {"time": 3, "memory_kib": 65536, "lanes": 4}
_LONGEST_HEAD = 512


class SealingWriter(io.RawIOBase):
    """Seals what is written to it; only what `close` has ended is whole. The file below stays open."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        super().__init__()
        head = {"format": FORMAT, "salt": os.urandom(16).hex(), **_COST}
        self._file, self._cipher = file, _cipher(head, passphrase)
        self._waiting, self._number = bytearray(), 0
        file.write(json.dumps(head).encode() + b"\n")

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; a piece goes out as soon as it is full and not the last."""
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def close(self) -> None:
        """Write the last piece."""
        if not self.closed:
            self._seal(bytes(self._waiting), last=True)
        super().close()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_iv(self._number, last=last), piece, None))
        self._number += 1


class OpeningReader(io.RawIOBase):
    """Reads what a SealingWriter wrote; raises NotABackup, or BrokenBackup for any bit that isn't as written."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        super().__init__()
        self._file, self._cipher = file, _cipher(_read_head(file), passphrase)
        self._ready, self._number = b"", 0
        self._next = file.read(PIECE + _TAG)
        self._advance()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the piece at hand goes."""
        if not self._ready:
            self._advance()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _advance(self) -> None:
        if not self._next:
            return
        piece, self._next = self._next, self._file.read(PIECE + _TAG)
        try:
            self._ready = self._cipher.decrypt(_iv(self._number, last=not self._next), piece, None)
        except (InvalidTag, ValueError) as error:
            where = (
                "the passphrase is wrong, or its beginning was changed"
                if self._number == 0
                else "it was changed or cut"
            )
            raise BrokenBackup(f"Piece {self._number} of the backup can't be opened: {where}.") from error
        self._number += 1


def _read_head(file: IO[bytes]) -> Mapping[str, Any]:
    try:
        head = json.loads(file.readline(_LONGEST_HEAD))
        if head["format"] != FORMAT:
            raise NotABackup()
        costs = [int(head[name]) for name in ("time", "memory_kib", "lanes")]
        if not (1 <= costs[0] <= 20 and 8 * costs[2] <= costs[1] <= 1 << 21 and 1 <= costs[2] <= 16):
            raise NotABackup()
        bytes.fromhex(head["salt"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotABackup() from error
    return dict(head)


def _cipher(head: Mapping[str, Any], passphrase: str) -> AESGCM:
    salt = bytes.fromhex(head["salt"])
    secret = passphrase.strip().encode()
    return AESGCM(hash_secret_raw(secret, salt, head["time"], head["memory_kib"], head["lanes"], 32, Type.ID))


def _iv(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
