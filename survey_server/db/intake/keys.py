"""The keys of a programme: made when first needed, told to phones with the office's word for them, opened at intake.

Profile 1: the private half lies here, wrapped under the server's secret. Profile 2: only the public half is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from joserfc.jwk import ECKey
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.models import OfficeKey, Programme, SealingKey, Wave, WaveKey, new_id, now
from survey_server.db.session import Database
from survey_server.problems import ForeignSeal, UnfitKey
from survey_server.sealing import (
    fingerprint,
    make_key,
    public_half,
    read_statement,
    sign_statement,
    unwrap,
    wrap,
)

NO_WAVE = 0


@dataclass(frozen=True)
class KeyInUse:
    """The key of one wave as the office sees it."""

    wave_id: int
    kid: str
    profile: int
    since: datetime
    office_kid: str

    @property
    def fingerprint(self) -> str:
        """As phones show it."""
        return fingerprint(self.kid)

    @property
    def office_fingerprint(self) -> str:
        """Of the key that vouches for it."""
        return fingerprint(self.office_kid)


@dataclass
class Keyring:
    """The private keys that this process can use: those wrapped under its secret, and what it was handed beside."""

    secret: str = ""
    handed: Mapping[str, ECKey] = field(default_factory=dict)
    form_keys: dict[str, Any] = field(default_factory=dict)
    """RSA keys of encrypted forms (`db/openrosa/form_keys.py`), by name: opened, or handed beside."""
    _opened: dict[tuple[int, str], ECKey] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def find_private(self, session: Session, programme_id: int, kid: str) -> ECKey | None:
        """The key with this kid, or None when only its owner has it; raises ForeignSeal, or KeyUnusable."""
        if kid in self.handed:
            return self.handed[kid]
        with self._lock:
            key = self._opened.get((programme_id, kid))
        if key is not None:
            return key
        query = select(SealingKey.wrapped).where(SealingKey.programme_id == programme_id, SealingKey.kid == kid)
        row = session.execute(query).one_or_none()
        if row is None:
            raise ForeignSeal()
        if row.wrapped is None or not self.secret:
            return None
        key = unwrap(row.wrapped, self.secret, _about(programme_id, kid))
        with self._lock:
            self._opened[programme_id, kid] = key
        return key


def tell_keys(database: Database, keyring: Keyring, programme_id: int) -> dict[str, Any]:
    """What a phone is told: the office's key, the sealing keys in use and its word for them. Makes what is missing."""
    for _ in range(3):
        with database.reading() as session:
            if not _waves_without(session, programme_id):
                return _tell(session, programme_id)
        try:
            with database.transaction() as session:
                ensure_keys(session, keyring, programme_id)
        except IntegrityError:
            continue  # another request made them in this moment
    with database.reading() as session:
        return _tell(session, programme_id)


def ensure_keys(session: Session, keyring: Keyring, programme_id: int) -> None:
    """Make the keys that waves are waiting for. After an offline key was registered for all, waves use that one."""
    office = get_office_key(session, keyring, programme_id)
    missing = _waves_without(session, programme_id)
    shared = _key_of(session, programme_id, NO_WAVE)
    for wave_id in missing:
        if shared is not None and shared.wrapped is None:
            key_id = shared.id
        else:
            key_id = _add_own_key(session, keyring, programme_id, office)
        session.add(WaveKey(programme_id=programme_id, wave_id=wave_id, key_id=key_id))
        session.flush()


def get_office_key(session: Session, keyring: Keyring, programme_id: int) -> OfficeKey:
    """The key that vouches now; the first one is made here."""
    office = _office(session, programme_id)
    if office is not None:
        return office
    key = make_key()
    half = public_half(key)
    wrapped = wrap(key, keyring.secret, _about(programme_id, half["kid"]))
    office = OfficeKey(programme_id=programme_id, **half, wrapped=wrapped)
    session.add(office)
    session.flush()
    add_audit(session, programme_id, "server", "make-office-key", half["kid"])
    return office


