"""What every office page shares: who is asking, what they may, the proof on forms, strict headers, the page frame.

A page is a function of a `Visit`, registered with `page(...)`: no office route exists without its Right.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from survey_server.config import Config
from survey_server.db.access.people import Login, find_login, touch_session
from survey_server.db.access.scopes import Reader, find_reader
from survey_server.db.audit import add_audit
from survey_server.db.models import Programme, now
from survey_server.db.programmes import get_programme
from survey_server.db.session import Database
from survey_server.problems import BodyTooLarge, FormExpired, NotAllowed, NotThere, Problem, UnknownProgramme
from survey_server.web.access import get_config, get_database, refuse_zeros
from survey_server.web.assets import compressed
from survey_server.web.errors import log_problem
from survey_server.web.office.proof import is_proof, make_proof
from survey_server.web.office.roles import ADMINISTRATOR, Right, rights_of
from survey_server.web.office.texts import LANGUAGES, Texts, texts_for

COOKIE = "office"
VISITOR_COOKIE = "office-visitor"
LANGUAGE_COOKIE = "office-language"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_TOUCH_AFTER = timedelta(minutes=1)
_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

office = Blueprint("office", __name__, url_prefix="/office", template_folder=str(_TEMPLATES))

Answer: TypeAlias = Response | AnyResponse


@dataclass(frozen=True)
class Guard:
    """What a page asks of its reader; the test of roles walks these."""

    endpoint: str
    rule: str
    method: str
    right: Right | None
    administrator: bool
    public: bool


GUARDS: list[Guard] = []


@dataclass(frozen=True)
class Visit:
    """One request of one person: what a page works with."""

    login: Login
    programme: Programme | None
    rights: frozenset[Right]
    texts: Texts
    database: Database
    config: Config
    reader: Reader
    """The reader as queries on submissions know them (`db/access/scopes.py`)."""

    @property
    def here(self) -> Programme:
        """The programme of the address."""
        assert self.programme is not None
        return self.programme

    def may(self, right: Right) -> bool:
        """Whether the reader has this right in this programme."""
        return right in self.rights

    def need(self, allowed: bool) -> None:
        """Raise NotAllowed unless `allowed`: for rights that depend on the state of a wave."""
        if not allowed:
            raise NotAllowed(self.texts("problem.not-allowed.detail"))

    def note(self, action: str, subject: str = "", **detail: Any) -> None:
        """Write to the audit chain, before the page goes out, that this person read or took something."""
        with self.database.transaction() as session:
            add_audit(session, self.here.id if self.programme else 0, self.login.actor, action, subject, **detail)


def page(
    rule: str, right: Right | None = None, *, methods: tuple[str, ...] = ("GET",), administrator: bool = False
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Register a page for signed-in people. With `<code>` in its rule it belongs to a programme and needs `right`."""
    if "<code>" in rule and right is None:
        raise ValueError(f"{rule} belongs to a programme and names no right")

    def register(view: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(view)
        def guarded(**address: Any) -> Answer:
            visit = _visit(address.pop("code", None), right, administrator)
            if visit is None:
                return redirect(url_for("office.login_page", next=request.full_path.rstrip("?")), 303)
            if first := _first(visit, view.__name__):
                then = request.full_path.rstrip("?") if first == "code_page" else None
                return redirect(url_for(f"office.{first}", next=then), 303)
            g.visit = visit
            return view(visit, **address)

        _add(rule, view, guarded, methods, right, administrator, public=False)
        return view

    return register


_CODE, _PASSWORD = ("code_page", "enter_code", "logout"), ("account_page", "change_password", "logout")
_SET_UP = ("second_factor_page", "set_up_second_factor", "logout")


def _first(visit: Visit, asked: str) -> str | None:
    """What has to be done before anything else: prove the second factor, choose a password, set up a second factor."""
    login = visit.login
    if login.second_factor == "due":
        return None if asked in _CODE else "code_page"
    if login.must_change_password:
        return None if asked in _PASSWORD else "account_page"
    if login.second_factor in ("wanted", "linked") and visit.config.second_factor_required:
        return None if asked in _SET_UP else "second_factor_page"
    return None


def public_page(
    rule: str, *, methods: tuple[str, ...] = ("GET",)
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Register one of the few pages that need no login; forms need their proof all the same."""

    def register(view: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(view)
        def guarded(**address: Any) -> Answer:
            _check_proof()
            return view(**address)

        _add(rule, view, guarded, methods, None, False, public=True)
        return view

    return register


def _add(
    rule: str,
    view: Callable[..., Answer],
    guarded: Callable[..., Answer],
    methods: tuple[str, ...],
    right: Right | None,
    administrator: bool,
    *,
    public: bool,
) -> None:
    for method in methods:
        GUARDS.append(Guard(f"office.{view.__name__}", f"/office{rule}", method, right, administrator, public))
    office.add_url_rule(rule, view.__name__, guarded, methods=list(methods))


def reading(visit: Visit) -> AbstractContextManager[Any]:
    """A session to read with."""
    return visit.database.reading()


def _visit(code: str | None, right: Right | None, administrator: bool) -> Visit | None:
    """Who is asking, once the login, the proof, the programme and the right are checked; None without a login."""
    token = request.cookies.get(COOKIE, "")
    with get_database().reading() as session:
        found = find_login(session, token) if token else None
        if found is None:
            return None
        login, seen_at = found
        g.texts = texts_for(request.cookies.get(LANGUAGE_COOKIE) or login.language)
        g.login = login
        _check_proof()
        programme = _programme(session, login, code) if code else None
        reader = find_reader(session, programme.id if programme else 0, login.person_id)
    roles = set(login.roles.get(programme.code, ())) if programme else set()
    rights = rights_of(roles | ({ADMINISTRATOR} if login.administrator else set()))
    if programme:
        g.texts = texts_for(g.texts.language, programme.time_zone)
    visit = Visit(login, programme, rights, g.texts, get_database(), get_config(), reader)
    visit.need((right is None or right in rights) and (login.administrator or not administrator))
    if now() - seen_at > _TOUCH_AFTER:
        with get_database().transaction() as session:
            touch_session(session, token)
    return visit


def _programme(session: Any, login: Login, code: str) -> Programme:
    """The programme at this address: one that isn't the reader's looks like one that doesn't exist."""
    if not login.administrator and not login.roles.get(code):
        raise NotThere(f"There is no programme {code!r}.")
    try:
        return get_programme(session, code)
    except UnknownProgramme as problem:
        raise NotThere(problem.detail) from problem


def _check_proof() -> None:
    if request.method == "POST":
        cookie = request.cookies.get(COOKIE) or request.cookies.get(VISITOR_COOKIE, "")
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise FormExpired("The form was sent from another site.")
        if not is_proof(get_config().secret_key, cookie, request.form.get("proof", "")):
            raise FormExpired("The page was open for too long or in another login: open it again and repeat.")
        refuse_zeros(request.form.listvalues())


def render(template: str, **values: Any) -> Response:
    """A page in the reader's language, in the frame of the office."""
    visit: Visit | None = g.get("visit")
    texts: Texts = g.get("texts") or chosen_texts()
    cookie = g.get("bound_to") or request.cookies.get(COOKIE) or request.cookies.get(VISITOR_COOKIE, "")
    made = "" if cookie else secrets.token_urlsafe(24)
    body = render_template(
        f"office/{template}",
        t=texts,
        visit=visit,
        programme=visit.programme if visit else None,
        login=g.get("login"),
        languages=LANGUAGES,
        Right=Right,
        proof=make_proof(get_config().secret_key, cookie or made),
        address=request.full_path.rstrip("?") if request.method == "GET" else url_for("office.home"),
        **values,
    )
    response = make_response(body)
    if made:
        set_cookie(response, VISITOR_COOKIE, made)
    return response


def chosen_texts() -> Texts:
    """The language of somebody we don't know yet: their choice, what their browser asks for, Spanish."""
    asked = request.cookies.get(LANGUAGE_COOKIE) or request.accept_languages.best_match(list(LANGUAGES), "es")
    return texts_for(asked or "es")


def set_cookie(response: AnyResponse, name: str, value: str, max_age: int | None = None) -> None:
    """A cookie that no script reads and no other site can send along; encrypted on its way where we are https."""
    secure = get_config().base_url.startswith("https://")
    response.set_cookie(name, value, max_age, path="/office", httponly=True, samesite="Lax", secure=secure)


@office.errorhandler(Problem)
def _problem_page(problem: Problem) -> Response:
    log_problem(problem)
    response = render("problem.html", problem=problem)
    response.status_code = problem.status
    if "retry_after" in problem.extras:
        response.headers["Retry-After"] = str(problem.extras["retry_after"])
    return response


@office.errorhandler(RequestEntityTooLarge)
def _too_large(_: RequestEntityTooLarge) -> Response:
    """A file larger than SURVEY_MAX_BODY_MB: nothing of it was read."""
    return _problem_page(BodyTooLarge())


@office.after_request
def _be_strict(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Vary"] = "Accept-Encoding, Cookie"
    if response.mimetype == "text/html" and not response.is_streamed and "Content-Encoding" not in headers:
        body, encoding = compressed(response.get_data(), request.headers.get("Accept-Encoding", ""))
        if encoding:
            response.set_data(body)
            headers["Content-Encoding"] = encoding
    return response
