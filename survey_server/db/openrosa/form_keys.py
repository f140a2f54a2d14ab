"""RSA keys that Collect encrypts to: made here and wrapped under the server's secret, or known by their public half."""

from __future__ import annotations

import base64
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from survey_server.db.audit import add_audit
from survey_server.db.intake.fieldwork import Fieldwork
from survey_server.db.intake.keys import Keyring
from survey_server.db.models import FormKey, FormVersion
from survey_server.problems import KeyUnusable, NotAKeyFile, WrongPassphrase
from survey_server.xlsform.received.encrypted import find_public_key

BITS = 2048
NO_KEY = "none"
_IV = 12


def make_form_key() -> RSAPrivateKey:
    """A new key of the size that ODK's clients use."""
    return generate_private_key(65537, BITS)


def public_text(key: RSAPublicKey) -> str:
    """What goes into `public_key` on the settings sheet of a form."""
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def kid_of(key: RSAPublicKey) -> str:
    """The name of a key: the SHA-256 of its public half."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def add_form_key(session: Session, keyring: Keyring, programme_id: int, *, actor: str = "command") -> FormKey:
    """A key whose private half lies here, wrapped under the server's secret (profile 1)."""
    key = make_form_key()
    kid = kid_of(key.public_key())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    iv = os.urandom(_IV)
    wrapped = iv + AESGCM(_wrapping_key(keyring.secret)).encrypt(iv, plain, _about(programme_id, kid))
    row = FormKey(programme_id=programme_id, kid=kid, public=public_text(key.public_key()), wrapped=wrapped)
    session.add(row)
    session.flush()
    add_audit(session, programme_id, actor, "make-form-key", kid)
    return row


def list_form_keys(session: Session, programme_id: int) -> list[FormKey]:
    """The keys whose private half lies here."""
    return list(session.scalars(select(FormKey).where(FormKey.programme_id == programme_id).order_by(FormKey.id)))


def find_form_private(session: Session, keyring: Keyring, programme_id: int, kid: str) -> RSAPrivateKey | None:
    """The private key, or None when only its owner has it. Raises KeyUnusable."""
    known = keyring.form_keys.get(kid)
    if isinstance(known, RSAPrivateKey):
        return known
    row = session.scalar(select(FormKey).where(FormKey.programme_id == programme_id, FormKey.kid == kid))
    if row is None or row.wrapped is None or not keyring.secret:
        return None
    try:
        wrapped = row.wrapped
        plain = AESGCM(_wrapping_key(keyring.secret)).decrypt(wrapped[:_IV], wrapped[_IV:], _about(programme_id, kid))
    except InvalidTag as error:
        raise KeyUnusable() from error
    key = load_der_private_key(plain, None)
    assert isinstance(key, RSAPrivateKey)
    keyring.form_keys[kid] = key
    return key


def kid_of_version(session: Session, programme_id: int, fieldwork: Fieldwork, form_id: str, version: str) -> str:
    """To which key clients encrypt this version of a form; NO_KEY when it has none."""
    form = fieldwork.forms.get(form_id)
    version_id = (form.versions.get(version) or form.current_version_id) if form else None
    if version_id is None:
        return NO_KEY
    row = session.get(FormVersion, (programme_id, version_id), options=[undefer(FormVersion.xform)])
    key = find_public_key(row.xform) if row else None
    return kid_of(key) if key else NO_KEY


def write_pem(key: RSAPrivateKey, passphrase: str) -> bytes:
    """The private half for its owner, under a passphrase: PKCS#8, which ODK's own tools read too."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))


def read_pem(content: bytes, passphrase: str) -> RSAPrivateKey:
    """The private key of such a file; raises NotAKeyFile or WrongPassphrase."""
    key: object
    try:
        key = load_pem_private_key(content, passphrase.encode() or None)
    except TypeError:
        key = _read_bare(content)
    except ValueError as error:
        raise (WrongPassphrase() if b"ENCRYPTED" in content else NotAKeyFile()) from error
    if not isinstance(key, RSAPrivateKey):
        raise NotAKeyFile("This isn't an RSA key.")
    return key


def _read_bare(content: bytes) -> object:
    """A key file of another tool, without a passphrase."""
    try:
        return load_pem_private_key(content, None)
    except (TypeError, ValueError) as error:
        raise WrongPassphrase() from error


def _wrapping_key(secret: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"survey-server form keys").derive(secret.encode())


def _about(programme_id: int, kid: str) -> bytes:
    return f"{programme_id}|{kid}".encode()
