"""The read API: what exports hold, as paged JSON for programs with a token. Every reading is in the audit chain."""

from __future__ import annotations

import json
import zlib
from typing import Any

from flask import Blueprint, Response, current_app, request

from survey_server.db.access.tokens import ApiReader, get_api_reader, list_readable_forms, note_reading
from survey_server.db.analysis.api_rows import MOST_AT_ONCE, Cursor, read_page
from survey_server.db.field.progress import list_waves
from survey_server.db.field.sites import list_sites
from survey_server.db.forms import list_versions
from survey_server.db.models import Form
from survey_server.db.session import Session
from survey_server.problems import BadApiToken, BadRequest, NotThere
from survey_server.web.access import get_database
from survey_server.web.office.roles import ROLES, Right

read_api = Blueprint("read_api", __name__, url_prefix="/api/v1/programmes")

MAKERS = frozenset(role for role, rights in ROLES.items() if Right.TOKENS in rights)
"""Whoever loses these roles leaves their tokens worthless."""

_SITE_COLUMNS = ("code", "name", "country", "department", "municipality", "area", "population", "target")
"""Never arm, stratum, weight or probability: an interim reader stays blind."""


@read_api.get("/<code>/forms")
def list_api_forms(code: str) -> Response:
    """The forms that the token reads.

    Each with its titles and versions, the newest first.
    """
    with get_database().reading() as session:
        who = _reader(session, code)
        forms = [_form(session, form) for form in list_readable_forms(session, who)]
    return _answer(who, "forms", {"programme": code, "forms": forms}, len(forms))


@read_api.get("/<code>/waves")
def list_api_waves(code: str) -> Response:
    """The waves of the token's forms.

    With their dates, state, and how many submissions were received of how many wanted.
    """
    with get_database().reading() as session:
        who = _reader(session, code)
        readable = {form.form_id for form in list_readable_forms(session, who)}
        waves = [
            {
                "form": wave.form_id,
                "ordinal": wave.ordinal,
                "name": wave.name,
                "starts": wave.starts.isoformat(),
                "ends": wave.ends.isoformat(),
                "state": wave.state,
                "received": wave.received,
                "with_issues": wave.with_issues,
                "target": wave.target,
                "sites_planned": wave.sites_planned,
                "sites_reached": wave.sites_reached,
            }
            for wave in list_waves(session, who.programme)
            if wave.form_id in readable
        ]
    return _answer(who, "waves", {"programme": code, "waves": waves}, len(waves))


@read_api.get("/<code>/sites")
def list_api_sites(code: str) -> Response:
    """The sites of the programme.

    Code, name and place; never the arm, stratum, weight or probability of the sample.
    """
    with get_database().reading() as session:
        who = _reader(session, code)
        sites = [
            {name: getattr(site, name) for name in _SITE_COLUMNS} for site in list_sites(session, who.programme.id)
        ]
    return _answer(who, "sites", {"programme": code, "sites": sites}, len(sites))


@read_api.get("/<code>/forms/<form_id>/submissions")
def list_api_submissions(code: str, form_id: str) -> Response:
    """A page of submissions in the order of their last change.

    `since` is the `next` of an earlier page; without it the first page comes. A submission that is edited or reviewed
    comes again. `limit` is 1 to 1000. Answers are typed: a question that isn't among them was not asked, null was
    asked and left blank. Changes are told after 15 seconds.
    """
    since, limit = Cursor.read(request.args.get("since", "")), _limit()
    with get_database().reading() as session:
        who = _reader(session, code)
        form = next((form for form in list_readable_forms(session, who) if form.form_id == form_id), None)
        if form is None:
            raise NotThere(f"The token reads no form {form_id!r}.")
        page = read_page(session, who, form, since, limit, current_app.config["CLOCK"]())
    head = {"programme": code, "form": form_id, "next": page.cursor.text, "more": page.more}
    _note(who, form_id, count=len(page.items), since=request.args.get("since", ""))
    body = f'{json.dumps(head)[:-1]}, "items": [{",".join(page.items)}]}}'
    return _respond(body)


def _reader(session: Session, code: str) -> ApiReader:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= 200:
        raise BadApiToken()
    return get_api_reader(session, code, token.strip(), MAKERS)


def _limit() -> int:
    text = request.args.get("limit", str(MOST_AT_ONCE))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_AT_ONCE:
        raise BadRequest(f"limit is {text[:20]!r}: write a whole number from 1 to {MOST_AT_ONCE}.")
    return int(text)


def _form(session: Session, form: Form) -> dict[str, Any]:
    versions = list_versions(session, form)
    newest = sorted(versions, key=lambda version: version.published_at, reverse=True)
    return {
        "id": form.form_id,
        "title": newest[0].titles if newest else {},
        "versions": [
            {"version": version.version, "published_at": version.published_at.isoformat()} for version in newest
        ],
    }


def _answer(who: ApiReader, subject: str, document: dict[str, Any], count: int) -> Response:
    _note(who, subject, count=count)
    return _respond(json.dumps(document, ensure_ascii=False))


def _note(who: ApiReader, subject: str, **detail: object) -> None:
    with get_database().transaction() as session:
        note_reading(session, who, subject, **detail)


def _respond(body: str) -> Response:
    """The document, packed where the client takes it: quickly rather than tightly."""
    content = body.encode()
    response = Response(content, content_type="application/json")
    response.headers["Vary"] = "Accept-Encoding, Authorization"
    if "gzip" in request.headers.get("Accept-Encoding", "").lower():
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        response.set_data(packer.compress(content) + packer.flush())
        response.headers["Content-Encoding"] = "gzip"
    return response
