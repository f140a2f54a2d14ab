"""Seals: interviews and files encrypted to a public key on the phone, opened here or with a key file far from here.

The envelope is a JWE (RFC 7516, compact) with ECDH-ES on P-256 and A256GCM; a file's content follows its envelope in
numbered chunks. A key is known by its `kid`, the SHA-256 of its public half (RFC 7638). Office keys sign statements
(JWS, ES256) that say which sealing keys are theirs: phones believe nothing else.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey

from survey_server.problems import BrokenSeal, ForeignSeal, KeyUnusable, NotAKeyFile, WrongPassphrase

ALGORITHMS = ("ECDH-ES", "A256GCM")
MAGIC = b"SEL1"
KEY_FILE = "survey-key"
_REGISTRY = JWERegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
_LONGEST_HEADER = 4096
_TAG = 16


@dataclass(frozen=True)
class Opened:
    """What was in an envelope, and the protected words on it."""

    content: bytes
    header: Mapping[str, Any]


def make_key() -> ECKey:
    """A new key pair on P-256."""
    return ECKey.generate_key("P-256")


def public_half(key: ECKey) -> dict[str, str]:
    """What phones and registers may know of a key: its point and its kid."""
    told = key.as_dict(private=False)
    return {"kid": key.thumbprint(), "x": str(told["x"]), "y": str(told["y"])}


def read_public(told: Mapping[str, Any]) -> ECKey:
    """The key of a public half; raises NotAKeyFile when it isn't one, or isn't the one its kid says."""
    try:
        key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": str(told["x"]), "y": str(told["y"])})
        fits = key.thumbprint() == told["kid"]
    except (KeyError, TypeError, ValueError, JoseError) as error:
        raise NotAKeyFile("This is no public key on P-256.") from error
    if not fits:
        raise NotAKeyFile("The fingerprint isn't that of the key.")
    return key


def fingerprint(kid: str) -> str:
    """Eight groups to compare by voice, as the phone shows them: "9F2C 41D0 …"."""
    digits = _bytes(kid)[:16].hex().upper()
    return " ".join(digits[place : place + 4] for place in range(0, 32, 4))


def read_header(envelope: bytes) -> dict[str, Any]:
    """What can be read of an envelope without any key; raises BrokenSeal."""
    head, _, rest = envelope.partition(b".")
    try:
        if len(head) > _LONGEST_HEADER or rest.count(b".") != 3:
            raise ValueError
        header = json.loads(_bytes(head.decode("ascii")))
        if (header["alg"], header["enc"]) != ALGORITHMS or not isinstance(header["kid"], str):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenSeal() from error
    return dict(header)


def is_envelope(content: bytes) -> bool:
    """Could these bytes be an envelope at all? An XML document never could."""
    return content.startswith(b"eyJ") and content.count(b".", 0, _LONGEST_HEADER * 2) >= 1 and b"<" not in content[:64]


def seal(content: bytes, key: ECKey, **words: Any) -> bytes:
    """`content` in an envelope that only the private half of `key` opens, as phones make them."""
    header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1], "kid": key.thumbprint(), "cty": "gzip", **words}
    inside = gzip.compress(content, mtime=0) if header["cty"] == "gzip" else content
    return jwe.encrypt_compact(header, inside, key, registry=_REGISTRY).encode()


def open_envelope(envelope: bytes, key: ECKey, limit: int) -> Opened:
    """What is in the envelope, unpacked, at most `limit` bytes; raises BrokenSeal for any bit that isn't as sealed."""
    header = read_header(envelope)
    if header["kid"] != key.thumbprint():
        raise ForeignSeal()
    try:
        inside = jwe.decrypt_compact(envelope, key, registry=_REGISTRY).plaintext or b""
    except (JoseError, ValueError, TypeError, KeyError, InvalidTag) as error:
        raise BrokenSeal() from error
    return Opened(_unzip(inside, limit) if header.get("cty") == "gzip" else inside, header)


def read_container_header(container: bytes) -> dict[str, Any]:
    """The words on the envelope of a sealed file; raises BrokenSeal."""
    return read_header(_split(container)[0])


def open_container(container: bytes, key: ECKey) -> Opened:
    """The file in a sealed container, whole and in order; raises BrokenSeal or ForeignSeal."""
    envelope, rest = _split(container)
    opened = open_envelope(envelope, key, limit=64)
    chunk, size = opened.header.get("chunk"), opened.header.get("size")
    if opened.header.get("cty") != "key" or len(opened.content) != 32 or not isinstance(chunk, int) or chunk < 1:
        raise BrokenSeal()
    cipher, step = AESGCM(opened.content), chunk + _TAG
    parts = [rest[at : at + step] for at in range(0, max(len(rest), 1), step)]
    try:
        content = b"".join(
            cipher.decrypt(_chunk_iv(index, index == len(parts) - 1), part, None) for index, part in enumerate(parts)
        )
    except (InvalidTag, ValueError, struct.error) as error:
        raise BrokenSeal() from error
    if len(content) != size:
        raise BrokenSeal()
    return Opened(content, opened.header)


def sign_statement(office: ECKey, key: ECKey, programme: str, *, new_office: ECKey | None = None) -> str:
    """The office's word that `key` is a sealing key of `programme`; `new_office` signs from then on."""
    said = {"kid": key.thumbprint(), "programme": programme}
    if new_office is not None:
        said["office"] = new_office.thumbprint()
    return jws.serialize_compact({"alg": "ES256", "kid": office.thumbprint()}, json.dumps(said), office)


