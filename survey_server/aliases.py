"""Aliases of officers who are observed or trained: another one in every wave, and none leads back without the secret.

An alias is two letters and three digits, chosen by HMAC-SHA-256 of wave and badge under a secret that only the
registrar holds; when two badges of a post would get the same, the later one takes the next free one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without I and O, which are read as 1 and 0."""
_ALL = len(_LETTERS) ** 2 * 1000


def make_aliases(badges: Iterable[str], wave: str, secret: bytes) -> Mapping[str, str]:
    """Badge -> alias for one wave; the same roster in any order gives the same. Raises ValueError for too many."""
    known = sorted({badge.strip() for badge in badges if badge.strip()})
    if len(known) > _ALL // 2:
        raise ValueError(f"{len(known)} badges are too many for {_ALL} aliases.")
    taken: set[int] = set()
    found = {}
    for badge in known:
        place = _place(badge, wave, secret)
        while place in taken:
            place = (place + 1) % _ALL
        taken.add(place)
        found[badge] = _written(place)
    return found


def _place(badge: str, wave: str, secret: bytes) -> int:
    said = f"{wave}\0{badge}".encode()
    return int.from_bytes(hmac.new(secret, said, hashlib.sha256).digest()) % _ALL


def _written(place: int) -> str:
    letters, digits = divmod(place, 1000)
    first, second = divmod(letters, len(_LETTERS))
    return f"{_LETTERS[first]}{_LETTERS[second]}{digits:03d}"
