"""HTTP Digest (RFC 7616, MD5 and SHA-256) without a store: nonces carry their time, signed with the server's secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from werkzeug.datastructures import Authorization

REALM = "survey"
NONCE_SECONDS = 600
_ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def challenges(secret: str, given: Authorization | None = None) -> list[str]:
    """What a client may sign in with: Digest for any connection, and Basic, which clients use over https alone.

    Who has just answered an old challenge of ours is told so, and answers the new one without asking for a password.
    """
    nonce, known = make_nonce(secret), given is not None and _is_old(secret, given.parameters.get("nonce") or "")
    stale = ", stale=true" if known else ""
    digests = [f'Digest realm="{REALM}", qop="auth", algorithm={name}, nonce="{nonce}"{stale}' for name in _ALGORITHMS]
    return [*digests, f'Basic realm="{REALM}", charset="UTF-8"']


def make_nonce(secret: str) -> str:
    """A nonce of this moment."""
    told = f"{int(time.time())}.{secrets.token_hex(8)}"
    return f"{told}.{_sign(secret, told)}"


def proves(given: Authorization, method: str, path: str, password: str, secret: str) -> bool:
    """Whether what the client sent, Basic or the answer to our challenge, proves that it knows the password."""
    if given.type == "basic":
        told = given.parameters.get("password") or ""
        return hmac.compare_digest(told.encode("utf-8", "surrogatepass"), password.encode())
    return _answers(given.parameters, method, path, password, secret)


def _answers(told: Mapping[str, str | None], method: str, path: str, password: str, secret: str) -> bool:
    algorithm = _ALGORITHMS.get((told.get("algorithm") or "MD5").upper())
    nonce, qop, uri = told.get("nonce") or "", told.get("qop") or "", told.get("uri") or ""
    if algorithm is None or qop != "auth" or told.get("realm") != REALM or not _is_fresh(secret, nonce):
        return False
    if unquote(urlsplit(uri).path) != path:
        return False

    def digest(*parts: str) -> str:
        return algorithm(":".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    first = digest(told.get("username") or "", REALM, password)
    expected = digest(first, nonce, told.get("nc") or "", told.get("cnonce") or "", qop, digest(method, uri))
    return hmac.compare_digest(expected.encode(), (told.get("response") or "").lower().encode("utf-8", "replace"))


def _is_fresh(secret: str, nonce: str) -> bool:
    age = _age(secret, nonce)
    return age is not None and 0 <= age <= NONCE_SECONDS


def _is_old(secret: str, nonce: str) -> bool:
    age = _age(secret, nonce)
    return age is not None and age > NONCE_SECONDS


def _age(secret: str, nonce: str) -> float | None:
    """Seconds since we made the nonce; None if we didn't."""
    told, _, signature = nonce.rpartition(".")
    if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), _sign(secret, told).encode()):
        return None
    return time.time() - int(told.partition(".")[0])


def _sign(secret: str, told: str) -> str:
    return hmac.new(secret.encode(), b"openrosa nonce|" + told.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
