"""Interviews that ODK Collect encrypted: their manifest, and opening them with the private key of the form.

After the ODK XForms specification: an AES-256 key for each interview, wrapped with RSA-OAEP (SHA-256, also for MGF1);
each file in AES-CFB with PKCS#7 padding under a vector of its own, media first, the interview
last; a signature over all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_public_key
from lxml import etree

from survey_server.problems import BrokenEncryption
from survey_server.xlsform.filling.instance import UnreadableInstance

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
_ENDING = ".enc"
_BLOCK_BITS = 128
_VECTOR = 16


@dataclass(frozen=True)
class Manifest:
    """What an encrypted interview says on its outside."""

    form_id: str
    version: str
    instance_id: str
    key: str
    xml_name: str
    media: tuple[str, ...]
    signature: str

    @property
    def names(self) -> tuple[str, ...]:
        """Every encrypted file, in the order in which they were encrypted."""
        return (*self.media, self.xml_name)


def read_manifest(xml: bytes) -> Manifest:
    """The manifest; raises UnreadableInstance when something is missing that nobody could open it without."""
    try:
        root = etree.fromstring(xml, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableInstance("This isn't an XML document that can be read.") from error
    told = dict.fromkeys(("base64EncryptedKey", "encryptedXmlFile", "base64EncryptedElementSignature"), "")
    media, instance_id = [], ""
    for child in root:
        name = _local(child)
        if name in told:
            told[name] = (child.text or "").strip()
        elif name == "media":
            media += [(file.text or "").strip() for file in child if _local(file) == "file"]
        elif name == "meta":
            instance_id = next(((each.text or "").strip() for each in child if _local(each) == "instanceID"), "")
    if not (told["base64EncryptedKey"] and told["encryptedXmlFile"] and instance_id):
        raise UnreadableInstance("The encrypted interview has no key, no file or no instanceID.")
    return Manifest(
        form_id=root.get("id", ""),
        version=root.get("version", ""),
        instance_id=instance_id,
        key=told["base64EncryptedKey"],
        xml_name=told["encryptedXmlFile"],
        media=tuple(name for name in media if name),
        signature=told["base64EncryptedElementSignature"],
    )


def open_files(manifest: Manifest, private: RSAPrivateKey, read: Callable[[str], bytes]) -> Iterator[tuple[str, bytes]]:
    """Each file as it was on the phone, under its own name, media first, the interview last as `submission.xml`.

    Raises BrokenEncryption, at the latest after the last file when the signature doesn't fit: keep nothing before that.
    """
    key = _unwrap(private, manifest.key)
    seed = bytearray(hashlib.md5(manifest.instance_id.encode() + key, usedforsecurity=False).digest())
    said = [manifest.form_id, *([manifest.version] if manifest.version else []), manifest.key, manifest.instance_id]
    for place, name in enumerate(manifest.names):
        index = place % _VECTOR
        seed[index] = (seed[index] + 1) % 256
        content = _decrypt(key, bytes(seed), read(name))
        plain = name.removesuffix(_ENDING)
        said.append(f"{plain}::{hashlib.md5(content, usedforsecurity=False).hexdigest()}")
        yield plain, content
    if manifest.signature:
        told = _unwrap(private, manifest.signature)
        digest = hashlib.md5(("\n".join(said) + "\n").encode(), usedforsecurity=False).digest()
        if not hmac.compare_digest(told, digest):
            raise BrokenEncryption("The signature doesn't fit the files.")


def find_public_key(xform: bytes) -> RSAPublicKey | None:
    """The key that clients encrypt this form to; None for a form that isn't encrypted. Raises BrokenEncryption."""
    if b"base64RsaPublicKey" not in xform:
        return None
    root = etree.fromstring(xform, _PARSER)
    told = next((each.get("base64RsaPublicKey") for each in root.iter() if each.get("base64RsaPublicKey")), None)
    return read_public_key(told) if told else None


def read_public_key(told: str) -> RSAPublicKey:
    """An RSA key as forms write it: base64 of its SubjectPublicKeyInfo. Raises BrokenEncryption."""
    try:
        key = load_der_public_key(base64.b64decode("".join(told.split()), validate=True))
    except (ValueError, binascii.Error) as error:
        raise BrokenEncryption("The form's public_key isn't an RSA key in base64.") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise BrokenEncryption("The form's public_key isn't an RSA key of 2048 bits or more.")
    return key


def _unwrap(private: RSAPrivateKey, told: str) -> bytes:
    try:
        return private.decrypt(base64.b64decode(told), OAEP(MGF1(SHA256()), SHA256(), None))
    except (ValueError, binascii.Error) as error:
        raise BrokenEncryption("Its key was encrypted to another key than the form's.") from error


def _decrypt(key: bytes, vector: bytes, content: bytes) -> bytes:
    try:
        decryptor = Cipher(AES(key), CFB(vector)).decryptor()
        unpadder = PKCS7(_BLOCK_BITS).unpadder()
        return unpadder.update(decryptor.update(content) + decryptor.finalize()) + unpadder.finalize()
    except ValueError as error:
        raise BrokenEncryption("A file isn't what was encrypted.") from error


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
