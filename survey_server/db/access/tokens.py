"""Tokens of the read API: each reads what its maker may read at that moment, of the forms it names, for a purpose."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import Reader, find_reader, restricted_forms
from survey_server.db.audit import add_audit
from survey_server.db.models import ApiToken, Form, Membership, Person, Programme, now
from survey_server.problems import BadApiToken, NotThere, UnfitToken

PREFIX = "svr_"
LONGEST = timedelta(days=366)
SHORTEST_PURPOSE = 8
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class ApiReader:
    """Whoever asks with a token: the token, its programme, and its maker as queries on submissions know them."""

    token: ApiToken
    programme: Programme
    reader: Reader

    @property
    def actor(self) -> str:
        """The token as the audit chain writes it."""
        return f"token:{self.token.id}"


@dataclass(frozen=True)
class TokenLine:
    """A token as the office lists it."""

    token: ApiToken
    maker: str
    state: str
    """valid, ended or revoked."""


def add_token(
    session: Session,
    programme_id: int,
    label: str,
    form_ids: Sequence[str],
    purpose: str,
    expires_at: datetime,
    *,
    person_id: int,
) -> tuple[ApiToken, str]:
    """A new token and its text, which is told only here; raises UnfitToken."""
    known = set(list_open_forms(session, programme_id))
    if not label or not form_ids or not set(form_ids) <= known:
        raise UnfitToken("A token needs a name and at least one form of this programme.", why="forms")
    if len(purpose) < SHORTEST_PURPOSE:
        raise UnfitToken("Write down what the data is for, in a few words.", why="purpose")
    if not now() < expires_at <= now() + LONGEST:
        raise UnfitToken("A token ends within a year.", why="expires")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        programme_id=programme_id,
        label=label,
        token_sha256=_digest(text),
        forms=sorted(form_ids),
        purpose=purpose,
        made_by=person_id,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    detail = {"forms": token.forms, "purpose": purpose, "until": expires_at.isoformat()}
    add_audit(session, programme_id, f"person:{person_id}", "make-token", str(token.id), **detail)
    return token, text


def revoke_token(session: Session, programme_id: int, token_id: int, *, person_id: int) -> None:
    """From now on the token reads nothing; raises NotThere."""
    token = session.get(ApiToken, (programme_id, token_id))
    if token is None:
        raise NotThere("There is no such token.")
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = now(), person_id
        add_audit(session, programme_id, f"person:{person_id}", "revoke-token", str(token_id))


def list_tokens(session: Session, programme_id: int) -> list[TokenLine]:
    """The programme's tokens, the newest first."""
    query = (
        select(ApiToken, Person.name)
        .join(Person, Person.id == ApiToken.made_by)
        .where(ApiToken.programme_id == programme_id)
        .order_by(ApiToken.id.desc())
    )
    return [TokenLine(token, name, _state(token)) for token, name in session.execute(query)]


def get_api_reader(session: Session, programme_code: str, text: str, roles: frozenset[str]) -> ApiReader:
    """Who asks with this token; its maker must still be active and hold one of `roles`. Raises BadApiToken."""
    programme = session.scalar(select(Programme).where(Programme.code == programme_code))
    if programme is None or not text.startswith(PREFIX):
        raise BadApiToken()
    query = select(ApiToken).where(ApiToken.programme_id == programme.id, ApiToken.token_sha256 == _digest(text))
    token = session.scalar(query)
    if token is None or _state(token) != "valid":
        raise BadApiToken()
    maker = session.get(Person, token.made_by)
    held = session.scalars(
        select(Membership.role).where(Membership.programme_id == programme.id, Membership.person_id == token.made_by)
    )
    if maker is None or not maker.active or not roles & set(held):
        raise BadApiToken("Whoever made this token may not read this programme any more.")
    return ApiReader(token, programme, find_reader(session, programme.id, token.made_by))


def note_reading(session: Session, who: ApiReader, subject: str, **detail: object) -> None:
    """Write a reading into the audit chain, and when the token was last used."""
    add_audit(session, who.programme.id, who.actor, "api-read", subject, **detail)
    if who.token.used_at is None or now() - who.token.used_at > _TOUCH_AFTER:
        session.execute(
            update(ApiToken)
            .where(ApiToken.programme_id == who.programme.id, ApiToken.id == who.token.id)
            .values(used_at=now())
            .execution_options(synchronize_session=False)
        )


def list_readable_forms(session: Session, who: ApiReader) -> list[Form]:
    """The forms that the token names, without those whose reports are restricted."""
    hidden = restricted_forms(session, who.programme.id)
    query = select(Form).where(Form.programme_id == who.programme.id, Form.form_id.in_(who.token.forms))
    return [form for form in session.scalars(query.order_by(Form.form_id)) if form.id not in hidden]


def list_open_forms(session: Session, programme_id: int) -> list[str]:
    """The ids of all forms that a token may name."""
    hidden = restricted_forms(session, programme_id)
    query = select(Form.form_id).where(Form.programme_id == programme_id, Form.id.not_in(hidden))
    return list(session.scalars(query.order_by(Form.form_id)))


def _state(token: ApiToken) -> str:
    return "revoked" if token.revoked_at else "valid" if now() < token.expires_at else "ended"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
