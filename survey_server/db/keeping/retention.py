"""How long a programme keeps what: the rules, what is due, and taking it. Nothing goes before a programme says so.

The rules' defaults are the programme's to change; each run is a row in the audit log, with counts and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.policies import set_policies
from survey_server.db.intake.keys import Keyring
from survey_server.db.keeping.erasure import Blob, drop_blobs
from survey_server.db.keeping.retention_kinds import KINDS, POLICY, Taking
from survey_server.db.media.files import MediaStore
from survey_server.db.models import Programme, now
from survey_server.db.programmes import get_programme, list_programmes
from survey_server.db.session import Database
from survey_server.problems import UnfitPolicy

MOST_DAYS = 36_500


@dataclass(frozen=True)
class Rule:
    """One kind of data: `days` after `begins` (a lock, the end of a wave or of the programme, arrival) it goes."""

    name: str
    begins: str
    days: int


RULES = (
    Rule("positions", "lock", 30),
    Rule("contact-log", "lock", 90),
    Rule("timings", "lock", 180),
    Rule("sealed-copies", "lock", 365),
    Rule("check-ins", "wave-end", 14),
    Rule("restricted", "arrival", 730),
    Rule("cases", "programme-end", 730),
    Rule("access-log", "arrival", 1096),
)
"""What data-protection rules for such programmes ask for, unless a programme says otherwise."""


@dataclass(frozen=True)
class Retention:
    """What a programme has chosen: whether the rules run by themselves, their days (None keeps for ever), its end."""

    on: bool = False
    days: Mapping[str, int | None] | None = None
    ends: date | None = None

    def days_of(self, rule: Rule) -> int | None:
        """The days of `rule` here; None keeps for ever."""
        return (self.days or {}).get(rule.name, rule.days)

    def changed(
        self, *, on: bool | None = None, ends: date | None = None, days: Mapping[str, int | None] | None = None
    ) -> Retention:
        """The same with what is given changed."""
        merged = {**(self.days or {}), **(days or {})}
        return Retention(self.on if on is None else on, merged, ends or self.ends)


@dataclass(frozen=True)
class Due:
    """How much of one kind is due now."""

    rule: Rule
    days: int | None
    count: int


def get_retention(programme: Programme) -> Retention:
    """What the programme has chosen."""
    told = programme.policies.get(POLICY, {})
    ends = told.get("ends")
    return Retention(bool(told.get("on")), told.get("days", {}), date.fromisoformat(ends) if ends else None)


def keep_programmes(database: Database, keyring: Keyring, store: MediaStore) -> dict[str, int]:
    """Take what is due in every programme that has chosen so; how much of each kind."""
    total: Counter[str] = Counter()
    with database.reading() as session:
        codes = [one.code for one in list_programmes(session) if get_retention(one).on]
    for code in codes:
        with database.transaction() as session:
            taken, blobs = apply_retention(session, get_programme(session, code), keyring, actor="job")
        drop_blobs(store, blobs)
        total.update({due.rule.name: due.count for due in taken})
    return dict(total)


def set_retention(session: Session, programme: Programme, chosen: Retention, *, actor: str) -> None:
    """Choose; raises UnfitPolicy for a rule that there isn't, or days out of bounds."""
    names = {rule.name for rule in RULES}
    for name, days in (chosen.days or {}).items():
        if name not in names:
            raise UnfitPolicy(f"There is no rule {name!r}: {', '.join(sorted(names))}.")
        if days is not None and not 0 <= days <= MOST_DAYS:
            raise UnfitPolicy(f"{name}: write 0 to {MOST_DAYS} days, or nothing to keep for ever.")
    told = {**programme.policies.get(POLICY, {}), "on": chosen.on, "days": dict(chosen.days or {})}
    told["ends"] = chosen.ends.isoformat() if chosen.ends else None
    set_policies(session, programme, {POLICY: told}, actor=actor)


def list_due(session: Session, programme: Programme, at: datetime | None = None) -> list[Due]:
    """What each rule would take now: the dry run."""
    at = at or now()
    chosen = get_retention(programme)
    found = []
    for rule in RULES:
        days = chosen.days_of(rule)
        until = None if days is None else at - timedelta(days=days)
        found.append(Due(rule, days, KINDS[rule.name].count(session, programme, until) if until else 0))
    return found


def apply_retention(
    session: Session, programme: Programme, keyring: Keyring, *, actor: str, at: datetime | None = None
) -> tuple[list[Due], list[Blob]]:
    """Take what is due, in this transaction: what was taken, and the files to delete once it is committed."""
    at = at or now()
    chosen = get_retention(programme)
    taken: list[Due] = []
    blobs: list[Blob] = []
    for rule in RULES:
        days = chosen.days_of(rule)
        if days is None:
            continue
        until = at - timedelta(days=days)
        done = KINDS[rule.name].take(Taking(session, programme, until, keyring, actor))
        blobs += done.blobs
        if done.count:
            taken.append(Due(rule, days, done.count))
            if rule.name != "access-log":  # that one writes its own row
                add_audit(session, programme.id, actor, "erase", rule.name, days=days, count=done.count, **done.told)
    return taken, blobs
