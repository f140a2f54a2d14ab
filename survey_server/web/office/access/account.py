"""Sign in and out, choose a password, change the language."""

from __future__ import annotations

from flask import g, redirect, request, url_for

from survey_server.db.access.attempts import begin_attempt, forgive_attempt, keys_of
from survey_server.db.access.people import (
    begin_session,
    check_password,
    end_session,
    find_link_purpose,
    find_person,
    get_link_person,
    get_person,
    note_login,
    set_password,
    use_link,
)
from survey_server.db.audit import SERVER, add_audit
from survey_server.problems import NotThere, WeakPassword, WrongLogin
from survey_server.web.access import get_config, get_database
from survey_server.web.office.frame import (
    COOKIE,
    LANGUAGE_COOKIE,
    Answer,
    Visit,
    chosen_texts,
    page,
    public_page,
    render,
    set_cookie,
)
from survey_server.web.office.proof import is_proof, make_proof
from survey_server.web.office.texts import LANGUAGES

KNOWN_COOKIE = "office-known"
_A_YEAR = 365 * 24 * 3600


@public_page("/login")
def login_page() -> Answer:
    """The door."""
    return render("login.html", wrong="", name="", then=request.args.get("next", ""))


@public_page("/login", methods=("POST",))
def login() -> Answer:
    """Check the password and begin a session under a new cookie."""
    name, password = request.form.get("login", "").strip().lower(), request.form.get("password", "")
    keys = keys_of(who_tries(name), name)
    with get_database().transaction() as session:
        begin_attempt(session, keys)
    with get_database().reading() as session:
        person = find_person(session, name)
    right = check_password(person, password)
    with get_database().transaction() as session:
        if person:
            note_login(session, person.id, succeeded=right)
            add_audit(session, SERVER, f"person:{person.id}", "login" if right else "failed-login")
        if right:
            forgive_attempt(session, keys)
        token = begin_session(session, person) if person and right else ""
    if not token:
        response = render("login.html", wrong=WrongLogin().code, name=name, then=request.form.get("next", ""))
        response.status_code = WrongLogin.status
        return response
    answer = redirect(local(request.form.get("next", "")), 303)
    set_cookie(answer, COOKIE, token)
    if person and not person.totp_secret:  # else the code has to prove first that this is the person's browser
        remember_browser(answer, name)
    return answer


@page("/logout", methods=("POST",))
def logout(visit: Visit) -> Answer:
    """End the session here and on the server."""
    with visit.database.transaction() as session:
        end_session(session, request.cookies.get(COOKIE, ""))
        add_audit(session, SERVER, visit.login.actor, "logout")
    answer = redirect(url_for("office.login_page"), 303)
    answer.delete_cookie(COOKIE, path="/office")
    return answer


@public_page("/language", methods=("POST",))
def set_language() -> Answer:
    """Remember the reader's language in their browser."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise NotThere(f"The office doesn't speak {language!r}.")
    answer = redirect(local(request.form.get("next", "")), 303)
    set_cookie(answer, LANGUAGE_COOKIE, language, _A_YEAR)
    return answer


@page("/account")
def account_page(visit: Visit) -> Answer:
    """The reader's own account: their password."""
    return render("account.html", wrong="", forced=visit.login.must_change_password, link="")


@page("/account", methods=("POST",))
def change_password(visit: Visit) -> Answer:
    """A new password, for who knows the old one; every other session of theirs ends."""
    with visit.database.reading() as session:
        person = get_person(session, visit.login.person_id)
    if not check_password(person, request.form.get("old", "")):
        return _account_again(WrongLogin().code, forced=visit.login.must_change_password)
    try:
        with visit.database.transaction() as session:
            person = get_person(session, visit.login.person_id)
            set_password(session, person, _typed_twice())
            token = begin_session(session, person, proved=visit.login.second_factor == "done")
            add_audit(session, SERVER, visit.login.actor, "change-password")
    except WeakPassword as problem:
        return _account_again(problem.code, forced=visit.login.must_change_password)
    answer = redirect(url_for("office.home"), 303)
    set_cookie(answer, COOKIE, token)
    return answer


@public_page("/link/<link>")
def link_page(link: str) -> Answer:
    """Choose a password by a one-time link, an invitation or a forgotten password; or replace a second factor."""
    g.texts = chosen_texts()
    with get_database().reading() as session:
        if find_link_purpose(session, link) == "second-factor":
            person = get_link_person(session, link, purpose="second-factor")
            return render("second_factor_link.html", link=link, name=person.name, login_name=person.login, wrong="")
        person = get_link_person(session, link)
    return render("account.html", wrong="", forced=False, link=link, name=person.name, login_name=person.login)


@public_page("/link/<link>", methods=("POST",))
def take_link(link: str) -> Answer:
    """Set the password and use the link up."""
    with get_database().reading() as session:
        person = get_link_person(session, link)
    try:
        with get_database().transaction() as session:
            person = use_link(session, link, _typed_twice())
            add_audit(session, SERVER, f"person:{person.id}", "use-link")
            token = begin_session(session, person)
    except WeakPassword as problem:
        return _account_again(problem.code, forced=False, link=link, name=person.name, login_name=person.login)
    answer = redirect(url_for("office.home"), 303)
    set_cookie(answer, COOKIE, token)
    return answer


def who_tries(name: str) -> str:
    """Whose wrong passwords count together: a browser that this person used before, else a network address.

    So nobody can lock another out by guessing, not even from behind the same proxy.
    """
    cookie = request.cookies.get(KNOWN_COOKIE, "")
    return f"browser {cookie}" if is_known_browser(name) else request.remote_addr or ""


def is_known_browser(name: str) -> bool:
    """Whether this person has signed in with this browser before, second factor included."""
    return is_proof(get_config().secret_key, _known(name), request.cookies.get(KNOWN_COOKIE, ""))


def remember_browser(answer: Answer, name: str) -> None:
    """From now on this browser counts for itself when somebody else guesses from the same address."""
    set_cookie(answer, KNOWN_COOKIE, make_proof(get_config().secret_key, _known(name)), _A_YEAR)


def _known(name: str) -> str:
    return f"known browser of {name}"


def _typed_twice() -> str:
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        raise WeakPassword("The two passwords differ: type the new one twice.")
    return password


def _account_again(wrong: str, *, forced: bool, link: str = "", name: str = "", login_name: str = "") -> Answer:
    response = render("account.html", wrong=wrong, forced=forced, link=link, name=name, login_name=login_name)
    response.status_code = WeakPassword.status
    return response


def local(path: str) -> str:
    """An address of the office, whatever the form said: nobody is sent elsewhere after signing in."""
    safe = path.startswith("/office/") and not any(c in path for c in "\\\r\n\t") and "//" not in path
    return path if safe else url_for("office.home")
