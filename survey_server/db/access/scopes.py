"""Which submissions somebody may read, as a condition that every query on submissions carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session, aliased

from survey_server.db.access.matrix import LETTERS, OPENING, OTHERWISE, RESTRICTED, Grant, grants_of
from survey_server.db.audit import add_audit
from survey_server.db.models import (
    Device,
    Form,
    Membership,
    Person,
    Programme,
    Submission,
    SubmissionVersion,
    Team,
    Wave,
    is_current_version,
)
from survey_server.db.stamps import check_stamp, stamp_of_values


@dataclass(frozen=True)
class Reader:
    """Somebody, or something with a token, that reads: their roles in one programme and what is their own there."""

    person_id: int
    roles: frozenset[str]
    codes: frozenset[str] = field(default_factory=frozenset)
    """Staff codes under which they fill forms in."""
    units: frozenset[str] = field(default_factory=frozenset)
    """Codes of the units (sites) that they answer for."""


def find_reader(session: Session, programme_id: int, person_id: int) -> Reader:
    """What a person is in a programme; without roles where they are nothing in it."""
    query = select(Membership.role, Membership.scope).where(
        Membership.programme_id == programme_id, Membership.person_id == person_id
    )
    rows = session.execute(query).all()
    codes, units = (frozenset(str(code) for _, scope in rows for code in scope.get(key, ())) for key in _OWN)
    return Reader(person_id, frozenset(role for role, _ in rows), codes, units)


def letters_of(session: Session, programme_id: int) -> dict[int, str]:
    """The row of every form of the programme -> the column of the matrix that it belongs to."""
    policies = session.scalar(select(Programme.policies).where(Programme.id == programme_id)) or {}
    said: Mapping[str, str] = {**(policies.get("letters") or {}), **LETTERS}
    rows = session.execute(select(Form.id, Form.form_id).where(Form.programme_id == programme_id))
    return {row: said.get(form_id, OTHERWISE) for row, form_id in rows}


def restricted_forms(session: Session, programme_id: int) -> list[int]:
    """The rows of forms whose reports are the integrity officer's alone: no list, count or report speaks of them."""
    return [row for row, letter in letters_of(session, programme_id).items() if letter == RESTRICTED]


def visible_submissions(session: Session, reader: Reader, programme_id: int) -> ColumnElement[bool]:
    """The condition on Submission that holds for what the reader may read, and for nothing else."""
    groups: dict[frozenset[Grant], list[int]] = {}
    for row, letter in letters_of(session, programme_id).items():
        if grants := grants_of(reader.roles, letter) & OPENING:
            groups.setdefault(grants, []).append(row)
    parts = [
        and_(Submission.form_row.in_(rows), or_(*(_within(session, reader, programme_id, grant) for grant in grants)))
        for grants, rows in groups.items()
    ]
    return and_(Submission.programme_id == programme_id, or_(false(), *parts))


def may_see_cases(session: Session, reader: Reader, wave: Wave) -> bool:
    """Whether the reader may open any single submissions of this wave as it stands: whether to offer the list."""
    letter = letters_of(session, wave.programme_id).get(wave.form_row, RESTRICTED)
    grants = grants_of(reader.roles, letter) & OPENING
    return bool(grants - {Grant.LOCKED}) or (Grant.LOCKED in grants and wave.state == "locked")


def may_see_submission(session: Session, reader: Reader, programme_id: int, submission_id: int) -> bool:
    """Whether the reader may open this submission."""
    query = select(exists().where(Submission.id == submission_id, visible_submissions(session, reader, programme_id)))
    return bool(session.scalar(query))


def keep_visible(session: Session, reader: Reader, programme_id: int, submission_ids: Sequence[int]) -> set[int]:
    """Those of these submissions that the reader may open."""
    visible = visible_submissions(session, reader, programme_id)
    found: set[int] = set()
    for start in range(0, len(submission_ids), _AT_ONCE):
        some = submission_ids[start : start + _AT_ONCE]
        found.update(session.scalars(select(Submission.id).where(Submission.id.in_(some), visible)))
    return found


