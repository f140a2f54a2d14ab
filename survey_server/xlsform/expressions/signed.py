"""extract-signed(): a message that carries an Ed25519 signature before it, checked against a public key.

Whole-number arithmetic as RFC 8032 writes it; only public values pass through, so timing gives nothing away.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def open_signed(signed: bytes, key: bytes) -> bytes | None:
    """The message if the 64 bytes before it are the key's signature of it, else None."""
    if len(signed) < 64 or len(key) != 32:
        return None
    message = signed[64:]
    s = int.from_bytes(signed[32:64], "little")
    r, a = _decode(signed[:32]), _decode(key)
    if r is None or a is None or s >= ORDER:
        return None
    k = int.from_bytes(hashlib.sha512(signed[:32] + key + message).digest(), "little") % ORDER
    return message if _same(_times(_GENERATOR, s), _add(r, _times(a, k))) else None


def _decode(packed: bytes) -> Point | None:
    """The point whose y and sign of x are packed in 32 bytes; None if there is none."""
    number = int.from_bytes(packed, "little")
    y = number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    if x & 1 != number >> 255:
        if x == 0:
            return None
        x = P - x
    return x, y, 1, x * y % P


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(point: Point, number: int) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _same(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


_decoded = _decode(bytes([0x58]) + bytes([0x66]) * 31)
assert _decoded is not None
_GENERATOR = _decoded
