"""What an administrator changes about a person: name and language, whether they may sign in, whether they run it."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from survey_server.db.audit import SERVER, add_audit
from survey_server.db.models import OfficeSession, Person
from survey_server.problems import EditedMeanwhile, NotAllowed


def stamp_of_details(name: str, language: str) -> str:
    """What a form has seen of a person, to tell the second of two editors."""
    return hashlib.sha256(f"{language}\n{name}".encode()).hexdigest()[:16]


def set_details(session: Session, person: Person, name: str, language: str, *, seen: str, actor: str) -> None:
    """The person's name and language; raises EditedMeanwhile where somebody changed them since they were `seen`."""
    if seen != stamp_of_details(person.name, person.language):
        raise EditedMeanwhile("Somebody else has changed this person's name or language.")
    told = {"name": name, "language": language}
    changed = [field for field, value in told.items() if getattr(person, field) != value]
    person.name, person.language = name, language
    if changed:
        add_audit(session, SERVER, actor, "edit-person", f"person:{person.id}", changed=changed)


def set_administrator(session: Session, person: Person, administrator: bool, *, actor: str, proof: str) -> None:
    """Whether the person runs the server. Their sessions end, so that they sign in anew with what it takes.

    Raises NotAllowed for taking it from the last one who can sign in, and for giving it to somebody who can't.
    """
    if administrator and not (person.active and person.password_hash):
        raise NotAllowed("Only somebody who has chosen a password and may sign in can become an administrator.")
    others = select(func.count()).where(Person.administrator, Person.active, Person.id != person.id)
    if not administrator and not session.scalar(others):
        raise NotAllowed("This is the only administrator.")
    if person.administrator == administrator:
        return
    person.administrator = administrator
    end_sessions(session, person)
    add_audit(
        session, SERVER, actor, "set-administrator", f"person:{person.id}", administrator=administrator, proof=proof
    )


def set_active(session: Session, person: Person, active: bool) -> None:
    """Allow or stop the person's login; stopping ends their sessions at once."""
    person.active = active
    if not active:
        end_sessions(session, person)


def end_sessions(session: Session, person: Person) -> None:
    """They have to sign in again, everywhere."""
    session.execute(delete(OfficeSession).where(OfficeSession.person_id == person.id))
