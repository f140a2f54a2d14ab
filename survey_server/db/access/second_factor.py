"""The second factor: codes of RFC 6238 from an app that the person carries, and recovery codes for when it is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import struct
from datetime import datetime
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.orm import Session

from survey_server.db.models import OfficeSession, Person, RecoveryCode, now
from survey_server.problems import KeyUnusable

PERIOD = 30
DIGITS = 6
DRIFT = 1
"""How many periods the clock of a phone may be off, to either side."""
RECOVERY_CODES = 10
RESET = ""
"""What stands for the secret of somebody whose second factor was reset: only a link lets them set up another."""


def make_secret() -> str:
    """A new secret of 160 bits, as authenticator apps take it."""
    return base64.b32encode(os.urandom(20)).decode()


def step_of(at: datetime) -> int:
    """The period of 30 seconds that an instant lies in."""
    return int(at.timestamp()) // PERIOD


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of one period (RFC 6238 with SHA-1, which is what every app speaks)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    number: int = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def find_step(secret: str, code: str, at: datetime) -> int | None:
    """The period near `at` whose code this is."""
    here = step_of(at)
    return next(
        (
            step
            for step in range(here - DRIFT, here + DRIFT + 1)
            if hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        ),
        None,
    )


def app_address(secret: str, login: str, issuer: str) -> str:
    """What an authenticator app reads from the picture."""
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?secret={secret}&issuer={quote(issuer)}&digits={DIGITS}"


def seal_secret(secret: str, server_key: str, about: str) -> str:
    """The secret under the server's key, bound to whom it is about: a copy of the database alone opens nothing."""
    iv = os.urandom(12)
    return base64.b64encode(iv + _cipher(server_key).encrypt(iv, secret.encode(), about.encode())).decode()


def open_secret(sealed: str, server_key: str, about: str) -> str:
    """The secret again; raises KeyUnusable for another key, another person or a forgery."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        return _cipher(server_key).decrypt(raw[:12], raw[12:], about.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise KeyUnusable("The second factor can't be read with this server's key.") from error


def set_second_factor(
    session: Session, person: Person, secret: str, code: str, server_key: str, at: datetime | None = None
) -> list[str] | None:
    """Take the secret if `code` shows that the person's app has it: new recovery codes, told only now. None if not."""
    step = find_step(secret, _plain(code), at or now())
    if step is None:
        return None
    person.totp_secret = seal_secret(secret, server_key, _about(person.id))
    person.totp_last_step = step
    session.flush()
    return _new_recovery_codes(session, person.id)


def check_second_factor(
    session: Session, person: Person, typed: str, server_key: str, at: datetime | None = None
) -> str | None:
    """How the person proved it: by "code" or "recovery"; None if not. What was typed is used up: it works once."""
    if not person.totp_secret:
        return None
    at, typed = at or now(), _plain(typed)
    step = find_step(open_secret(person.totp_secret, server_key, _about(person.id)), typed, at)
    if step is not None:
        newer = or_(Person.totp_last_step.is_(None), Person.totp_last_step < step)
        return (
            "code"
            if _changed(session, update(Person).where(Person.id == person.id, newer), totp_last_step=step)
            else None
        )
    unused = update(RecoveryCode).where(
        RecoveryCode.person_id == person.id, RecoveryCode.code_sha256 == _digest(typed), RecoveryCode.used_at.is_(None)
    )
    return "recovery" if _changed(session, unused, used_at=at) else None


def reset_second_factor(session: Session, person: Person) -> None:
    """Forget the person's second factor and end their sessions; the next is set up through a link alone."""
    person.totp_secret, person.totp_last_step = RESET, None
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    session.execute(delete(OfficeSession).where(OfficeSession.person_id == person.id))


def allow_second_factor(person: Person) -> None:
    """The link was used: the person may set up another at this login."""
    if person.totp_secret == RESET:
        person.totp_secret = None


def count_recovery_codes(session: Session, person_id: int) -> int:
    """How many recovery codes are left."""
    left = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return session.scalar(left) or 0


def _new_recovery_codes(session: Session, person_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(person_id=person_id, code_sha256=_digest(code)) for code in codes)
    session.flush()
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


def _changed(session: Session, statement: object, **values: object) -> bool:
    """Whether the one row was there to change: of two who bring the same code at once, one comes too late."""
    done = session.execute(statement.values(**values).execution_options(synchronize_session=False))  # type: ignore[attr-defined]
    return isinstance(done, CursorResult) and done.rowcount == 1


def _plain(typed: str) -> str:
    return "".join(typed.split()).replace("-", "").upper()[:40]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _about(person_id: int) -> str:
    return f"second factor of {person_id}"


def _cipher(server_key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"survey-server second factors").derive(server_key.encode()))
