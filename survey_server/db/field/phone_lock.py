"""How the phones of a programme lock, and the alarms of those that were opened with their emergency PIN."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.models import Device, PhoneAlarm, PhoneLock, Programme, new_id, now
from survey_server.problems import UnfitPolicy

LEVELS = ("pin", "passphrase", "prf")


@dataclass(frozen=True)
class LockPolicy:
    """What phones are told: what opens them, when they lock, after how many wrong tries they forget."""

    level: str = "passphrase"
    lock_after: int = 120
    lock_on_hide: bool = True
    wipe_after: int = 10
    empty_pin: bool = True

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UnfitPolicy(f"The level is one of {', '.join(LEVELS)}.")
        if not 15 <= self.lock_after <= 3600:
            raise UnfitPolicy("A phone locks after 15 seconds at the least and an hour at the most.")
        if not 3 <= self.wipe_after <= 100:
            raise UnfitPolicy("A phone forgets after 3 wrong tries at the least and 100 at the most.")


def get_lock_policy(session: Session, programme: Programme) -> LockPolicy:
    """The programme's own policy; else a passphrase, and for a demo a PIN."""
    row = session.get(PhoneLock, programme.id)
    if row is None:
        return LockPolicy(level="pin" if programme.demo else "passphrase")
    return LockPolicy(row.level, row.lock_after, row.lock_on_hide, row.wipe_after, row.empty_pin)


def set_lock_policy(session: Session, programme: Programme, policy: LockPolicy, *, actor: str) -> None:
    """From their next contact on the programme's phones follow `policy`."""
    row = session.get(PhoneLock, programme.id)
    if row is None:
        session.add(PhoneLock(programme_id=programme.id, **asdict(policy)))
    else:
        for name, value in asdict(policy).items():
            setattr(row, name, value)
    session.flush()
    add_audit(session, programme.id, actor, "set-phone-lock", programme.code, **asdict(policy))


def add_alarm(session: Session, programme_id: int, device_id: int, happened_at: datetime) -> None:
    """Keep once that a phone was opened with its emergency PIN."""
    is_it = (PhoneAlarm.programme_id == programme_id, PhoneAlarm.device_id == device_id)
    if session.scalar(select(PhoneAlarm.id).where(*is_it, PhoneAlarm.happened_at == happened_at)) is None:
        row = PhoneAlarm(programme_id=programme_id, id=new_id(), device_id=device_id, happened_at=happened_at)
        session.add(row)
        session.flush()
        add_audit(session, programme_id, f"device:{device_id}", "emergency-pin", str(device_id))


def list_alarms(session: Session, programme_id: int) -> list[tuple[PhoneAlarm, str]]:
    """Alarms that nobody has looked at, with the name of the phone, the newest first."""
    query = (
        select(PhoneAlarm, Device.label)
        .join(Device, (Device.programme_id == PhoneAlarm.programme_id) & (Device.id == PhoneAlarm.device_id))
        .where(PhoneAlarm.programme_id == programme_id, PhoneAlarm.seen_at.is_(None))
        .order_by(PhoneAlarm.id.desc())
    )
    return [(alarm, label) for alarm, label in session.execute(query)]


def set_alarm_seen(session: Session, programme_id: int, alarm_id: int, *, actor: str) -> None:
    """Somebody has taken care of it."""
    is_it = (PhoneAlarm.programme_id == programme_id, PhoneAlarm.id == alarm_id)
    session.execute(update(PhoneAlarm).where(*is_it).values(seen_at=now()))
    add_audit(session, programme_id, actor, "see-emergency", str(alarm_id))
