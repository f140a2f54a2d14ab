"""The forms of a programme: check an XLSForm and publish it, see its versions, take the file back."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from flask import redirect, request, send_file, url_for
from werkzeug.datastructures import FileStorage

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.field.progress import list_forms
from survey_server.db.forms import get_form, list_versions
from survey_server.db.publishing import Draft, check_form, publish_form
from survey_server.problems import (
    BadInput,
    DataSetMissing,
    DataSetTellsTooMuch,
    NotThere,
    Problem,
    UnknownForm,
    UnreadableTable,
    VersionNotRaised,
)
from survey_server.web.office.faults import say_fault
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import asked_whole, text
from survey_server.xlsform.complaints import FormProblem

_FAULTS = (FormProblem, VersionNotRaised, DataSetMissing, DataSetTellsTooMuch, UnreadableTable, BadInput)
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Upload:
    """A form as somebody sent it, with the files that it reads."""

    name: str
    source: bytes
    data: dict[str, bytes]


@page("/p/<code>/forms", Right.FORMS)
def forms_page(visit: Visit) -> Answer:
    """The forms with their versions; a form to check or publish another."""
    return _forms(visit)


@page("/p/<code>/forms", Right.FORMS, methods=("POST",))
def publish(visit: Visit) -> Answer:
    """Check a file, or make it the current version of its form: all of it, or every fault with its place and cure."""
    try:
        upload = _upload()
        if text("do") == "check":
            return _forms(visit, checked=check_form(upload.name, upload.source, upload.data))
        done = publish_form(
            visit.database, visit.here.id, upload.name, upload.source, upload.data, actor=visit.login.actor
        )
    except _FAULTS as problem:
        return _forms(visit, problem)
    address = url_for(
        "office.forms_page",
        code=visit.here.code,
        published=done.form_id,
        version=done.version,
        outcome=done.outcome,
    )
    return redirect(address, 303)


@page("/p/<code>/forms/<form_id>/source", Right.FORMS)
def form_source(visit: Visit, form_id: str) -> Answer:
    """The file that a version was published from, the newest unless the address names another."""
    asked = asked_whole("id")
    with reading(visit) as session:
        try:
            form = get_form(session, visit.here.id, form_id)
        except UnknownForm as problem:
            raise NotThere(problem.detail) from problem
        if form.id in restricted_forms(session, visit.here.id):
            raise NotThere(f"There is no form {form_id!r}.")
        version = next((each for each in list_versions(session, form) if asked in (None, each.id)), None)
        if version is None:
            raise NotThere(f"{form_id} has no such version.")
        name, source = version.source_name, bytes(version.source)
    visit.note("read-form-source", form_id, version=version.version)
    response = send_file(BytesIO(source), "application/octet-stream", as_attachment=True, download_name=_plain(name))
    response.headers["Cache-Control"] = "no-store"
    return response


def _upload() -> Upload:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput("Choose the form's file first.", why="no-file")
    others = [each for each in request.files.getlist("data") if each.filename]
    return Upload(_plain(file.filename), file.read(), {_name(each): each.read() for each in others})


def _name(file: FileStorage) -> str:
    return _plain(file.filename or "")


def _plain(name: str) -> str:
    """The last part of a file's name, as browsers of any system send it."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[-_LONGEST_NAME:] or "form"


def _forms(visit: Visit, problem: Problem | None = None, checked: Draft | None = None) -> Answer:
    with reading(visit) as session:
        forms = list_forms(session, visit.here)
    outcome = request.args.get("outcome", "")
    response = render(
        "forms.html",
        forms=forms,
        complaints=problem.complaints if isinstance(problem, FormProblem) else [],
        checked=checked,
        published=request.args.get("published", "") if outcome in ("new", "unchanged", "again") else "",
        version=request.args.get("version", ""),
        outcome=outcome,
        problem=problem,
        say=say_fault,
    )
    response.status_code = problem.status if problem else 200
    return response