def read_statement(statement: str, office: ECKey) -> dict[str, Any]:
    """What `office` said; raises NotAKeyFile when it wasn't this key that signed."""
    try:
        said = json.loads(jws.deserialize_compact(statement, office, algorithms=["ES256"]).payload)
    except (JoseError, ValueError, TypeError) as error:
        raise NotAKeyFile("The statement isn't signed by the office key beside it.") from error
    return dict(said)


def wrap(key: ECKey, secret: str, about: str) -> bytes:
    """The private half, encrypted under the server's secret; what it is about is bound to it."""
    iv = os.urandom(12)
    return iv + AESGCM(_wrapping_key(secret)).encrypt(
        iv, json.dumps(key.as_dict(private=True)).encode(), about.encode()
    )


def unwrap(wrapped: bytes, secret: str, about: str) -> ECKey:
    """The key again; raises KeyUnusable when the server's secret isn't the one it was wrapped under."""
    try:
        plain = AESGCM(_wrapping_key(secret)).decrypt(wrapped[:12], wrapped[12:], about.encode())
    except InvalidTag as error:
        raise KeyUnusable() from error
    return ECKey.import_key(json.loads(plain))


@dataclass(frozen=True)
class KeyFile:
    """An office's own keys, kept far from the server: one that opens seals, one that signs for it."""

    programme: str
    sealing: ECKey
    office: ECKey
    statements: Sequence[str]

    def public(self) -> dict[str, Any]:
        """What the server gets of it."""
        return {
            "format": f"{KEY_FILE}-public",
            "programme": self.programme,
            "sealing": public_half(self.sealing),
            "office": public_half(self.office),
            "statements": list(self.statements),
        }


def write_key_file(keys: KeyFile, passphrase: str) -> str:
    """The text of the file: public halves to read, private ones under the passphrase (Argon2id, AES-256-GCM)."""
    salt, iv = os.urandom(16), os.urandom(12)
    private = {"sealing": keys.sealing.as_dict(private=True), "office": keys.office.as_dict(private=True)}
    cost = {"time": 3, "memory_kib": 65536, "lanes": 4}
    sealed = AESGCM(_stretch(passphrase, salt, cost)).encrypt(iv, json.dumps(private).encode(), KEY_FILE.encode())
    box = {"salt": salt.hex(), "iv": iv.hex(), **cost, "private": base64.b64encode(sealed).decode()}
    return json.dumps({**keys.public(), "format": KEY_FILE, "box": box}, indent=1)


def read_key_file(text: str, passphrase: str) -> KeyFile:
    """The keys in the file; raises NotAKeyFile or WrongPassphrase."""
    try:
        told = json.loads(text)
        if told["format"] != KEY_FILE:
            raise NotAKeyFile("This isn't the file that holds the private key.")
        box = told["box"]
        salt, iv, sealed = bytes.fromhex(box["salt"]), bytes.fromhex(box["iv"]), base64.b64decode(box["private"])
        plain = AESGCM(_stretch(passphrase, salt, box)).decrypt(iv, sealed, KEY_FILE.encode())
    except InvalidTag as error:
        raise WrongPassphrase() from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotAKeyFile() from error
    private = json.loads(plain)
    sealing, office = (ECKey.import_key(private[name]) for name in ("sealing", "office"))
    return KeyFile(str(told["programme"]), sealing, office, [str(one) for one in told["statements"]])


def read_public_file(text: str) -> tuple[str, ECKey, ECKey, list[str]]:
    """Programme, sealing key, office key and statements of a public half; raises NotAKeyFile."""
    try:
        told = json.loads(text)
        if told["format"] != f"{KEY_FILE}-public":
            raise NotAKeyFile("Give the public half, which the server may know; the key file stays with you.")
        statements = [str(one) for one in told["statements"]]
        return str(told["programme"]), read_public(told["sealing"]), read_public(told["office"]), statements
    except (ValueError, KeyError, TypeError) as error:
        raise NotAKeyFile() from error


def _split(container: bytes) -> tuple[bytes, bytes]:
    if len(container) < 8 or container[:4] != MAGIC:
        raise BrokenSeal()
    length: int = struct.unpack(">I", container[4:8])[0]
    return container[8 : 8 + length], container[8 + length :]


def _chunk_iv(index: int, last: bool) -> bytes:
    return bytes(7) + struct.pack(">I", index) + bytes([last])


def _unzip(packed: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise BrokenSeal() from error
    if len(content) > limit or not unpacker.eof or unpacker.unused_data:
        raise BrokenSeal()
    return content


def _wrapping_key(secret: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"survey-server private keys").derive(secret.encode())


def _stretch(passphrase: str, salt: bytes, cost: Mapping[str, Any]) -> bytes:
    time, memory, lanes = (int(cost[name]) for name in ("time", "memory_kib", "lanes"))
    if not (1 <= time <= 20 and 8 * lanes <= memory <= 1 << 21 and 1 <= lanes <= 16):
        raise NotAKeyFile()
    return hash_secret_raw(passphrase.strip().encode(), salt, time, memory, lanes, 32, Type.ID)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