def register_key(
    session: Session,
    keyring: Keyring,
    programme: Programme,
    told: tuple[str, ECKey, ECKey, list[str]],
    waves: Iterable[int],
    actor: str,
) -> SealingKey:
    """Let `waves` seal to a key whose private half is elsewhere. The office key of now vouches for it, if it is here.

    With NO_WAVE among them the key's own office key signs from then on, and the server can name no other key.
    """
    code, key, office_key, statements = told
    if code != programme.code:
        raise UnfitKey(f"This key was made for the programme {code!r}.")
    if not any(_says(statement, office_key, key, code) for statement in statements):
        raise UnfitKey("The office key in the file doesn't vouch for the sealing key.")
    ensure_keys(session, keyring, programme.id)
    waves = list(waves)
    before = get_office_key(session, keyring, programme.id)
    if before.kid != office_key.thumbprint():
        hands_over = NO_WAVE in waves
        statements = [*statements, *_vouch(keyring, programme, before, key, office_key if hands_over else None)]
        if hands_over:
            _set_office(session, programme.id, office_key)
    row = _find_key(session, programme.id, key.thumbprint()) or SealingKey(
        programme_id=programme.id, id=new_id(), **public_half(key), wrapped=None, statements=statements
    )
    session.add(row)
    session.flush()
    for wave_id in waves:
        _set_wave_key(session, programme.id, wave_id, row.id)
    add_audit(session, programme.id, actor, "register-key", row.kid, waves=sorted(waves))
    return row


def renew_key(session: Session, keyring: Keyring, programme_id: int, wave_id: int, actor: str) -> SealingKey:
    """A new key of the server's own for one wave, signed by the office key; what was sealed before is still opened."""
    office = get_office_key(session, keyring, programme_id)
    key_id = _add_own_key(session, keyring, programme_id, office)
    _set_wave_key(session, programme_id, wave_id, key_id)
    row = session.get_one(SealingKey, (programme_id, key_id))
    add_audit(session, programme_id, actor, "renew-key", row.kid, wave=wave_id)
    return row


def destroy_key(session: Session, programme_id: int, kid: str, actor: str) -> None:
    """Forget the private half for good: sealed copies that came with it can't be opened here again."""
    in_use = select(WaveKey.wave_id).join(
        SealingKey, (SealingKey.programme_id == WaveKey.programme_id) & (SealingKey.id == WaveKey.key_id)
    )
    if session.scalars(in_use.where(WaveKey.programme_id == programme_id, SealingKey.kid == kid)).first() is not None:
        raise UnfitKey("Phones still seal to this key: give its wave another one first.")
    row = _find_key(session, programme_id, kid)
    if row is None:
        raise UnfitKey(f"This programme has no key {kid!r}.")
    session.execute(
        update(SealingKey)
        .where(SealingKey.programme_id == programme_id, SealingKey.id == row.id)
        .values(wrapped=None, destroyed_at=now())
    )
    add_audit(session, programme_id, actor, "destroy-key", kid)


def list_keys(session: Session, programme_id: int) -> list[KeyInUse]:
    """Which key each wave uses, those without a wave first."""
    office = _office(session, programme_id)
    query = (
        select(WaveKey.wave_id, WaveKey.since, SealingKey.kid, SealingKey.wrapped)
        .join(SealingKey, (SealingKey.programme_id == WaveKey.programme_id) & (SealingKey.id == WaveKey.key_id))
        .where(WaveKey.programme_id == programme_id)
        .order_by(WaveKey.wave_id)
    )
    return [
        KeyInUse(row.wave_id, row.kid, 2 if row.wrapped is None else 1, row.since, office.kid if office else "")
        for row in session.execute(query)
    ]


def find_key_of_wave(session: Session, programme_id: int, wave_id: int) -> KeyInUse | None:
    """What the wave's interviews are sealed to; None before a phone has asked."""
    return next((key for key in list_keys(session, programme_id) if key.wave_id == wave_id), None)


