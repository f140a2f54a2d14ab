"""The second factor: the page that asks for a code, the page that sets one up, the link that replaces one."""

from __future__ import annotations

from flask import g, redirect, request, url_for

from survey_server.db.access.attempts import begin_attempt, forgive_attempt, keys_of, keys_of_code
from survey_server.db.access.people import (
    begin_session,
    check_password,
    end_session,
    get_link_person,
    get_person,
    use_second_factor_link,
)
from survey_server.db.access.second_factor import (
    app_address,
    check_second_factor,
    count_recovery_codes,
    make_secret,
    open_secret,
    seal_secret,
    set_second_factor,
)
from survey_server.db.audit import SERVER, add_audit
from survey_server.problems import FormExpired, KeyUnusable, NotAllowed
from survey_server.web.access import get_database
from survey_server.web.office.access.account import is_known_browser, local, remember_browser, who_tries
from survey_server.web.office.field.qr import draw_qr
from survey_server.web.office.frame import COOKIE, Answer, Visit, chosen_texts, page, public_page, render, set_cookie

FEW = 3
"""From so many recovery codes left on, the page says so."""


@page("/code")
def code_page(visit: Visit) -> Answer:
    """Ask for the code of the second factor, once the password was right."""
    if visit.login.second_factor != "due":
        return redirect(url_for("office.home"), 303)
    return render("code.html", wrong="", then=request.args.get("next", ""))


@page("/code", methods=("POST",))
def enter_code(visit: Visit) -> Answer:
    """Check the code, which works once, and go on under a new cookie."""
    if visit.login.second_factor != "due":
        return redirect(url_for("office.home"), 303)
    name, then = visit.login.login, request.form.get("next", "")
    keys = keys_of_code(who_tries(name), name, known=is_known_browser(name))
    with visit.database.transaction() as session:
        begin_attempt(session, keys)
    with visit.database.transaction() as session:
        person = get_person(session, visit.login.person_id)
        how = check_second_factor(session, person, request.form.get("code", ""), visit.config.secret_key)
        add_audit(session, SERVER, visit.login.actor, "second-factor" if how else "failed-second-factor", how=how or "")
        if how:
            forgive_attempt(session, keys)
            end_session(session, request.cookies.get(COOKIE, ""))
            token = begin_session(session, person, proved=True)
            left = count_recovery_codes(session, person.id)
    if not how:
        response = render("code.html", wrong="code", then=then)
        response.status_code = 403
        return response
    to_account = how == "recovery" and left <= FEW
    answer = redirect(url_for("office.second_factor_page") if to_account else local(then), 303)
    set_cookie(answer, COOKIE, token)
    remember_browser(answer, name)
    return answer


@page("/second-factor")
def second_factor_page(visit: Visit) -> Answer:
    """Set a second factor up: a picture for the app, and a field that shows that the app has understood it."""
    if visit.login.second_factor == "linked":
        return render("second_factor.html", state="linked", secret="", left=0)
    return _set_up(visit, make_secret())


@page("/second-factor", methods=("POST",))
def set_up_second_factor(visit: Visit) -> Answer:
    """Take the second factor if the code fits, and show the recovery codes, this once."""
    if visit.login.second_factor == "linked":
        raise NotAllowed(visit.texts("second_factor.linked"))
    try:
        secret = open_secret(request.form.get("pending", ""), visit.config.secret_key, _pending(visit))
    except KeyUnusable as problem:  # a page from before the server got another key, or somebody made the field up
        raise FormExpired() from problem
    keys = keys_of_code(who_tries(visit.login.login), visit.login.login, known=True)
    with visit.database.transaction() as session:
        begin_attempt(session, keys)
        person = get_person(session, visit.login.person_id)
    if visit.login.second_factor == "done" and not check_password(person, request.form.get("password", "")):
        response = _set_up(visit, secret, wrong="password")
        response.status_code = 403
        return response
    with visit.database.transaction() as session:
        person = get_person(session, visit.login.person_id)
        codes = set_second_factor(session, person, secret, request.form.get("code", ""), visit.config.secret_key)
        if codes is not None:
            forgive_attempt(session, keys)
            end_session(session, request.cookies.get(COOKIE, ""))
            token = begin_session(session, person, proved=True)
            add_audit(session, SERVER, visit.login.actor, "set-second-factor")
    if codes is None:
        response = _set_up(visit, secret, wrong="code")
        response.status_code = 422
        return response
    g.bound_to = token  # the page's forms belong to the new cookie already
    answer = render("recovery_codes.html", codes=codes)
    set_cookie(answer, COOKIE, token)
    remember_browser(answer, visit.login.login)
    return answer


@public_page("/link/<link>/second-factor", methods=("POST",))
def take_second_factor_link(link: str) -> Answer:
    """Use up a link that replaces a second factor; the password has to be right as well."""
    g.texts = chosen_texts()
    with get_database().reading() as session:
        person = get_link_person(session, link, purpose="second-factor")
    keys = keys_of(who_tries(person.login), person.login)
    with get_database().transaction() as session:
        begin_attempt(session, keys)
    if not check_password(person, request.form.get("password", "")):
        response = render(
            "second_factor_link.html", link=link, name=person.name, login_name=person.login, wrong="password"
        )
        response.status_code = 403
        return response
    with get_database().transaction() as session:
        forgive_attempt(session, keys)
        token = begin_session(session, use_second_factor_link(session, link))
        add_audit(session, SERVER, f"person:{person.id}", "use-link", purpose="second-factor")
    answer = redirect(url_for("office.second_factor_page"), 303)
    set_cookie(answer, COOKIE, token)
    return answer


def _set_up(visit: Visit, secret: str, wrong: str = "") -> Answer:
    with visit.database.reading() as session:
        left = count_recovery_codes(session, visit.login.person_id)
    issuer = visit.texts("frame.name")
    return render(
        "second_factor.html",
        state=visit.login.second_factor,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        qr=draw_qr(app_address(secret, visit.login.login, issuer)),
        pending=seal_secret(secret, visit.config.secret_key, _pending(visit)),
        left=left,
        wrong=wrong,
    )


def _pending(visit: Visit) -> str:
    """What a secret that isn't taken yet is bound to."""
    return f"pending second factor of {visit.login.person_id}"
