"""Tokens of the read API: make one and see it once, see who reads what and when last, revoke."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, request, url_for

from survey_server.db.access.tokens import add_token, list_open_forms, list_tokens, revoke_token
from survey_server.db.models import now
from survey_server.problems import Problem, UnfitToken
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right

DAYS = (7, 30, 90, 365)
LONGEST_LABEL, LONGEST_PURPOSE = 80, 300


@page("/p/<code>/tokens", Right.TOKENS)
def tokens_page(visit: Visit) -> Answer:
    """The tokens, and a form for a new one."""
    return _tokens(visit)


@page("/p/<code>/tokens", Right.TOKENS, methods=("POST",))
def make_token(visit: Visit) -> Answer:
    """A new token, shown once."""
    label, purpose = (
        request.form.get(name, "").strip()[:longest]
        for name, longest in (("label", LONGEST_LABEL), ("purpose", LONGEST_PURPOSE))
    )
    days = request.form.get("days", "")
    try:
        if days not in map(str, DAYS):
            raise UnfitToken("Choose how long the token lives.", why="expires")
        with visit.database.transaction() as session:
            token, text = add_token(
                session,
                visit.here.id,
                label,
                request.form.getlist("form"),
                purpose,
                now() + timedelta(days=int(days)),
                person_id=visit.login.person_id,
            )
    except UnfitToken as problem:
        return _tokens(visit, problem)
    address = f"{visit.config.base_url}/api/v1/programmes/{visit.here.code}/forms/{token.forms[0]}/submissions"
    return render("token_made.html", token=token, text=text, example=address)


@page("/p/<code>/tokens/<int:token_id>/revoke", Right.TOKENS, methods=("POST",))
def revoke_a_token(visit: Visit, token_id: int) -> Answer:
    """The token reads nothing from now on."""
    with visit.database.transaction() as session:
        revoke_token(session, visit.here.id, token_id, person_id=visit.login.person_id)
    return redirect(url_for("office.tokens_page", code=visit.here.code), 303)


def _tokens(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        lines = list_tokens(session, visit.here.id)
        forms = list_open_forms(session, visit.here.id)
    response = render("tokens.html", lines=lines, forms=forms, days=DAYS, asked=request.form, problem=problem, at=now())
    response.status_code = problem.status if problem else 200
    return response
