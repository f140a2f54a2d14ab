"""Who calls: by the key in the address, or by user name and password (HTTP Digest, or Basic where it is asked for).

A key that isn't valid is 403 and never 401: at a 401 clients ask the enumerator for a password that nobody has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request

from survey_server.db.field.devices import Sender
from survey_server.db.models import now
from survey_server.db.openrosa import collect
from survey_server.db.session import Session
from survey_server.problems import CredentialsNeeded, KeyNotValid, NoPracticeHere, UnknownProgramme
from survey_server.web.access import get_config, get_database
from survey_server.web.openrosa.answers import prefer_language
from survey_server.web.openrosa.digest import proves

openrosa = Blueprint("openrosa", __name__, url_prefix="/v1")

_LONGEST_KEY = 200
_LONGEST_PROGRAM = 60
_SEEN_AGAIN_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Caller:
    """A device that speaks OpenRosa, and the address that its further requests go to."""

    sender: Sender
    programme_id: int
    programme_code: str
    address: str
    practice: bool = False

    def url(self, path: str) -> str:
        """An absolute address below the caller's own."""
        return f"{self.address}/{path}"


def door(path: str, *methods: str, revoked: bool = False) -> Callable[[Callable[..., Response]], Any]:
    """Serve `path` below the address with a key, without one, and for practice; `revoked` devices are let in if so."""

    def register(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def answered(**told: Any) -> Response:
            caller = _caller(told.pop("code"), told.pop("key", None), practice=told.pop("practice", False))
            if caller.sender.revoked and not revoked:
                raise KeyNotValid()
            return view(caller, **told)

        name = view.__name__
        with_key, practice = f"/key/<key>/projects/<code>{path}", f"/test/<key>/projects/<code>{path}"
        options: dict[str, Any] = {"methods": list(methods or ("GET",))}
        openrosa.add_url_rule(with_key, f"{name}_with_key", answered, **options)
        openrosa.add_url_rule(practice, f"{name}_practice", answered, defaults={"practice": True}, **options)
        openrosa.add_url_rule(f"/projects/<code>{path}", name, answered, **options)
        return view

    return register


def _caller(code: str, key: str | None, *, practice: bool) -> Caller:
    with get_database().looking_up() as session:
        if key is None:
            found, base = _by_password(session, code), "/v1"
        else:
            found, base = _by_key(session, key, practice), f"/v1/{'test' if practice else 'key'}/{key}"
    if found.programme_code != code:
        raise UnknownProgramme("The key in the address belongs to another programme.")
    prefer_language(found.language)
    _note_contact(found)
    address = f"{base_address()}{base}/projects/{code}"
    return Caller(found.sender, found.sender.programme_id, code, address, practice)


def _note_contact(found: collect.Caller) -> None:
    """For the office's list of devices; not at every request, each of which would write."""
    at = now()
    if not found.sender.revoked and (found.seen_at is None or at - found.seen_at > _SEEN_AGAIN_AFTER):
        program = next(iter(request.headers.get("User-Agent", "").split()), "")[:_LONGEST_PROGRAM]
        with get_database().transaction() as session:
            collect.set_seen(session, found.sender, program, at)


def _by_key(session: Session, key: str, practice: bool) -> collect.Caller:
    found = collect.find_caller(session, key) if len(key) <= _LONGEST_KEY else None
    if found is None:
        raise NoPracticeHere() if practice else KeyNotValid()
    return found


def _by_password(session: Session, code: str) -> collect.Caller:
    given = request.authorization
    secret = get_config().secret_key
    if given is None or given.type not in ("digest", "basic"):
        raise CredentialsNeeded()
    account = collect.find_account(session, code, given.parameters.get("username") or "", secret)
    if account is None or not proves(given, request.method, request.path, account.password, secret):
        raise CredentialsNeeded()
    return account.caller


def base_address() -> str:
    """Where clients reach this server: SURVEY_BASE_URL, or as this client did when it used another name for it."""
    base = get_config().base_url
    return base if base.partition("://")[2] == request.host else f"{request.scheme}://{request.host}"
