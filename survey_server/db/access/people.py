"""The people of the office: passwords, logins, one-time links and the roles they hold in programmes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from survey_server.db.access.matrix import reads_others
from survey_server.db.access.second_factor import RESET, allow_second_factor
from survey_server.db.audit import add_audit
from survey_server.db.models import Membership, OfficeSession, Person, PersonLink, Programme, now
from survey_server.problems import LinkExpired, LoginTaken, PersonNotFound, WeakPassword

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
LINK_LIVES = timedelta(days=3)
SHORTEST_PASSWORD = 10

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """The hash of nobody's password, so that an unknown login takes as long as a wrong password."""
    return _hasher.hash(secrets.token_urlsafe())


@dataclass(frozen=True)
class Login:
    """Who is asking: a person with an open session, and the roles they hold in each programme."""

    person_id: int
    login: str
    name: str
    language: str
    administrator: bool
    must_change_password: bool
    roles: dict[str, frozenset[str]]
    """Programme code -> roles; an administrator has no roles unless given."""
    second_factor: str = "none"
    """none, wanted (to be set up before anything else), linked (only a link lets them set it up), due or done."""

    @property
    def actor(self) -> str:
        """The person as the audit chain writes it."""
        return f"person:{self.person_id}"


@dataclass(frozen=True)
class Member:
    """A person as the people page lists them."""

    person_id: int
    login: str
    name: str
    administrator: bool
    active: bool
    has_password: bool
    second_factor: bool
    roles: dict[str, frozenset[str]]
    language: str


def digest(secret: str) -> str:
    """What is kept of a cookie or a link: enough to know it again, useless to whoever reads the database."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_person(session: Session, login: str, name: str, *, language: str = "es", administrator: bool = False) -> Person:
    """A new person without a password; raises LoginTaken. Give them a link, or a password that they must change."""
    login = login.strip().lower()
    if session.scalar(select(Person.id).where(Person.login == login)):
        raise LoginTaken(f"Somebody already signs in as {login}: choose another name.")
    person = Person(login=login, name=name.strip() or login, language=language, administrator=administrator)
    session.add(person)
    session.flush()
    return person


def get_person(session: Session, person_id: int) -> Person:
    """The person, or PersonNotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise PersonNotFound("There is no such person.")
    return person


def get_person_by_login(session: Session, login: str) -> Person:
    """The person who signs in as `login`, or PersonNotFound."""
    person = find_person(session, login)
    if person is None:
        raise PersonNotFound(f"Nobody signs in as {login!r}.")
    return person


def find_person(session: Session, login: str) -> Person | None:
    """The person who signs in as `login`."""
    return session.scalar(select(Person).where(Person.login == login.strip().lower()))


def set_password(session: Session, person: Person, password: str, *, must_change: bool = False) -> None:
    """Replace the password and end every session of the person; raises WeakPassword."""
    if len(password) < SHORTEST_PASSWORD or password.lower().startswith(person.login) or len(set(password)) < 5:
        raise WeakPassword(
            f"Choose at least {SHORTEST_PASSWORD} characters, not one repeated and not your login: "
            "four unrelated words are easy to remember."
        )
    person.password_hash = _hasher.hash(password)
    person.must_change_password = must_change
    person.failed_logins = 0
    session.execute(delete(OfficeSession).where(OfficeSession.person_id == person.id))


