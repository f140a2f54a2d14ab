"""Proof that a form was sent from our own page: a token bound to the browser's cookie, fresh on every page."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def make_proof(secret_key: str, cookie: str) -> str:
    """A token for one page. Each differs, so that compression of the page can't give it away."""
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_sign(secret_key, cookie, nonce)}"


def is_proof(secret_key: str, cookie: str, token: str) -> bool:
    """Whether `token` was made for this cookie."""
    nonce, _, signature = token.partition(".")
    expected = _sign(secret_key, cookie, nonce)
    return bool(cookie) and hmac.compare_digest(expected.encode(), signature.encode())


def _sign(secret_key: str, cookie: str, nonce: str) -> str:
    return hmac.new(secret_key.encode(), f"office-form\0{cookie}\0{nonce}".encode(), hashlib.sha256).hexdigest()