def _tell(session: Session, programme_id: int) -> dict[str, Any]:
    office = _office(session, programme_id)
    rows = session.execute(
        select(WaveKey.wave_id, SealingKey)
        .join(SealingKey, (SealingKey.programme_id == WaveKey.programme_id) & (SealingKey.id == WaveKey.key_id))
        .where(WaveKey.programme_id == programme_id)
    ).all()
    kids = {wave_id: key.kid for wave_id, key in rows}
    keys = {key.kid: {"kid": key.kid, "x": key.x, "y": key.y, "statements": key.statements} for _, key in rows}
    return {
        "office": {"kid": office.kid, "x": office.x, "y": office.y} if office else None,
        "keys": list(keys.values()),
        "waves": {str(wave_id): kid for wave_id, kid in kids.items() if wave_id != NO_WAVE},
        "default": kids.get(NO_WAVE),
    }


def _waves_without(session: Session, programme_id: int) -> list[int]:
    """Waves that may be worked in and have no key yet, and NO_WAVE when that has none."""
    having = set(session.scalars(select(WaveKey.wave_id).where(WaveKey.programme_id == programme_id)))
    working = select(Wave.id).where(Wave.programme_id == programme_id, Wave.state.in_(("planned", "open")))
    return [wave_id for wave_id in (NO_WAVE, *session.scalars(working)) if wave_id not in having]


def _add_own_key(session: Session, keyring: Keyring, programme_id: int, office: OfficeKey) -> int:
    if office.wrapped is None:
        raise UnfitKey("The office key of this programme isn't on the server: register a key that it signed.")
    code = session.get_one(Programme, programme_id).code
    signer = unwrap(office.wrapped, keyring.secret, _about(programme_id, office.kid))
    key = make_key()
    half = public_half(key)
    row = SealingKey(
        programme_id=programme_id,
        id=new_id(),
        **half,
        wrapped=wrap(key, keyring.secret, _about(programme_id, half["kid"])),
        statements=[sign_statement(signer, key, code)],
    )
    session.add(row)
    session.flush()
    return row.id


def _vouch(
    keyring: Keyring, programme: Programme, before: OfficeKey, key: ECKey, new_office: ECKey | None
) -> list[str]:
    """The word of the office key of until now, when the server has it: phones then follow without enrolling anew."""
    if before.wrapped is None and new_office is None:
        raise UnfitKey("The office key that phones trust isn't the one that vouches for this key.")
    if before.wrapped is None:
        return []
    signer = unwrap(before.wrapped, keyring.secret, _about(programme.id, before.kid))
    return [sign_statement(signer, key, programme.code, new_office=new_office)]


def _set_office(session: Session, programme_id: int, office_key: ECKey) -> None:
    session.execute(
        update(OfficeKey)
        .where(OfficeKey.programme_id == programme_id, OfficeKey.retired_at.is_(None))
        .values(retired_at=now())
    )
    half = public_half(office_key)
    query = select(OfficeKey).where(OfficeKey.programme_id == programme_id, OfficeKey.kid == half["kid"])
    row = session.scalar(query)
    if row is None:
        session.add(OfficeKey(programme_id=programme_id, **half, wrapped=None))
    else:
        row.retired_at = None
    session.flush()


def _set_wave_key(session: Session, programme_id: int, wave_id: int, key_id: int) -> None:
    row = session.get(WaveKey, (programme_id, wave_id))
    if row is None:
        session.add(WaveKey(programme_id=programme_id, wave_id=wave_id, key_id=key_id))
    else:
        row.key_id, row.since = key_id, now()
    session.flush()


def _says(statement: str, office: ECKey, key: ECKey, code: str) -> bool:
    said = read_statement(statement, office)
    return said.get("kid") == key.thumbprint() and said.get("programme") == code


def _office(session: Session, programme_id: int) -> OfficeKey | None:
    query = select(OfficeKey).where(OfficeKey.programme_id == programme_id, OfficeKey.retired_at.is_(None))
    return session.scalar(query.order_by(OfficeKey.id.desc()).limit(1))


def _key_of(session: Session, programme_id: int, wave_id: int) -> SealingKey | None:
    row = session.get(WaveKey, (programme_id, wave_id))
    return session.get(SealingKey, (programme_id, row.key_id)) if row else None


def _find_key(session: Session, programme_id: int, kid: str) -> SealingKey | None:
    return session.scalar(select(SealingKey).where(SealingKey.programme_id == programme_id, SealingKey.kid == kid))


def _about(programme_id: int, kid: str) -> str:
    return f"{programme_id}|{kid}"
