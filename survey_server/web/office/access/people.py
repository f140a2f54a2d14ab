"""The people of the office, for administrators: invite, give roles, send a new link, stop a login."""

from __future__ import annotations

import re

from flask import redirect, request, url_for

from survey_server.db.access.people import (
    LINK_LIVES,
    add_link,
    add_person,
    get_person,
    list_people,
    set_roles,
)
from survey_server.db.access.scopes import check_roles_seen, list_scopes, set_scope, stamp_of_roles
from survey_server.db.access.second_factor import reset_second_factor
from survey_server.db.access.standing import set_active, set_administrator, set_details, stamp_of_details
from survey_server.db.audit import SERVER, add_audit
from survey_server.db.programmes import get_programme, list_programmes
from survey_server.problems import EditedMeanwhile, LoginTaken, NotAllowed, NotThere, Problem
from survey_server.web.office.access.proving import prove_again
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import ADMINISTRATOR, ROLES
from survey_server.web.office.texts import LANGUAGES
from survey_server.web.office.typed import text

GIVEN_ROLES = tuple(role for role in ROLES if role != ADMINISTRATOR)


@page("/people", administrator=True)
def people_page(visit: Visit) -> Answer:
    """Everybody who can sign in, with their roles."""
    return _people(visit)


@page("/people", methods=("POST",), administrator=True)
def add(visit: Visit) -> Answer:
    """A new person, and the link by which they choose their password."""
    login, name = request.form.get("login", "").strip().lower()[:80], request.form.get("name", "").strip()[:120]
    language = request.form.get("language", "")
    if not login or not name or not login.isprintable() or " " in login:
        return _people(visit, wrong="missing", typed=(login, name))
    try:
        with visit.database.transaction() as session:
            person = add_person(session, login, name, language=language if language in LANGUAGES else "es")
            link = add_link(session, person)
            add_audit(session, SERVER, visit.login.actor, "add-person", f"person:{person.id}")
    except LoginTaken:
        return _people(visit, wrong="login-taken", typed=(login, name))
    return _link_page(visit, person.id, link)


@page("/people/<int:person_id>", administrator=True)
def person_page(visit: Visit, person_id: int) -> Answer:
    """One person: roles in each programme, a new link, stop or allow the login."""
    return _person(visit, person_id)


@page("/people/<int:person_id>/roles", methods=("POST",), administrator=True)
def change_roles(visit: Visit, person_id: int) -> Answer:
    """The roles in one programme become those that are ticked; the second of two people is told."""
    roles = [role for role in request.form.getlist("role") if role in GIVEN_ROLES]
    codes, units = (_several(name) for name in ("codes", "units"))
    try:
        with visit.database.transaction() as session:
            programme, person = get_programme(session, text("programme", 40)), get_person(session, person_id)
            check_roles_seen(session, programme.id, person_id, text("seen"))
            set_roles(session, person, programme, roles, actor=visit.login.actor)
            set_scope(session, programme.id, person_id, codes, units, actor=visit.login.actor)
    except EditedMeanwhile as problem:
        return _person(visit, person_id, problem)
    return redirect(url_for("office.person_page", person_id=person_id, saved=programme.code), 303)


@page("/people/<int:person_id>/details", methods=("POST",), administrator=True)
def change_details(visit: Visit, person_id: int) -> Answer:
    """Another name or language; the login stays, since the audit log and the authenticator app know it."""
    name, language = text("name", 120).strip(), request.form.get("language", "")
    if not name or not name.isprintable() or language not in LANGUAGES:
        return _person(visit, person_id, wrong="name")
    try:
        with visit.database.transaction() as session:
            person = get_person(session, person_id)
            set_details(session, person, name, language, seen=text("seen"), actor=visit.login.actor)
    except EditedMeanwhile as problem:
        return _person(visit, person_id, problem)
    return redirect(url_for("office.person_page", person_id=person_id, saved="details"), 303)