def check_password(person: Person | None, password: str) -> bool:
    """Whether an active person has this password. Takes as long for a login that nobody has; needs no session."""
    known = person.password_hash if person and person.active else None
    try:
        return _hasher.verify(known or _nobody(), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def note_login(session: Session, person_id: int, *, succeeded: bool) -> None:
    """Count wrong passwords since the last right one. Nobody is locked out by it: attempts are limited by address."""
    count = 0 if succeeded else Person.failed_logins + 1
    session.execute(update(Person).where(Person.id == person_id).values(failed_logins=count))


def begin_session(session: Session, person: Person, at: datetime | None = None, *, proved: bool = False) -> str:
    """A new session; the answer is the cookie, which is kept nowhere. Old sessions of everybody are swept.

    `proved` says that the second factor was shown: without it, who has one gets no further than the page for its code.
    """
    at = at or now()
    session.execute(delete(OfficeSession).where((OfficeSession.expires_at < at) | (OfficeSession.seen_at < at - IDLE)))
    token = secrets.token_urlsafe(32)
    session.add(
        OfficeSession(
            token_sha256=digest(token),
            person_id=person.id,
            created_at=at,
            seen_at=at,
            expires_at=at + LONGEST,
            second_factor_at=at if proved else None,
        )
    )
    return token


def find_login(session: Session, token: str, at: datetime | None = None) -> tuple[Login, datetime] | None:
    """Who holds this cookie and when they were last seen; None when it is unknown, idle for too long or ended."""
    at = at or now()
    found = session.execute(
        select(OfficeSession.seen_at, OfficeSession.expires_at, OfficeSession.second_factor_at, Person)
        .join(Person, Person.id == OfficeSession.person_id)
        .where(OfficeSession.token_sha256 == digest(token), Person.active)
    ).one_or_none()
    if found is None or found.expires_at <= at or found.seen_at + IDLE <= at:
        return None
    person = found.Person
    roles = _roles(session, [person.id]).get(person.id, {})
    login = Login(
        person_id=person.id,
        login=person.login,
        name=person.name,
        language=person.language,
        administrator=person.administrator,
        must_change_password=person.must_change_password,
        roles=roles,
        second_factor=_state_of(session, person, roles, proved=found.second_factor_at is not None),
    )
    return login, found.seen_at


def _state_of(session: Session, person: Person, roles: dict[str, frozenset[str]], *, proved: bool) -> str:
    """How it stands with the second factor in this session."""
    if person.totp_secret:
        return "done" if proved else "due"
    if person.totp_secret == RESET:
        return "linked"
    if person.administrator or any(reads_others(role) for held in roles.values() for role in held):
        return "wanted"
    rules = session.scalars(select(Programme.policies).where(Programme.code.in_(roles)))
    return "wanted" if any(policies.get("second_factor") == "everybody" for policies in rules) else "none"


def touch_session(session: Session, token: str, at: datetime | None = None) -> None:
    """The person is still there: the idle time begins again."""
    session.execute(
        update(OfficeSession).where(OfficeSession.token_sha256 == digest(token)).values(seen_at=at or now())
    )


def end_session(session: Session, token: str) -> None:
    """The cookie works no more."""
    session.execute(delete(OfficeSession).where(OfficeSession.token_sha256 == digest(token)))


def add_link(session: Session, person: Person, purpose: str = "password", at: datetime | None = None) -> str:
    """A code that lets its holder choose the person's password, or set up their second factor, once, within three days.

    Older ones stop working.
    """
    at = at or now()
    session.execute(
        update(PersonLink).where(PersonLink.person_id == person.id, PersonLink.used_at.is_(None)).values(used_at=at)
    )
    code = secrets.token_urlsafe(24)
    session.add(PersonLink(code_sha256=digest(code), person_id=person.id, purpose=purpose, expires_at=at + LINK_LIVES))
    return code


def get_link_person(session: Session, code: str, at: datetime | None = None, purpose: str = "password") -> Person:
    """Whose link for this purpose it is; raises LinkExpired for one that is used, old or unknown."""
    link = session.get(PersonLink, digest(code))
    if link is None or link.used_at or link.expires_at <= (at or now()) or link.purpose != purpose:
        raise LinkExpired("The link has been used or is too old: ask for a new one.")
    return get_person(session, link.person_id)


def find_link_purpose(session: Session, code: str) -> str | None:
    """What a link is for: "password" or "second-factor"."""
    return session.scalar(select(PersonLink.purpose).where(PersonLink.code_sha256 == digest(code)))


def use_link(session: Session, code: str, password: str, at: datetime | None = None) -> Person:
    """Set the password of the link's person and use the link up."""
    person = get_link_person(session, code, at)
    set_password(session, person, password)
    _use_up(session, code, at)
    return person


def use_second_factor_link(session: Session, code: str, at: datetime | None = None) -> Person:
    """Let the link's person set up another second factor, and use the link up."""
    person = get_link_person(session, code, at, "second-factor")
    allow_second_factor(person)
    _use_up(session, code, at)
    return person


def _use_up(session: Session, code: str, at: datetime | None) -> None:
    """Only one of two who open a link at the same moment gets through."""
    unused = update(PersonLink).where(PersonLink.code_sha256 == digest(code), PersonLink.used_at.is_(None))
    if session.scalar(unused.values(used_at=at or now()).returning(PersonLink.person_id)) is None:
        raise LinkExpired("The link has been used or is too old: ask for a new one.")


def set_roles(session: Session, person: Person, programme: Programme, roles: Iterable[str], *, actor: str) -> None:
    """The person's roles in the programme become exactly these."""
    roles = sorted(set(roles))
    session.execute(
        delete(Membership).where(Membership.programme_id == programme.id, Membership.person_id == person.id)
    )
    session.add_all(Membership(programme_id=programme.id, person_id=person.id, role=role) for role in roles)
    session.flush()
    add_audit(session, programme.id, actor, "set-roles", f"person:{person.id}", roles=roles)


def list_people(session: Session) -> list[Member]:
    """Everybody, by name."""
    people = session.scalars(select(Person).order_by(Person.name, Person.login)).all()
    roles = _roles(session, [person.id for person in people])
    return [
        Member(
            person.id,
            person.login,
            person.name,
            person.administrator,
            person.active,
            person.password_hash is not None,
            bool(person.totp_secret),
            roles.get(person.id, {}),
            person.language,
        )
        for person in people
    ]


def _roles(session: Session, people: Sequence[int]) -> dict[int, dict[str, frozenset[str]]]:
    rows = session.execute(
        select(Membership.person_id, Programme.code, Membership.role)
        .join(Programme, Programme.id == Membership.programme_id)
        .where(Membership.person_id.in_(people))
    )
    found: dict[int, dict[str, frozenset[str]]] = {}
    for person_id, code, role in rows:
        held = found.setdefault(person_id, {})
        held[code] = held.get(code, frozenset()) | {role}
    return found
