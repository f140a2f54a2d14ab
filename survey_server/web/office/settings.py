"""Programmes side by side: add one, and change what one is: countries, languages, funder, recipients, rules."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import available_timezones

from flask import redirect, request, url_for

from survey_server.db.access.matrix import LETTERS, OTHERWISE
from survey_server.db.forms import list_forms
from survey_server.db.models import Programme
from survey_server.db.programmes import add_programme, edit_programme, stamp_of_programme
from survey_server.problems import BadInput, CodeTaken, EditedMeanwhile, Problem, UnfitCode
from survey_server.reports.make import EDITIONS
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import text

COUNTRIES = ("GT", "SV", "HN", "BZ", "MX", "CO", "CR", "NI", "PA", "DO", "EC", "PE")
FORM_LANGUAGES = ("es", "en", "fr", "quc", "kek", "cak", "mam")
"""Spanish, English, French; K'iche', Q'eqchi', Kaqchikel, Mam."""
COLUMNS = ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M")
LONG = 280


@page("/programmes/new", administrator=True)
def new_programme_page(visit: Visit) -> Answer:
    """The form for another programme."""
    return _new(visit)


@page("/programmes/new", methods=("POST",), administrator=True)
def new_programme(visit: Visit) -> Answer:
    """Add a programme: empty, seen by nobody who isn't given a role in it."""
    try:
        name = text("name", 120)
        if not name:
            raise BadInput("A programme needs a name.", why="programme-name")
        with visit.database.transaction() as session:
            made = add_programme(
                session,
                text("code", 40).lower(),
                name,
                languages=_ticked("language", FORM_LANGUAGES) or ["es"],
                actor=visit.login.actor,
            )
            made.time_zone = _zone()
            made.policies = {key: value for key, value in _told().items() if value}
            code = made.code
    except (BadInput, CodeTaken, UnfitCode) as problem:
        return _new(visit, problem)
    return redirect(url_for("office.settings_page", code=code), 303)


@page("/p/<code>/settings", Right.SETTINGS)
def settings_page(visit: Visit) -> Answer:
    """What the programme is."""
    return _settings(visit)


@page("/p/<code>/settings", Right.SETTINGS, methods=("POST",))
def change_settings(visit: Visit) -> Answer:
    """Change it; the second of two people is told."""
    try:
        name = text("name", 120)
        if not name:
            raise BadInput("A programme needs a name.", why="programme-name")
        recipients = {edition: _lines(f"recipients-{edition}") for edition in EDITIONS}
        policies = {
            **_told(),
            "recipients": {edition: names for edition, names in recipients.items() if names},
            "second_factor": "everybody" if request.form.get("second_factor") else None,
            "letters": _letters(visit),
        }
        with visit.database.transaction() as session:
            edit_programme(
                session,
                visit.here.id,
                name=name,
                languages=_ticked("language", FORM_LANGUAGES) or ["es"],
                time_zone=_zone(),
                policies=policies,
                seen=text("seen"),
                actor=visit.login.actor,
            )
    except (BadInput, EditedMeanwhile) as problem:
        return _settings(visit, problem)
    return redirect(url_for("office.settings_page", code=visit.here.code, saved="yes"), 303)


def _new(visit: Visit, problem: Problem | None = None) -> Answer:
    response = render(
        "programme_new.html",
        countries=COUNTRIES,
        form_languages=FORM_LANGUAGES,
        typed=request.form,
        chosen={name: request.form.getlist(name) for name in ("country", "language")},
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _settings(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        programme = session.get_one(Programme, visit.here.id)
        own = [form.form_id for form in list_forms(session, visit.here.id) if form.form_id not in LETTERS]
    response = render(
        "settings.html",
        one=programme,
        policies=programme.policies,
        countries=COUNTRIES,
        form_languages=FORM_LANGUAGES,
        editions=EDITIONS,
        own_forms=own,
        columns=COLUMNS,
        otherwise=OTHERWISE,
        seen=stamp_of_programme(programme),
        saved=request.args.get("saved") == "yes",
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _told() -> dict[str, object]:
    """What both forms ask."""
    texts = {name: text(name, LONG) for name in ("funder", "implementers", "owner", "consent_version")}
    return {**texts, "countries": _ticked("country", COUNTRIES)}


def _letters(visit: Visit) -> Mapping[str, str]:
    """The programme's own forms -> the column of the access matrix that each belongs to."""
    with reading(visit) as session:
        own = [form.form_id for form in list_forms(session, visit.here.id) if form.form_id not in LETTERS]
    chosen = {form_id: request.form.get(f"letter-{form_id}", "") for form_id in own}
    return {form_id: letter for form_id, letter in chosen.items() if letter in COLUMNS and letter != OTHERWISE}


def _zone() -> str:
    zone = text("time_zone", 60) or "America/Guatemala"
    if zone not in available_timezones():
        raise BadInput(f"There is no time zone {zone}.", why="time-zone")
    return zone


def _ticked(name: str, known: tuple[str, ...]) -> list[str]:
    return [each for each in known if each in request.form.getlist(name)]


def _lines(name: str) -> list[str]:
    lines = (" ".join(line.split())[:120] for line in request.form.get(name, "").splitlines())
    return [line for line in lines if line][:50]