@page("/people/<int:person_id>/administrator", methods=("POST",), administrator=True)
def change_administrator(visit: Visit, person_id: int) -> Answer:
    """Make somebody an administrator, or no longer one; who does it proves once more that it is them."""
    if person_id == visit.login.person_id:
        raise NotAllowed("Another administrator has to do this for you.")
    proof = prove_again(visit)
    if proof in ("wrong-password", "wrong-code"):
        return _person(visit, person_id, wrong=proof)
    wanted = request.form.get("administrator") == "yes"
    try:
        with visit.database.transaction() as session:
            set_administrator(session, get_person(session, person_id), wanted, actor=visit.login.actor, proof=proof)
    except NotAllowed:
        return _person(visit, person_id, wrong="not-administrator")
    return redirect(url_for("office.person_page", person_id=person_id, saved="administrator"), 303)


@page("/people/<int:person_id>/link", methods=("POST",), administrator=True)
def new_link(visit: Visit, person_id: int) -> Answer:
    """A link to choose a new password; older links stop working."""
    with visit.database.transaction() as session:
        link = add_link(session, get_person(session, person_id))
        add_audit(session, SERVER, visit.login.actor, "add-link", f"person:{person_id}")
    return _link_page(visit, person_id, link)


@page("/people/<int:person_id>/second-factor", methods=("POST",), administrator=True)
def reset_factor(visit: Visit, person_id: int) -> Answer:
    """Forget the person's second factor; with the link and their password they set up another."""
    if person_id == visit.login.person_id:
        raise NotAllowed("Another administrator has to reset your second factor.")
    with visit.database.transaction() as session:
        person = get_person(session, person_id)
        reset_second_factor(session, person)
        link = add_link(session, person, "second-factor")
        add_audit(session, SERVER, visit.login.actor, "reset-second-factor", f"person:{person_id}")
    return _link_page(visit, person_id, link)


@page("/people/<int:person_id>/active", methods=("POST",), administrator=True)
def change_active(visit: Visit, person_id: int) -> Answer:
    """Stop or allow the login; nobody stops their own."""
    if person_id == visit.login.person_id:
        raise NotAllowed("Another administrator has to stop your login.")
    active = request.form.get("active") == "yes"
    with visit.database.transaction() as session:
        set_active(session, get_person(session, person_id), active)
        add_audit(session, SERVER, visit.login.actor, "set-active", f"person:{person_id}", active=active)
    return redirect(url_for("office.person_page", person_id=person_id), 303)


def _several(name: str) -> list[str]:
    """Codes that were typed into one field, with commas or blanks between them."""
    return [
        code[:60] for code in re.split(r"[\s,;]+", request.form.get(name, "")[:2000]) if code.isprintable() and code
    ]


def _people(visit: Visit, wrong: str = "", typed: tuple[str, str] = ("", "")) -> Answer:
    with reading(visit) as session:
        people = list_people(session)
    response = render("people.html", people=people, wrong=wrong, login_name=typed[0], name=typed[1])
    response.status_code = 422 if wrong else 200
    return response


def _person(visit: Visit, person_id: int, problem: Problem | None = None, wrong: str = "") -> Answer:
    with reading(visit) as session:
        member = next((each for each in list_people(session) if each.person_id == person_id), None)
        if member is None:
            raise NotThere(f"There is no person {person_id}.")
        programmes = list_programmes(session)
        response = render(
            "person.html",
            member=member,
            programmes=programmes,
            roles=GIVEN_ROLES,
            scopes=list_scopes(session, person_id),
            seen={one.code: stamp_of_roles(session, one.id, person_id) for one in programmes},
            saved=request.args.get("saved", ""),
            problem=problem,
            wrong=wrong,
            details_seen=stamp_of_details(member.name, member.language),
        )
    response.status_code = problem.status if problem else 422 if wrong else 200
    return response


def _link_page(visit: Visit, person_id: int, link: str) -> Answer:
    with reading(visit) as session:
        person = get_person(session, person_id)
    address = visit.config.base_url + url_for("office.link_page", link=link)
    return render("person_link.html", person=person, link=address, days=LINK_LIVES.days)