def stamp_of_roles(session: Session, programme_id: int, person_id: int) -> str:
    """What a page gives back to say which roles it saw the person hold in the programme, and what was their own."""
    return stamp_of_values(*_held(session, programme_id, person_id))


def check_roles_seen(session: Session, programme_id: int, person_id: int, seen: str) -> None:
    """Raise EditedMeanwhile when somebody else changed the person's roles in the programme since the page was made."""
    session.get_one(Person, person_id, with_for_update=True)
    check_stamp(seen, *_held(session, programme_id, person_id))


def _held(session: Session, programme_id: int, person_id: int) -> list[Any]:
    query = select(Membership.role, Membership.scope).where(
        Membership.programme_id == programme_id, Membership.person_id == person_id
    )
    return [[role, scope or {}] for role, scope in session.execute(query.order_by(Membership.role))]


def set_scope(
    session: Session, programme_id: int, person_id: int, codes: Iterable[str], units: Iterable[str], *, actor: str
) -> None:
    """Say what is the person's own in the programme, for all their roles there."""
    scope = {"codes": sorted(set(codes)), "units": sorted(set(units))}
    query = select(Membership).where(Membership.programme_id == programme_id, Membership.person_id == person_id)
    changed = [membership for membership in session.scalars(query) if membership.scope != scope]
    for membership in changed:
        membership.scope = scope
    if changed:
        session.flush()
        add_audit(session, programme_id, actor, "set-scope", f"person:{person_id}", **scope)


def list_scopes(session: Session, person_id: int) -> dict[str, dict[str, Any]]:
    """Programme code -> what is the person's own there."""
    query = (
        select(Programme.code, Membership.scope)
        .join(Membership, Membership.programme_id == Programme.id)
        .where(Membership.person_id == person_id)
    )
    return {code: scope for code, scope in session.execute(query)}  # noqa: C416 - rows, not pairs


_OWN = ("codes", "units")
_AT_ONCE = 500


def _within(session: Session, reader: Reader, programme_id: int, grant: Grant) -> ColumnElement[bool]:
    """What a grant leaves of a form's submissions."""
    match grant:
        case Grant.ALL:
            return true()
        case Grant.LOCKED:
            waves = session.scalars(select(Wave.id).where(Wave.programme_id == programme_id, Wave.state == "locked"))
            return Submission.wave_id.in_(waves.all())
        case Grant.TEAM:
            return Submission.device_id.in_(devices_of(session, reader, programme_id))
        case Grant.OWN:
            return Submission.interviewer.in_(sorted(reader.codes))
        case Grant.UNIT:
            return Submission.site_code.in_(sorted(reader.units))
        case Grant.OPEN:
            return ~_answered(_AT_RISK)
        case Grant.SENSITIVE:
            return _answered(_AT_RISK)
        case Grant.FLAGGED:
            return and_(_answered(_FLAGS), ~or_(*(_answered(none) for none in _NO_FLAGS)))
        case _:
            return false()


def devices_of(session: Session, reader: Reader, programme_id: int) -> list[int]:
    """The phones of the teams that the reader supervises."""
    query = (
        select(Device.id)
        .join(Team, and_(Team.programme_id == Device.programme_id, Team.id == Device.team_id))
        .where(Device.programme_id == programme_id, Team.supervisor_id == reader.person_id)
    )
    return list(session.scalars(query))


# Answers are kept as the JSON text that intake writes, without blanks: what it says of risks and flags is found in it.
_AT_RISK = '"v_sens":"1"'
_FLAGS = '"n_flags":'
_NO_FLAGS = tuple(f'"n_flags":{zero}{end}' for zero in ("0", '"0"', "0.0") for end in (",", "}"))


def _answered(text: str) -> ColumnElement[bool]:
    """Whether the version that counts says this; by a name of its own, as the query around it may join versions too."""
    version = aliased(SubmissionVersion)
    return exists().where(is_current_version(version), version.answers.contains(text, autoescape=True))
